"""A slow look-up never holds up a card."""

from __future__ import annotations

import asyncio
import threading
import time

from handoff.soon import soon, warm


async def test_what_is_ready_is_given():
    assert await soon(lambda: 7, 0) == 7


async def test_what_is_slow_is_gone_without_and_goes_on_in_its_thread():
    finished = threading.Event()

    def work():
        time.sleep(0.3)
        finished.set()
        return 7

    started = time.monotonic()
    assert await soon(work, 0, within_s=0.02) == 0
    assert time.monotonic() - started < 0.25
    assert await asyncio.to_thread(finished.wait, 5)


async def test_a_late_failure_is_nobodys(recwarn):
    def work():
        time.sleep(0.1)
        raise ValueError("late")

    assert await soon(work, 0, within_s=0.01) == 0
    await asyncio.sleep(0.3)
    assert not recwarn.list


def test_the_tables_can_be_read_beforehand():
    warm()
