"""Who was at a desk when: kept at every sign of life, for the board alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import db as database
from handoff import service as handoff


@pytest.fixture
def agent(make_staff):
    async def make():
        return await make_staff(state="offline")

    return make


async def kept(db, staff_id):
    async with db.read() as connection:
        return await database.rows(connection, "SELECT state, started_at, until, is_open FROM desk_times WHERE staff_id = %s ORDER BY id", staff_id)


async def earlier(db, staff_id, seconds):
    """Let what has happened until now have happened so long ago."""
    async with db.transaction() as tx:
        gap = timedelta(seconds=seconds)
        await database.run(tx, "UPDATE agent_presence SET last_seen_at = last_seen_at - %s WHERE staff_id = %s", gap, staff_id)
        await database.run(tx, "UPDATE desk_times SET started_at = started_at - %s, until = until - %s WHERE staff_id = %s", gap, gap, staff_id)


async def test_beats_lengthen_one_stretch(agent, call, db):
    staff = await agent()
    await call(handoff.heartbeat, staff)
    await earlier(db, staff.id, 30)
    await call(handoff.heartbeat, staff)
    (row,) = await kept(db, staff.id)
    assert row["state"] == "available"
    assert row["is_open"]
    assert 29 <= (row["until"] - row["started_at"]).total_seconds() <= 35


async def test_a_desk_that_was_silent_was_gone_from_its_last_beat(agent, call, db):
    staff = await agent()
    await call(handoff.heartbeat, staff)
    await earlier(db, staff.id, 46)
    await call(handoff.heartbeat, staff)
    first, second = await kept(db, staff.id)
    assert first["until"] == first["started_at"]
    assert not first["is_open"]
    assert second["is_open"]
    assert (second["started_at"] - first["until"]).total_seconds() >= 46


async def test_going_away_and_off_end_a_stretch_at_that_moment(agent, call, db):
    staff = await agent()
    await call(handoff.heartbeat, staff)
    await earlier(db, staff.id, 20)
    await call(handoff.set_presence, staff, "away", reason="meal")
    await earlier(db, staff.id, 10)
    await call(handoff.heartbeat, staff)
    await call(handoff.set_presence, staff, "offline")
    present, away = await kept(db, staff.id)
    assert (present["state"], away["state"]) == ("available", "away")
    assert present["until"] == away["started_at"]
    assert 19 <= (present["until"] - present["started_at"]).total_seconds() <= 25
    assert not present["is_open"]
    assert not away["is_open"]
    await call(handoff.set_presence, staff, "offline")
    assert len(await kept(db, staff.id)) == 2
