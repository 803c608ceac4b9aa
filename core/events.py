"""A numbered stream of events for each conversation, case and queue, and the hub that wakes those who wait for them.

Numbers are without gaps and in commit order within a stream, because appending locks the stream's row until the transaction ends. A
reader that asks "what came after N" can therefore never skip an event that commits late (Zulip's event queues are the model).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from psycopg.types.json import Jsonb

from core import db as database
from core.db import Connection, Database

CHANNEL = "events"
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
#: Events read at once.
PAGE = 200


@dataclass(frozen=True)
class Event:
    """One change in a stream; the payload holds ids and states, never text."""

    seq: int
    kind: str
    payload: dict[str, Any]
    created_at: datetime


async def append(tx: Connection, stream: str, kind: str, payload: dict[str, Any]) -> int:
    """Append an event inside the caller's transaction and wake readers when it commits; returns its number."""
    row = await database.one(
        tx,
        """
        WITH next AS (
            INSERT INTO streams (name, last_seq) VALUES (%(stream)s, 1)
            ON CONFLICT (name) DO UPDATE SET last_seq = streams.last_seq + 1
            RETURNING last_seq
        ), event AS (
            INSERT INTO events (stream, seq, kind, payload) SELECT %(stream)s, last_seq, %(kind)s, %(payload)s FROM next
        )
        SELECT last_seq, pg_notify('events', %(stream)s) FROM next
        """,
        stream=stream,
        kind=kind,
        payload=Jsonb(payload),
    )
    assert row is not None  # noqa: S101  (an upsert with RETURNING gives a row)
    return int(row["last_seq"])


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


async def last_seq(connection: Connection, stream: str) -> int:
    """The number of the newest event, 0 for a stream without any."""
    row = await database.one(connection, "SELECT last_seq FROM streams WHERE name = %s", stream)
    return int(row["last_seq"]) if row else 0


class EventHub:
    """LISTENs once for the whole process; a subscriber gets an ``asyncio.Event`` that is set when its stream may have grown.

    ``connected`` tells whether the line to the database is up, for pages that must say truthfully how live they are.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
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

    @contextlib.contextmanager
    def subscribe(self, *streams: str) -> Any:
        """An ``asyncio.Event`` set at each change of any of the streams, for the length of the block."""
        wake = asyncio.Event()
        for stream in streams:
            self._waiting[stream].add(wake)
        try:
            yield wake
        finally:
            for stream in streams:
                self._waiting[stream].discard(wake)
                if not self._waiting[stream]:
                    del self._waiting[stream]

    async def follow(self, stream: str, after: int, idle_s: float = 15.0, look: Look[Found] = read) -> AsyncIterator[Found | None]:  # type: ignore[assignment]
        """Every event after ``after``, for ever; ``None`` at least each ``idle_s`` so that the caller can send a keep-alive.

        ``look`` reads a page of them, for callers who need more than the bare event.

        Raises:
            DatabaseUnavailable: the line to the database is lost; the reader, who knows its last number, shall know it too.
        """
        with self.subscribe(stream) as wake:
            while True:
                wake.clear()
                async with self._db.read() as connection:
                    found = await look(connection, stream, after, PAGE)
                for event in found:
                    after = event.seq
                    yield event
                # What has come since that look has set the event again, so that a short page needs no second look.
                if len(found) < PAGE:
                    try:
                        await asyncio.wait_for(wake.wait(), idle_s)
                    except TimeoutError:
                        yield None

    async def _run(self) -> None:
        async for channel, stream in self._db.listen(CHANNEL, lost=self._lost):
            self.connected = True
            for name in [stream] if channel else list(self._waiting):
                self._wake(name)

    def _lost(self) -> None:
        self.connected = False
        for name in list(self._waiting):
            self._wake(name)

    def _wake(self, name: str) -> None:
        for wake in self._waiting.get(name, ()):
            wake.set()
