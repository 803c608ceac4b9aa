"""How a drill comes in: over HTTP with the conversation's token as a citizen's page does it, through the door as a messenger's person does it, and as
words that somebody at the switchboard has written down. Nothing rings and no platform is asked for anything: a drill addresses nobody outside.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import replace

import httpx

from bot.channels.contract import Channel
from bot.channels.door import Door
from bot.services import Services
from bot.supervisor import reachable
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core.errors import DatabaseUnavailable
from core.logging import get
from core.settings import Settings
from handoff.drills.schemas import Entry
from handoff.drills.service import WEBCHAT
from handoff.phone.caller import CHANNEL as PHONE

log = get(__name__)
ENTER_S = 10.0


class DrillWays:
    """The ways of one worker; ``client`` is what knocks at the web chat."""

    def __init__(self, services: Services, channels: Mapping[str, Channel], client: httpx.AsyncClient | None = None) -> None:
        self._door = Door(services, channels)
        self._client = client or web_client(services.settings)
        self._services = services
        self.channels: Sequence[str] = (WEBCHAT, *channels, PHONE)

    async def enter(self, entry: Entry) -> bool:
        """Bring a drill's message in; False when the channel does not take it."""
        if entry.channel == WEBCHAT:
            return await self._post(entry)
        inbound = Inbound(entry.channel, f"drill-{entry.drill_id}", "", InboundKind.TEXT, text=entry.text, visitor=entry.visitor)
        try:
            if entry.channel == PHONE:
                async with self._services.db.transaction() as tx:
                    await conversation.accept(tx, self._services.cipher, replace(inbound, conversation_id=entry.conversation_id))
                return True
            arrived = await self._door.accept(inbound)
        except DatabaseUnavailable:
            log.error("drill_not_taken", drill=entry.drill_id, channel=entry.channel, error="database_unavailable")
            return False
        return arrived.conversation_id == entry.conversation_id

    async def _post(self, entry: Entry) -> bool:
        try:
            taken = await self._client.post(
                f"/webchat/v1/conversations/{entry.conversation_id}/messages",
                json={"client_id": f"drill-{entry.drill_id}", "text": entry.text},
                headers={"Authorization": f"Bearer {entry.token}"},
            )
        except httpx.HTTPError as error:
            log.error("drill_not_taken", drill=entry.drill_id, channel=entry.channel, error=type(error).__name__)
            return False
        if not taken.is_success:
            log.error("drill_not_taken", drill=entry.drill_id, channel=entry.channel, status=taken.status_code)
        return taken.is_success


def web_client(settings: Settings) -> httpx.AsyncClient:
    """Knocks where citizens' pages do: at the address that was named, or at this machine's own port, trusting its own certificate there."""
    if settings.drill_url:
        return httpx.AsyncClient(base_url=settings.drill_url, timeout=ENTER_S)
    verify: ssl.SSLContext | bool = True
    if settings.tls_cert:
        verify = ssl.create_default_context(cafile=str(settings.tls_cert))
        verify.check_hostname = False  # it names the public address
        verify.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    scheme = "https" if settings.tls_cert else "http"
    return httpx.AsyncClient(base_url=f"{scheme}://{reachable(settings.host)}:{settings.port}", timeout=ENTER_S, verify=verify, trust_env=False)
