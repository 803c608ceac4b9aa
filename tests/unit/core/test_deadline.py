"""Whoever waits stops waiting; the work goes on."""

from __future__ import annotations

import asyncio

import pytest

from core.deadline import within
from core.errors import DatabaseUnavailable


async def test_in_time():
    async def work() -> int:
        return 7

    assert await within(work(), 30) == 7


async def test_too_late_but_not_cancelled():
    finished = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.1)
        finished.set()

    with pytest.raises(DatabaseUnavailable):
        await within(work(), 0.01)
    await asyncio.wait_for(finished.wait(), 30)


async def test_a_failure_is_the_callers():
    async def work() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        await within(work(), 30)
