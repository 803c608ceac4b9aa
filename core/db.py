"""The database: one pool a process, transactions at the edge, LISTEN/NOTIFY, migrations.

Tables are declared on :data:`metadata` for alembic; statements are SQL run through psycopg, so that the condition that protects an
invariant (who owns this conversation?) can be read in the statement that writes.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import psycopg.errors
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import MetaData

from core.errors import DatabaseUnavailable
from core.listening import Line

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


#: So often a connection that has long waited is used, and so found out if it is dead.
OLDEST_EVERY_S = 5.0


class _NewestFirst(deque[Connection]):
    """Connections that wait in the pool: the one that came back last goes first, so that few stay warm instead of all by turns.

    In the server a session that comes round at once finds the plans and tables of its statements in the processor's caches: a sixth less time.
    Now and then it is the turn of the one that has waited longest: whatever cuts off silent lines between us and the server would otherwise be found out by
    all of them at once, at the moment when many are needed.
    """

    _oldest_at = float("-inf")

    def popleft(self) -> Connection:
        at = time.monotonic()
        if self._oldest_at <= at - OLDEST_EVERY_S:
            is_first, self._oldest_at = self._oldest_at == float("-inf"), at
            if not is_first:
                return super().popleft()
        return self.pop()


class Database:
    """A pool of connections whose rows are dicts."""

    def __init__(self, dsn: str, pool: AsyncConnectionPool[Connection]) -> None:
        self.dsn = dsn
        self.pool = pool
        # When the line breaks, the pool's connections break too: find out then, not one by one at the citizens' cost.
        self._line = Line(self.connect, pool.check, (DatabaseUnavailable, *UNAVAILABLE))

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
        pool._pool = _NewestFirst()
        await pool.open(wait=False)
        return cls(dsn, pool)

    async def close(self) -> None:
        """Close every connection."""
        await self._line.close()
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
            # Without the pool's own block, which ends with a commit: in autocommit there is nothing to commit, and it costs a tenth of a statement.
            connection = await self.pool.getconn()
            try:
                yield connection
            finally:
                await self.pool.putconn(connection)
        except UNAVAILABLE as error:
            raise DatabaseUnavailable(type(error).__name__) from error

    async def connect(self) -> Connection:
        """A connection of one's own (autocommit), for LISTEN and for session-level advisory locks."""
        try:
            return await psycopg.AsyncConnection.connect(self.dsn, autocommit=True, row_factory=dict_row, connect_timeout=5)
        except UNAVAILABLE as error:
            raise DatabaseUnavailable(type(error).__name__) from error

    def listen(self, *channels: str, lost: Callable[[], None] = lambda: None) -> AsyncIterator[tuple[str, str]]:
        """Notifications for ever, as (channel, payload); whoever listens in this process shares one connection.

        Yields ``("", "")`` after each (re)connection: what was notified while the line was down is unknown, so look at the tables.
        ``lost`` is called each time that the line breaks or cannot be made.
        """
        return self._line.listen(frozenset(channels), lost)


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
