"""A year in small through the real services: quiet nights, a holiday's peak, one earthquake; every offer, claim and leaving is a row of the queue's.

``year.py`` lives through a large year in memory by the queue's rules; this one lives on a database with a clock that is set, a few contacts a day, so
that a year takes minutes. People lose patience at a constant rate, which gives Erlang-A's law something to hold on.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.crypto import Cipher
from core.db import Database
from handoff.board import repository, service
from handoff.board.definitions import Contact, Window
from handoff.board.simulated import SEVERITY_SHARES, Caller, Driver, Shift
from handoff.board.simulated_clock import SimulatedClock
from handoff.board.truth import differences, truth
from handoff.board.year import Scale, load
from handoff.queue_order import EMERGENCIES, SEVERITIES, is_emergency

HOUR_S, DAY_S = 3600, 86_400
#: As the load of a small mission: one or two people, each with one case at a time, so that people do wait.
SCALE = Scale(busiest=0.9, by_day=2, by_night=1, cap=1, handling_s=1500.0, patience_s=300.0)
#: By then every visit is over, and whoever would come back within seven days has.
LATER = timedelta(days=12)


@dataclass(frozen=True)
class Replay:
    """What came of it: where board and truth differ, what was broken, and both sides of the law on the board's own numbers."""

    contacts: int
    different: list[str]
    violations: int
    out_of_order: int
    left: int
    by_law: float
    earthquake_day: int
    busiest_day: int

    @property
    def deviations(self) -> float:
        """How far those who left are from the law, in standard deviations: leaving is a counting process with the rate queue ÷ patience."""
        return (self.left - self.by_law) / math.sqrt(max(self.by_law, 1.0))


def plan(seed: int, days: int, earthquake_day: int, scale: Scale = SCALE) -> tuple[list[Shift], list[Caller]]:
    """The shifts and the callers of so many days."""
    draw = random.Random(seed)  # noqa: S311  (a simulation)
    shifts, callers = [], []
    for day in range(days):
        start = day * DAY_S
        shifts += [Shift(start + 8 * HOUR_S, start + 20 * HOUR_S - 1, who=f"day{number}") for number in range(scale.by_day)]
        shifts += [Shift(start + 20 * HOUR_S, start + 32 * HOUR_S - 1, who=f"night{number}") for number in range(scale.by_night)]
    for hour in range(days * 24):
        second = draw.expovariate(1.0)
        rate = load(hour, scale, earthquake_day * 24 + 10) / HOUR_S
        at = second / rate
        while at < HOUR_S:
            callers.append(_caller(draw, hour * HOUR_S + int(at), scale))
            at += draw.expovariate(1.0) / rate
    return shifts, callers


def _caller(draw: random.Random, arrives: int, scale: Scale) -> Caller:
    if draw.random() < 0.2:
        return Caller(arrives, None, score=draw.choice([None, 1, 3, 5]), hangs_up=draw.random() < 0.3)
    severity = draw.choices(list(SEVERITY_SHARES), list(SEVERITY_SHARES.values()))[0]
    danger = is_emergency(severity)
    return Caller(
        arrives,
        severity,
        patience=500_000 if danger else max(1, round(draw.expovariate(1 / scale.patience_s))),
        handling=20 + int(draw.expovariate(1 / scale.handling_s)),
        words_after=draw.randrange(2, 19),
        score=None if danger else draw.choice([None, 2, 4, 5]),
        radius_m=draw.choice([None, 12.0, 50.0, 900.0]) if danger else None,
    )


async def replay(db: Database, cipher: Cipher, window: Window, seed: int, earthquake_day: int, scale: Scale = SCALE) -> Replay:
    """Live through a window whose database tells a clock that can be set, and compare what the board says of it."""
    days = (window.end - window.start).days
    shifts, callers = plan(seed, days, earthquake_day, scale)
    lived = await Driver(db, cipher, SimulatedClock(window.start - timedelta(hours=1)), window, beats=False).live(shifts, callers)
    async with db.read() as connection:
        found = await service.figures(connection, window, window.end + LATER)
        waited = await repository.contacts(connection, window, [severity for severity in SEVERITIES if severity not in EMERGENCIES])
    left, by_law = law(waited, window, scale.patience_s)
    daily = [sum(window.start + timedelta(days=day) <= one.arrived_at < window.start + timedelta(days=day + 1) for one in waited) for day in range(days)]
    return Replay(
        found.waiting.offered,
        differences(found, truth(lived)),
        lived.violations,
        lived.out_of_order,
        left,
        by_law,
        earthquake_day,
        max(range(days), key=daily.__getitem__),
    )


def law(contacts: Sequence[Contact], window: Window, patience_s: float) -> tuple[int, float]:
    """How many left, and how many leave by the law: the time that all of them waited, over the mean patience. Emergencies do not leave."""
    here = [one for one in contacts if window.holds(one.arrived_at)]
    waits = [one.wait_s if one.wait_s is not None else one.patience_s or 0.0 for one in here]
    return sum(one.left_at is not None for one in here), math.fsum(waits) / patience_s
