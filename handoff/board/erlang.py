"""Erlang-A, exactly: what waits, abandonment and occupancy to expect of so many people. Pure.

M/M/n+M (Garnett, Mandelbaum and Reiman 2002): arrivals, handling times and patience are exponential, one contact at a time for each person. Real ones are not,
so this says what a change of staff or load would do, not what the next hour will bring. The share that abandons is always the rate of
losing patience times the mean wait; ``tests`` hold the two, which are computed separately here, against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: More people than any shift has; more states than this are never looked at.
MOST_AGENTS = 2_000
MOST_STATES = 2_000_000


@dataclass(frozen=True)
class Shift:
    """What comes in and who is there; times in seconds, arrivals an hour."""

    arrivals_per_hour: float
    handling_s: float
    agents: int
    patience_s: float


@dataclass(frozen=True)
class Expected:
    """What to expect. ``service_level`` counts every arrival; ``mean_answer_s`` is the wait of those who are answered, ``mean_wait_s`` of all."""

    service_level: float
    mean_answer_s: float
    mean_wait_s: float
    abandonment: float
    occupancy: float
    load: float


def expected(shift: Shift, within_s: float) -> Expected:
    """The stationary shift.

    Raises:
        ValueError: a number that no shift can have.
    """
    _check(shift, within_s)
    arrival, service, theta, n = shift.arrivals_per_hour / 3600, 1 / shift.handling_s, 1 / shift.patience_s, shift.agents
    load = arrival / service
    if arrival == 0:
        return Expected(1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    likely = _states(arrival, service, theta, n)
    states = np.arange(likely.size)
    busy = float(likely @ np.minimum(states, n))
    queue = float(likely @ np.maximum(states - n, 0))
    # An arrival that finds everybody busy and j waiting starts after j + 1 departures, at rates n·service + i·theta for i = j … 0.
    ahead = likely[n:]
    j = np.arange(ahead.size)
    served = n * service / (n * service + (j + 1) * theta)
    in_time = served * _within(j.size, n * service / theta, -np.expm1(-theta * within_s))
    waited = served * np.cumsum(1 / (n * service + (j + 1) * theta))
    at_once = float(likely[:n].sum())
    answered = at_once + float(ahead @ served)
    return Expected(
        service_level=min(1.0, at_once + float(ahead @ in_time)),
        mean_answer_s=float(ahead @ waited) / answered,
        mean_wait_s=queue / arrival,
        abandonment=max(0.0, 1 - busy * service / arrival),
        occupancy=busy / n,
        load=load,
    )


def staff_for(shift: Shift, within_s: float, target: float) -> int | None:
    """The smallest number of people with which that share of all arrivals is answered in time; None beyond ``MOST_AGENTS``.

    Raises:
        ValueError: a number that no shift can have.
    """
    if not 0 < target < 1:
        raise ValueError("the target lies between 0 and 1")
    low, high = 0, 1
    while high <= MOST_AGENTS and _level(shift, high, within_s) < target:
        low, high = high, high * 2
    if high > MOST_AGENTS:
        if _level(shift, MOST_AGENTS, within_s) < target:
            return None
        high = MOST_AGENTS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _level(shift, middle, within_s) >= target else (middle, high)
    return high


def _level(shift: Shift, agents: int, within_s: float) -> float:
    return expected(Shift(shift.arrivals_per_hour, shift.handling_s, agents, shift.patience_s), within_s).service_level


def _check(shift: Shift, within_s: float) -> None:
    numbers = (shift.arrivals_per_hour, shift.handling_s, shift.patience_s, within_s)
    if not all(np.isfinite(number) for number in numbers) or shift.arrivals_per_hour < 0 or within_s < 0:
        raise ValueError("arrivals and the time to answer are numbers from 0 on")
    if shift.handling_s <= 0 or shift.patience_s <= 0:
        raise ValueError("handling time and patience are longer than nothing")
    if not 1 <= shift.agents <= MOST_AGENTS:
        raise ValueError(f"between 1 and {MOST_AGENTS} people")


def _states(arrival: float, service: float, theta: float, n: int) -> np.ndarray:
    """How likely it is that so many are there: births at ``arrival``, deaths at ``min(k, n)·service + max(k − n, 0)·theta``."""
    # Beyond twice the queue at which as many leave as arrive, each state is at most half as likely as the one before it.
    size = n + int(2 * arrival / theta) + 64
    if size > MOST_STATES:
        raise ValueError("nobody waits that long")
    k = np.arange(1, size + 1)
    log = np.concatenate(([0.0], np.cumsum(np.log(arrival / (np.minimum(k, n) * service + np.maximum(k - n, 0) * theta)))))
    likely: np.ndarray = np.exp(log - log.max())
    return likely / likely.sum()


def _within(count: int, b: float, x: float) -> np.ndarray:
    """The regularised incomplete beta function I_x(j + 1, b + 1) for j = 0 … count − 1, by its recurrence in j.

    It is the distribution of the wait behind j others, given that it ends with an answer.
    """
    if x <= 0:
        return np.zeros(count)
    rest = (b + 1) * np.log1p(-x) if x < 1 else -np.inf
    j = np.arange(1, count)
    # term(j) = x^j (1−x)^(b+1) · Γ(j+b+1) / (Γ(b+1) j!), the difference of two neighbours.
    log_terms = rest + np.cumsum(np.log(x) + np.log((j + b) / j))
    first = -np.expm1(rest)
    return np.clip(np.concatenate(([first], first - np.cumsum(np.exp(log_terms)))), 0.0, 1.0)
