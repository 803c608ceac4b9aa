"""A talk on a messenger in memory: what a citizen writes, what anyone answers, what arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from bot.channels.door import Door
from bot.channels.testing import FakeMessenger
from bot.sender import Sender
from bot.services import Services
from conversation import service as conversation
from conversation import visitors
from conversation.schemas import AuthorKind, Body, Inbound, InboundKind, ReplyWindow
from conversation.visitors import Arrived
from core import db as database
from core.clock import now
from core.crypto import Cipher
from core.db import Database
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards

numbers = count(1)


class Talk:
    def __init__(self, db: Database, cipher: Cipher, messenger: FakeMessenger, hub: EventHub) -> None:
        self.db = db
        self.cipher = cipher
        self.messenger = messenger
        self.services = Services(Settings(), db, cipher, hub, CrisisCards.load())
        self.channels = {messenger.name: messenger}
        self.door = Door(self.services, self.channels)

    def sender(self, **values: Any) -> Sender:
        return Sender(self.db, self.cipher, self.channels, **values)

    async def write(self, text: str = "여권을 잃어버렸어요", visitor: str = "U1", event_id: str = "", **values: Any) -> Arrived:
        return await self.door.accept(self.inbound(text, visitor, event_id, **values.pop("fields", {})), **values)

    def inbound(self, text: str = "여권을 잃어버렸어요", visitor: str = "U1", event_id: str = "", **values: Any) -> Inbound:
        kind = values.pop("kind", InboundKind.TEXT)
        return Inbound(self.messenger.name, event_id or f"event-{next(numbers)}", "", kind, text=text, visitor=visitor, **values)

    async def answer(self, conversation_id: str, text: str, *, danger: bool = False, in_reply_to: int | None = None, **body: Any) -> None:
        async with self.db.transaction() as tx:
            await conversation.reply(
                tx,
                self.cipher,
                conversation_id,
                AuthorKind.SYSTEM,
                Body(text, **body),
                client_id=f"line-{next(numbers)}",
                in_reply_to=in_reply_to,
                policy="at_least_once" if danger else "at_most_once",
            )

    async def open(self, visitor: str = "U1") -> str:
        async with self.db.transaction() as tx:
            return await visitors.find_or_open(tx, self.cipher, self.messenger.name, visitor)

    async def outbox(self) -> list[dict[str, Any]]:
        async with self.db.read() as connection:
            return await database.rows(connection, "SELECT * FROM outbox ORDER BY message_id")

    async def run(self, statement: str, *args: Any) -> list[dict[str, Any]]:
        async with self.db.read() as connection:
            return await database.rows(connection, statement, *args)

    async def make_due(self) -> None:
        """Time passes: what is to be tried later is due."""
        await self.run("UPDATE outbox SET next_attempt_at = now() WHERE state = 'pending'")

    async def lease_ends(self) -> None:
        await self.run("UPDATE outbox SET lease_until = now() - interval '1 second' WHERE state = 'sending'")

    async def send(self, sender: Sender | None = None) -> Sender:
        """Send until nothing is due; requests that have been answered have let go of their windows by then."""
        await asyncio.gather(*self.door.waiting._left_alone)
        sender = sender or self.sender()
        sender._down_until.clear()
        while await sender.step():
            await sender.drain()
            sender._down_until.clear()
        return sender

    async def an_hour(self, conversation_id: str) -> list[str]:
        """Every five minutes of an hour somebody answers, and everything is tried again; what was said. Nobody sleeps: what is stored grows older."""
        said, sender = [], self.sender()
        for number in range(12):
            said.append(f"{number * 5}분 뒤")
            await self.answer(conversation_id, said[-1], danger=number % 4 == 0)
            for table, column in (("messages", "created_at"), ("reply_windows", "deadline")):
                await self.run(f"UPDATE {table} SET {column} = {column} - interval '5 minutes'")
            await self.make_due()
            await self.send(sender)
        return said

    async def back(self) -> None:
        """The platform answers again; then as if nothing had been: what has arrived does not arrive again."""
        for _ in range(3):
            await self.make_due()
            await self.send()


def window(seconds: float = 55, token: str = "", single_use: bool = True, messages: int | None = None) -> ReplyWindow:
    return ReplyWindow(now() + timedelta(seconds=seconds), single_use, "push", token or f"t{next(numbers)}", messages)


@pytest.fixture
def messenger() -> FakeMessenger:
    return FakeMessenger()


@pytest_asyncio.fixture
async def talk(db: Database, cipher: Cipher, messenger: FakeMessenger) -> AsyncIterator[Talk]:
    hub = EventHub(db)
    hub.start()
    talk = Talk(db, cipher, messenger, hub)
    yield talk
    await asyncio.gather(*talk.door.waiting._left_alone, return_exceptions=True)  # before the tables are emptied
    await hub.stop()
