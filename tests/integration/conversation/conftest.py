"""Builders: a conversation, an inbound, and the database as a whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest

from conversation import service as conversation
from conversation.schemas import Accepted, AuthorKind, Body, Inbound, InboundKind, NotOwner, Posted
from core import db as database
from core.crypto import Cipher
from core.db import Database

_numbers = count(1)


def make_inbound(conversation_id: str, **values: Any) -> Inbound:
    """An inbound of the web chat; every field can be set."""
    given = {
        "channel": "webchat",
        "event_id": f"{conversation_id}:{next(_numbers)}",
        "kind": InboundKind.TEXT,
        "text": "여권을 잃어버렸어요",
    }
    return Inbound(conversation_id=conversation_id, **given | values)


class Desk:
    """The conversation service with a transaction around each call, as a route would have it."""

    def __init__(self, db: Database, cipher: Cipher) -> None:
        self.db = db
        self.cipher = cipher

    async def start(self, **values: Any) -> str:
        async with self.db.transaction() as tx:
            return (await conversation.start(tx, values.pop("channel", "webchat"), **values))[0]

    async def accept(self, inbound: Inbound, **values: Any) -> Accepted:
        async with self.db.transaction() as tx:
            return await conversation.accept(tx, self.cipher, inbound, **values)

    async def say(self, conversation_id: str, **values: Any) -> Accepted:
        return await self.accept(make_inbound(conversation_id, **values))

    async def reply(self, conversation_id: str, author: AuthorKind, client_id: str = "", text: str = "답", author_id: int | None = None) -> Posted | NotOwner:
        async with self.db.transaction() as tx:
            return await conversation.reply(
                tx, self.cipher, conversation_id, author, Body(text), client_id=client_id or f"r{next(_numbers)}", author_id=author_id
            )

    async def take_over(self, conversation_id: str, staff_id: int) -> bool:
        async with self.db.transaction() as tx:
            return await conversation.take_over(tx, conversation_id, staff_id)

    async def hand_back(self, conversation_id: str, staff_id: int) -> bool:
        async with self.db.transaction() as tx:
            return await conversation.hand_back(tx, conversation_id, staff_id)

    async def close(self, conversation_id: str) -> bool:
        async with self.db.transaction() as tx:
            return await conversation.close(tx, conversation_id)

    async def mark_read(self, conversation_id: str, by: str, seq: int) -> None:
        async with self.db.transaction() as tx:
            await conversation.mark_read(tx, conversation_id, by, seq)

    async def join(self, conversation_id: str, staff_id: int, role: str = "officer") -> None:
        async with self.db.transaction() as tx:
            await database.run(tx, "INSERT INTO participants (conversation_id, staff_id, role) VALUES (%s, %s, %s)", conversation_id, staff_id, role)

    async def row(self, conversation_id: str) -> dict[str, Any]:
        async with self.db.read() as connection:
            return await conversation.get(connection, conversation_id)

    async def rows(self, statement: str, *args: Any) -> list[dict[str, Any]]:
        async with self.db.read() as connection:
            return await database.rows(connection, statement, *args)

    async def count(self, table: str) -> int:
        return int((await self.rows(f"SELECT count(*) AS n FROM {table}"))[0]["n"])

    async def everything(self) -> dict[str, int]:
        """How many rows each table of a message has: the same before and after means that nothing was written."""
        return {table: await self.count(table) for table in ("conversations", "messages", "inbox", "outbox", "events", "late_answers")}

    async def turn_states(self, conversation_id: str) -> list[str]:
        return [row["turn_state"] for row in await self.rows("SELECT turn_state FROM inbox WHERE conversation_id = %s ORDER BY seq", conversation_id)]

    async def lines(self, conversation_id: str) -> list[tuple[int, str, str]]:
        async with self.db.read() as connection:
            return [(line.seq, line.author_kind, line.text) for line in await conversation.transcript(connection, self.cipher, conversation_id)]


@pytest.fixture
def desk(db: Database, cipher: Cipher) -> Desk:
    return Desk(db, cipher)


@pytest.fixture
def inbound() -> Callable[..., Inbound]:
    return make_inbound


@pytest.fixture
async def talk(desk: Desk) -> str:
    """An open conversation that the bot owns."""
    return await desk.start()


Refused = Callable[[Awaitable[Any], str], Awaitable[None]]


@pytest.fixture
def refused(desk: Desk) -> Refused:
    """Await something that must fail with a code and leave no row behind."""
    from core.errors import AppError

    async def check(doing: Awaitable[Any], code: str) -> None:
        before = await desk.everything()
        with pytest.raises(AppError) as caught:
            await doing
        assert caught.value.code == code
        assert await desk.everything() == before

    return check
