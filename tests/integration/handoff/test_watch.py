"""What happens although nobody does anything."""

from datetime import timedelta

import pytest

from core import db as database
from core import events
from core.clock import now
from core.errors import AppError
from handoff import service as handoff
from handoff.schemas import Claimed


async def take(db, case, staff):
    async with db.transaction() as tx:
        assert isinstance(await handoff.claim(tx, case.id, staff), Claimed)


async def sweep(db, **later):
    async with db.transaction() as tx:
        return await handoff.sweep(tx, now() + timedelta(**later))


async def queue_events(db, kind):
    async with db.read() as connection:
        return [event.payload for event in await events.read(connection, handoff.QUEUE, 0, 1000) if event.kind == kind]


async def test_expired_offer_rings_every_desk_again_and_again(db, make_case):
    case = await make_case("life_threat")
    assert (await sweep(db)).rung == []
    assert (await sweep(db, seconds=30)).rung == [case.id]
    assert (await sweep(db, seconds=60)).rung == [case.id]
    assert [event["ring"] for event in await queue_events(db, "ring_all")] == [1, 2]
    async with db.read() as connection:
        assert await handoff.violations(connection) == []


async def test_nobody_is_rung_for_what_is_taken_or_no_emergency(db, make_case, make_staff):
    await make_case("non_urgent")
    await take(db, await make_case("urgent"), await make_staff())
    assert (await sweep(db, seconds=30)).rung == []


async def test_offer_whose_case_is_being_claimed_is_not_lost(db, make_case):
    case = await make_case("urgent")
    async with db.transaction() as other:
        await database.one(other, "SELECT 1 FROM cases WHERE id = %s FOR UPDATE", case.id)
        assert (await sweep(db, seconds=30)).returned == []
    async with db.read() as connection:
        assert await database.one(connection, "SELECT 1 FROM timers WHERE subject = %s", str(case.id)) is not None
    assert (await sweep(db, seconds=60)).rung == [case.id]


async def test_silent_desk_loses_its_cases_and_they_keep_their_place(db, make_case, make_staff):
    agent = await make_staff()
    early, late = await make_case("urgent", arrived_s_ago=900), await make_case("urgent", arrived_s_ago=60)
    await take(db, early, agent)
    assert (await sweep(db, seconds=40)).returned == []
    assert (await sweep(db, seconds=46)).returned == [early.id]
    async with db.read() as connection:
        waiting = await handoff.queue(connection)
    assert [row.case_id for row in waiting] == [early.id, late.id]
    assert waiting[0].arrival_at == early.arrival_at
    assert (await queue_events(db, "returned"))[0]["why"] == "desk_silent"


async def test_heartbeats_keep_cases(db, make_case, make_staff):
    agent, case = await make_staff(), await make_case("urgent")
    await take(db, case, agent)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE agent_presence SET last_seen_at = now() - interval '50 s'")
        presence = await handoff.heartbeat(tx, agent)
    assert (presence.state, presence.held) == ("available", 1)
    assert (await sweep(db)).returned == []


async def test_dismissed_owner_loses_cases_and_is_a_violation_until_then(db, make_case, make_staff):
    agent, case = await make_staff(), await make_case("life_threat")
    await take(db, case, agent)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE staff SET disabled = true WHERE id = %s", agent.id)
    async with db.read() as connection:
        assert await handoff.violations(connection) == [case.id]
    assert (await sweep(db)).returned == [case.id]
    async with db.read() as connection:
        assert await handoff.violations(connection) == []


async def test_handed_back_emergency_returns_when_its_owner_goes_home(db, make_case, make_staff):
    agent, case = await make_staff(), await make_case("urgent")
    await take(db, case, agent)
    async with db.transaction() as tx:
        await handoff.hand_back(tx, case.id, agent)
        presence = await handoff.set_presence(tx, agent, "offline")
    assert presence.state == "offline"
    async with db.read() as connection:
        assert (await handoff.get(connection, case.id)).status == "queued"


async def test_going_away_leaves_nothing_behind(db, make_case, make_staff):
    agent, case = await make_staff(), await make_case("none")
    await take(db, case, agent)
    async with db.transaction() as tx:
        assert (await handoff.set_presence(tx, agent, "away")).held == 0
        assert (await handoff.heartbeat(tx, agent)).state == "away"
        assert (await handoff.set_presence(tx, agent, "available")).state == "available"
        with pytest.raises(AppError, match="invalid_request"):
            await handoff.set_presence(tx, agent, "napping")


async def test_lost_timer_is_a_violation_and_the_sweep_mends_it(db, make_case):
    case = await make_case("urgent")
    async with db.transaction() as tx:
        await database.run(tx, "DELETE FROM timers")
    async with db.read() as connection:
        assert await handoff.violations(connection) == [case.id]
    assert (await sweep(db)).repaired == [case.id]
    async with db.read() as connection:
        assert await handoff.violations(connection) == []


async def test_timer_that_nobody_handles_is_a_violation(db, make_case):
    """A dead sweeper shows, too."""
    case = await make_case("urgent")
    async with db.read() as connection:
        assert await handoff.violations(connection, now() + timedelta(seconds=200)) == [case.id]


async def test_acknowledging_stops_the_bell_once(db, cipher, make_case, make_staff):
    agent, other, case = await make_staff(), await make_staff(), await make_case("urgent")
    async with db.transaction() as tx:
        assert await handoff.acknowledge(tx, case.id, agent)
        assert not await handoff.acknowledge(tx, case.id, other)
    async with db.read() as connection:
        assert (await handoff.get(connection, case.id)).acknowledged_by == agent.id
    async with db.transaction() as tx:
        raised = await handoff.open_or_raise(tx, cipher, case.conversation_id, "life_threat", "assault", "worse")
    assert raised.acknowledged_at is None  # whoever heard the bell for less has not heard it for this


async def test_doubt_in_a_handed_back_emergency_brings_a_person(db, make_case, make_staff):
    agent, case = await make_staff(), await make_case("urgent")
    await take(db, case, agent)
    async with db.transaction() as tx:
        await handoff.note_doubt(tx, case.conversation_id, 0.41)
    async with db.read() as connection:
        assert (await handoff.get(connection, case.id)).status == "claimed"
    async with db.transaction() as tx:
        await handoff.hand_back(tx, case.id, agent)
        await handoff.note_doubt(tx, case.conversation_id, 0.41)
        await handoff.note_doubt(tx, "no such conversation")
    async with db.read() as connection:
        row = await handoff.get(connection, case.id)
        assert (row.status, row.doubts) == ("queued", 2)
        assert await handoff.violations(connection) == []


async def test_position_counts_the_more_severe_and_the_earlier(db, make_case):
    late = await make_case("urgent", arrived_s_ago=1)
    early = await make_case("urgent", arrived_s_ago=100)
    worst = await make_case("life_threat", arrived_s_ago=0)
    least = await make_case("none", arrived_s_ago=9999)
    async with db.read() as connection:
        assert [await handoff.position(connection, case.id) for case in (worst, early, late, least)] == [1, 2, 3, 4]
        assert [row.case_id for row in await handoff.queue(connection)] == [worst.id, early.id, late.id, least.id]
