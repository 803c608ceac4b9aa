"""The access log's chain shows whatever was done to it."""

import asyncio

import psycopg
import pytest

from core import audit
from core import db as database


async def fill(db, count=5):
    for number in range(count):
        async with db.transaction() as tx:
            await audit.record(tx, f"agent{number}", "10.0.0.1", "case.view", number, "subject", {"n": number, "이름": "가"})


async def chain(db):
    async with db.read() as connection:
        return await audit.verify_chain(connection)


async def test_untouched(db):
    await fill(db)
    found = await chain(db)
    assert (found.intact, found.rows) == (True, 5)


async def test_empty(db):
    assert (await chain(db)).intact


@pytest.mark.parametrize(
    ("tampering", "broken_at"),
    [
        ("UPDATE access_log SET account = 'someone' WHERE id = 3", 3),
        ("UPDATE access_log SET at = at + interval '1 microsecond' WHERE id = 3", 3),
        ("UPDATE access_log SET case_id = NULL WHERE id = 2", 2),
        ("UPDATE access_log SET detail = '{}' WHERE id = 5", 5),
        ("UPDATE access_log SET chain = 'x'::bytea WHERE id = 4", 4),
        ("DELETE FROM access_log WHERE id = 1", 2),
        ("DELETE FROM access_log WHERE id = 3", 4),
        ("UPDATE access_log SET id = 100 WHERE id = 2", 3),
    ],
)
async def test_tampering_shows(db, tampering, broken_at):
    await fill(db)
    async with db.transaction() as tx:
        assert await database.run(tx, tampering) == 1
    assert (await chain(db)).broken_at == broken_at


async def test_concurrent_writers_make_one_chain(db):
    async def write(number):
        async with db.transaction() as tx:
            await audit.record(tx, f"agent{number}", "", "case.claim", number)

    await asyncio.gather(*(write(number) for number in range(30)))
    found = await chain(db)
    assert (found.intact, found.rows) == (True, 30)


async def test_rolled_back_row_leaves_no_gap_in_the_chain(db):
    await fill(db, 2)
    async with db.transaction() as tx:
        await audit.record(tx, "agent", "", "case.view")
        raise psycopg.Rollback
    await fill(db, 2)
    assert (await chain(db)).intact
