"""What each figure of the board means, in one place. Pure: records of what happened in, figures out.

A window is half open and lies on the centre's clock. A contact belongs to the window in which it arrived, whenever it ended, so one that spans
midnight is counted once. A figure without anything to count is None, never nought. Drills and duplicates never reach this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handoff.board.arithmetic import mean, percentile, share
from handoff.board.calls import Call, Calls, calls

#: The centre's clock: its days begin at midnight in Seoul.
ZONE = ZoneInfo("Asia/Seoul")
#: Y of the service level, and its X: live chat is usually held to 80 % within 60 s.
ANSWER_WITHIN_S = 60.0
ANSWER_TARGET = 0.80
#: Who leaves this soon has hardly waited; counted beside the others, never silently left out.
SHORT_ABANDON_S = 5.0
#: An emergency shall have a person's first words within this time, at the 95th percentile.
WORDS_WITHIN_S = 60.0
#: A place is good if it is exact (within ``EXACT_M``) and this fresh when somebody takes the case.
FRESH_S = 60.0
#: A visit to the bot ends with this much silence; coming back within ``REPEAT`` says that it did not help.
VISIT_GAP = timedelta(hours=6)
REPEAT = timedelta(days=7)
#: From this score on a citizen is satisfied; up to the other they are not.
SATISFIED, DISSATISFIED = 4, 2


@dataclass(frozen=True)
class Window:
    """From ``start`` until just before ``end``."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.start <= at < self.end

    def overlap_s(self, start: datetime, end: datetime) -> float:
        """How many seconds of a stretch of time lie in it."""
        return max(0.0, (min(end, self.end) - max(start, self.start)).total_seconds())


def days(first: date, last: date) -> Window:
    """The window of whole days in Seoul, the last one included."""
    return Window(datetime.combine(first, time(), ZONE), datetime.combine(last + timedelta(days=1), time(), ZONE))


@dataclass(frozen=True)
class Held:
    """A case in somebody's hand; ``end`` None: still."""

    staff_id: int
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class AtDesk:
    """Somebody at an open desk and taking cases."""

    staff_id: int
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Fix:
    """The newest place when somebody took the case: whether it was exact to ``EXACT_M``, and how old."""

    is_exact: bool
    age_s: float


@dataclass(frozen=True)
class Contact:
    """One citizen who waited for a person.

    ``answered_at`` is when somebody first took the case, ``left_at`` when the citizen went, or the case ended, before anybody had;
    ``danger_at`` when the message arrived for which it became an emergency, ``words_at`` a person's first words from then on, written or in a call.
    """

    case_id: int
    arrived_at: datetime
    answered_at: datetime | None = None
    left_at: datetime | None = None
    closed_at: datetime | None = None
    danger_at: datetime | None = None
    words_at: datetime | None = None
    fix: Fix | None = None
    held: tuple[Held, ...] = ()

    @property
    def wait_s(self) -> float | None:
        """From arrival to answer."""
        return (self.answered_at - self.arrived_at).total_seconds() if self.answered_at else None

    @property
    def patience_s(self) -> float | None:
        """From arrival to leaving unanswered."""
        return (self.left_at - self.arrived_at).total_seconds() if self.left_at else None

    def handled_s(self, at: datetime) -> float:
        """How long it has been in hand until now."""
        return sum(((one.end or at) - one.start).total_seconds() for one in self.held)


@dataclass(frozen=True)
class Visit:
    """One visit of a citizen to the bot; ``returned_at`` is the same citizen's next visit."""

    began_at: datetime
    last_at: datetime
    is_closed: bool
    needed_person: bool
    score: int | None = None
    returned_at: datetime | None = None


@dataclass(frozen=True)
class Rating:
    """A citizen's score and whose contact it was: of the case that ended last before it, whoever closed that; None: the bot's alone."""

    rated_at: datetime
    score: int
    closed_by: int | None


@dataclass(frozen=True)
class Records:
    """All that the figures are made of."""

    contacts: Sequence[Contact] = ()
    at_desk: Sequence[AtDesk] = ()
    visits: Sequence[Visit] = ()
    ratings: Sequence[Rating] = ()
    asked_to_rate: int = 0
    calls: Sequence[Call] = ()


@dataclass(frozen=True)
class Waiting:
    """How contacts were answered. ``service_level`` leaves short abandons out; ``service_level_all`` counts every arrival that is decided."""

    offered: int
    answered: int
    abandoned: int
    short_abandoned: int
    still_waiting: int
    service_level: float | None
    service_level_all: float | None
    mean_wait_s: float | None
    p95_wait_s: float | None
    abandonment: float | None
    abandonment_without_short: float | None
    mean_handling_s: float | None


