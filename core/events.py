"""A numbered stream of events for each conversation, case and queue, and the hub that wakes those who wait for them.

Numbers are without gaps and in commit order within a stream, because appending locks the stream's row until the transaction ends. A
reader that asks "what came after N" can therefore never skip an event that commits late (Zulip's event queues are the model).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from psycopg.types.json import Jsonb

from core import db as database
from core.db import Connection, Database
from core.errors import DatabaseUnavailable
from core.logging import get

log = get(__name__)
CHANNEL = "events"
#: Tells of what the reader of a stream has said itself: others want to know at once, the reader may wait for the answer to come along.
ECHOES = "echoes"
#: Passing words that nobody stores (somebody is typing): whoever looks on hears them, and for everybody else they were never said.
HINTS = "hints"
#: Two parts of a statement that writes something and its events at once: ``APPENDED`` follows a part ``news (place, kind, payload)`` whose places
#: count from 1; ``ANNOUNCED`` is the last, and wakes the readers when it commits. ``%(stream)s`` names the stream.
APPENDED = """
next AS (
    INSERT INTO streams (name, last_seq) SELECT %(stream)s, count(*) FROM news HAVING count(*) > 0
    ON CONFLICT (name) DO UPDATE SET last_seq = streams.last_seq + excluded.last_seq
    RETURNING last_seq
), appended AS (
    INSERT INTO events (stream, seq, kind, payload)
    SELECT %(stream)s, next.last_seq - (SELECT count(*) FROM news) + news.place, news.kind, news.payload FROM next, news
)
"""
ANNOUNCED = "SELECT pg_notify('events', %(stream)s) FROM next"
ECHOED = "SELECT pg_notify('echoes', %(stream)s) FROM next"
#: Events read at once.
PAGE = 200
#: Looks of one process at the same time. When thousands of readers are woken or come back at once, the others wait here and not at the pool: there
#: they would be refused, and would keep its connections from whoever has something to say.
LOOKS = 6
#: Whoever waits for their turn waits as long as the line moves; when no look has ended for so long, the database does not answer.
STUCK_S = 8.0
#: And never longer than this: a citizen's page gives a silent line up after 40 s.
LONGEST_TURN_S = 30.0


@dataclass(frozen=True)
class Event:
    """One change in a stream; the payload holds ids and states, never text."""

    seq: int
    kind: str
    payload: dict[str, Any]
    created_at: datetime


async def append(tx: Connection, stream: str, kind: str, payload: dict[str, Any]) -> int:
    """Append an event inside the caller's transaction and wake readers when it commits; returns its number."""
    return (await append_to_all(tx, [stream], kind, payload))[0]


async def append_to_all(tx: Connection, streams: Sequence[str], kind: str, payload: dict[str, Any]) -> list[int]:
    """Append the same event to several streams, which are locked in the order given: the one where most meet comes last. Their numbers."""
    found = await database.rows(
        tx,
        """
        WITH next AS (
            INSERT INTO streams (name, last_seq) SELECT name, 1 FROM unnest(%(streams)s::text[]) WITH ORDINALITY AS s(name, place) ORDER BY place
            ON CONFLICT (name) DO UPDATE SET last_seq = streams.last_seq + 1
            RETURNING name, last_seq
        ), event AS (
            INSERT INTO events (stream, seq, kind, payload) SELECT name, last_seq, %(kind)s, %(payload)s FROM next
        )
        SELECT name, last_seq, pg_notify('events', name) FROM next
        """,
        streams=list(streams),
        kind=kind,
        payload=Jsonb(payload),
    )
    numbers = {row["name"]: int(row["last_seq"]) for row in found}
    return [numbers[stream] for stream in streams]


async def read(connection: Connection, stream: str, after: int, limit: int = PAGE) -> list[Event]:
    """Events with a number above ``after``, in order."""
    found = await database.rows(
        connection,
        "SELECT seq, kind, payload, created_at FROM events WHERE stream = %s AND seq > %s ORDER BY seq LIMIT %s",
        stream,
        after,
        limit,
    )
    return [Event(row["seq"], row["kind"], row["payload"], row["created_at"]) for row in found]


Found = TypeVar("Found", bound=Event)
Look = Callable[[Connection, str, int, int], Awaitable[list[Found]]]


async def hint(connection: Connection, stream: str, word: str) -> None:
    """Say a passing word to those who look on at a stream."""
    await database.run(connection, "SELECT pg_notify('hints', %s)", f"{stream} {word}")


async def last_seq(connection: Connection, stream: str) -> int:
    """The number of the newest event, 0 for a stream without any."""
    row = await database.one(connection, "SELECT last_seq FROM streams WHERE name = %s", stream)
    return int(row["last_seq"]) if row else 0


class Wake(asyncio.Event):
    """Set when a stream may have grown; for a reader's own words only after ``patience_s``, unless something else comes first."""

    def __init__(self, patience_s: float = 0.0) -> None:
        super().__init__()
        self._patience_s = patience_s
        self._later: asyncio.TimerHandle | None = None

    def echo(self) -> None:
        """The stream has grown by the reader's own words."""
        if not self._patience_s:
            self.set()
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(self._patience_s, self.set)

    def clear(self) -> None:
        """Forget it all: whoever looks next sees everything until now."""
        super().clear()
        if self._later is not None:
            self._later.cancel()
            self._later = None


