"""The dealers' webhooks. No dealer signs them: a secret in the address, the dealer's own addresses and our sender key tell who asks."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bot.channels import guard
from bot.channels.door import Door
from bot.channels.kakao.parsing import NAME
from bot.channels.kakao.service import ConsultTalk
from core.errors import AppError

MAX_BODY_BYTES = 256 * 1024
KINDS = frozenset({"message", "reference", "expired_session", "seen_info", "personal_info", "cert_result", "result"})
Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Access:
    """Who may tell us of a consult talk; without networks, any address that knows the secret."""

    secret: str = field(repr=False)
    networks: tuple[Network, ...] = ()

    def is_from(self, address: str) -> bool:
        """Whether the address is one of the dealer's."""
        if not self.networks:
            return True
        try:
            given = ip_address(address)
        except ValueError:
            return False
        return any(given in network for network in self.networks)


def networks(setting: str) -> tuple[Network, ...]:
    """The addresses and networks of a comma-separated setting; raises ``ValueError`` for what is neither."""
    return tuple(ip_network(one.strip(), strict=False) for one in setting.split(",") if one.strip())


def add(router: APIRouter, door: Door, talk: ConsultTalk, access: Access) -> None:
    """Both dealers' paths: ``…/cstalk/message`` and ``…/message``."""

    @router.post("/channels/kakao/consult/{secret}/cstalk/{kind}")
    @router.post("/channels/kakao/consult/{secret}/{kind}")
    async def webhook(secret: str, kind: str, request: Request) -> JSONResponse:
        if not hmac.compare_digest(secret.encode("utf-8", "replace"), access.secret.encode()):
            raise guard.refused(NAME, "bad_signature")
        if not access.is_from(request.client.host if request.client else ""):
            raise guard.refused(NAME, "wrong_address")
        if kind not in KINDS:
            raise AppError("not_found")
        content = guard.json_of(await guard.body(request, NAME, max_bytes=MAX_BODY_BYTES), NAME)
        if not talk.gateway.is_ours(content):
            raise guard.refused(NAME, "bad_signature")
        event = talk.gateway.event(kind, content)
        if event is not None:
            await talk.happened(door, event)
        return JSONResponse(talk.gateway.acknowledgement())
