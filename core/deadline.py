"""A database that hangs (a frozen server, a lost network) answers nothing, and a cancelled statement waits for it as well.

So whoever waits for an answer stops waiting, and the work goes on alone: a message that is committed late has the same client id as the
repeat that the page sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from core.errors import DatabaseUnavailable

Result = TypeVar("Result")
#: Below the ten seconds after which the citizen's page gives up by itself.
ANSWER_S = 8.0

_left_alone: set[asyncio.Task[Any]] = set()


async def within(work: Coroutine[Any, Any, Result], seconds: float = ANSWER_S) -> Result:
    """The result of ``work``, if it comes in time.

    Raises:
        DatabaseUnavailable: it does not; the work is not cancelled.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            _left_alone.add(task)
            task.add_done_callback(_forget)
    if not task.done():
        raise DatabaseUnavailable("no answer in time")
    return task.result()


def _forget(task: asyncio.Task[Any]) -> None:
    _left_alone.discard(task)
    if not task.cancelled():
        task.exception()  # seen, so that it is not reported as never retrieved
