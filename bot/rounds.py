"""What a worker does again and again for as long as it lives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from core.errors import DatabaseUnavailable


async def go_on(work: Callable[[], Awaitable[bool]], failed: Callable[[Exception], object], *, pause_s: float, more_s: float = 0.0) -> None:
    """Work until cancelled, whatever a round meets: a lost database is waited out, any other error told to ``failed``, which logs it by the round's own name.

    A round says whether it has left something to do; the next one then comes after ``more_s``.
    """
    while True:
        more = False
        try:
            more = await work()
        except DatabaseUnavailable:
            pass
        except Exception as error:  # noqa: BLE001  (the edge of a background task: its next round is its recovery)
            failed(error)
        await asyncio.sleep(more_s if more else pause_s)
