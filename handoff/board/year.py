"""A year of shifts in memory, through the queue's own rules: quiet nights, a holiday's peak, one earthquake. Nothing of this runs in production.

Every choice is the program's (``queue_order``, ``choosing``); after each step the invariants are looked at anew. People lose patience at a constant
rate, so whatever the load does, those who leave are to the time that all have waited as one is to the mean patience: Erlang-A's law.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from handoff.board.definitions import Contact, Held
from handoff.choosing import CENTRE, Candidate, Wanted, choose
from handoff.queue_order import is_emergency, limit, order_key

SEVERITIES = ("none", "non_urgent", "urgent", "life_threat")
SHARES = (78, 15, 5, 2)
#: One earthquake brings this many times the usual load, most of it at once, falling by half every six hours.
EARTHQUAKE = 40.0
HALVES_IN_H = 6.0


@dataclass(frozen=True)
class Scale:
    """How large the centre is: arrivals of an ordinary day's busiest hour, people at day and at night, cases each may hold."""

    busiest: float = 22.0
    by_day: int = 4
    by_night: int = 2
    cap: int = 2
    handling_s: float = 480.0
    patience_s: float = 300.0


@dataclass
class Waits:
    """Somebody who waits."""

    number: int
    severity: str
    arrived: float
    gives_up: float


@dataclass
class Desk:
    """Somebody at a desk."""

    staff_id: int
    cap: int
    held: dict[int, str] = field(default_factory=dict)
    idle_since: float = 0.0
    is_here: bool = True


@dataclass
class Year:
    """What came of it: contacts as the board reads them, and the simulator's own counts."""

    start: datetime
    contacts: list[Contact] = field(default_factory=list)
    steps: int = 0
    broken: dict[str, int] = field(default_factory=dict)
    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    waited_s: float = 0.0
    answered_waited_s: float = 0.0
    in_time: int = 0
    longest_queue: int = 0
    earthquake_day: int = 0


def load(hour: int, scale: Scale, earthquake_h: int) -> float:
    """Arrivals an hour, by the hour of the year: the day's course, two holidays' peaks, and the earthquake."""
    of_day = hour % 24
    course = 0.15 + 0.85 * max(0.0, math.sin(math.pi * (of_day - 6) / 16)) if 6 <= of_day < 22 else 0.15
    day = hour // 24
    holiday = 2.2 if 45 <= day < 50 or 265 <= day < 270 else 1.0
    since = hour - earthquake_h
    shock = (EARTHQUAKE - 1) * 0.5 ** (since / HALVES_IN_H) if 0 <= since < 72 else 0.0
    return scale.busiest * (course * holiday + 0.25 * shock)


