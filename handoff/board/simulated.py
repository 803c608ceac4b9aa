"""A simulated day, lived through by the real services on a real database, whose true figures are kept beside it.

What is true is written down by the driver when it does something, in whole seconds, and counted by other means than the board's: so if both
agree, the board reads its tables rightly. Nothing of this runs in production.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.schemas import Role, Staff
from conversation import ratings
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import clock as core_clock
from core import db as database
from core.crypto import Cipher
from core.db import Connection, Database
from handoff import location
from handoff import service as handoff
from handoff.board.definitions import Window
from handoff.board.simulated_clock import SimulatedClock
from handoff.queue_order import is_emergency

#: A desk beats this often here; three times as long without one and it counts as gone.
BEAT_S = 40
ACCEPT_S = 2
TRIAGE_S = 1
CHANNEL = "webchat"
SEVERITY_SHARES = {"none": 60, "non_urgent": 25, "urgent": 10, "life_threat": 5}


@dataclass(frozen=True)
class Shift:
    """When somebody works, in seconds from the day's beginning; ``silent`` is a stretch in which their desk is dead, ``who`` has other shifts too."""

    begins: int
    ends: int
    silent: tuple[int, int] | None = None
    who: str = ""


@dataclass(frozen=True)
class Caller:
    """Somebody who writes, in whole seconds; ``severity`` None: the bot's alone."""

    arrives: int
    severity: str | None
    patience: int = 600
    handling: int = 300
    words_after: int = 5
    score: int | None = None
    radius_m: float | None = None
    fix_age: int = 10
    returns_after: int | None = None
    hangs_up: bool = False


@dataclass
class Life:
    """What truly became of a caller, in seconds from the day's beginning."""

    caller: Caller
    case_id: int | None = None
    opened: int | None = None
    answered: int | None = None
    left: int | None = None
    ended: int | None = None
    words: int | None = None
    closed_by: int | None = None
    rated: int | None = None
    hands: list[tuple[int, int, int]] = field(default_factory=list)
    holder: tuple[int, int] | None = None


@dataclass
class Lived:
    """A day (or ``seconds``) that has been lived: its callers, and when whom was at a desk."""

    start: datetime
    seconds: int = 86_400
    lives: list[Life] = field(default_factory=list)
    desks: list[tuple[int, int, int]] = field(default_factory=list)
    violations: int = 0
    out_of_order: int = 0


def plan(seed: int) -> tuple[list[Shift], list[Caller]]:
    """A day with an evening before and a night after it: hours with nobody there, a desk that dies, a rush at noon, emergencies, visits to the bot."""
    draw = random.Random(seed)  # noqa: S311  (a simulation)
    hour = 3600
    shifts = [
        Shift(-2 * hour, 2 * hour),
        Shift(6 * hour, 15 * hour, silent=(10 * hour, 10 * hour + 600)),
        Shift(9 * hour, 18 * hour),
        Shift(12 * hour, 22 * hour),
        Shift(17 * hour, 25 * hour + 1800),
    ]
    callers = []
    for start in range(-hour, 25 * hour, hour):
        for _ in range(_poisson(draw, 26 if start == 12 * hour else 5 if 2 * hour <= start < 6 * hour else 9)):
            arrives = start + draw.randrange(hour)
            severity = draw.choices(list(SEVERITY_SHARES), list(SEVERITY_SHARES.values()))[0]
            danger = is_emergency(severity)
            callers.append(
                Caller(
                    arrives,
                    severity,
                    # Whoever is in danger stays; some of the others go within seconds.
                    patience=50_000 if danger else 1 + int(draw.expovariate(1 / 300)) if draw.random() > 0.05 else draw.randrange(1, 5),
                    handling=20 + int(draw.expovariate(1 / 420)),
                    words_after=draw.randrange(2, 19),
                    score=None if danger or draw.random() < 0.6 else draw.randrange(1, 6),
                    radius_m=draw.choice([None, 12.0, 49.0, 50.0, 51.0, 900.0]) if danger else None,
                    fix_age=draw.choice([0, 30, 200]),
                )
            )
        for _ in range(_poisson(draw, 3)):
            callers.append(
                Caller(
                    start + draw.randrange(hour),
                    None,
                    score=draw.choice([None, None, 1, 3, 5]),
                    returns_after=draw.choice([None, None, 2 * 86_400, 9 * 86_400]),
                    hangs_up=draw.random() < 0.3,
                )
            )
    return shifts, callers


