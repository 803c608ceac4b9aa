"""How each channel does, an alarm when one stops delivering, and a sign of life for a watch outside.

Everything is counted from the tables, so that it is true for all processes together and after a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from core import db as database
from core import events, heartbeat
from core.clock import now
from core.db import Connection, Database
from core.errors import DatabaseUnavailable
from core.logging import get
from core.metrics import CHANNEL_STUCK
from core.settings import Settings
from handoff.board.channels import ChannelState
from handoff.streams import QUEUE

log = get(__name__)
LOOK_S = 10.0
SIGN_OF_LIFE_S = 60.0
#: Failures of this long count.
LATELY = timedelta(minutes=15)


@dataclass(frozen=True)
class ChannelHealth:
    """One channel. ``waiting`` is what is due and has been tried or could have been; what waits for the citizen's next message is none of it."""

    name: str
    last_inbound_at: datetime | None
    last_sent_at: datetime | None
    waiting: int
    waiting_danger: int
    oldest_waiting_at: datetime | None
    oldest_danger_at: datetime | None
    given_up: int
    last_error: str
    quota_reached: bool

    def stuck(self, at: datetime, after_s: int, danger_after_s: int, given_up: int) -> str:
        """Why the channel counts as not delivering, as a code; empty when it delivers. Pure."""
        if self.oldest_danger_at is not None and (at - self.oldest_danger_at).total_seconds() > danger_after_s:
            return "danger_waits"
        if self.quota_reached:
            return "quota"
        if self.oldest_waiting_at is not None and (at - self.oldest_waiting_at).total_seconds() > after_s:
            return "waits"
        return "given_up" if self.given_up >= given_up else ""


_HEALTH = """
WITH unsent AS (
    SELECT o.channel, count(*) AS waiting, count(*) FILTER (WHERE o.policy = 'at_least_once') AS waiting_danger, min(m.created_at) AS oldest,
           min(m.created_at) FILTER (WHERE o.policy = 'at_least_once') AS oldest_danger, bool_or(o.last_error = 'quota') AS quota,
           (array_agg(o.last_error ORDER BY m.created_at DESC) FILTER (WHERE o.last_error IS NOT NULL))[1] AS last_error
    FROM outbox o JOIN messages m ON m.id = o.message_id
    WHERE o.state IN ('pending', 'sending') AND o.last_error IS DISTINCT FROM 'no_window'
      AND NOT EXISTS (SELECT 1 FROM outbox h WHERE h.conversation_id = o.conversation_id AND h.message_id < o.message_id  -- what is behind it waits with it
                      AND h.state IN ('pending', 'sending') AND h.last_error = 'no_window')
    GROUP BY o.channel
), dead AS (
    SELECT o.channel, count(*) AS given_up FROM outbox o JOIN messages m ON m.id = o.message_id
    WHERE o.state = 'dead' AND m.created_at > %(since)s AND o.last_error NOT IN ('blocked', 'withheld', 'no_window') GROUP BY o.channel
)
SELECT name, u.*, COALESCE(d.given_up, 0) AS given_up,
       (SELECT max(c.last_inbound_at) FROM conversations c WHERE c.channel = name AND NOT c.synthetic) AS last_inbound_at,
       (SELECT max(o.sent_at) FROM outbox o WHERE o.channel = name) AS last_sent_at
FROM unnest(%(names)s::text[]) AS name LEFT JOIN unsent u ON u.channel = name LEFT JOIN dead d ON d.channel = name ORDER BY name
"""


async def of_channels(connection: Connection, names: Iterable[str]) -> list[ChannelHealth]:
    """How these channels do; one that nobody has used yet too."""
    found = await database.rows(connection, _HEALTH, names=sorted(names), since=now() - LATELY)
    return [
        ChannelHealth(
            row["name"],
            row["last_inbound_at"],
            row["last_sent_at"],
            row["waiting"] or 0,
            row["waiting_danger"] or 0,
            row["oldest"],
            row["oldest_danger"],
            row["given_up"],
            row["last_error"] or "",
            bool(row["quota"]),
        )
        for row in found
    ]