class Centre:
    """The queue and the desks."""

    def __init__(self, year: Year, scale: Scale, seed: int) -> None:
        self._year = year
        self._scale = scale
        self._draw = random.Random(seed)  # noqa: S311  (a simulation)
        self._waiting: dict[int, Waits] = {}
        self._order: list[tuple[tuple[int, datetime, int], int]] = []
        self._desks: dict[int, Desk] = {}
        self._events: list[tuple[float, int, str, int]] = []
        self._tick = itertools.count()
        self._since: dict[int, tuple[int, float, Waits]] = {}
        self._last = 0.0

    def run(self, days: int, earthquake_day: int) -> None:
        """Live through the days."""
        for hour in range(days * 24):
            for second in self._arrivals(load(hour, self._scale, earthquake_day * 24 + 10)):
                self._at(hour * 3600 + second, "arrive", 0)
        for day in range(days):
            self._at(day * 86_400 + 8 * 3600, "staff", self._scale.by_day)
            self._at(day * 86_400 + 20 * 3600, "staff", self._scale.by_night)
        self._staff(0.0, self._scale.by_night)
        while self._events:
            at, _, what, number = heapq.heappop(self._events)
            self._year.waited_s += (at - self._last) * len(self._waiting)
            self._last = at
            {"arrive": self._arrive, "leave": self._leave, "end": self._end, "staff": self._staff}[what](at, number)
            self._serve(at)
            self._check(at)

    def _arrivals(self, an_hour: float) -> Iterator[float]:
        second = self._draw.expovariate(an_hour / 3600) if an_hour > 0 else math.inf
        while second < 3600:
            yield second
            second += self._draw.expovariate(an_hour / 3600)

    def _at(self, second: float, what: str, number: int) -> None:
        heapq.heappush(self._events, (second, next(self._tick), what, number))

    def _moment(self, second: float) -> datetime:
        return self._year.start + timedelta(seconds=second)

    def _arrive(self, at: float, _: int) -> None:
        self._year.offered += 1
        severity = self._draw.choices(SEVERITIES, SHARES)[0]
        one = Waits(self._year.offered, severity, at, at + self._draw.expovariate(1 / self._scale.patience_s))
        self._waiting[one.number] = one
        heapq.heappush(self._order, (order_key(severity, self._moment(at), one.number), one.number))
        self._at(one.gives_up, "leave", one.number)

    def _leave(self, at: float, number: int) -> None:
        one = self._waiting.pop(number, None)
        if one is None:
            return
        self._year.abandoned += 1
        self._year.contacts.append(Contact(number, self._moment(one.arrived), left_at=self._moment(at)))

    def _end(self, at: float, number: int) -> None:
        staff_id, since, one = self._since.pop(number)
        desk = self._desks[staff_id]
        del desk.held[number]
        if not desk.held and not desk.is_here:
            del self._desks[staff_id]
        hands = (Held(staff_id, self._moment(since), self._moment(at)),)
        danger = self._moment(one.arrived) if is_emergency(one.severity) else None
        taken = self._moment(since)
        self._year.contacts.append(
            Contact(number, self._moment(one.arrived), taken, closed_at=self._moment(at), danger_at=danger, words_at=danger and taken, held=hands)
        )

    def _staff(self, at: float, wanted: int) -> None:
        """The next shift: those who go take nothing more and finish what they hold."""
        for desk in list(self._desks.values()):
            desk.is_here = False
            if not desk.held:
                del self._desks[desk.staff_id]
        first = next(self._tick)
        for place in range(wanted):
            staff_id = first * 100 + place
            self._desks[staff_id] = Desk(staff_id, self._scale.cap, idle_since=at)

    def _serve(self, at: float) -> None:
        """Offer what stands first to whom the program would choose, for as long as that finds anybody."""
        while self._order:
            number = self._order[0][1]
            one = self._waiting.get(number)
            if one is None:
                heapq.heappop(self._order)
                continue
            if not is_emergency(one.severity) and all(len(desk.held) >= desk.cap for desk in self._desks.values() if desk.is_here):
                return
            found = choose(Wanted(one.severity, "other", "ko"), self._candidates())
            if found is None:
                return
            heapq.heappop(self._order)
            if self._looks() and any(self._goes_before(other, one) for other in self._waiting.values()):
                self._broken("order")
            self._take(at, one, self._desks[found.staff_id])

    def _candidates(self) -> list[Candidate]:
        nothing: frozenset[str] = frozenset()
        return [
            Candidate(desk.staff_id, frozenset({"ko"}), nothing, frozenset({CENTRE}), len(desk.held), desk.cap, self._moment(desk.idle_since))
            for desk in self._desks.values()
            if desk.is_here
        ]

    def _looks(self) -> bool:
        """Whether everyone who waits is looked at in this step: always while few do, else every sixteenth time."""
        return len(self._waiting) <= 64 or self._year.steps % 16 == 0

    @staticmethod
    def _goes_before(one: Waits, other: Waits) -> bool:
        """The design's words, not the program's: emergencies before everything, first come first served within a class."""
        if one.severity == other.severity:
            return one.arrived < other.arrived
        return is_emergency(one.severity) and not is_emergency(other.severity)

    def _take(self, at: float, one: Waits, desk: Desk) -> None:
        del self._waiting[one.number]
        desk.held[one.number] = one.severity
        desk.idle_since = at
        self._since[one.number] = (desk.staff_id, at, one)
        self._year.answered += 1
        self._year.answered_waited_s += at - one.arrived
        self._year.in_time += at - one.arrived <= 60
        self._at(at + self._draw.expovariate(1 / self._scale.handling_s), "end", one.number)

    def _check(self, at: float) -> None:
        """The invariants of the design, after each step."""
        year = self._year
        year.steps += 1
        year.longest_queue = max(year.longest_queue, len(self._waiting))
        if year.offered != len(self._waiting) + len(self._since) + len(year.contacts):
            self._broken("lost")
        if sum(len(desk.held) for desk in self._desks.values()) != len(self._since):
            self._broken("one_owner")
        for desk in self._desks.values():
            routine = sum(not is_emergency(severity) for severity in desk.held.values())
            urgent = sum(severity == "urgent" for severity in desk.held.values())
            # A life threat ignores caps, and so may push the others beyond them; of the others, nobody takes one more than may be.
            if routine > (limit("none", desk.cap) or 0) or (routine + urgent > (limit("urgent", desk.cap) or 0)):
                self._broken("cap")
        if self._looks() and any(desk.is_here for desk in self._desks.values()) and any(one.severity == "life_threat" for one in self._waiting.values()):
            self._broken("life_threat_waits")

    def _broken(self, invariant: str) -> None:
        self._year.broken[invariant] = self._year.broken.get(invariant, 0) + 1


def live(start: datetime, seed: int, days: int = 365, earthquake_day: int = 200, scale: Scale | None = None) -> Year:
    """A year, or the first days of one."""
    year = Year(start, earthquake_day=earthquake_day)
    Centre(year, scale or Scale(), seed).run(days, earthquake_day)
    return year


def law(year: Year, scale: Scale) -> tuple[float, float, float]:
    """The share that left, the rate of losing patience × the mean wait, and how many standard deviations lie between them."""
    left = year.abandoned / year.offered
    expected = year.waited_s / scale.patience_s
    return left, expected / year.offered, (year.abandoned - expected) / math.sqrt(max(expected, 1.0))
