"""Brings what people say at the same moment into the database together: one statement and one commit for all who came while the last was under way.

Nobody waits for a clock: whoever comes alone is written at once. An inbound counts as taken when the commit that holds it has returned, so that
acknowledging after it is as safe as before. One that cannot be written with the others is written alone and fails alone. Where more come than can be
written, who sounds in danger goes first, together with what they have said before; some of each commit is left to those who sound calm.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from psycopg.errors import DeadlockDetected, LockNotAvailable

from conversation import arriving
from conversation.arriving import Waiting
from conversation.visitors import Arrived
from core.db import Database
from core.deadline import within
from core.errors import DatabaseUnavailable
from core.logging import get

log = get(__name__)
#: In a flood an exchange with the database takes as long as the event loop lets it wait, so that it must bring in many.
MOST = 256
#: So much of each exchange belongs to who sounds calm, however many cry: some of them are in danger too.
CALM_PART = 4
#: Beyond this nobody is let in: the platform is told, and brings it again.
LONGEST_LINE = 4000
#: Of those that must be written alone so many at the same moment: the rest of the pool is for who presses the danger button.
ALONE_AT_ONCE = 8
#: A single inbound, written as before.
Alone = Callable[[], Awaitable[Arrived]]


@dataclass
class _Place:
    """Somebody's place in the line; the future is the caller's, who may have gone by now."""

    waiting: Waiting
    alone: Alone
    done: asyncio.Future[Arrived] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def person(self) -> tuple[str, str]:
        return self.waiting.channel, self.waiting.visitor


class Committer:
    """The line before the database, of one process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._urgent: deque[_Place] = deque()
        self._line: deque[_Place] = deque()
        #: How much of each person's waits in either line, and in the urgent one; nobody has something in both, which keeps their order.
        self._people: Counter[tuple[str, str]] = Counter()
        self._crying: Counter[tuple[str, str]] = Counter()
        self._alone: set[tuple[str, str]] = set()
        self._working: set[asyncio.Task[None]] = set()
        self._few = asyncio.Semaphore(ALONE_AT_ONCE)
        self._is_serving = False

    async def put(self, waiting: Waiting, alone: Alone, *, is_urgent: bool = False) -> Arrived:
        """Write an inbound, with others or by ``alone``; what one person says is written in the order in which it comes, and who is urgent before others.

        Raises:
            DatabaseUnavailable: it was not written, or nobody knows.
        """
        place = _Place(waiting, alone)
        is_urgent = is_urgent or bool(self._crying[place.person])
        line = self._urgent if is_urgent else self._line
        if len(line) >= LONGEST_LINE:
            raise DatabaseUnavailable("too many wait to be written")
        if is_urgent and self._people[place.person] and not self._crying[place.person]:
            self._bring_forward(place.person)
        line.append(place)
        self._people[place.person] += 1
        if is_urgent:
            self._crying[place.person] += 1
        self._serve()
        return await place.done

    def _bring_forward(self, person: tuple[str, str]) -> None:
        """What somebody has said before they cry goes with it."""
        before = [place for place in self._line if place.person == person]
        kept = [place for place in self._line if place.person != person]
        self._line.clear()
        self._line.extend(kept)
        self._urgent.extend(before)
        self._crying[person] += len(before)

    def _serve(self) -> None:
        if not self._is_serving and self._people:
            self._is_serving = True
            self._spawn(self._batches())

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _batches(self) -> None:
        try:
            while batch := self._next():
                await self._write(batch)
        finally:
            self._is_serving = False

    def _next(self) -> list[_Place]:
        """The first of each person in the lines, except of those who are being written alone."""
        batch: list[_Place] = []
        taken = set(self._alone)
        events: set[tuple[str, str]] = set()
        for line, most in ((self._urgent, MOST - min(len(self._line), MOST // CALM_PART)), (self._line, MOST)):
            left: list[_Place] = []
            while line and len(batch) < most:
                place = line.popleft()
                event = (place.waiting.channel, place.waiting.event_id)
                (left if place.person in taken or event in events else batch).append(place)
                taken.add(place.person)
                events.add(event)
            line.extendleft(reversed(left))
        written = Counter(place.person for place in batch)
        self._people -= written
        self._crying -= written
        return batch

    async def _write(self, batch: list[_Place]) -> None:
        try:
            stored = await within(self._store(batch))
        except DatabaseUnavailable as error:
            for place in batch:
                _fail(place, error)
            return
        except Exception as error:  # noqa: BLE001  (one of them is at fault: each alone finds out which)
            log.warning("written_alone", error=type(error).__name__, count=len(batch))
            stored = {}
        for number, place in enumerate(batch):
            if number in stored:
                _settle(place, stored[number])
            else:
                self._alone.add(place.person)
                self._spawn(self._write_alone(place))

    async def _store(self, batch: list[_Place]) -> dict[int, Arrived]:
        async with self._db.read() as connection:
            try:
                return await arriving.store(connection, [place.waiting for place in batch])
            except (DeadlockDetected, LockNotAvailable):  # of which one only is the cause
                return {}

    async def _write_alone(self, place: _Place) -> None:
        try:
            async with self._few:
                _settle(place, await within(self._run(place)))
        except Exception as error:  # noqa: BLE001  (it is the caller's)
            _fail(place, error)
        finally:
            self._alone.discard(place.person)
            self._serve()

    @staticmethod
    async def _run(place: _Place) -> Arrived:
        return await place.alone()


def _settle(place: _Place, arrived: Arrived) -> None:
    if not place.done.done():
        place.done.set_result(arrived)


def _fail(place: _Place, error: Exception) -> None:
    if not place.done.done():
        place.done.set_exception(error)
        place.done.exception()  # its caller may have gone: then nobody else would look
