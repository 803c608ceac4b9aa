"""Erlang-A against a table worked out elsewhere, its own law, a simulation, and Erlang-C at its edge."""

from __future__ import annotations

import math
import random

import pytest

from handoff.board.erlang import MOST_AGENTS, Shift, expected, staff_for

#: Handling time (s), people, arrivals an hour → abandonment, mean wait (s), answered within 20 s and 60 s of all, patience 5 min.
WORKED = [
    (360, 6, 27, 0.01, 4, 0.95, 0.97),
    (360, 6, 41, 0.06, 17, 0.81, 0.86),
    (360, 6, 82, 0.31, 94, 0.24, 0.33),
    (720, 6, 27, 0.15, 46, 0.65, 0.70),
    (720, 12, 41, 0.03, 8, 0.91, 0.93),
    (720, 12, 82, 0.30, 90, 0.28, 0.36),
]


@pytest.mark.parametrize(("handling", "agents", "arrivals", "abandoned", "wait", "in_20", "in_60"), WORKED)
def test_agrees_with_the_worked_table(handling, agents, arrivals, abandoned, wait, in_20, in_60):
    shift = Shift(arrivals, handling, agents, 300)
    found = expected(shift, 20)
    # The table is rounded, and was itself checked against a simulation to about 0.3 points.
    assert found.abandonment == pytest.approx(abandoned, abs=0.006)
    assert found.mean_wait_s == pytest.approx(wait, abs=0.7)
    assert found.service_level == pytest.approx(in_20, abs=0.008)
    assert expected(shift, 60).service_level == pytest.approx(in_60, abs=0.008)


@pytest.mark.parametrize("agents", [1, 2, 6, 30, 200])
@pytest.mark.parametrize("arrivals", [0.5, 27, 164, 1640])
@pytest.mark.parametrize("patience", [30, 300, 3600])
def test_the_share_that_leaves_is_the_rate_of_losing_patience_times_the_mean_wait(agents, arrivals, patience):
    found = expected(Shift(arrivals, 540, agents, patience), 60)
    assert found.abandonment == pytest.approx(found.mean_wait_s / patience, abs=1e-9)
    assert 0 <= found.service_level <= 1
    assert 0 <= found.occupancy <= 1 + 1e-12


def test_waiting_for_ever_answers_all_who_do_not_leave():
    found = expected(Shift(82, 720, 12, 300), 1e7)
    assert found.service_level == pytest.approx(1 - found.abandonment, abs=1e-9)


def test_answered_at_once_means_that_somebody_was_free():
    """At Y = 0 nobody who had to wait counts: what is left is Erlang-A's chance of finding somebody free, known in closed form for one person."""
    arrival, service, theta = 20 / 3600, 1 / 300, 1 / 200
    # One person: p0 = 1 / (1 + Σ Π λ / (μ + iθ)).
    total, term = 1.0, 1.0
    for i in range(400):
        term *= arrival / (service + i * theta)
        total += term
    assert expected(Shift(20, 300, 1, 200), 0).service_level == pytest.approx(1 / total, rel=1e-9)


def test_patience_without_end_is_erlang_c():
    arrivals, handling, agents = 40, 600, 10
    load = arrivals * handling / 3600
    blocked = (load**agents / math.factorial(agents)) * agents / (agents - load)
    waits = blocked / (sum(load**k / math.factorial(k) for k in range(agents)) + blocked)
    in_time = 1 - waits * math.exp(-(agents - load) * 60 / handling)
    found = expected(Shift(arrivals, handling, agents, 3e6), 60)
    assert found.service_level == pytest.approx(in_time, abs=2e-4)
    assert found.mean_answer_s == pytest.approx(waits * handling / (agents - load), rel=2e-3)


def test_a_simulation_finds_the_same():
    """Sixty thousand contacts, first come first served, written without anything of the module under test."""
    draw = random.Random(20261122)
    arrivals, handling, agents, patience, within = 41.0, 720.0, 9, 300.0, 60.0
    free = [0.0] * agents
    clock, in_time, left, waits, answered_waits, busy = 0.0, 0, 0, 0.0, [], 0.0
    count = 60_000
    for _ in range(count):
        clock += draw.expovariate(arrivals / 3600)
        soonest = min(range(agents), key=free.__getitem__)
        wait, will_wait = max(0.0, free[soonest] - clock), draw.expovariate(1 / patience)
        waits += min(wait, will_wait)
        if wait > will_wait:
            left += 1
            continue
        work = draw.expovariate(1 / handling)
        free[soonest] = clock + wait + work
        busy += work
        answered_waits.append(wait)
        in_time += wait <= within
    found = expected(Shift(arrivals, handling, agents, patience), within)
    assert found.service_level == pytest.approx(in_time / count, abs=0.012)
    assert found.abandonment == pytest.approx(left / count, abs=0.01)
    assert found.mean_wait_s == pytest.approx(waits / count, rel=0.06)
    assert found.mean_answer_s == pytest.approx(sum(answered_waits) / len(answered_waits), rel=0.07)
    assert found.occupancy == pytest.approx(busy / clock / agents, abs=0.012)


@pytest.mark.parametrize("arrivals", [0, 5, 27, 41, 82, 1640])
def test_staffing_is_the_smallest_number_that_suffices(arrivals):
    shift = Shift(arrivals, 720, 1, 300)
    people = staff_for(shift, 60, 0.8)
    assert expected(Shift(arrivals, 720, people, 300), 60).service_level >= 0.8
    assert people == 1 or expected(Shift(arrivals, 720, people - 1, 300), 60).service_level < 0.8


def test_more_people_than_anybody_has_is_said_as_none():
    assert staff_for(Shift(50_000, 720, 1, 300), 60, 0.95) is None


@pytest.mark.parametrize(
    "shift",
    [
        Shift(-1, 720, 6, 300),
        Shift(41, 0, 6, 300),
        Shift(41, 720, 0, 300),
        Shift(41, 720, MOST_AGENTS + 1, 300),
        Shift(41, 720, 6, 0),
        Shift(math.nan, 720, 6, 300),
        Shift(1e9, 720, 6, 1e9),
    ],
)
def test_what_no_shift_can_have_is_refused(shift):
    with pytest.raises(ValueError, match=r"\w"):
        expected(shift, 60)


def test_nobody_writing_is_no_division_by_nought():
    found = expected(Shift(0, 720, 6, 300), 60)
    assert (found.service_level, found.abandonment, found.mean_wait_s, found.occupancy) == (1.0, 0.0, 0.0, 0.0)
