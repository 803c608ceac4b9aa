"""Event streams on the real database: numbers without gaps, resuming, waking, and a hub that outlives its line to the server."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from core import db as database
from core import events
from core.db import Database
from core.errors import DatabaseUnavailable
from core.events import EventHub, Following
from core.migrate import migrate
from core.postgres import EmbeddedPostgres

STREAM = "conversation:test"
#: Longer than the slowest machine needs; where things go well nobody waits for it.
PATIENCE_S = 30.0


async def append(db: Database, count: int = 1, stream: str = STREAM) -> list[int]:
    numbers = []
    for number in range(count):
        async with db.transaction() as tx:
            numbers.append(await events.append(tx, stream, "message", {"message_id": number}))
    return numbers


LISTENS = "datname = current_database() AND query LIKE 'LISTEN%'"


async def listening(db: Database) -> int:
    """How many sessions of this database listen."""
    async with db.read() as connection:
        cursor = await connection.execute(f"SELECT count(*) AS n FROM pg_stat_activity WHERE {LISTENS}")
        return int((await cursor.fetchone())["n"])  # type: ignore[index]


async def echo(db: Database) -> None:
    """What accepting a citizen's message does to its stream."""
    statement = f"WITH news AS (SELECT 1 AS place, 'message' AS kind, '{{}}'::jsonb AS payload), {events.APPENDED} {events.ECHOED}"
    async with db.read() as connection:
        await database.run(connection, statement, stream=STREAM)


@asynccontextmanager
async def hub_on(db: Database) -> AsyncIterator[EventHub]:
    hub = EventHub(db)
    hub.start()
    while not hub.connected:  # a line that comes up wakes everyone
        await asyncio.sleep(0.01)
    try:
        yield hub
    finally:
        await hub.stop()


class TestNumbers:
    async def test_they_begin_at_one_and_have_no_gaps(self, db: Database) -> None:
        assert await append(db, 5) == [1, 2, 3, 4, 5]

    async def test_each_stream_counts_for_itself(self, db: Database) -> None:
        await append(db, 3)
        assert await append(db, 2, "queue") == [1, 2]

    async def test_concurrent_transactions_leave_no_gap(self, db: Database) -> None:
        async def one(number: int) -> None:
            async with db.transaction() as tx:
                await events.append(tx, STREAM, "message", {"message_id": number})
                await asyncio.sleep(random.random() / 100)

        await asyncio.gather(*(one(number) for number in range(60)))
        async with db.read() as connection:
            found = await events.read(connection, STREAM, 0)
            assert await events.last_seq(connection, STREAM) == 60
        assert [event.seq for event in found] == list(range(1, 61))
        assert {event.payload["message_id"] for event in found} == set(range(60))

    async def test_a_rolled_back_event_leaves_no_gap(self, db: Database) -> None:
        await append(db)

        async def fail() -> None:
            async with db.transaction() as tx:
                assert await events.append(tx, STREAM, "message", {}) == 2
                raise LookupError

        with pytest.raises(LookupError):
            await fail()
        assert await append(db) == [2]

    async def test_a_reader_never_sees_a_number_before_a_smaller_one(self, db: Database) -> None:
        """The slow transaction took its number first: the fast one has to wait, so no reader can skip the slow one's event."""
        took, may_commit = asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            async with db.transaction() as tx:
                await events.append(tx, STREAM, "slow", {})
                took.set()
                await may_commit.wait()

        slow_task = asyncio.create_task(slow())
        await took.wait()
        fast_task = asyncio.create_task(append(db))
        await asyncio.sleep(0.05)
        async with db.read() as connection:
            assert await events.read(connection, STREAM, 0) == []
        may_commit.set()
        await slow_task
        assert await fast_task == [2]

    async def test_the_number_of_an_empty_stream_is_zero(self, db: Database) -> None:
        async with db.read() as connection:
            assert await events.last_seq(connection, "nothing") == 0
            assert await events.read(connection, "nothing", 0) == []


class TestResuming:
    @pytest.mark.parametrize("after", [0, 1, 4, 5, 99])
    async def test_reading_gives_what_came_after(self, db: Database, after: int) -> None:
        await append(db, 5)
        async with db.read() as connection:
            found = await events.read(connection, STREAM, after)
        assert [event.seq for event in found] == list(range(after + 1, 6))

    async def test_a_limit_is_continued_from_the_last_number(self, db: Database) -> None:
        await append(db, 7)
        seen: list[int] = []
        async with db.read() as connection:
            while found := await events.read(connection, STREAM, seen[-1] if seen else 0, limit=3):
                seen += [event.seq for event in found]
        assert seen == list(range(1, 8))

    async def test_following_while_others_write_sees_each_once_and_in_order(self, db: Database) -> None:
        async with hub_on(db) as hub:
            seen: list[int] = []

            async def follow() -> None:
                async for event in hub.follow(STREAM, 0, idle_s=0.2):
                    if event is not None:
                        seen.append(event.seq)
                    if len(seen) == 40:
                        return

            following = asyncio.create_task(follow())
            await asyncio.gather(*(append(db, 10) for _ in range(4)))
            await asyncio.wait_for(following, PATIENCE_S)
        assert seen == list(range(1, 41))


