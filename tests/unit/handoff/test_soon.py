"""A slow look-up never holds up a card."""

from __future__ import annotations

import asyncio
import threading

from handoff.soon import soon, warm


async def test_what_is_ready_is_given():
    assert await soon(lambda: 7, 0) == 7


async def test_what_is_slow_is_gone_without_and_goes_on_in_its_thread():
    let_go, finished = threading.Event(), threading.Event()

    def work():
        assert let_go.wait(60)
        finished.set()
        return 7

    assert await soon(work, 0, within_s=0.02) == 0
    assert not finished.is_set()
    let_go.set()
    assert await asyncio.to_thread(finished.wait, 60)


async def test_a_late_failure_is_nobodys(recwarn):
    let_go, failed = threading.Event(), threading.Event()

    def work():
        try:
            assert let_go.wait(60)
            raise ValueError("late")
        finally:
            failed.set()

    assert await soon(work, 0, within_s=0.01) == 0
    let_go.set()
    assert await asyncio.to_thread(failed.wait, 60)
    await asyncio.sleep(0.3)
    assert not recwarn.list


def test_the_tables_can_be_read_beforehand():
    warm()
