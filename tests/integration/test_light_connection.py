"""A connection that waits and remembers in its own way is still psycopg's: answers, errors, cancelling and loss are the same."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
import pytest_asyncio
import uvloop

from core import connection as module
from core import db as database
from core.connection import MOST_CURSORS, MOST_ROWS, LightConnection
from core.db import Database

SLEEP = "SELECT pg_sleep(60)"


@pytest_asyncio.fixture
async def line(db: Database) -> AsyncIterator[LightConnection]:
    connection = await db.connect()
    yield connection
    await connection.close()


async def end_of(db: Database, line: LightConnection) -> None:
    await database.run(line, "SELECT 1")
    async with db.read() as other:
        await database.run(other, "SELECT pg_terminate_backend(%s)", line.info.backend_pid)


async def until_lost(line: LightConnection) -> None:
    async with asyncio.timeout(20):
        while True:
            await database.run(line, "SELECT 1")
            await asyncio.sleep(0.01)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


async def test_a_statement_run_again_reads_its_new_values_and_rows(line: LightConnection) -> None:
    for value in ("가", None, "나", 'quote "\\', ""):
        assert await database.one(line, "SELECT %s::text AS a", value) == {"a": value}
    for count in (0, 3, MOST_ROWS + 5, 1):
        assert [row["n"] for row in await database.rows(line, "SELECT n FROM generate_series(1, %(most)s) AS n", most=count)] == list(range(1, count + 1))
    for values in ([1, 2], [], [7]):
        assert await database.one(line, "SELECT %s::bigint[] AS a", values) == {"a": values}
    assert await database.one(line, "SELECT 1 AS a WHERE false") is None


async def test_a_statement_without_rows_has_none_and_counts_what_it_touched(line: LightConnection) -> None:
    await database.run(line, "CREATE TEMP TABLE held (a int)")
    for number in (1, 2, 3):
        assert await database.run(line, "INSERT INTO held SELECT * FROM generate_series(1, %s)", number) == number
    assert await database.one(line, "DELETE FROM held WHERE a = 3") is None
    assert await database.rows(line, "DELETE FROM held") == []


async def test_the_columns_are_those_of_the_answer_and_not_of_the_time_before(line: LightConnection) -> None:
    await database.run(line, "CREATE TEMP TABLE grown (a int)")
    await database.run(line, "INSERT INTO grown VALUES (1)")
    assert await database.one(line, "SELECT * FROM grown") == {"a": 1}
    await database.run(line, "ALTER TABLE grown ADD COLUMN b text DEFAULT 'new'")
    assert await database.one(line, "SELECT * FROM grown") == {"a": 1, "b": "new"}


async def test_after_an_error_the_same_statement_works_again(line: LightConnection) -> None:
    divided = "SELECT 10 / %s::int AS a"
    for number, expected in ((5, 2), (0, None), (2, 5), (0, None), (1, 10)):
        if expected is None:
            with pytest.raises(psycopg.errors.DivisionByZero):
                await database.one(line, divided, number)
        else:
            assert await database.one(line, divided, number) == {"a": expected}


async def test_few_cursors_are_kept_and_none_with_many_rows(line: LightConnection) -> None:
    for number in range(MOST_CURSORS + 10):
        await database.one(line, f"SELECT {number} AS a")
    await database.rows(line, "SELECT * FROM generate_series(1, 1000)")
    assert line._cursors is not None
    assert len(line._cursors) == MOST_CURSORS
    assert all(cursor.rowcount <= MOST_ROWS for cursor in line._cursors.values())


async def test_tasks_that_share_a_connection_get_each_its_own_answer(line: LightConnection) -> None:
    async def ask(number: int) -> Any:
        row = await database.one(line, "SELECT %s::int AS a, pg_sleep(0.002)", number)
        return row["a"] if row else None

    assert await asyncio.gather(*(ask(number) for number in range(20))) == list(range(20))


async def test_a_cancelled_statement_ends_on_the_server_too_and_the_connection_goes_on(line: LightConnection, db: Database) -> None:
    for _ in range(3):
        sleeping = asyncio.create_task(database.run(line, SLEEP))
        await until(lambda: line._waiter is not None)
        sleeping.cancel()
        async with asyncio.timeout(20):
            with pytest.raises(asyncio.CancelledError):
                await sleeping
        assert await database.one(line, "SELECT 1 AS a") == {"a": 1}
    async with db.read() as other:
        assert await database.rows(other, "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active'", line.info.backend_pid) == []


async def test_a_server_that_ends_in_the_middle_is_an_error_and_its_socket_is_forgotten(line: LightConnection, db: Database) -> None:
    sleeping = asyncio.create_task(database.run(line, SLEEP))
    await until(lambda: line._waiter is not None)
    async with db.read() as other:
        await database.run(other, "SELECT pg_terminate_backend(%s)", line.info.backend_pid)
    async with asyncio.timeout(20):
        with pytest.raises(psycopg.OperationalError):
            await sleeping
    assert line.closed
    assert line._watched is None


async def test_a_line_that_breaks_in_the_middle_is_an_error_and_its_socket_is_forgotten(line: LightConnection) -> None:
    sleeping = asyncio.create_task(database.run(line, SLEEP))
    await until(lambda: line._waiter is not None)
    with socket.fromfd(line.pgconn.socket, socket.AF_UNIX, socket.SOCK_STREAM) as end:
        end.shutdown(socket.SHUT_RDWR)
    async with asyncio.timeout(20):
        with pytest.raises(psycopg.OperationalError):
            await sleeping
    assert line.closed
    assert line._watched is None


async def test_an_idle_connection_whose_server_has_ended_is_forgotten_at_once(line: LightConnection, db: Database) -> None:
    await end_of(db, line)
    await until(lambda: line._watched is None)
    with pytest.raises(psycopg.OperationalError):
        await database.run(line, "SELECT 1")


async def test_new_connections_are_heard_although_they_get_the_numbers_of_old_sockets(db: Database) -> None:
    numbers = []
    for way in range(6):
        line = await db.connect()
        await database.run(line, "SELECT 1")
        numbers.append(line.pgconn.socket)
        if way % 2:
            await end_of(db, line)
            with pytest.raises(psycopg.OperationalError):
                await until_lost(line)
        await line.close()
        assert line._watched is None
    assert len(set(numbers)) < len(numbers)


async def test_what_comes_while_nobody_waits_neither_spins_the_loop_nor_is_lost(line: LightConnection, db: Database) -> None:
    await database.run(line, 'LISTEN "light"')
    async with db.read() as other:
        await database.run(other, "SELECT pg_notify('light', 'one')")
    await until(lambda: line._watched is None)
    before = time.thread_time()
    await asyncio.sleep(0.2)
    assert time.thread_time() - before < 0.15
    heard = [notification.payload async for notification in line.notifies(timeout=5, stop_after=1)]
    assert heard == ["one"]
    assert await database.one(line, "SELECT 1 AS a") == {"a": 1}


async def test_nothing_heard_in_time_ends_the_wait(line: LightConnection) -> None:
    await database.run(line, 'LISTEN "light"')
    async with asyncio.timeout(20):
        assert [heard async for heard in line.notifies(timeout=0.05)] == []
    assert await database.one(line, "SELECT 1 AS a") == {"a": 1}


@pytest.mark.parametrize("is_full", [False, True], ids=["the server reads", "the server does not read for the moment"])
async def test_pipelines_and_transactions_go_through(line: LightConnection, monkeypatch: pytest.MonkeyPatch, is_full: bool) -> None:
    if is_full:
        monkeypatch.setattr(module, "_ready", lambda socket: 0)
    for _ in range(3):
        async with line.transaction():
            async with line.pipeline():
                cursors = [await line.execute("SELECT %s::int AS a", (number,)) for number in range(100)]
            assert [(await cursor.fetchone() or {})["a"] for cursor in cursors] == list(range(100))
        assert await database.one(line, "SELECT 1 AS a") == {"a": 1}


async def test_a_statement_larger_than_the_socket_takes_goes_through(line: LightConnection) -> None:
    row = await database.one(line, "SELECT length(%s::text) AS a", "가" * 8_000_000)
    assert row == {"a": 8_000_000}


def test_it_works_in_the_loop_of_the_running_program(dsn: str) -> None:
    async def work() -> list[Any]:
        db = await Database.open(dsn, min_size=1, max_size=3)
        line = await db.connect()
        try:
            sleeping = asyncio.create_task(database.run(line, SLEEP))
            await until(lambda: line._waiter is not None)
            sleeping.cancel()
            await asyncio.gather(sleeping, return_exceptions=True)
            await end_of(db, line)
            await until(lambda: line._watched is None)
            await line.close()
            line = await db.connect()

            async def ask(number: int) -> Any:
                async with db.transaction() as tx:
                    row = await database.one(tx, "SELECT %s::int AS a", number)
                return row["a"] if row else None

            return [*await asyncio.gather(*(ask(number) for number in range(30))), await database.one(line, "SELECT 1 AS a")]
        finally:
            await line.close()
            await db.close()

    assert uvloop.run(work()) == [*range(30), {"a": 1}]