class TestHub:
    async def test_it_wakes_a_follower_long_before_the_idle_time(self, db: Database) -> None:
        async with hub_on(db) as hub:
            following = hub.follow(STREAM, 0, idle_s=2 * PATIENCE_S)
            first = asyncio.ensure_future(anext(following))
            await asyncio.sleep(0.2)
            assert not first.done()
            await append(db)
            event = await asyncio.wait_for(first, PATIENCE_S)
            assert event is not None
            assert event.seq == 1
            await following.aclose()

    async def test_it_wakes_only_who_follows_the_stream(self, db: Database) -> None:
        async with hub_on(db) as hub:
            await asyncio.sleep(0.2)
            with hub.subscribe("other") as other, hub.subscribe(STREAM) as mine:
                other.clear()
                await append(db)
                await asyncio.wait_for(mine.wait(), PATIENCE_S)
                assert not other.is_set()

    async def test_idle_gives_none_for_the_keep_alive(self, db: Database) -> None:
        async with hub_on(db) as hub:
            following = hub.follow(STREAM, 0, idle_s=0.05)
            assert await anext(following) is None
            await following.aclose()

    async def test_a_subscription_leaves_nothing_behind(self, db: Database) -> None:
        hub = EventHub(db)
        with hub.subscribe("a", "b"):
            assert set(hub._waiting) == {"a", "b"}
        assert not hub._waiting

    async def test_a_readers_own_words_wait_for_company_and_nothing_else_does(self, db: Database) -> None:
        async with hub_on(db) as hub:
            pages = Following(hub, STREAM, 0, events.read, patience_s=2 * PATIENCE_S).pages(2 * PATIENCE_S)
            page = asyncio.ensure_future(anext(pages))
            with hub.subscribe(STREAM) as others:
                await asyncio.sleep(0.2)
                await echo(db)
                await asyncio.wait_for(others.wait(), PATIENCE_S)
            await asyncio.sleep(0.1)
            assert not page.done()
            await append(db)
            assert [event.seq for event in await asyncio.wait_for(page, PATIENCE_S)] == [1, 2]
            await pages.aclose()

    async def test_a_readers_own_words_do_not_wait_for_ever(self, db: Database) -> None:
        async with hub_on(db) as hub:
            pages = Following(hub, STREAM, 0, events.read, patience_s=0.4).pages(2 * PATIENCE_S)
            page = asyncio.ensure_future(anext(pages))
            with hub.subscribe(STREAM) as others:
                await asyncio.sleep(0.2)
                began = time.monotonic()
                await echo(db)
                await asyncio.wait_for(others.wait(), PATIENCE_S)
            assert [event.seq for event in await asyncio.wait_for(page, PATIENCE_S)] == [1]
            assert time.monotonic() - began >= 0.4
            await pages.aclose()

    async def test_a_reader_that_leaves_ends_without_an_error(self, db: Database) -> None:
        async with hub_on(db) as hub:
            reader = Following(hub, STREAM, 0, events.read)
            pages = reader.pages(2 * PATIENCE_S)
            await append(db)
            assert len(await anext(pages)) == 1
            waiting = asyncio.ensure_future(anext(pages, None))
            await asyncio.sleep(0.05)
            reader.end()
            assert await asyncio.wait_for(waiting, PATIENCE_S) is None
            assert not hub._waiting

    async def test_all_readers_are_dismissed_at_once(self, db: Database) -> None:
        async with hub_on(db) as hub:
            waiting = [asyncio.ensure_future(anext(Following(hub, f"{STREAM}{number}", 0, events.read).pages(2 * PATIENCE_S), None)) for number in range(3)]
            await asyncio.sleep(0.1)
            hub.dismiss()
            assert await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE_S) == [None, None, None]
            assert not hub._readers

    async def test_it_survives_a_cut_connection(self, db: Database) -> None:
        async with hub_on(db) as hub:
            following = hub.follow(STREAM, 0, idle_s=2 * PATIENCE_S)
            waiting = asyncio.ensure_future(anext(following))
            await asyncio.sleep(0.2)
            async with db.read() as connection:
                await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
            await append(db)
            event = await asyncio.wait_for(waiting, PATIENCE_S)
            assert event is not None
            assert event.seq == 1
            await following.aclose()


