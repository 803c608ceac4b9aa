"""Offering to one agent after the other, then to everyone; and what happens when several things happen at once."""

import asyncio
from datetime import timedelta

import pytest

from core import db as database
from core import events
from core.clock import now
from core.errors import AppError
from handoff import service as handoff
from handoff.choosing import INCIDENT_LANE
from handoff.schemas import AgentFull, Claimed, OfferedToAnother


async def sweep(db, seconds=0):
    async with db.transaction() as tx:
        return await handoff.sweep(tx, now() + timedelta(seconds=seconds))


async def claim(db, case, staff):
    async with db.transaction() as tx:
        return await handoff.claim(tx, case.id, staff)


async def row_of(db, case):
    async with db.read() as connection:
        return await database.one(connection, "SELECT * FROM cases WHERE id = %s", case.id)


async def news(db, case):
    async with db.read() as connection:
        return [event.kind for event in await events.read(connection, handoff.case_stream(case.id), 0, 1000)]


async def stay(db):
    """Every desk is there at whatever time the sweeper is told."""
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE agent_presence SET last_seen_at = now() + interval '1 hour'")


async def test_emergency_is_offered_at_once_then_to_the_next_then_everyone_rings_then_the_alarm(db, make_case, make_staff):
    first, second = await make_staff(), await make_staff()
    await stay(db)
    case = await make_case("urgent")
    await sweep(db)
    assert (await row_of(db, case))["offered_to"] == first.id
    await sweep(db, 10)
    assert (await row_of(db, case))["offered_to"] == first.id
    await sweep(db, 26)
    assert (await row_of(db, case))["offered_to"] == second.id
    assert (await sweep(db, 52)).rung == [case.id]
    row = await row_of(db, case)
    assert (row["offered_to"], row["rings"], sorted(row["tried"])) == (None, 1, [first.id, second.id])
    assert (await sweep(db, 78)).rung == [case.id]
    assert await news(db, case) == ["opened", "offered", "offer_expired", "offered", "offer_expired", "ring_all", "ring_all"]
    async with db.read() as connection:
        alarms = [event.payload["alarm"] for event in await events.read(connection, handoff.QUEUE, 0, 1000) if event.kind == "ring_all"]
        assert await handoff.violations(connection, now() + timedelta(seconds=78)) == []
    assert alarms == [False, True]


async def test_after_three_people_everyone_is_asked(db, make_case, make_staff):
    for _ in range(6):
        await make_staff()
    await stay(db)
    case = await make_case("urgent")
    for seconds in (0, 26, 52, 78):
        await sweep(db, seconds)
    row = await row_of(db, case)
    assert (len(row["tried"]), row["offered_to"], row["rings"]) == (3, None, 1)


async def test_claiming_accepts_the_offer_and_ends_it(db, make_case, make_staff):
    agent = await make_staff()
    case = await make_case("urgent")
    await sweep(db)
    assert isinstance(await claim(db, case, agent), Claimed)
    row = await row_of(db, case)
    assert (row["offered_to"], row["offer_due_at"], row["tried"], row["rings"]) == (None, None, [], 0)
    assert (await sweep(db, 30)).rung == []


async def test_anybody_may_take_an_emergency_that_is_offered_but_not_a_routine_case(db, make_case, make_staff):
    offered, other = await make_staff(), await make_staff()
    urgent = await make_case("urgent")
    await sweep(db)
    assert (await row_of(db, urgent))["offered_to"] == offered.id
    assert isinstance(await claim(db, urgent, other), Claimed)

    routine = await make_case("none")
    assert (await sweep(db)).offered == [routine.id]
    holder = (await row_of(db, routine))["offered_to"]
    stranger = other if holder == offered.id else offered
    refused = await claim(db, routine, stranger)
    assert isinstance(refused, OfferedToAnother)
    assert refused.staff_id == holder
    assert isinstance(await claim(db, routine, offered if stranger is other else other), Claimed)


async def test_routine_cases_go_to_whoever_has_room_and_freed_room_takes_the_next(db, cipher, make_case, make_staff):
    agent = await make_staff(cap=1)
    late, early = await make_case("none", arrived_s_ago=5), await make_case("none", arrived_s_ago=500)
    assert (await sweep(db)).offered == [early.id]
    assert (await sweep(db)).offered == []
    assert isinstance(await claim(db, early, agent), Claimed)
    assert (await sweep(db)).offered == []
    assert isinstance(await claim(db, late, agent), AgentFull)
    async with db.transaction() as tx:
        await handoff.close(tx, cipher, early.id, agent, "resolved")
    assert (await sweep(db)).offered == [late.id]