@dataclass(frozen=True)
class Emergencies:
    """How soon emergencies heard from a person; those still without words count with the time until now, or until they ended."""

    count: int
    without_words: int
    p50_s: float | None
    p95_s: float | None
    max_s: float | None


@dataclass(frozen=True)
class Places:
    """How well emergencies that somebody took were located at that moment."""

    taken: int
    with_fix: float | None
    exact: float | None
    fresh: float | None
    good: float | None


@dataclass(frozen=True)
class Work:
    """How busy the people were: ``occupancy`` is time at a desk with at least one case, ``at_once`` how many cases such time held."""

    staffed_h: float
    occupancy: float | None
    at_once: float | None


@dataclass(frozen=True)
class Bot:
    """What the bot settled without a person; ``verified`` counts only visits of which it can be said by now."""

    visits: int
    containment: float | None
    verifiable: int
    verified: float | None


@dataclass(frozen=True)
class Credit:
    """The satisfaction that one person has earned; ``staff_id`` None: the bot."""

    staff_id: int | None
    ratings: int
    mean: float
    satisfied: float


@dataclass(frozen=True)
class Satisfaction:
    """What citizens said, in all and for each who closed their contact."""

    ratings: int
    asked: int
    mean: float | None
    satisfied: float | None
    credits: tuple[Credit, ...]


@dataclass(frozen=True)
class Figures:
    """Everything that the board says of a window."""

    window: Window
    waiting: Waiting
    emergencies: Emergencies
    places: Places
    work: Work
    bot: Bot
    satisfaction: Satisfaction
    calls: Calls


@dataclass(frozen=True)
class Slot:
    """One stretch of a trend."""

    start: datetime
    waiting: Waiting
    emergencies: Emergencies


def figures(records: Records, window: Window, at: datetime, within_s: float = ANSWER_WITHIN_S) -> Figures:
    """Every figure of a window, as it looks at the time ``at``."""
    return Figures(
        window,
        waiting(records.contacts, window, at, within_s),
        emergencies(records.contacts, window, at),
        places(records.contacts, window),
        work(records, window, at),
        bot(records.visits, window, at),
        satisfaction(records, window),
        calls(one for one in records.calls if window.holds(one.started_at)),
    )


def waiting(contacts: Iterable[Contact], window: Window, at: datetime, within_s: float = ANSWER_WITHIN_S) -> Waiting:
    """Service level, waits and abandonment of those who arrived in the window. Who has waited longer than Y and waits still has been missed."""
    arrived = [one for one in contacts if window.holds(one.arrived_at)]
    waits = [one.wait_s for one in arrived if one.wait_s is not None]
    left = [one.patience_s for one in arrived if one.patience_s is not None and one.wait_s is None]
    overdue = sum(1 for one in arrived if one.answered_at is None and one.left_at is None and (at - one.arrived_at).total_seconds() > within_s)
    soon = sum(1 for wait in waits if wait <= within_s)
    left_late = sum(1 for wait in left if wait > within_s)
    short = sum(1 for wait in left if wait < SHORT_ABANDON_S)
    handled = [one.handled_s(at) for one in arrived if one.answered_at is not None and one.closed_at is not None]
    return Waiting(
        offered=len(arrived),
        answered=len(waits),
        abandoned=len(left),
        short_abandoned=short,
        still_waiting=len(arrived) - len(waits) - len(left),
        service_level=share(soon, len(waits) + left_late + overdue),
        service_level_all=share(soon, len(waits) + len(left) + overdue),
        mean_wait_s=mean(waits),
        p95_wait_s=percentile(waits, 0.95),
        abandonment=share(len(left), len(waits) + len(left)),
        abandonment_without_short=share(len(left) - short, len(waits) + len(left) - short),
        mean_handling_s=mean(handled),
    )


def emergencies(contacts: Iterable[Contact], window: Window, at: datetime) -> Emergencies:
    """Time to a person of those whose danger arrived in the window."""
    waits, silent = [], 0
    for one in contacts:
        if one.danger_at is None or not window.holds(one.danger_at):
            continue
        silent += one.words_at is None
        waits.append(((one.words_at or one.closed_at or at) - one.danger_at).total_seconds())
    return Emergencies(len(waits), silent, percentile(waits, 0.50), percentile(waits, 0.95), max(waits, default=None))


