"""A year of shifts through the queue's own rules: the board's figures are the simulator's, the invariants hold, and so does Erlang-A's law."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime, timedelta

import pytest

from handoff.board import definitions, year
from handoff.board.definitions import ZONE, Window

START = datetime(2026, 1, 1, tzinfo=ZONE)
SCALE = year.Scale()


@pytest.fixture(scope="module")
def lived():
    return year.live(START, 20261122, scale=SCALE)


def test_every_invariant_holds_after_each_step(lived):
    assert lived.broken == {}
    assert lived.steps > 200_000
    assert lived.offered == lived.answered + lived.abandoned


def test_the_boards_figures_are_the_simulators(lived):
    whole = Window(START, START + timedelta(days=366))
    found = definitions.waiting(lived.contacts, whole, whole.end)
    assert (found.offered, found.answered, found.abandoned, found.still_waiting) == (lived.offered, lived.answered, lived.abandoned, 0)
    assert found.service_level_all == pytest.approx(lived.in_time / lived.offered, abs=1e-9)
    assert found.mean_wait_s == pytest.approx(lived.answered_waited_s / lived.answered, abs=1e-5)
    assert found.abandonment == lived.abandoned / lived.offered


def test_days_add_up_to_the_year(lived):
    by_day = Counter(one.arrived_at.astimezone(ZONE).date() for one in lived.contacts)
    for number in (0, 45, 47, 200, 364):
        day = START.date() + timedelta(days=number)
        assert definitions.waiting(lived.contacts, definitions.days(day, day), START + timedelta(days=400)).offered == by_day[day]
    assert sum(by_day.values()) == lived.offered


def test_erlang_as_law_holds_on_its_numbers(lived):
    """Those who leave are a counting process with rate queue ÷ patience, so the difference is about as large as the root of their number."""
    left, expected, deviations = year.law(lived, SCALE)
    assert abs(deviations) < 4
    assert left == pytest.approx(expected, rel=0.1)
    assert lived.abandoned > 1000
    # The same from the contacts alone, as the board has them.
    waited = math.fsum(one.wait_s if one.wait_s is not None else one.patience_s for one in lived.contacts)
    assert waited == pytest.approx(lived.waited_s, rel=1e-6)


def test_the_hard_days_are_seen_and_emergencies_wait_for_nobody(lived):
    def of(day):
        return definitions.waiting(lived.contacts, Window(START + timedelta(days=day), START + timedelta(days=day + 1)), START + timedelta(days=400))

    quiet, holiday, earthquake = of(100), of(47), of(lived.earthquake_day)
    assert quiet.service_level_all > holiday.service_level_all > earthquake.service_level_all
    assert earthquake.offered > 4 * quiet.offered
    whole = Window(START, START + timedelta(days=366))
    urgent = definitions.emergencies(lived.contacts, whole, whole.end)
    assert urgent.count > 3000
    assert urgent.p95_s <= 1


def test_a_broken_rule_would_be_seen(monkeypatch):
    """The checks are the simulator's own: with a queue that is last come first served, or that puts routine first, they fail."""
    monkeypatch.setattr(year, "order_key", lambda severity, arrived, number: (0, -arrived.timestamp(), number))
    assert year.live(START, 7, days=5, earthquake_day=2).broken["order"] > 0
    monkeypatch.undo()
    monkeypatch.setattr(year, "choose", lambda wanted, candidates: next(iter(candidates), None))
    assert year.live(START, 7, days=3, earthquake_day=1).broken["cap"] > 0
