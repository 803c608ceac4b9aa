"""The worker's round for drills. It has a loop of its own: whatever becomes of it, nothing that serves a person waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from core.clock import now
from core.crypto import Cipher
from core.db import Database
from core.errors import DatabaseUnavailable
from core.logging import get
from core.settings import Settings
from handoff.drills import service
from handoff.drills.schemas import Entry

log = get(__name__)
LOOK_S = 1.0


class Ways(Protocol):
    """The channels' real ways in."""

    @property
    def channels(self) -> Sequence[str]:
        """The channels that a drill can come through."""
        ...

    async def enter(self, entry: Entry) -> bool:
        """Bring a drill's message in as a citizen's comes; False when the channel does not take it."""
        ...


async def look(db: Database, cipher: Cipher, settings: Settings, ways: Ways) -> None:
    """One round: what the schedule wants, and the next step of the running drill. No transaction is open while a channel answers."""
    at = now()
    if settings.drill_times:
        async with db.transaction() as tx:
            await service.plan(tx, settings.drill_times, ways.channels, at)
    async with db.transaction() as tx:
        entry = await service.step(tx, cipher, ways.channels, at, settings.offer_timeout_s)
    if entry is not None and not await ways.enter(entry):
        async with db.transaction() as tx:
            await service.fail(tx, entry.drill_id, "unreachable")


async def run(db: Database, cipher: Cipher, settings: Settings, ways: Ways) -> None:
    """Work until cancelled."""
    while True:
        try:
            await look(db, cipher, settings, ways)
        except DatabaseUnavailable:
            pass
        except Exception as error:
            log.error("drill_round_failed", error=type(error).__name__, exc_info=error)
        await asyncio.sleep(LOOK_S)