class Following(Generic[Found]):
    """One reader of one stream, from its last number on, until it leaves or is dismissed.

    ``look`` reads a page of events, for readers who need more than the bare event.
    """

    def __init__(self, hub: EventHub, stream: str, after: int, look: Look[Found], patience_s: float = 0.0) -> None:
        self._hub = hub
        self._stream = stream
        self._after = after
        self._look = look
        self._wake = Wake(patience_s)
        self._has_ended = False

    def end(self) -> None:
        """Let ``pages`` end; a look that is under way is not broken off, since that would cost the pool a connection."""
        self._has_ended = True
        self._wake.set()

    async def pages(self, idle_s: float) -> AsyncGenerator[list[Found], None]:
        """Every event, in pages; an empty page at least each ``idle_s`` so that the caller can send a keep-alive.

        Raises:
            DatabaseUnavailable: the line to the database is lost; the reader, who knows its last number, shall know it too.
        """
        with self._hub.reading(self, self._stream, self._wake):
            while not self._has_ended:
                self._wake.clear()
                async with self._hub.look() as connection:
                    found = await self._look(connection, self._stream, self._after, PAGE)
                if found:
                    self._after = found[-1].seq
                    yield found
                # What has come since that look has set the event again, so that a short page needs no second look.
                if len(found) < PAGE and not self._has_ended:
                    try:
                        async with asyncio.timeout(idle_s):
                            await self._wake.wait()
                    except TimeoutError:
                        yield []


class EventHub:
    """LISTENs once for the whole process; a subscriber gets an ``asyncio.Event`` that is set when its stream may have grown.

    ``connected`` tells whether the line to the database is up, for pages that must say truthfully how live they are.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self._waiting: dict[str, set[Wake]] = defaultdict(set)
        self._readers: set[Following[Any]] = set()
        self._hinted: dict[str, set[Callable[[str], None]]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._looks = asyncio.Semaphore(LOOKS)
        self._moved_at = 0.0
        self.connected = False

    def start(self) -> None:
        """Begin listening in the background."""
        self._task = asyncio.create_task(self._run(), name="event-hub")

    async def stop(self) -> None:
        """Stop listening."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def dismiss(self) -> None:
        """End every reader's stream, so that a server that stops need not wait for them; they come back with their last number."""
        for reader in list(self._readers):
            reader.end()

    @contextlib.asynccontextmanager
    async def look(self) -> AsyncIterator[Connection]:
        """A connection to read with, in turn: for whatever thousands of readers may want at the same moment.

        Raises:
            DatabaseUnavailable: the server is away.
        """
        async with self._looks:
            async with self.db.read() as connection:
                yield connection
            self._moved_at = time.monotonic()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One's turn for a look of one's own, when thousands come back at once: they wait as long as the line moves, and hold nothing meanwhile.

        Raises:
            DatabaseUnavailable: the looks before do not end.
        """
        began = time.monotonic()
        waiting = asyncio.ensure_future(self._looks.acquire())
        try:
            while not waiting.done():
                await asyncio.wait({waiting}, timeout=STUCK_S / 8)
                at = time.monotonic()
                if not waiting.done() and (at - max(self._moved_at, began) >= STUCK_S or at - began >= LONGEST_TURN_S):
                    raise DatabaseUnavailable("the looks before do not end")
        except BaseException:
            if not waiting.cancel():
                self._looks.release()
            raise
        try:
            yield
            self._moved_at = time.monotonic()
        finally:
            self._looks.release()

    @contextlib.contextmanager
    def subscribe(self, *streams: str, patience_s: float = 0.0) -> Iterator[Wake]:
        """A wake-up at each change of any of the streams, for the length of the block; at an echo only after ``patience_s``."""
        wake = Wake(patience_s)
        with self._subscribed(wake, *streams):
            yield wake

    @contextlib.contextmanager
    def reading(self, reader: Following[Any], stream: str, wake: Wake) -> Iterator[None]:
        """Wake a reader at each change of its stream, for the length of the block."""
        self._readers.add(reader)
        try:
            with self._subscribed(wake, stream):
                yield
        finally:
            self._readers.discard(reader)

    @contextlib.contextmanager
    def _subscribed(self, wake: Wake, *streams: str) -> Iterator[None]:
        for stream in streams:
            self._waiting[stream].add(wake)
        try:
            yield
        finally:
            wake.clear()
            for stream in streams:
                self._waiting[stream].discard(wake)
                if not self._waiting[stream]:
                    del self._waiting[stream]

    @contextlib.contextmanager
    def hinted(self, stream: str, heard: Callable[[str], None]) -> Iterator[None]:
        """Call ``heard`` with each passing word of a stream, for the length of the block."""
        self._hinted[stream].add(heard)
        try:
            yield
        finally:
            self._hinted[stream].discard(heard)
            if not self._hinted[stream]:
                del self._hinted[stream]

    async def follow(self, stream: str, after: int, idle_s: float = 15.0, look: Look[Found] = read) -> AsyncIterator[Found | None]:  # type: ignore[assignment]
        """Every event after ``after``, one by one and for ever; ``None`` at least each ``idle_s``.

        Raises:
            DatabaseUnavailable: the line to the database is lost.
        """
        async with contextlib.aclosing(Following(self, stream, after, look).pages(idle_s)) as pages:
            async for page in pages:
                for event in page:
                    yield event
                if not page:
                    yield None

    async def _run(self) -> None:
        async for channel, stream in self.db.listen(CHANNEL, ECHOES, HINTS, lost=self._lost):
            self.connected = True
            if channel == HINTS:
                self._hint(*stream.split(" ", 1))
                continue
            for name in [stream] if channel else list(self._waiting):
                for wake in self._waiting.get(name, ()):
                    if channel == ECHOES:
                        wake.echo()
                    else:
                        wake.set()

    def _hint(self, stream: str, word: str = "") -> None:
        for heard in list(self._hinted.get(stream, ())):
            try:
                heard(word)
            except Exception:  # one listener at fault must not silence the events of all
                log.exception("hint_failed")

    def _lost(self) -> None:
        self.connected = False
        for wakes in list(self._waiting.values()):
            for wake in wakes:
                wake.set()