def _poisson(draw: random.Random, mean: float) -> int:
    count, until = 0, draw.expovariate(1)
    while until < mean:
        count, until = count + 1, until + draw.expovariate(1)
    return count


class Driver:
    """Lives through a window. ``beats``: each desk beats as desks do; in a year each that is there has just beaten whenever something happens."""

    def __init__(self, db: Database, cipher: Cipher, clock: SimulatedClock, day: Window, *, beats: bool = True) -> None:
        self._db = db
        self._cipher = cipher
        self._clock = clock
        self._start = day.start
        self._beats = beats
        self._events: list[tuple[int, int, bool, Callable[[int], Awaitable[None]]]] = []
        self._number = itertools.count()
        self._here: dict[int, Staff] = {}
        self._beaten: dict[int, int] = {}
        self._desk_since: dict[int, int] = {}
        self._silent: set[int] = set()
        self._asked: set[tuple[int, int]] = set()
        self._cases: dict[int, Life] = {}
        self._supervisor: Staff | None = None
        self.lived = Lived(day.start, round((day.end - day.start).total_seconds()))

    async def live(self, shifts: list[Shift], callers: list[Caller]) -> Lived:
        """Let it all happen."""
        with core_clock.told_by(self._clock.now):
            self._supervisor = await self._account("supervisor", Role.SUPERVISOR)
            people: dict[str, Staff] = {}
            for number, shift in enumerate(shifts, 1):
                who = shift.who or f"agent{number}"
                if who not in people:
                    people[who] = await self._account(who, Role.AGENT)
                await self._plan_shift(people[who], shift)
            for caller in callers:
                life = Life(caller)
                self.lived.lives.append(life)
                self._at(caller.arrives, lambda at, life=life: self._write(at, life))  # type: ignore[misc]
            while self._events:
                at, _, sweeps, action = heapq.heappop(self._events)
                async with self._db.transaction() as tx:
                    await self._clock.set(tx, self._start + timedelta(seconds=at))
                    if not self._beats:
                        await self._keep_desks(tx)
                await action(at)
                if sweeps:
                    await self._sweep(at)
        return self.lived

    def _at(self, second: int, action: Callable[[int], Awaitable[None]], *, sweeps: bool = True) -> None:
        heapq.heappush(self._events, (second, next(self._number), sweeps, action))

    async def _account(self, login: str, role: Role) -> Staff:
        async with self._db.transaction() as tx:
            row = await database.one(
                tx, "INSERT INTO staff (login, display_name, password_hash, roles, cap) VALUES (%s, %s, '-', %s, 1) RETURNING id", login, login, [role.value]
            )
        assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
        return Staff(row["id"], login, login, frozenset({role}), ("ko",), 1)

    # -- desks --------------------------------------------------------------------------------------------------------------------

    async def _plan_shift(self, staff: Staff, shift: Shift) -> None:
        async def go(at: int) -> None:
            async with self._db.transaction() as tx:
                await handoff.set_presence(tx, staff, "offline")
            self._end_desk(staff.id, at)
            for life in self._held_by(staff.id):
                self._put_down(life, at)

        async def beat(at: int) -> None:
            silent = shift.silent is not None and shift.silent[0] <= at < shift.silent[1]
            if silent:
                if staff.id in self._here:
                    self._end_desk(staff.id, self._beaten[staff.id])
            else:
                async with self._db.transaction() as tx:
                    await handoff.heartbeat(tx, staff)
                self._here[staff.id] = staff
                self._beaten[staff.id] = at
                self._desk_since.setdefault(staff.id, at)
            if self._beats and at + BEAT_S < shift.ends:
                # What happens sweeps; where nothing does, a desk's death is noticed within three beats.
                self._at(at + BEAT_S, beat, sweeps=at % (3 * BEAT_S) == 0)

        self._at(shift.begins, beat)
        self._at(shift.ends, go)

    async def _keep_desks(self, tx: Connection) -> None:
        """Whoever is there has beaten a moment ago, and all the time since they came."""
        here = list(self._here)
        await database.run(tx, "UPDATE agent_presence SET last_seen_at = %s WHERE staff_id = ANY(%s)", self._clock.now(), here)
        await database.run(tx, "UPDATE desk_times SET until = %s WHERE is_open AND staff_id = ANY(%s)", self._clock.now(), here)

    def _end_desk(self, staff_id: int, at: int) -> None:
        self._here.pop(staff_id, None)
        since = self._desk_since.pop(staff_id, None)
        if since is not None:
            self.lived.desks.append((staff_id, since, at))

    def _held_by(self, staff_id: int) -> list[Life]:
        return [life for life in self._cases.values() if life.holder is not None and life.holder[0] == staff_id]

    def _put_down(self, life: Life, at: int) -> None:
        if life.holder is not None:
            life.hands.append((*life.holder, at))
            life.holder = None

    async def _sweep(self, at: int) -> None:
        now = self._clock.now()
        async with self._db.transaction() as tx:
            swept = await handoff.sweep(tx, now)
        for case_id in swept.returned:
            self._put_down(self._cases[case_id], at)
        async with self._db.read() as connection:
            self.lived.violations += len(await handoff.violations(connection, now))
            offers = await database.rows(connection, "SELECT id, waits, offered_to FROM cases WHERE offered_to IS NOT NULL")
            waiting = await handoff.queue(connection)
        self.lived.out_of_order += sum(
            (is_emergency(later.severity), -later.arrival_at.timestamp()) > (is_emergency(earlier.severity), -earlier.arrival_at.timestamp())
            for earlier, later in itertools.pairwise(waiting)
            if earlier.severity == later.severity or is_emergency(earlier.severity) != is_emergency(later.severity)
        )
        for row in offers:
            if (row["id"], row["waits"]) not in self._asked and row["offered_to"] in self._here:
                self._asked.add((row["id"], row["waits"]))
                self._at(at + ACCEPT_S, lambda then, row=row: self._accept(then, row["id"], row["offered_to"]))  # type: ignore[misc]
        # What has passed enough people is everyone's: whoever has nothing in hand takes the first of it.
        offered = {row["offered_to"] for row in offers}
        left_over = [row.case_id for row in waiting if row.offered_to is None]
        for staff_id in list(self._here):
            if left_over and staff_id not in offered and not self._held_by(staff_id):
                await self._accept(at, left_over.pop(0), staff_id)

    # -- callers ------------------------------------------------------------------------------------------------------------------

    async def _say(self, tx: Connection, conversation_id: str, urgency: str) -> None:
        inbound = Inbound(CHANNEL, f"simulated-{next(self._number)}", conversation_id, InboundKind.TEXT, text="모의 상담입니다")
        accepted = await conversation.accept(tx, self._cipher, inbound)
        await database.run(
            tx,
            """UPDATE inbox SET triage_state = 'done', triaged_at = now(), urgency = %s, action = %s, turn_state = 'answered', turned_at = now()
               WHERE message_id = %s""",
            urgency,
            "escalate" if is_emergency(urgency) else "none",
            accepted.message_id,
        )

    async def _write(self, at: int, life: Life) -> None:
        caller = life.caller
        async with self._db.transaction() as tx:
            conversation_id, _ = await conversation.start(tx, CHANNEL)
            await self._say(tx, conversation_id, caller.severity or "none")
            if caller.radius_m is not None:
                fixed_at = self._clock.now() - timedelta(seconds=caller.fix_age)
                content = {"lat": 11.56, "lon": 104.92, "accuracy_m": caller.radius_m, "fixed_at": fixed_at}
                await location.record_message_fix(tx, self._cipher, conversation_id, content)
            if caller.severity is None and caller.score is not None:
                await ratings.keep(tx, conversation_id, caller.score)
                life.rated = at
            if caller.hangs_up:
                await conversation.close(tx, conversation_id)
        if caller.severity is not None:
            self._at(at + TRIAGE_S, lambda then: self._wait(then, life, conversation_id))
        elif caller.returns_after is not None and not caller.hangs_up:
            self._at(at + caller.returns_after, lambda then: self._come_back(conversation_id))

    async def _come_back(self, conversation_id: str) -> None:
        async with self._db.transaction() as tx:
            await self._say(tx, conversation_id, "none")

    async def _wait(self, at: int, life: Life, conversation_id: str) -> None:
        severity = life.caller.severity or "none"
        async with self._db.transaction() as tx:
            case = await handoff.open_or_raise(tx, self._cipher, conversation_id, severity, "other", "asked", summary="모의")
        life.case_id, life.opened = case.id, at
        self._cases[case.id] = life
        self._at(at + life.caller.patience, lambda then: self._leave(then, life, conversation_id))

    async def _leave(self, at: int, life: Life, conversation_id: str) -> None:
        if life.answered is not None or life.ended is not None:
            return
        async with self._db.transaction() as tx:
            await conversation.close(tx, conversation_id)
        life.left = at

    async def _accept(self, at: int, case_id: int, staff_id: int) -> None:
        staff, life = self._here.get(staff_id), self._cases[case_id]
        if staff is None:
            return
        async with self._db.transaction() as tx:
            result = await handoff.claim(tx, case_id, staff)
        if not isinstance(result, handoff.Claimed):
            return
        life.holder = (staff_id, at)
        if life.left is None and life.answered is None:
            life.answered = at
        if life.left is None and life.words is None:
            self._at(at + life.caller.words_after, lambda then: self._speak(then, life, staff))
        # Whoever finds nobody there any more looks for a moment and ends it.
        self._at(at + (life.caller.handling if life.left is None else 15), lambda then: self._finish(then, life, staff, at))

    async def _speak(self, at: int, life: Life, staff: Staff) -> None:
        if life.holder is None or life.holder[0] != staff.id or life.case_id is None:
            return
        async with self._db.transaction() as tx:
            await handoff.reply(tx, self._cipher, life.case_id, staff, "모의 상담관입니다", f"first-{at}")
        life.words = life.words if life.words is not None else at

    async def _finish(self, at: int, life: Life, staff: Staff, since: int) -> None:
        if life.holder != (staff.id, since) or life.case_id is None or self._supervisor is None:
            return
        danger = is_emergency(life.caller.severity or "none")
        async with self._db.transaction() as tx:
            outcome = "resolved" if life.left is None or danger else "withdrawn"
            await handoff.close(tx, self._cipher, life.case_id, staff, outcome, verified_contact="전화로 확인함" if danger else "")
            if danger:
                await handoff.confirm_close(tx, life.case_id, self._supervisor)
        self._put_down(life, at)
        life.ended, life.closed_by = at, staff.id
        if life.caller.score is not None and life.left is None:
            self._at(at + 30, lambda then: self._rate(then, life))

    async def _rate(self, at: int, life: Life) -> None:
        async with self._db.transaction() as tx:
            case = await handoff.get(tx, life.case_id or 0)
            await ratings.keep(tx, case.conversation_id, life.caller.score or 0)
        life.rated = at
