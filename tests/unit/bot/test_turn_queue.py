"""The queue of turns: each conversation once, never beside itself, and never forgotten."""

from __future__ import annotations

import asyncio

from bot import turn
from bot.turn import TurnQueue


async def _nothing_waits(queue: TurnQueue) -> bool:
    waiting = asyncio.create_task(queue.get())
    for _ in range(3):
        await asyncio.sleep(0)
    waiting.cancel()
    return not waiting.done()


async def test_a_conversation_that_waits_is_put_once() -> None:
    queue = TurnQueue()
    for conversation_id in ("a", "a", "b", "", "a"):
        queue.put(conversation_id)
    assert [await queue.get(), await queue.get()] == ["a", "b"]
    assert await _nothing_waits(queue)


async def test_what_is_put_while_it_is_served_comes_back_once_that_has_ended() -> None:
    queue = TurnQueue()
    queue.put("a")
    assert await queue.get() == "a"
    queue.put("a")
    queue.put("a")
    assert await _nothing_waits(queue)
    queue.done("a")
    assert await queue.get() == "a"
    queue.done("a")
    assert await _nothing_waits(queue)


async def test_what_another_process_is_at_is_tried_again_by_itself(monkeypatch) -> None:
    monkeypatch.setattr(turn, "TRIES_AGAIN_S", 0.001)
    queue = TurnQueue()
    queue.put("a")
    await queue.get()
    queue.put_later("a")
    queue.done("a")
    assert await asyncio.wait_for(queue.get(), 5.0) == "a"
