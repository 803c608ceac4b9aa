"""Timers are rows: one a kind and subject, due in order, each handled by one worker."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core import timers
from core.clock import now
from core.db import Database

PAST, FUTURE = timedelta(seconds=-5), timedelta(minutes=5)


async def set_timer(db: Database, kind: str, subject: str, in_: timedelta, payload: dict | None = None) -> None:
    async with db.transaction() as tx:
        await timers.set_timer(tx, kind, subject, now() + in_, payload)


async def due(db: Database, kind: str = "ask") -> list[str]:
    async with db.read() as connection:
        return [timer["subject"] for timer in await timers.expired(connection, kind)]


async def test_only_what_is_due_is_given_oldest_first(db: Database) -> None:
    await set_timer(db, "ask", "b", timedelta(seconds=-1))
    await set_timer(db, "ask", "a", PAST)
    await set_timer(db, "ask", "c", FUTURE)
    assert await due(db) == ["a", "b"]


async def test_only_the_kind_that_was_asked_for(db: Database) -> None:
    await set_timer(db, "ask", "a", PAST)
    await set_timer(db, "case_offer", "1", PAST)
    assert await due(db, "case_offer") == ["1"]


async def test_setting_again_moves_the_one_timer(db: Database) -> None:
    await set_timer(db, "ask", "a", PAST, {"message_id": 1})
    await set_timer(db, "ask", "a", FUTURE, {"message_id": 2})
    assert await due(db) == []
    async with db.read() as connection:
        found = await (await connection.execute("SELECT payload FROM timers")).fetchall()
    assert found == [{"payload": {"message_id": 2}}]


async def test_cancelling_says_whether_it_ran(db: Database) -> None:
    await set_timer(db, "ask", "a", PAST)
    async with db.transaction() as tx:
        assert await timers.cancel_timer(tx, "ask", "a")
        assert not await timers.cancel_timer(tx, "ask", "a")
    assert await due(db) == []


async def test_a_worker_that_fails_leaves_the_timer(db: Database) -> None:
    await set_timer(db, "ask", "a", PAST)

    async def fail() -> None:
        async with db.read() as connection:
            timer = (await timers.expired(connection, "ask"))[0]
        async with db.transaction() as tx:
            assert await timers.take(tx, timer["id"])
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await due(db) == ["a"]


async def test_of_many_takers_one_handles_it(db: Database) -> None:
    await set_timer(db, "ask", "a", PAST)
    await set_timer(db, "ask", "b", FUTURE)
    async with db.read() as connection:
        found = await timers.expired(connection, "ask")

    async def take() -> bool:
        async with db.transaction() as tx:
            return await timers.take(tx, found[0]["id"])

    assert [timer["subject"] for timer in found] == ["a"]
    assert sorted(await asyncio.gather(*(take() for _ in range(5)))) == [False] * 4 + [True]


async def test_a_timer_that_was_moved_is_not_taken(db: Database) -> None:
    await set_timer(db, "ask", "a", PAST)
    async with db.read() as connection:
        found = await timers.expired(connection, "ask")
    await set_timer(db, "ask", "a", FUTURE)
    async with db.transaction() as tx:
        assert not await timers.take(tx, found[0]["id"])
