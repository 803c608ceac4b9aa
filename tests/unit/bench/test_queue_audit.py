"""The audit of ``bench queue`` finds what it is there to find."""

from __future__ import annotations

import pytest

from bench.queue_audit import Taken, Waited, ages, double_claims, out_of_order, severities
from handoff.queue_order import is_emergency

ROUTINE, EMERGENCY = 1, 2


def cases(emergency_seen_at: float = 0.0, severity: str = "urgent") -> list[Waited]:
    return [Waited(ROUTINE, "none", 0.0), Waited(EMERGENCY, severity, emergency_seen_at)]


def routine(asked_at: float = 10.0, decided_at: float = 11.0) -> Taken:
    return Taken(ROUTINE, 7, asked_at, decided_at, decided_at + 1)


def emergency(asked_at: float) -> Taken:
    return Taken(EMERGENCY, 8, asked_at, asked_at + 1, asked_at + 2)


@pytest.mark.parametrize("severity", ["urgent", "life_threat"])
def test_routine_case_given_away_while_an_emergency_waits__yes(severity: str) -> None:
    assert out_of_order(cases(severity=severity), [routine(), emergency(12.0)]) == [(ROUTINE, EMERGENCY)]
    assert out_of_order(cases(severity=severity), [routine()]) == [(ROUTINE, EMERGENCY)]


@pytest.mark.parametrize(
    ("waiting", "taken"),
    [
        (cases(), [emergency(9.0), routine()]),  # somebody was just taking it
        (cases(), [emergency(1.0), routine()]),  # it was gone
        (cases(emergency_seen_at=10.5), [routine(), emergency(12.0)]),  # it came after the question
        (cases(severity="non_urgent"), [routine(), emergency(12.0)]),  # it is none
    ],
)
def test_routine_case_given_away_while_an_emergency_waits__no(waiting: list[Waited], taken: list[Taken]) -> None:
    assert out_of_order(waiting, taken) == []


def test_an_emergency_that_comes_later_is_held_against_later_claims_only() -> None:
    waiting = [Waited(1, "none", 0), Waited(2, "none", 0), Waited(3, "life_threat", 5.0)]
    taken = [Taken(1, 7, 4.0, 4.5, 6.0), Taken(2, 7, 6.0, 6.5, 7.0), Taken(3, 7, 7.0, 7.5, 8.0)]
    assert out_of_order(waiting, taken) == [(2, 3)]


def test_claims_of_one_case_count_twice_unless_it_came_back() -> None:
    assert double_claims({1: 1, 2: 2, 3: 2}, {3: 1}, {}, []) == [2]


def test_two_agents_told_that_a_case_is_theirs_are_found_even_if_the_tables_know_one() -> None:
    told = [Taken(1, 7, 0, 0, 0), Taken(1, 8, 0, 0, 0), Taken(2, 7, 0, 0, 0)]
    assert double_claims({1: 1, 2: 1}, {}, {1: 7, 2: 7}, told) == [1]
    assert double_claims({1: 1, 2: 1}, {}, {1: 7, 2: 9}, told[2:]) == [2]


def test_the_line_is_the_same_every_time_and_has_its_emergencies_anywhere() -> None:
    kinds = severities(1000, 0.05)
    assert kinds == severities(1000, 0.05)
    places = [place for place, kind in enumerate(kinds) if is_emergency(kind)]
    assert len(places) == 50
    assert min(places) < 200
    assert max(places) > 800
    waits = ages(1000)
    assert waits == sorted(ages(1000), reverse=True)
    assert 900 < waits[500] < 1500
