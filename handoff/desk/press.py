"""A button that sends something to a citizen: one press at a time, and what was warned of goes with the press after the warning."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from core.errors import AppError
from handoff.desk.floor import Guarded

#: The second click of a double click is no answer to what the first one was told.
SAME_PRESS_S = 0.6
#: What a press does: with the id that makes it once, and whether the person has been warned of telling words.
Send = Callable[[str, bool], Awaitable[Any]]


@dataclass
class _Try:
    what: Hashable = field(repr=False)
    client_id: str = ""
    is_busy: bool = False
    is_warned: bool = False
    is_done: bool = False
    ended_at: float = float("-inf")


class Press:
    """Remembers the last thing that was sent. The same again keeps its id until it is done, so that a lost answer never sends it twice."""

    def __init__(self, guarded: Guarded, clock: Callable[[], float] = time.monotonic) -> None:
        self._guarded = guarded
        self._clock = clock
        self._last = _Try(None, is_done=True)

    def disarm(self) -> None:
        """Something else is looked at: who comes back is warned again."""
        self._last.is_warned = False

    async def run(self, what: Hashable, send: Send) -> bool:
        """Send it, unless it is on its way; whether it was sent by this press. Only ``telling_words`` makes the next press a confirmation."""
        if self._last.what == what and (self._last.is_busy or self._clock() - self._last.ended_at < SAME_PRESS_S):
            return False
        if self._last.what != what or self._last.is_done:
            self._last = _Try(what, secrets.token_hex(8))
        mine = self._last
        is_confirmed, mine.is_warned, mine.is_busy = mine.is_warned, False, True

        async def once() -> None:
            try:
                await send(mine.client_id, is_confirmed)
            except AppError as error:
                mine.is_warned = error.code == "telling_words"
                raise

        try:
            mine.is_done = await self._guarded(once)
        finally:
            mine.is_busy, mine.ended_at = False, self._clock()
        return mine.is_done
