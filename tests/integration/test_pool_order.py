"""Few connections do the work when few are needed, and none is left alone so long that nobody knows whether it lives."""

from __future__ import annotations

import pytest

from core import db as module
from core.db import Connection, Database


async def backend_of(db: Database) -> int:
    async with db.read() as connection:
        return connection.info.backend_pid


async def test_the_connection_that_came_back_last_goes_first(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OLDEST_EVERY_S", 3600.0)
    pool = await Database.open(db.dsn, min_size=3, max_size=4)
    try:
        await pool.pool.wait()
        taken: list[Connection] = [await pool.pool.getconn() for _ in range(3)]
        for connection in taken:
            await pool.pool.putconn(connection)
        assert [await backend_of(pool) for _ in range(5)] == [taken[-1].info.backend_pid] * 5
    finally:
        await pool.close()


async def test_each_connection_is_used_before_its_line_is_cut_for_silence(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OLDEST_EVERY_S", 0.0)
    pool = await Database.open(db.dsn, min_size=3, max_size=4)
    try:
        await pool.pool.wait()
        assert len({await backend_of(pool) for _ in range(4)}) == 3
    finally:
        await pool.close()