class TestListening:
    async def test_all_parts_of_a_process_share_one_session_and_each_hears_its_own(self, db: Database) -> None:
        first, second, third = db.listen("a"), db.listen("b", "c"), db.listen("b")
        assert await anext(first) == ("", "")
        assert await anext(second) == ("", "")
        assert await anext(third) == ("", "")
        assert await anext(first) == ("", "")  # the line was made anew for the other channels
        assert await listening(db) == 1
        async with db.read() as connection:
            for channel in "abcd":
                await database.run(connection, "SELECT pg_notify(%s, 'x')", channel)
        assert await asyncio.wait_for(anext(first), PATIENCE_S) == ("a", "x")
        assert [await asyncio.wait_for(anext(second), PATIENCE_S) for _ in range(2)] == [("b", "x"), ("c", "x")]
        assert await asyncio.wait_for(anext(third), PATIENCE_S) == ("b", "x")
        for ear in (first, second, third):
            await ear.aclose()  # type: ignore[attr-defined]
        async with asyncio.timeout(PATIENCE_S):
            while await listening(db):
                await asyncio.sleep(0.02)

    async def test_a_broken_line_is_told_of_and_made_again_for_everyone(self, db: Database) -> None:
        lost: list[str] = []
        ears = [db.listen("a", lost=lambda: lost.append("a")), db.listen("a", lost=lambda: lost.append("b"))]
        for ear in ears:
            assert await anext(ear) == ("", "")
        async with db.read() as connection:
            await connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {LISTENS}")
        for ear in ears:
            assert await asyncio.wait_for(anext(ear), PATIENCE_S) == ("", "")
            await ear.aclose()  # type: ignore[attr-defined]
        assert lost == ["a", "b"]


async def test_the_hub_survives_a_killed_database(tmp_path: Path) -> None:
    """A server of its own, killed under a waiting follower: it learns that at once, and goes on from its last number afterwards."""
    server = EmbeddedPostgres(tmp_path)
    dsn = await asyncio.to_thread(server.start)
    try:
        await asyncio.to_thread(migrate, dsn)
        db = await Database.open(dsn, min_size=1, max_size=4)
        async with hub_on(db) as hub:
            await append(db, 2)
            following = hub.follow(STREAM, 0, idle_s=2 * PATIENCE_S)
            assert [(await anext(following)).seq for _ in range(2)] == [1, 2]  # type: ignore[union-attr]
            waiting = asyncio.ensure_future(anext(following))
            assert hub.connected
            _postmaster(server).send_signal(signal.SIGKILL)
            with pytest.raises(DatabaseUnavailable):
                await asyncio.wait_for(waiting, PATIENCE_S)
            async with asyncio.timeout(PATIENCE_S):
                while hub.connected:
                    await asyncio.sleep(0.02)
            while server.alive():
                await asyncio.sleep(0.02)
            assert await asyncio.to_thread(server.ensure_running)
            while not hub.connected:
                await asyncio.sleep(0.02)
            assert await append(db) == [3], "the pool has thrown its dead connections away"
            following = hub.follow(STREAM, 2, idle_s=2 * PATIENCE_S)
            event = await asyncio.wait_for(anext(following), PATIENCE_S)
            assert event is not None
            assert event.seq == 3
            woken = asyncio.ensure_future(anext(following))
            await asyncio.sleep(0.1)
            await append(db)
            event = await asyncio.wait_for(woken, PATIENCE_S)
            assert event is not None
            assert event.seq == 4
            await following.aclose()
        await db.close()
    finally:
        await asyncio.to_thread(server.stop)


def _postmaster(server: EmbeddedPostgres) -> psutil.Process:
    assert server._guardian is not None
    return psutil.Process(server._guardian.pid).children()[0]


async def test_hundreds_of_readers_who_come_at_once_are_all_served_and_leave_room_for_those_who_write(db: Database, dsn: str) -> None:
    """A pool refuses its 201st waiter: before looks were taken in turn, that ended most of these streams."""
    await append(db)
    small = await Database.open(dsn, min_size=1, max_size=events.LOOKS + 1)
    try:
        hub = EventHub(small)
        readers = [Following(hub, STREAM, 0, events.read) for _ in range(600)]

        async def first(reader: Following) -> int:
            async for page in reader.pages(idle_s=2 * PATIENCE_S):
                return page[0].seq
            return 0

        reading = [asyncio.create_task(first(reader)) for reader in readers]
        await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE_S):
            assert await append(small) == [2]
        assert await asyncio.gather(*reading) == [1] * 600
    finally:
        await small.close()


async def test_whoever_waits_for_a_turn_is_not_refused_while_the_line_moves(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "STUCK_S", 0.4)
    hub = EventHub(db)

    async def look() -> None:
        async with hub.turn():
            await asyncio.sleep(0.1)

    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(look() for _ in range(events.LOOKS * 8)))
    assert asyncio.get_running_loop().time() - began > 0.7, "they waited for longer than a stuck line would let them"


async def test_turns_that_do_not_come_are_refused_and_none_is_lost(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "STUCK_S", 0.2)
    hub = EventHub(db)
    let_go = asyncio.Event()

    async def hold() -> None:
        async with hub.turn():
            await let_go.wait()

    holding = [asyncio.create_task(hold()) for _ in range(events.LOOKS)]
    await asyncio.sleep(0.05)
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable):
            async with hub.turn():
                raise AssertionError("nobody has let go")
    given_up = asyncio.create_task(hold())
    await asyncio.sleep(0.05)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    let_go.set()
    await asyncio.gather(*holding)
    async with asyncio.timeout(2), contextlib.AsyncExitStack() as stack:
        for _ in range(events.LOOKS):
            await stack.enter_async_context(hub.turn())
