"""One turn at a time per conversation, whichever process takes it, and nobody waits for another message to be noticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.compose import Reply
from bot.services import Services
from bot.turn import TurnQueue, TurnSlot
from conversation.schemas import Body
from core import db as database
from core.crypto import Cipher
from core.db import Database
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards


class Worker:
    """A process that takes turns; each answer waits until it may be given."""

    def __init__(self, services: Services) -> None:
        self.queue = TurnQueue()
        self.slots = [TurnSlot(services, self.queue) for _ in range(2)]
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.began = asyncio.Event()
        self.at_once = self.most_at_once = 0
        for slot in self.slots:
            slot._compose = self.compose  # type: ignore[method-assign]
        self.tasks = [asyncio.create_task(slot.run()) for slot in self.slots]

    async def compose(self, row: dict[str, Any], kind: str) -> Reply:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.began.set()
        await self.may_answer.wait()
        self.at_once -= 1
        return Reply((Body(f"답 {row['content']['text']}"),), outcome="answered")

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for slot in self.slots:
            await slot._hang_up()


@pytest.fixture
async def worker(db: Database, cipher: Cipher) -> AsyncIterator[Callable[[], Worker]]:
    made: list[Worker] = []

    def start() -> Worker:
        made.append(Worker(Services(Settings(dialogue=False), db, cipher, EventHub(db), CrisisCards.load())))
        return made[-1]

    yield start
    for one in made:
        await one.stop()


@pytest.fixture
def say(desk: Any, db: Database) -> Callable[[str, str], Any]:
    async def write(conversation_id: str, text: str) -> None:
        """A message that triage has let pass."""
        said = await desk.say(conversation_id, text=text)
        async with db.transaction() as tx:
            await database.run(tx, "UPDATE inbox SET triage_state = 'done' WHERE message_id = %s", said.message_id)

    return write


async def answers(desk: Any, conversation_id: str, count: int) -> list[str]:
    async with asyncio.timeout(60):
        while True:
            lines = [text for _, author, text in await desk.lines(conversation_id) if author == "bot"]
            if len(lines) >= count:
                return lines
            await asyncio.sleep(0.01)


async def test_two_that_wait_are_answered_one_after_the_other(desk, worker, say) -> None:
    one, talk = worker(), await desk.start()
    await say(talk, "하나")
    await say(talk, "둘")
    one.queue.put(talk)
    assert await answers(desk, talk, 2) == ["답 하나", "답 둘"]
    assert one.most_at_once == 1


async def test_what_comes_during_a_turn_is_answered_after_it(desk, worker, say) -> None:
    one, talk = worker(), await desk.start()
    one.may_answer.clear()
    await say(talk, "하나")
    one.queue.put(talk)
    await asyncio.wait_for(one.began.wait(), 60)
    await say(talk, "둘")
    one.queue.put(talk)
    one.may_answer.set()
    assert await answers(desk, talk, 2) == ["답 하나", "답 둘"]
    assert one.most_at_once == 1


async def test_what_another_process_hears_of_during_a_turn_is_answered_after_it(desk, worker, say) -> None:
    one, other, talk = worker(), worker(), await desk.start()
    one.may_answer.clear()
    await say(talk, "하나")
    one.queue.put(talk)
    await asyncio.wait_for(one.began.wait(), 60)
    await say(talk, "둘")
    found_it_locked, put_later = asyncio.Event(), other.queue.put_later
    other.queue.put_later = lambda name: (put_later(name), found_it_locked.set())  # type: ignore[method-assign]
    other.queue.put(talk)  # nobody puts it again
    await asyncio.wait_for(found_it_locked.wait(), 60)
    one.may_answer.set()
    assert await answers(desk, talk, 2) == ["답 하나", "답 둘"]
    assert await desk.count("late_answers") == 0
