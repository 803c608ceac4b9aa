"""What a card shows must not wait for what it could do without: slow look-ups get a moment, and tables are read before they are needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from core.clock import now

T = TypeVar("T")
#: Looking something up takes milliseconds once its table has been read; nobody in danger waits for the first time.
MOMENT_S = 0.5


async def soon(work: Callable[[], T], otherwise: T, *, within_s: float = MOMENT_S) -> T:
    """What ``work`` finds in a thread within a moment, else ``otherwise``; the thread goes on, so the next time finds everything ready."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.wait_for(asyncio.shield(running), within_s)
    except TimeoutError:
        # Its end is of no interest any more, nor is a late failure: the same work is asked for again.
        running.add_done_callback(lambda done: done.cancelled() or done.exception())
        return otherwise


def warm(*, words_too: bool = True) -> None:
    """Read every table that a card may ask for (``words_too``: also the gazetteer, 40 MB); a few seconds, for a thread at the start."""
    from handoff.geocoding import candidates
    from handoff.geography import countries_at, time_zone_at
    from handoff.jurisdiction.calendars import day_off
    from handoff.jurisdiction.regions import regions_at

    countries_at(0.0, 0.0)
    regions_at("US", 40.0, -100.0)
    time_zone_at(0.0, 0.0)
    if words_too:
        candidates("서울")  # the gazetteer, which also names the nearest town
    day_off("US", now().date())
