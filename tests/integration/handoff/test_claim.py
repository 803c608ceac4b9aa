"""Claiming: one conditional statement, a typed result, one winner."""

import asyncio

import pytest

from conversation import service as conversation
from core import audit
from core import db as database
from handoff import service as handoff
from handoff.schemas import AgentFull, AlreadyTaken, Claimed, NotEligible


async def claim(db, case, staff):
    async with db.transaction() as tx:
        return await handoff.claim(tx, case.id, staff)


async def test_fifty_claimants_one_winner(db, make_case, make_staff):
    case = await make_case("life_threat")
    agents = [await make_staff() for _ in range(50)]
    results = await asyncio.gather(*(claim(db, case, agent) for agent in agents))
    winners = [result for result in results if isinstance(result, Claimed)]
    assert len(winners) == 1
    assert sum(isinstance(result, AlreadyTaken) for result in results) == 49
    async with db.read() as connection:
        row = await conversation.get(connection, case.conversation_id)
        assert row["owner_id"] == winners[0].case.owner_id
        claims = await database.rows(connection, "SELECT 1 FROM events WHERE stream = %s AND kind = 'claimed'", f"case:{case.id}")
        assert len(claims) == 1
        chain = await audit.verify_chain(connection)
        assert chain.intact
        assert chain.rows == 1


@pytest.mark.parametrize(
    ("severity", "held", "cap", "expected"),
    [
        ("none", 0, 1, Claimed),
        ("none", 1, 1, AgentFull),
        ("non_urgent", 1, 2, Claimed),
        ("non_urgent", 2, 2, AgentFull),
        ("non_urgent", 0, 0, AgentFull),
        ("urgent", 2, 2, Claimed),
        ("urgent", 3, 2, AgentFull),
        ("urgent", 0, 0, Claimed),
        ("life_threat", 2, 2, Claimed),
        ("life_threat", 4, 2, Claimed),
    ],
)
async def test_caps(db, make_case, make_staff, severity, held, cap, expected):
    agent = await make_staff(cap=cap)
    for _ in range(held):
        assert isinstance(await claim(db, await make_case("life_threat"), agent), Claimed)
    assert type(await claim(db, await make_case(severity), agent)) is expected


async def test_caps_hold_when_one_agent_claims_in_ten_tabs_at_once(db, make_case, make_staff):
    agent = await make_staff(cap=3)
    waiting = [await make_case("none") for _ in range(10)]
    results = await asyncio.gather(*(claim(db, case, agent) for case in waiting))
    assert sum(isinstance(result, Claimed) for result in results) == 3
    assert sum(isinstance(result, AgentFull) for result in results) == 7


async def test_not_eligible(db, make_case, make_staff):
    urgent, life = await make_case("urgent"), await make_case("life_threat")
    assert await claim(db, urgent, await make_staff("editor")) == NotEligible("role")
    assert await claim(db, urgent, await make_staff("officer")) == NotEligible("role")
    away = await make_staff(state="away")
    assert await claim(db, urgent, away) == NotEligible("away")
    assert isinstance(await claim(db, life, away), Claimed)
    dismissed = await make_staff()
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE staff SET disabled = true WHERE id = %s", dismissed.id)
    assert await claim(db, urgent, dismissed) == NotEligible("disabled")
    assert isinstance(await claim(db, urgent, await make_staff("supervisor")), Claimed)


async def test_closed_and_unknown_cases(db, cipher, make_case, make_staff):
    agent, case = await make_staff(), await make_case("none")
    await claim(db, case, agent)
    async with db.transaction() as tx:
        await handoff.close(tx, cipher, case.id, agent, "resolved")
    assert await claim(db, case, await make_staff()) == AlreadyTaken("closed", agent.id)
    async with db.transaction() as tx:
        assert await handoff.claim(tx, 999_999, agent) == AlreadyTaken(None, None)


async def test_own_case_handed_back_can_be_taken_again_by_its_owner_only(db, make_case, make_staff):
    agent, other, case = await make_staff(), await make_staff(), await make_case("urgent")
    await claim(db, case, agent)
    async with db.transaction() as tx:
        await handoff.hand_back(tx, case.id, agent)
    assert await claim(db, case, other) == AlreadyTaken("handed_back", agent.id)
    assert isinstance(await claim(db, case, agent), Claimed)


async def test_case_of_a_closed_conversation_can_still_be_taken(db, make_case, make_staff):
    """Whoever closed the page may still be in danger."""
    case, agent = await make_case("life_threat"), await make_staff()
    async with db.transaction() as tx:
        await conversation.close(tx, case.conversation_id)
    assert isinstance(await claim(db, case, agent), Claimed)


