"""What every open desk of this process knows of the queue: one snapshot, kept fresh by the numbered events, told to all desks at once.

A wake-up is only a hint. The events are asked for by number, at each hint and at least once a second, so a missed hint costs at most
that second; and a desk is told how fresh its picture is from the answers of the database, not from the state of a socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal

from core import events
from core.db import Connection, Database
from core.errors import DatabaseUnavailable
from core.events import Event, EventHub
from core.logging import get
from handoff import service as handoff
from handoff.schemas import QueueRow

log = get(__name__)
#: Ask even without a wake-up after this time.
POLL_S = 1.0
#: Nothing heard from the database for this long: the picture is called stale.
STALE_S = 2.5
#: The open conversation is asked for every two polls.
FOLLOWED_STALE_S = 2 * POLL_S + STALE_S
MAX_ROWS = 20_000
BATCH = 200
ATTEMPTS = 3
_FIELDS = {field.name for field in fields(QueueRow)}
_TIMES = ("arrival_at", "acknowledged_at", "offer_due_at", "snoozed_until")

Freshness = Literal["live", "catching_up", "broken"]


@dataclass(frozen=True)
class Change:
    """One event applied: the row before and after (``None``: not open), and the event's kind."""

    kind: str
    case_id: int
    before: QueueRow | None
    after: QueueRow | None
    payload: dict[str, Any]


Listener = Callable[[list[Change] | None], None]


def row_of(payload: dict[str, Any], known: QueueRow | None) -> QueueRow:
    """The row that an event describes; what events leave out (a name, whether there is a place) stays as known."""
    values = {name: value for name, value in payload.items() if name in _FIELDS}
    for name in _TIMES:
        if isinstance(values.get(name), str):
            values[name] = datetime.fromisoformat(values[name])
    values.setdefault("has_place", known.has_place if known else False)
    values.setdefault("owner_name", known.owner_name if known and known.owner_id == values.get("owner_id") else None)
    return QueueRow(**values)


def apply(rows: dict[int, QueueRow], event: Event) -> Change | None:
    """Bring ``rows`` to the state after ``event``; None when it says nothing of a case's state or something older than is known."""
    payload = event.payload
    if "case_id" not in payload or "status" not in payload:
        return None
    case_id = int(payload["case_id"])
    before = rows.get(case_id)
    if before is not None and int(payload["version"]) < before.version:
        return None
    after = row_of(payload, before) if payload["status"] != "closed" else None
    if after is not None and event.kind == "place":
        after = replace(after, has_place=True)
    if after is None:
        rows.pop(case_id, None)
    else:
        rows[case_id] = after
    return Change(event.kind, case_id, before, after, payload)


def worst(feed: Freshness, feed_silent_s: float, follower_silent_s: float) -> tuple[Freshness, float]:
    """What a desk may say of its picture: the queue and the open conversation must both be fresh; and for how long it has been silent."""
    if follower_silent_s > FOLLOWED_STALE_S:
        return "broken", max(feed_silent_s, follower_silent_s)
    return feed, feed_silent_s


