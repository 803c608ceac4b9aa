"""Calls at a desk: what rings, what goes on and what was missed, kept true by reading it anew at every hint; and the strip that speaks and listens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client
from nicegui.element import Element

from accounts.schemas import Staff
from core.clock import now as clock_now
from core.db import Database
from core.errors import DatabaseUnavailable
from core.events import EventHub
from core.logging import get
from handoff.calls import service as calls
from handoff.desk.aside import Aside
from handoff.desk.call_routes import PATH
from handoff.desk.call_words import row_words
from handoff.schemas import CaseCard

log = get(__name__)
#: Asked even without a wake-up: a call whose pages have both vanished ends here too.
LOOK_S = 3.0


class CallStrip(Element, component="static/call_panel.js"):
    """Rings, speaks and hangs up."""


class CallPanel:
    """Belongs to one desk; ``on_look`` opens a case."""

    def __init__(self, client: Client, viewer: Staff, db: Database, hub: EventHub, on_look: Callable[[int], Awaitable[None]]) -> None:
        self._client = client
        self._viewer = viewer
        self._db = db
        self._hub = hub
        self._on_look = on_look
        self._shown: list[dict[str, Any]] | None = None
        self._target: tuple[int, str] = (0, "")

    def build(self, *, is_on: bool) -> None:
        """Make the strip, inside the current element."""
        self._is_on = is_on
        self._strip = CallStrip()
        self._strip.props["base"] = PATH
        self._strip.on("look", lambda event: self._on_look(int(event.args)))

    def open(self, card: CaseCard | None, aside: Aside | None = None) -> None:
        """The case that stands open, which ``f`` calls when it is one's own and its citizen is on the web chat."""
        target = (0, "")
        if card is not None and self._is_on and card.case.owner_id == self._viewer.id and card.conversation_open and card.channel == "webchat":
            is_unsafe = card.case.cannot_speak or (aside is not None and (aside.is_guarded or aside.is_hushed))
            target = (card.case.id, "unsafe" if is_unsafe else "")
        if target != self._target:
            self._target = target
            self._strip.run_method("aim", *target)

    async def run(self) -> None:
        """Follow the calls until cancelled."""
        await self._client.connected()
        with self._hub.subscribe(calls.STREAM) as wake:
            while True:
                wake.clear()
                try:
                    await self._look()
                except DatabaseUnavailable:
                    await asyncio.sleep(0.5)
                    continue
                except Exception:  # the edge of the page: a strip that stops looking would never ring again
                    log.exception("desk_calls_failed")
                try:
                    async with asyncio.timeout(LOOK_S):
                        await wake.wait()
                except TimeoutError:
                    pass

    async def _look(self) -> None:
        async with self._db.transaction() as tx:
            await calls.settle(tx, clock_now())
            rows = [row_words(row) for row in await calls.for_desk(tx, self._viewer)]
        if rows != self._shown:
            self._shown = rows
            with self._client:
                self._strip.run_method("show", rows)