async def test_conversation_that_another_person_holds_leaves_the_case_in_the_queue(db, make_case, make_staff):
    case, agent, other = await make_case("urgent"), await make_staff(), await make_staff()
    async with db.transaction() as tx:
        await conversation.take_over(tx, case.conversation_id, other.id)
    assert isinstance(await claim(db, case, agent), AlreadyTaken)
    async with db.read() as connection:
        assert (await handoff.get(connection, case.id)).status == "queued"
        assert await handoff.violations(connection) == []


async def test_two_alarms_at_once_open_one_case(db, cipher):
    async with db.transaction() as tx:
        conversation_id, _ = await conversation.start(tx, "webchat")

    async def alarm(severity):
        async with db.transaction() as tx:
            return await handoff.open_or_raise(tx, cipher, conversation_id, severity, "assault", "direct")

    cases = await asyncio.gather(*(alarm(severity) for severity in ["urgent", "life_threat", "none"] * 5))
    assert len({case.id for case in cases}) == 1
    async with db.read() as connection:
        assert (await handoff.get(connection, cases[0].id)).severity == "life_threat"


async def claim_next(db, staff):
    async with db.transaction() as tx:
        return await handoff.claim_next(tx, staff)


async def test_next_is_the_first_of_the_most_severe(db, make_case, make_staff):
    late, early = await make_case("none", arrived_s_ago=10), await make_case("none", arrived_s_ago=900)
    urgent, life = await make_case("urgent", arrived_s_ago=800), await make_case("life_threat", arrived_s_ago=5)
    asked = await make_case("non_urgent", arrived_s_ago=1)
    agent = await make_staff(cap=9)
    taken = [(await claim_next(db, agent)).case.id for _ in range(5)]
    assert taken == [life.id, urgent.id, asked.id, early.id, late.id]
    assert await claim_next(db, agent) is None


async def test_next_leaves_out_routine_cases_that_are_offered_to_another_and_accepts_ones_own(db, make_case, make_staff):
    one, two = await make_case("none", arrived_s_ago=20), await make_case("none", arrived_s_ago=10)
    agent, other = await make_staff(), await make_staff()
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE cases SET offered_to = %s, offer_due_at = now() + interval '1 min' WHERE id = %s", other.id, one.id)
    assert (await claim_next(db, agent)).case.id == two.id
    assert (await claim_next(db, other)).case.id == one.id
    async with db.read() as connection:
        event = await database.one(connection, "SELECT payload FROM events WHERE stream = %s AND kind = 'claimed'", f"case:{one.id}")
        assert event["payload"]["accepted"] is True


async def test_next_keeps_caps_and_says_so(db, make_case, make_staff):
    agent = await make_staff(cap=1)
    await make_case("none")
    await claim_next(db, agent)
    await make_case("none")
    assert await claim_next(db, agent) == AgentFull(1, 1)
    urgent = await make_case("urgent")
    assert (await claim_next(db, agent)).case.id == urgent.id
    await make_case("urgent")
    assert await claim_next(db, agent) == AgentFull(2, 1)
    life = await make_case("life_threat")
    assert (await claim_next(db, agent)).case.id == life.id


async def test_next_is_a_life_threat_or_nothing_for_whoever_is_away(db, make_case, make_staff):
    away = await make_staff(state="away", cap=5)
    await make_case("urgent")
    await make_case("none")
    assert await claim_next(db, away) is None
    life = await make_case("life_threat")
    assert (await claim_next(db, away)).case.id == life.id


async def test_next_is_nothing_for_those_who_may_not(db, make_case, make_staff):
    await make_case("urgent")
    assert await claim_next(db, await make_staff("editor")) == NotEligible("role")


async def test_next_passes_over_a_conversation_that_another_person_holds(db, make_case, make_staff):
    held, free, agent, other = await make_case("life_threat"), await make_case("none"), await make_staff(), await make_staff()
    async with db.transaction() as tx:
        await conversation.take_over(tx, held.conversation_id, other.id)
    assert (await claim_next(db, agent)).case.id == free.id


async def test_next_waits_for_an_emergency_that_is_being_changed_instead_of_taking_a_routine_case(db, make_case, make_staff):
    life, agent = await make_case("life_threat"), await make_staff()
    await make_case("none")
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE cases SET doubts = doubts + 1 WHERE id = %s", life.id)
        asking = asyncio.create_task(claim_next(db, agent))
        await asyncio.sleep(0.3)
        assert not asking.done()
    assert (await asking).case.id == life.id


async def test_fifty_agents_who_take_what_is_next_share_the_line_in_its_order(db, make_case, make_staff):
    agents = [await make_staff(cap=2) for _ in range(50)]
    emergencies = {(await make_case(severity)).id for severity in ("urgent", "life_threat") * 20}
    routine = [(await make_case("none", arrived_s_ago=1000 - number)).id for number in range(40)]
    results = await asyncio.gather(*(claim_next(db, agent) for agent in agents))
    taken = [result.case.id for result in results if isinstance(result, Claimed)]
    assert len(taken) == len(set(taken)) == 50
    assert set(taken) == emergencies | set(routine[:10])
