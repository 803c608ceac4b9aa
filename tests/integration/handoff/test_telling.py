"""Waiting citizens know where they stand, and are not told it all the time; floods are grouped and nothing of them is dropped."""

import asyncio
from datetime import timedelta

import pytest

from conversation import service as conversation
from core import db as database
from core.clock import now
from handoff import service as handoff


@pytest.fixture
def do(db):
    async def call(function, *args, **kwargs):
        async with db.transaction() as tx:
            return await function(tx, *args, **kwargs)

    return call


async def heard(db, cipher, case):
    async with db.read() as connection:
        return [line.text for line in await conversation.transcript(connection, cipher, case.conversation_id) if line.author_kind == "system"]


async def tell(db, cipher, seconds):
    return await handoff.tell_waiting(db, cipher, now() + timedelta(seconds=seconds))


async def test_told_once_and_again_only_on_change_and_after_a_minute(db, cipher, do, make_case, make_staff):
    agent = await make_staff(cap=1)
    first, second = await make_case("none"), await make_case("none")
    await do(handoff.claim, (await make_case("none")).id, agent)
    await do(database.run, "UPDATE agent_presence SET last_seen_at = now() + interval '1 hour'")
    assert await tell(db, cipher, 0) == [], "somebody may answer within seconds"
    assert await tell(db, cipher, 6) == [first.id, second.id]
    (text,) = await heard(db, cipher, second)
    assert "상담관이 모두 다른 분을 돕고 있습니다" in text
    assert "2번째" in text
    assert await tell(db, cipher, 30) == []
    assert await tell(db, cipher, 90) == [], "nothing has changed"
    await do(handoff.open_or_raise, cipher, first.conversation_id, "urgent", "assault", "worse")
    await do(database.run, "UPDATE cases SET status = 'closed', closed_at = now(), outcome = 'resolved' WHERE id = %s", first.id)
    assert await tell(db, cipher, 50) == [], "not within a minute"
    assert await tell(db, cipher, 100) == [second.id]
    assert "1번째" in (await heard(db, cipher, second))[-1]


async def test_the_range_comes_from_what_cases_have_taken(db, cipher, do, make_case, make_staff):
    agent = await make_staff(cap=1)
    for _ in range(5):
        case = await make_case("none")
        await do(handoff.claim, case.id, agent)
        await do(handoff.close, cipher, case.id, agent, "resolved")
        await do(database.run, "UPDATE cases SET claimed_at = closed_at - interval '10 minutes' WHERE id = %s", case.id)
    await do(handoff.claim, (await make_case("none")).id, agent)
    waiting = await make_case("none")
    assert await tell(db, cipher, 6) == [waiting.id]
    assert "약 10~11분" in (await heard(db, cipher, waiting))[0]


async def test_nobody_there_is_said_with_the_number_to_call(db, cipher, make_case):
    case = await make_case("urgent")
    await tell(db, cipher, 6)
    (text,) = await heard(db, cipher, case)
    assert "자리에 없습니다" in text
    assert "+82-2-3210-0404" in text


async def test_nothing_appears_where_somebody_may_read_along_nor_for_whoever_has_a_person(db, cipher, do, make_case, make_staff):
    held = await make_case("life_threat", "confinement")
    taken = await make_case("urgent")
    await do(handoff.claim, taken.id, await make_staff())
    assert await tell(db, cipher, 90) == []
    assert await heard(db, cipher, held) == []


async def test_whoever_cannot_speak_is_not_told_to_call(db, cipher, do, make_case):
    case = await make_case("urgent")
    await do(handoff.note_cannot_speak, case.conversation_id)
    assert await tell(db, cipher, 6) == []
    assert await heard(db, cipher, case) == []


async def returned(do, cipher, case, agent, second):
    await do(handoff.return_to_queue, case.id, agent)


async def raised(do, cipher, case, agent, second):
    await do(handoff.hand_back, case.id, agent)
    await do(handoff.open_or_raise, cipher, case.conversation_id, "urgent", "assault", "again")


async def reopened(do, cipher, case, agent, second):
    await do(handoff.close, cipher, case.id, agent, "resolved", verified_contact="본인과 통화함")
    await do(handoff.confirm_close, case.id, second)
    await do(handoff.reopen, case.id, agent)


@pytest.mark.parametrize("waits_again", [returned, raised, reopened])
async def test_who_waits_a_second_time_is_told_again_on_a_channel_that_counts_too(db, cipher, do, make_case, make_staff, waits_again):
    agent, second, case = await make_staff(), await make_staff(), await make_case("urgent")
    await do(database.run, "UPDATE conversations SET channel = 'wechat' WHERE id = %s", case.conversation_id)
    assert await tell(db, cipher, 6) == [case.id]
    await do(handoff.claim, case.id, agent)
    await waits_again(do, cipher, case, agent, second)
    assert await tell(db, cipher, 90) == [case.id]


async def test_danger_repeated_while_waiting_does_not_count_as_a_second_wait(db, cipher, do, make_case):
    case = await make_case("urgent")
    await do(database.run, "UPDATE conversations SET channel = 'wechat' WHERE id = %s", case.conversation_id)
    assert await tell(db, cipher, 6) == [case.id]
    await do(handoff.open_or_raise, cipher, case.conversation_id, "life_threat", "assault", "worse")
    assert await tell(db, cipher, 90) == []


async def test_two_workers_tell_once(db, cipher, make_case):
    case = await make_case("none")
    at = now() + timedelta(seconds=6)
    await asyncio.gather(*(handoff.tell_waiting(db, cipher, at) for _ in range(3)))
    assert len(await heard(db, cipher, case)) == 1


async def test_channels_that_count_messages_get_the_first_line_only(db, cipher, do, make_case):
    case = await make_case("none")
    await do(database.run, "UPDATE conversations SET channel = 'wechat' WHERE id = %s", case.conversation_id)
    assert await tell(db, cipher, 6) == [case.id]
    await do(handoff.open_or_raise, cipher, (await make_case("none")).conversation_id, "urgent", "assault", "first")
    assert case.id not in await tell(db, cipher, 90)


async def test_a_flood_is_grouped_and_every_case_of_it_stays(db, cipher, do, make_case):
    one_alone = await make_case("life_threat", "assault", country="FR")
    flood = [await make_case("life_threat", "natural_disaster", country="TR") for _ in range(6)]
    assert (await do(handoff.sweep, now())).grouped == [case.id for case in flood]
    assert (await do(handoff.sweep, now())).grouped == []
    late = await make_case("life_threat", "natural_disaster", country="TR")
    assert (await do(handoff.sweep, now())).grouped == [late.id]
    async with db.read() as connection:
        rows = {row.case_id: row.cluster for row in await handoff.queue(connection)}
        assert await handoff.violations(connection) == []
    assert rows == {one_alone.id: None} | dict.fromkeys([case.id for case in [*flood, late]], flood[0].id)


async def test_a_hundred_presses_in_one_conversation_are_one_case(db, cipher, do, make_case):
    case = await make_case("life_threat", "other")
    same = {(await do(handoff.open_or_raise, cipher, case.conversation_id, "life_threat", "other", "danger_button")).id for _ in range(20)}
    assert same == {case.id}