class QueueFeed:
    """The process's picture of all open cases; desks are called with each batch of changes (None: look at everything anew)."""

    def __init__(self, db: Database, hub: EventHub, name_of: Callable[[Connection, int], Awaitable[str]]) -> None:
        self._db = db
        self._hub = hub
        self._name_of = name_of
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._seq = 0
        self._ready = asyncio.Event()
        self._heard_at = 0.0
        self._behind = True
        self.rows: dict[int, QueueRow] = {}
        self.waiting = 0

    @property
    def freshness(self) -> Freshness:
        """How true the picture is at this moment."""
        if time.monotonic() - self._heard_at > STALE_S:
            return "broken"
        return "catching_up" if self._behind else "live"

    @property
    def silent_s(self) -> float:
        """Seconds since the database last answered."""
        return time.monotonic() - self._heard_at if self._heard_at else 0.0

    async def ready(self) -> None:
        """Wait (shortly) until there is a picture; the feed runs from here on."""
        if self._task is None or self._task.done():
            self._ready.clear()
            self._task = asyncio.create_task(self._run(), name="queue-feed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), STALE_S)

    def attach(self, listener: Listener) -> None:
        """Call ``listener`` with each batch of changes from now on."""
        self._listeners.add(listener)

    def detach(self, listener: Listener) -> None:
        """Stop calling it."""
        self._listeners.discard(listener)

    async def stop(self) -> None:
        """End with the application."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        known = False
        with self._hub.subscribe(handoff.QUEUE) as wake:
            while True:
                wake.clear()
                try:
                    await (self._catch_up() if known else self._snapshot())
                except DatabaseUnavailable:
                    self._behind = True
                    await asyncio.sleep(0.2)
                    continue
                except Exception:  # the edge of the process: a feed that ends would leave every desk without news
                    log.exception("queue_feed_failed")
                    known, self._behind = False, True
                    await asyncio.sleep(POLL_S)
                    continue
                known = True
                self._heard_at, self._behind = time.monotonic(), False
                self._ready.set()
                try:
                    await asyncio.wait_for(wake.wait(), POLL_S)
                except TimeoutError:
                    known = await self._still_ours()

    async def _still_ours(self) -> bool:
        """Whether the stream has not been set back (a restored database): then our number would wait for ever."""
        try:
            async with self._db.read() as connection:
                return await events.last_seq(connection, handoff.QUEUE) >= self._seq
        except DatabaseUnavailable:
            return True
        except Exception:
            log.exception("queue_feed_failed")
            return False

    async def _snapshot(self) -> None:
        async with self._db.read() as connection:
            # The number first: what commits between the two statements is applied again, which changes nothing.
            self._seq = await events.last_seq(connection, handoff.QUEUE)
            self.rows = {row.case_id: row for row in await handoff.all_open(connection, MAX_ROWS)}
        self._tell(None)

    async def _catch_up(self) -> None:
        while True:
            async with self._db.read() as connection:
                found = await events.read(connection, handoff.QUEUE, self._seq, BATCH)
                if found and found[0].seq != self._seq + 1:  # older events have been removed: begin anew
                    found = []
                    reset = True
                else:
                    reset = False
                # Names first: a desk that reads a row between two awaits must not find an owner without one. Always asked for: a person may be renamed.
                owners = {int(event.payload["owner_id"]) for event in found if event.payload.get("owner_id")}
                names = {owner: await self._name_of(connection, owner) for owner in owners}
                changes = [self._named(change, names) for event in found if (change := apply(self.rows, event)) is not None]
            if reset:
                await self._snapshot()
                return
            if found:
                self._seq = found[-1].seq
            if changes:
                self._tell(changes)
            if len(found) < BATCH:
                return
            self._behind = True

    def _named(self, change: Change, names: Mapping[int, str]) -> Change:
        """Events carry ids; the picture carries names."""
        row = change.after
        if row is None or row.owner_id is None or row.owner_name:
            return change
        named = replace(row, owner_name=names.get(row.owner_id) or None)
        self.rows[row.case_id] = named
        return replace(change, after=named)

    def _tell(self, changes: list[Change] | None) -> None:
        self.waiting = sum(row.status == "queued" for row in self.rows.values())
        for listener in list(self._listeners):
            try:
                listener(changes)
            except Exception:  # one broken desk must not silence the others
                log.exception("desk_listener_failed")


class Follower:
    """Follows a changing set of streams for one desk: every event once, in order, whatever happened to the wake-ups."""

    def __init__(self, db: Database, hub: EventHub, on_events: Callable[[str, list[Event]], Awaitable[None]]) -> None:
        self._db = db
        self._hub = hub
        self._on_events = on_events
        self._after: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._heard_at = time.monotonic()

    async def follow(self, streams: Iterable[str], connection: Connection) -> None:
        """From now on these streams; of a new one, what comes after this moment. Read the state itself after this call, not before."""
        wanted = set(streams)
        for name in wanted - set(self._after):
            self._after[name] = await events.last_seq(connection, name)
        for name in set(self._after) - wanted:
            del self._after[name]
        self._changed.set()

    @property
    def silent_s(self) -> float:
        """Seconds since the database last answered what these streams hold."""
        return time.monotonic() - self._heard_at

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._changed.clear()
            with self._hub.subscribe(*self._after) as wake:
                while not self._changed.is_set():
                    wake.clear()
                    try:
                        await self._round()
                    except DatabaseUnavailable:
                        await asyncio.sleep(0.2)
                        continue
                    except Exception:  # the edge of the page: lines that stop coming would look like a citizen who says nothing
                        log.exception("desk_follower_failed")
                        await asyncio.sleep(POLL_S)
                        continue
                    self._heard_at = time.monotonic()
                    await self._wait(wake)

    async def _wait(self, wake: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(wake.wait()), asyncio.ensure_future(self._changed.wait())]
        try:
            await asyncio.wait(waits, timeout=POLL_S * 2, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _round(self) -> None:
        if not self._after:
            return
        found: dict[str, list[Event]] = {}
        async with self._db.read() as connection:
            for name, after in list(self._after.items()):
                found[name] = await events.read(connection, name, after)
        for name, news in found.items():
            if news and name in self._after:
                await self._tell(name, news)

    async def _tell(self, stream: str, news: list[Event]) -> None:
        """Hand events on; what could not be shown is tried again, but one bad event must not stop those after it."""
        for attempt in range(ATTEMPTS):
            try:
                await self._on_events(stream, news)
                break
            except DatabaseUnavailable:
                raise
            except Exception:
                log.exception("desk_events_failed", stream=stream, attempt=attempt)
                await asyncio.sleep(0.3)
        if stream in self._after:
            self._after[stream] = max(self._after[stream], news[-1].seq)