def for_board(settings: Settings, names: Iterable[str]) -> Callable[[Connection], Awaitable[list[ChannelState]]]:
    """What the board asks of the configured channels."""
    configured = sorted(names)

    async def states(connection: Connection) -> list[ChannelState]:
        at = now()
        return [
            ChannelState(
                one.name,
                one.last_sent_at,
                one.waiting_danger,
                one.oldest_danger_at,
                one.quota_reached,
                one.given_up,
                one.stuck(at, settings.channel_alarm_s, settings.channel_danger_alarm_s, settings.channel_alarm_given_up),
            )
            for one in await of_channels(connection, configured)
        ]

    return states


class Watch:
    """Looks at the channels, raises an alarm once when one stops, says once when it delivers again, and gives the sign of life."""

    def __init__(self, db: Database, settings: Settings, names: Iterable[str], client: httpx.AsyncClient | None = None) -> None:
        self._db = db
        self._settings = settings
        self._names = sorted(names)
        self._stuck: dict[str, str] = {}
        self._client = client or httpx.AsyncClient(timeout=10.0, follow_redirects=False)

    async def run(self) -> None:
        """Look and give signs until cancelled."""
        try:
            await asyncio.gather(self._look(), self._give_signs())
        finally:
            await self._client.aclose()

    async def look(self) -> dict[str, str]:
        """One look; the channels that do not deliver, and why."""
        at, settings = now(), self._settings
        async with self._db.read() as connection:
            found = await of_channels(connection, self._names)
        for health in found:
            why = health.stuck(at, settings.channel_alarm_s, settings.channel_danger_alarm_s, settings.channel_alarm_given_up)
            CHANNEL_STUCK.labels(channel=health.name).set(bool(why))
            before = self._stuck.get(health.name, "")
            if bool(why) != bool(before):
                await self._tell(health, why)
            if why:
                self._stuck[health.name] = why
            else:
                self._stuck.pop(health.name, None)
        return dict(self._stuck)

    async def _tell(self, health: ChannelHealth, why: str) -> None:
        channel = health.name  # of a platform, not of a person
        if why:
            log.error("channel_stuck", channel=channel, reason=why, waiting=health.waiting, given_up=health.given_up, error=health.last_error)
        else:
            log.warning("channel_delivers_again", channel=channel)
        kind = "channel_stuck" if why else "channel_delivers"
        async with self._db.transaction() as tx:
            await events.append(tx, QUEUE, kind, {"channel": channel, "reason": why, "waiting": health.waiting, "given_up": health.given_up})

    async def _look(self) -> None:
        while True:
            try:
                await self.look()
            except DatabaseUnavailable:
                pass
            except Exception as error:
                log.error("channels_not_watched", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(LOOK_S)

    async def is_well(self) -> bool:
        """Whether everything that a citizen in danger needs of us is there: the database, a web process that understands, channels that deliver."""
        try:
            async with self._db.read() as connection:
                living = await heartbeat.living(connection)
        except DatabaseUnavailable:
            return False
        return any(process["role"] == "web" and process["state"].get("loaded") for process in living) and not self._stuck

    async def sign(self) -> bool:
        """Fetch the watch's address, if all is well; whether it was reached. When it is not fetched any more, whoever keeps the watch is called."""
        if not await self.is_well():
            return False
        try:
            answer = await self._client.get(self._settings.heartbeat_url)
        except httpx.HTTPError as error:
            log.warning("sign_of_life_not_given", error=type(error).__name__)
            return False
        return answer.is_success

    async def _give_signs(self) -> None:
        while self._settings.heartbeat_url:
            try:
                await self.sign()
            except Exception as error:
                log.error("sign_of_life_failed", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(SIGN_OF_LIFE_S)
