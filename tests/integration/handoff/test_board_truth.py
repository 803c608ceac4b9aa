"""A simulated day, lived through by the real services with a clock that is set: the board says what truly happened."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import pytest_asyncio

from core.db import Database
from core.migrate import migrate
from handoff.board import service as board
from handoff.board import simulated
from handoff.board.definitions import days
from handoff.board.simulated_clock import SimulatedClock, install
from handoff.board.truth import differences, truth

DAY = days(date(2026, 2, 17), date(2026, 2, 17))


@pytest.fixture(scope="module")
def clock_dsn(make_database):
    dsn = make_database()
    install(dsn)
    migrate(dsn)
    return dsn


@pytest_asyncio.fixture
async def simulated_db(clock_dsn):
    db = await Database.open(clock_dsn, min_size=1, max_size=4)
    yield db
    await db.close()


async def test_the_board_says_what_truly_happened(simulated_db, cipher):
    clock = SimulatedClock(DAY.start - timedelta(hours=3))
    shifts, callers = simulated.plan(20260217)
    lived = await simulated.Driver(simulated_db, cipher, clock, DAY).live(shifts, callers)
    async with simulated_db.read() as connection:
        found = await board.figures(connection, DAY, DAY.start + timedelta(days=12))
        before = await board.figures(connection, days(date(2026, 2, 16), date(2026, 2, 16)), DAY.start + timedelta(days=12))
        after = await board.figures(connection, days(date(2026, 2, 18), date(2026, 2, 18)), DAY.start + timedelta(days=12))
    true = truth(lived)
    assert differences(found, true) == []
    assert (lived.violations, lived.out_of_order) == (0, 0)
    # The day is worth looking at: everything that is counted has happened.
    assert true["waiting.offered"] > 150
    assert 0.05 < true["waiting.abandonment"] < 0.9
    assert true["waiting.short_abandoned"] > 0
    assert true["emergencies.count"] > 15
    assert 0 < true["places.good"] < true["places.exact"] < 1
    assert true["emergencies.max_s"] > 3600  # somebody cried for help when nobody was there
    assert any(len(life.hands) > 1 for life in lived.lives)  # the desk that died
    # Each contact is counted on one day.
    assert before.waiting.offered + found.waiting.offered + after.waiting.offered == sum(life.opened is not None for life in lived.lives)