def places(contacts: Iterable[Contact], window: Window) -> Places:
    """Location quality of the emergencies that arrived in the window and were taken."""
    taken = [one for one in contacts if one.danger_at is not None and one.answered_at is not None and window.holds(one.danger_at)]
    found = [one.fix for one in taken if one.fix is not None]
    exact = {index for index, fix in enumerate(found) if fix.is_exact}
    fresh = {index for index, fix in enumerate(found) if fix.age_s <= FRESH_S}
    n = len(taken)
    return Places(n, share(len(found), n), share(len(exact), n), share(len(fresh), n), share(len(exact & fresh), n))


def work(records: Records, window: Window, at: datetime) -> Work:
    """Occupancy: of the time at an open desk, the part with at least one case in hand. Cases in hand beside the desk do not count."""
    staffed = busy = cases = 0.0
    held: dict[int, list[Held]] = {}
    for contact in records.contacts:
        for one in contact.held:
            held.setdefault(one.staff_id, []).append(one)
    for desk in records.at_desk:
        start, end = max(desk.start, window.start), min(desk.end, window.end, at)
        if start >= end:
            continue
        staffed += (end - start).total_seconds()
        here = Window(start, end)
        mine = [(max(one.start, start), min(one.end or at, end)) for one in held.get(desk.staff_id, ()) if here.overlap_s(one.start, one.end or at) > 0]
        cases += sum((until - since).total_seconds() for since, until in mine)
        busy += _covered_s(mine)
    return Work(staffed / 3600, share(busy, staffed), share(cases, busy))


def _covered_s(stretches: list[tuple[datetime, datetime]]) -> float:
    covered, reached = 0.0, None
    for start, end in sorted(stretches):
        since = start if reached is None else max(start, reached)
        covered += max(0.0, (end - since).total_seconds())
        reached = end if reached is None else max(reached, end)
    return covered


def bot(visits: Iterable[Visit], window: Window, at: datetime) -> Bot:
    """Containment and verified resolution of the visits that began in the window and are over.

    A contained visit is resolved when the citizen said so, or has not come back within seven days; until either is known it is left out.
    """
    ended = [one for one in visits if window.holds(one.began_at) and (one.is_closed or at - one.last_at >= VISIT_GAP)]
    contained = [one for one in ended if not one.needed_person]
    known = [known for known in (_resolved(one, at) for one in contained) if known is not None]
    return Bot(len(ended), share(len(contained), len(ended)), len(known), share(sum(known), len(known)))


def _resolved(visit: Visit, at: datetime) -> bool | None:
    if visit.score is not None and visit.score >= SATISFIED:
        return True
    if visit.score is not None and visit.score <= DISSATISFIED:
        return False
    if visit.returned_at is not None and visit.returned_at - visit.last_at <= REPEAT:
        return False
    return True if at - visit.last_at > REPEAT else None


def satisfaction(records: Records, window: Window) -> Satisfaction:
    """What citizens said in the window, credited to who closed their contact."""
    given = [one for one in records.ratings if window.holds(one.rated_at)]
    people: dict[int | None, list[int]] = {}
    for one in given:
        people.setdefault(one.closed_by, []).append(one.score)
    earned = tuple(
        Credit(staff_id, len(scores), sum(scores) / len(scores), sum(score >= SATISFIED for score in scores) / len(scores))
        for staff_id, scores in sorted(people.items(), key=lambda item: (item[0] is None, item[0] or 0))
    )
    scores = [one.score for one in given]
    satisfied = share(sum(score >= SATISFIED for score in scores), len(scores))
    return Satisfaction(len(scores), records.asked_to_rate, mean(scores), satisfied, earned)


def slots(contacts: Sequence[Contact], window: Window, step: timedelta, at: datetime, within_s: float = ANSWER_WITHIN_S) -> list[Slot]:
    """The window cut into stretches, for a trend; those that lie in the future are left out."""
    stretches, start = [], window.start
    while start < min(window.end, at):
        stretches.append(Window(start, min(start + step, window.end)))
        start = stretches[-1].end
    came: dict[int, list[Contact]] = {}
    for one in contacts:
        # Each contact stands where it came, and where its danger did: nowhere else does it change a figure.
        for place in {(moment - window.start) // step for moment in (one.arrived_at, one.danger_at) if moment is not None}:
            came.setdefault(place, []).append(one)
    parts = [came.get(place, []) for place in range(len(stretches))]
    return [Slot(part.start, waiting(here, part, at, within_s), emergencies(here, part, at)) for part, here in zip(stretches, parts, strict=True)]