async def test_the_incident_lane_is_not_everybodys_while_its_people_are_full(db, make_case, make_staff):
    one, other = await make_staff(cap=1), await make_staff()
    boss = await make_staff("supervisor")
    async with db.transaction() as tx:
        await handoff.set_teams(tx, boss, one.id, [INCIDENT_LANE])
    held, waiting = await make_case("none"), await make_case("none")
    assert isinstance(await claim(db, held, one), Claimed)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE cases SET team = %s WHERE id = %s", INCIDENT_LANE, waiting.id)
    assert (await sweep(db)).offered == []
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE agent_presence SET cap = 2 WHERE staff_id = %s", one.id)
    assert (await sweep(db)).offered == [waiting.id]
    assert (await row_of(db, waiting))["offered_to"] == one.id != other.id


async def test_declining_asks_the_next_at_once_and_only_who_was_asked_can_decline(db, make_case, make_staff):
    first, second = await make_staff(), await make_staff()
    case = await make_case("life_threat")
    await sweep(db)
    async with db.transaction() as tx:
        with pytest.raises(AppError, match="not offered"):
            async with tx.transaction():
                await handoff.decline(tx, case.id, second)
        await handoff.decline(tx, case.id, first)
    await sweep(db)
    assert (await row_of(db, case))["offered_to"] == second.id
    async with db.transaction() as tx:
        with pytest.raises(AppError) as caught:
            await handoff.decline(tx, 999_999, first)
    assert caught.value.code == "not_found"


@pytest.mark.parametrize("leaving", ["away", "offline", "silent", "dismissed", "removed"])
async def test_offer_of_an_agent_who_leaves_moves_on_at_once(db, make_case, make_staff, leaving):
    first, second = await make_staff(), await make_staff()
    case = await make_case("urgent")
    await sweep(db)
    async with db.transaction() as tx:
        if leaving in ("away", "offline"):
            await handoff.set_presence(tx, first, leaving)
        elif leaving == "silent":
            await database.run(tx, "UPDATE agent_presence SET last_seen_at = now() - interval '50 s' WHERE staff_id = %s", first.id)
        elif leaving == "dismissed":
            await database.run(tx, "UPDATE staff SET disabled = true WHERE id = %s", first.id)
        else:
            await database.run(tx, "DELETE FROM agent_presence WHERE staff_id = %s", first.id)
            await database.run(tx, "DELETE FROM staff WHERE id = %s", first.id)
    await sweep(db)
    assert (await row_of(db, case))["offered_to"] == second.id
    assert "offer_withdrawn" in await news(db, case)


async def test_expiry_against_acceptance_one_of_them_wins(db, make_case, make_staff):
    """Whatever comes first, the case has an owner or a running timer, and never an offer beside an owner."""
    agent, _ = await make_staff(), await make_staff()
    await stay(db)
    for _ in range(8):
        case = await make_case("urgent")
        await sweep(db)
        result, *_ = await asyncio.gather(claim(db, case, agent), sweep(db, 26), sweep(db, 26))
        row = await row_of(db, case)
        assert (row["status"] == "claimed") == isinstance(result, Claimed)
        assert row["owner_id"] is None or row["offered_to"] is None
        async with db.read() as connection:
            assert await handoff.violations(connection) == []
        async with db.transaction() as tx:
            await database.run(tx, "UPDATE agent_presence SET cap = 50")


async def test_two_sweepers_offer_a_case_once(db, make_case, make_staff):
    for _ in range(4):
        await make_staff()
    cases = [await make_case("urgent") for _ in range(3)] + [await make_case("none")]
    await asyncio.gather(*(sweep(db) for _ in range(4)))
    for case in cases:
        assert (await news(db, case)).count("offered") == 1
    assert len({(await row_of(db, case))["offered_to"] for case in cases}) == 4  # spread over everyone


async def test_a_returned_case_is_offered_anew_and_keeps_its_arrival(db, make_case, make_staff):
    agent, other = await make_staff(), await make_staff()
    case = await make_case("urgent", arrived_s_ago=300)
    await claim(db, case, agent)
    async with db.transaction() as tx:
        await handoff.return_to_queue(tx, case.id, agent)
    await sweep(db)
    row = await row_of(db, case)
    assert (row["offered_to"], row["arrival_at"], row["waits"]) == (other.id, case.arrival_at, 2)
    assert row["queued_at"] > row["arrival_at"]


async def test_language_and_skill_decide(db, cipher, make_case, make_staff):
    plain, able = await make_staff(), await make_staff()
    async with db.transaction() as tx:
        await database.run(tx, "INSERT INTO staff_skills VALUES (%s, 'robbery_theft')", able.id)
        await database.run(tx, "UPDATE staff SET languages = '{ko,en}' WHERE id = %s", plain.id)
    korean, english = await make_case("urgent"), await make_case("urgent")
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE cases SET language = 'en' WHERE id = %s", english.id)
    await sweep(db)
    assert [(await row_of(db, case))["offered_to"] for case in (korean, english)] == [able.id, plain.id]
