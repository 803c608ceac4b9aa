"""Some days with an earthquake among them, lived through on a database by the real services: figures, law and invariants of the board."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest

from core.db import Database
from core.migrate import migrate
from handoff.board import replayed
from handoff.board.definitions import Contact, days
from handoff.board.simulated_clock import install

WEEK = days(date(2026, 3, 2), date(2026, 3, 6))
EARTHQUAKE_DAY = 2


@pytest.fixture(scope="module")
def clock_dsn(make_database):
    dsn = make_database()
    install(dsn)
    migrate(dsn)
    return dsn


async def test_the_board_is_true_the_law_holds_and_nothing_is_broken(clock_dsn, cipher):
    db = await Database.open(clock_dsn, min_size=1, max_size=4)
    try:
        found = await replayed.replay(db, cipher, WEEK, 20260302, EARTHQUAKE_DAY)
    finally:
        await db.close()
    assert found.different == []
    assert (found.violations, found.out_of_order) == (0, 0)
    assert found.busiest_day == EARTHQUAKE_DAY
    assert found.contacts > 60
    assert found.left > 15
    assert abs(found.deviations) < 4


def test_the_plan_is_a_year_with_a_holiday_and_an_earthquake():
    shifts, callers = replayed.plan(1, 365, 200)
    by_day = [sum(caller.arrives // 86_400 == day for caller in callers) for day in range(365)]
    ordinary = sorted(by_day)[182]
    assert by_day[200] > 4 * ordinary
    assert sum(by_day[45:50]) / 5 > 1.5 * ordinary
    for who in {shift.who for shift in shifts}:
        mine = sorted((shift.begins, shift.ends) for shift in shifts if shift.who == who)
        assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(mine)), "nobody sits at two desks"


def test_the_law_counts_the_waits_of_those_who_left_and_of_those_who_did_not():
    begins = WEEK.start
    answered = Contact(1, begins, answered_at=begins + timedelta(seconds=100))
    left = Contact(2, begins, left_at=begins + timedelta(seconds=200))
    elsewhere = Contact(3, WEEK.end, left_at=WEEK.end + timedelta(seconds=200))
    assert replayed.law([answered, left, elsewhere], WEEK, 300.0) == (1, 1.0)
