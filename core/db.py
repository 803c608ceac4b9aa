"""The database: one pool a process, transactions at the edge, LISTEN/NOTIFY, migrations.

Tables are declared on :data:`metadata` for alembic; statements are SQL run through psycopg, so that the condition that protects an
invariant (who owns this conversation?) can be read in the statement that writes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import psycopg.errors
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import MetaData

from core.errors import DatabaseUnavailable

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Connection = psycopg.AsyncConnection[DictRow]

#: What "the database is away" looks like: connection lost, server stopping or starting, no room on its disk, no free connection in time.
UNAVAILABLE = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.DiskFull,
    psycopg.errors.InsufficientResources,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.IoError,
    PoolTimeout,
    ConnectionError,
)


class Database:
    """A pool of connections whose rows are dicts."""

    def __init__(self, dsn: str, pool: AsyncConnectionPool[Connection]) -> None:
        self.dsn = dsn
        self.pool = pool

    @classmethod
    async def open(cls, dsn: str, *, min_size: int = 2, max_size: int = 10, timeout_s: float = 5.0) -> Database:
        """Open the pool; it reconnects by itself when the server comes back."""
        pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            timeout=timeout_s,
            max_waiting=200,
            reconnect_timeout=0,
            kwargs={"row_factory": dict_row, "autocommit": True, "connect_timeout": 5},
            check=AsyncConnectionPool.check_connection if max_size <= 2 else None,
            open=False,
        )
        await pool.open(wait=False)
        return cls(dsn, pool)

    async def close(self) -> None:
        """Close every connection."""
        await self.pool.close(timeout=2)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction, committed at the end of the block, rolled back on any exception.

        Raises:
            DatabaseUnavailable: the server is away or its disk is full; nothing was written.
        """
        try:
            async with self.pool.connection() as connection, connection.transaction():
                yield connection
        except UNAVAILABLE as error:
            raise DatabaseUnavailable(type(error).__name__) from error

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection in autocommit, for single statements.

        Raises:
            DatabaseUnavailable: the server is away.
        """
        try:
            async with self.pool.connection() as connection:
                yield connection
        except UNAVAILABLE as error:
            raise DatabaseUnavailable(type(error).__name__) from error

    async def connect(self) -> Connection:
        """A connection of one's own (autocommit), for LISTEN and for session-level advisory locks."""
        try:
            return await psycopg.AsyncConnection.connect(self.dsn, autocommit=True, row_factory=dict_row, connect_timeout=5)
        except UNAVAILABLE as error:
            raise DatabaseUnavailable(type(error).__name__) from error

    async def listen(self, *channels: str, lost: Callable[[], None] = lambda: None) -> AsyncIterator[tuple[str, str]]:
        """Notifications for ever, as (channel, payload).

        Yields ``("", "")`` after each (re)connection: what was notified while the line was down is unknown, so look at the tables.
        ``lost`` is called each time that the line breaks or cannot be made.
        """
        broken = False
        while True:
            connection: Connection | None = None
            try:
                connection = await self.connect()
                for channel in channels:
                    await connection.execute(f'LISTEN "{channel}"')
                if broken:  # the pool's connections broke too: find out now, not one by one at the citizens' cost
                    await self.pool.check()
                    broken = False
                yield "", ""
                async for notification in connection.notifies():
                    yield notification.channel, notification.payload
            except (DatabaseUnavailable, *UNAVAILABLE):
                broken = True
                lost()
                await asyncio.sleep(0.2)
            finally:
                if connection is not None:
                    with contextlib.suppress(Exception):
                        await connection.close()


async def one(connection: Connection, statement: str, *args: Any, **params: Any) -> DictRow | None:
    """The first row of a statement, or None."""
    cursor = await connection.execute(statement, params or args)  # type: ignore[arg-type]
    return await cursor.fetchone() if cursor.description else None


async def rows(connection: Connection, statement: str, *args: Any, **params: Any) -> list[DictRow]:
    """All rows of a statement."""
    cursor = await connection.execute(statement, params or args)  # type: ignore[arg-type]
    return await cursor.fetchall() if cursor.description else []


async def run(connection: Connection, statement: str, *args: Any, **params: Any) -> int:
    """Run a statement; the number of rows it touched."""
    cursor = await connection.execute(statement, params or args)  # type: ignore[arg-type]
    return cursor.rowcount
