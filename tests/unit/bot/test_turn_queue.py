"""The queue of turns: each conversation once, never beside itself, and never forgotten."""

from __future__ import annotations

import asyncio

from bot import turn_queue
from bot.turn_queue import TurnQueue


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
    monkeypatch.setattr(turn_queue, "TRIES_AGAIN_S", 0.001)
    queue = TurnQueue()
    queue.put("a")
    await queue.get()
    queue.put_later("a")
    queue.done("a")
    assert await asyncio.wait_for(queue.get(), 5.0) == "a"


async def test_who_waits_shortest_is_given_the_next() -> None:
    queue = TurnQueue()
    waiting = []
    for _ in range(3):
        waiting.append(asyncio.create_task(queue.get()))
        await asyncio.sleep(0)
    queue.put("a")
    assert await waiting[2] == "a"
    queue.put("b")
    assert await waiting[1] == "b"
    waiting[0].cancel()


async def test_what_somebody_was_called_for_who_has_left_is_given_to_another() -> None:
    queue = TurnQueue()
    stays, leaves = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put("a")
    leaves.cancel()
    assert await asyncio.wait_for(stays, 5.0) == "a"


async def test_who_has_left_is_not_called() -> None:
    queue = TurnQueue()
    stays, leaves = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    leaves.cancel()
    queue.put("a")
    assert await asyncio.wait_for(stays, 5.0) == "a"
