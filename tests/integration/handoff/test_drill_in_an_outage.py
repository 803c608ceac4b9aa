"""The database goes away while a drill runs: the round goes on when it is back, the command says so in words, and nothing of the drill stays behind."""

from __future__ import annotations

import asyncio
import contextlib
import io
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from bot import drill_command
from core import db as database
from core.clock import told_by
from core.errors import DatabaseUnavailable, StartError
from core.settings import Settings
from handoff import service as handoff
from handoff.drills import jobs, repository, service
from handoff.drills.decision import ARRIVE_WITHIN


class Failing:
    """A database that is away while it is told to be."""

    def __init__(self, db):
        self._db = db
        self.is_away = False
        self.refused = 0

    @asynccontextmanager
    async def transaction(self):
        self._ask()
        async with self._db.transaction() as tx:
            yield tx

    @asynccontextmanager
    async def read(self):
        self._ask()
        async with self._db.read() as connection:
            yield connection

    def _ask(self):
        if self.is_away:
            self.refused += 1
            raise DatabaseUnavailable("away")


class Ways:
    """A channel whose messages go nowhere."""

    channels = ("webchat",)

    def __init__(self):
        self.entered = []

    async def enter(self, entry):
        self.entered.append(entry)
        return True


@pytest.fixture
def failing(db):
    return Failing(db)


async def ask(db):
    async with db.transaction() as tx:
        return await service.request(tx, "webchat", "terminal:test")


async def the_drill(db):
    async with db.read() as connection:
        (drill,) = await repository.last(connection, 1)
    return drill


async def test_the_round_outlives_it_and_begins_the_drill_afterwards(db, cipher, failing, monkeypatch):
    monkeypatch.setattr(jobs, "LOOK_S", 0.02)
    await ask(db)
    ways = Ways()
    failing.is_away = True
    running = asyncio.create_task(jobs.run(failing, cipher, Settings(), ways))
    try:
        while failing.refused < 3:
            await asyncio.sleep(0.01)
        assert ways.entered == []
        failing.is_away = False
        async with asyncio.timeout(20):
            while not ways.entered:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert (await the_drill(db)).began_at is not None


async def test_a_message_that_the_outage_swallowed_fails_the_drill_and_leaves_no_case(db, cipher):
    """The drill had begun, its message was never stored: it does not ring anybody later, and the next one may come."""
    await ask(db)
    await jobs.look(db, cipher, Settings(), Ways())
    with told_by(lambda: datetime.now(UTC) + ARRIVE_WITHIN + timedelta(seconds=5)):
        await jobs.look(db, cipher, Settings(), Ways())
    drill = await the_drill(db)
    assert (drill.outcome, drill.why) == ("failed", "not_received")
    async with db.read() as connection:
        assert await handoff.all_open(connection) == []
        assert [row["status"] for row in await database.rows(connection, "SELECT status FROM conversations")] == ["closed"]
        assert await service.may_drill(connection) == ""


async def test_the_command_says_that_the_database_is_away(db, failing, monkeypatch):
    for role in ("web", "worker"):
        async with db.read() as connection:
            await database.run(connection, "INSERT INTO heartbeats (process, role, state) VALUES (%s, %s, '{}')", role, role)
    monkeypatch.setattr(drill_command, "LOOK_S", 0.01)
    out = io.StringIO()
    watching = asyncio.create_task(drill_command._drill(failing, out, "webchat", 60))
    while "has been asked for" not in out.getvalue():
        await asyncio.sleep(0.01)
    failing.is_away = True
    with pytest.raises(StartError, match="database is away"):
        await watching
    with pytest.raises(StartError, match="database is away"):
        await drill_command._drill(failing, out, "webchat", 1)
