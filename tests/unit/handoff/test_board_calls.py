"""Free calls on the board: each one worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from handoff.board import definitions
from handoff.board.calls import Call, Calls, calls
from handoff.board.definitions import Records, Window
from handoff.board.wording import MEASURES

AT = datetime(2026, 11, 22, tzinfo=UTC)
DAY = Window(AT, AT + timedelta(days=1))


def call(second: int, answered: int | None = None, ended: int | None = None, why: str = "", *, by_citizen: bool = True) -> Call:
    moments = [AT + timedelta(seconds=one) if one is not None else None for one in (answered, ended)]
    return Call(AT + timedelta(seconds=second), by_citizen, *moments, why=why)


DAYS_CALLS = [
    call(0, 4, 60, "hung_up"),
    call(100, 108, 300, "left"),
    call(400, 430, 431, "failed"),
    call(500, None, 545, "no_answer"),
    call(600, None, 602, "withdrawn"),
    call(700, None, 705, "declined"),
    call(800),  # rings still
    call(900, 905),  # goes on
    call(1000, 1003, 1010, "hung_up", by_citizen=False),
    call(1100, None, 1145, "no_answer", by_citizen=False),
    call(1200, 1201, 1202, "failed", by_citizen=False),
]


def test_a_day_of_calls() -> None:
    assert calls(DAYS_CALLS) == Calls(started=8, answered=4, missed=2, failed=2, p50_wait_s=5.0, by_agents=3)


def test_nothing_to_count_is_none() -> None:
    assert calls([]) == Calls(0, 0, 0, 0, None, 0)
    assert calls([call(0, None, 45, "no_answer")]).p50_wait_s is None


def test_a_call_belongs_to_the_window_in_which_it_began() -> None:
    records = Records(calls=[call(-1, 5, 60, "hung_up"), call(0, 3, 4, "hung_up"), call(24 * 3600, 24 * 3600 + 1, 24 * 3600 + 9, "hung_up")])
    assert definitions.figures(records, DAY, DAY.end).calls == Calls(1, 1, 0, 0, 3.0, 0)


@pytest.mark.parametrize(
    ("key", "value"), [("calls", 8), ("calls_answered", 4), ("calls_missed", 2), ("call_wait_p50", 5.0), ("calls_failed", 2), ("calls_by_agents", 3)]
)
def test_each_stands_among_the_figures(key: str, value: float) -> None:
    found = definitions.figures(Records(calls=DAYS_CALLS), DAY, DAY.end)
    (measure,) = [one for one in MEASURES if one.key == key]
    assert measure.of(found) == value
