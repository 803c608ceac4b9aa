"""A hold and an erasure of the same conversation at the same time: the hold wins, whichever began first, and nothing is lost half-way."""

from __future__ import annotations

import asyncio

import pytest

from bot import erasure
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from core.errors import AppError
from handoff import service as handoff
from handoff.records import holds

WORDS = "여권을 빼앗겼어요"
PATIENCE_S = 0.5


@pytest.fixture
async def ended(db, cipher):
    """A conversation with words and an ended case; its id."""
    async with db.transaction() as tx:
        conversation_id, _ = await conversation.start(tx, "webchat")
        await conversation.accept(tx, cipher, Inbound("webchat", "e1", conversation_id, InboundKind.TEXT, text=WORDS))
        case = await handoff.open_or_raise(tx, cipher, conversation_id, "none", "other", "asked", summary=WORDS)
        await tx.execute("UPDATE cases SET status = 'closed', closed_at = now(), outcome = 'resolved' WHERE id = %s", (case.id,))
    return conversation_id


async def words(db, cipher, conversation_id):
    async with db.read() as connection:
        return [line.text for line in await conversation.transcript(connection, cipher, conversation_id)]


async def hold(db, cipher, conversation_id, *, then=None):
    async with db.transaction() as tx:
        done = await holds.set_hold(tx, cipher, conversation_id, "책임자", "소송 예정")
        if then is not None:
            await then()
        return done


async def erase(db, cipher, conversation_id):
    async with db.transaction() as tx:
        return await erasure.erase(tx, cipher, [conversation_id], "책임자")


async def test_a_hold_that_came_first_is_waited_for_and_stops_the_erasure(db, cipher, ended):
    written, may_commit = asyncio.Event(), asyncio.Event()

    async def wait():
        written.set()
        await may_commit.wait()

    holding = asyncio.create_task(hold(db, cipher, ended, then=wait))
    await written.wait()
    erasing = asyncio.create_task(erase(db, cipher, ended))
    done, _ = await asyncio.wait({erasing}, timeout=PATIENCE_S)
    assert not done  # it must know how the hold ends
    may_commit.set()
    assert await holding
    with pytest.raises(AppError, match="on_hold"):
        await erasing
    assert await words(db, cipher, ended) == [WORDS]


async def test_a_hold_that_comes_while_an_erasure_is_under_way_undoes_it(db, cipher, ended, monkeypatch):
    reached, go_on = asyncio.Event(), asyncio.Event()
    real = database.run

    async def slow(tx, statement, *args, **values):
        done = await real(tx, statement, *args, **values)
        if statement.startswith("DELETE FROM messages"):  # the words are gone in this transaction
            reached.set()
            await go_on.wait()
        return done

    monkeypatch.setattr(erasure.database, "run", slow)
    erasing = asyncio.create_task(erase(db, cipher, ended))
    await reached.wait()
    assert await asyncio.wait_for(hold(db, cipher, ended), 5)  # it does not wait for the erasure
    go_on.set()
    with pytest.raises(AppError, match="on_hold"):
        await erasing
    assert await words(db, cipher, ended) == [WORDS]
    async with db.read() as connection:
        assert await database.one(connection, "SELECT 1 FROM erasures") is None


async def test_a_hold_that_comes_after_the_end_is_told_so(db, cipher, ended):
    await erase(db, cipher, ended)
    with pytest.raises(AppError, match="already_erased"):
        await hold(db, cipher, ended)
    assert await words(db, cipher, ended) == []


async def test_a_hold_that_meets_the_last_step_waits_and_is_told_so(db, cipher, ended, monkeypatch):
    reached, go_on = asyncio.Event(), asyncio.Event()
    real = database.run

    async def slow(tx, statement, *args, **values):
        if "INSERT INTO erasures" in statement:
            reached.set()
            await go_on.wait()
        return await real(tx, statement, *args, **values)

    monkeypatch.setattr(erasure.database, "run", slow)
    erasing = asyncio.create_task(erase(db, cipher, ended))
    await reached.wait()
    holding = asyncio.create_task(hold(db, cipher, ended))
    done, _ = await asyncio.wait({holding}, timeout=PATIENCE_S)
    assert not done
    go_on.set()
    await erasing
    with pytest.raises(AppError, match="already_erased"):
        await holding
