"""A shift change with a receiver and a note for each case; the same press twice; somebody removed in the middle."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from accounts import service as accounts
from conversation import service as conversation
from core import db as database
from core.clock import now
from core.errors import AppError
from handoff import service as handoff
from handoff.desk.move_actions import MoveActions
from handoff.desk.refusals import sentence
from handoff.records import restricted
from handoff.schemas import AlreadyTaken, Claimed


@pytest.fixture
def held(call, make_case):
    """``await held(agent, "urgent")``: a case that an agent has in hand."""

    async def make(agent, severity="urgent"):
        case = await make_case(severity)
        assert isinstance(await call(handoff.claim, case.id, agent), Claimed)
        return case

    return make


async def texts(db, cipher, case):
    async with db.read() as connection:
        return [note.text for note in await handoff.notes(connection, cipher, case.id)]


async def test_each_case_has_a_receiver_and_a_note_of_its_own(db, cipher, call, held, make_staff):
    one, two, three = await make_staff(cap=9), await make_staff(), await make_staff(cap=1)
    urgent, first, second, third = await held(one), await held(one, "none"), await held(one, "none"), await held(one, "none")
    owed = await call(handoff.promise, cipher, first.id, one, "전화", now() + timedelta(hours=1))
    parcels = {
        urgent.id: handoff.Parcel(two.id, "경찰과 통화 중"),
        first.id: handoff.Parcel(two.id, "사본을 기다림"),
        second.id: handoff.Parcel(three.id, "수수료 안내함"),
        third.id: handoff.Parcel(three.id, "자리가 없을 상담"),
    }
    result = await call(handoff.hand_over_each, cipher, one, one.id, parcels, {owed: three.id})
    assert (result.moved, result.asked, result.stayed, result.promises) == ([first.id, second.id], [urgent.id], [third.id], [owed])
    assert [await texts(db, cipher, case) for case in (urgent, first, second, third)] == [["경찰과 통화 중"], ["사본을 기다림"], ["수수료 안내함"], []]
    async with db.read() as connection:
        owners = {row["id"]: (row["owner_id"], row["asked_to"]) for row in await database.rows(connection, "SELECT id, owner_id, asked_to FROM cases")}
        assert [item.id for item in await handoff.promises_of(connection, cipher, first.id)] == [owed]
        assert [item.staff_id for item in await handoff.promises_of(connection, cipher, first.id)] == [three.id]
    assert owners == {urgent.id: (one.id, two.id), first.id: (two.id, None), second.id: (three.id, None), third.id: (one.id, None)}


@pytest.mark.parametrize("broken", ["note", "receiver", "owner"])
async def test_one_mistake_and_nothing_moves(db, cipher, call, held, make_staff, broken):
    one, two, away = await make_staff(cap=9), await make_staff(), await make_staff(state="away")
    first, second, others = await held(one, "none"), await held(one, "none"), await held(two, "none")
    parcels = {first.id: handoff.Parcel(two.id, "넘깁니다"), second.id: handoff.Parcel(two.id, "넘깁니다")}
    if broken == "note":
        parcels[second.id] = handoff.Parcel(two.id, "  ")
    elif broken == "receiver":
        parcels[second.id] = handoff.Parcel(away.id, "넘깁니다")
    else:
        parcels[others.id] = handoff.Parcel(two.id, "남의 것")
    with pytest.raises(AppError):
        await call(handoff.hand_over_each, cipher, one, one.id, parcels, {})
    async with db.read() as connection:
        assert len(await handoff.mine(connection, one)) == 2
    assert await texts(db, cipher, first) == []


@pytest.mark.parametrize("severity", ["none", "life_threat"])
async def test_a_restricted_case_is_handed_on_by_its_owner_or_by_who_may_see_it(db, cipher, call, held, make_staff, severity):
    one, two, boss = await make_staff(cap=9), await make_staff(cap=9), await make_staff("supervisor")
    plain, case = await held(one, "none"), await held(one, severity)
    owed = await call(handoff.promise, cipher, case.id, one, "동생에게 전화", now() + timedelta(hours=1))
    await call(restricted.restrict, cipher, case.id, one, [], "동료의 가족이 관련된 상담")

    @asynccontextmanager
    async def acting():
        async with db.transaction() as tx:
            yield tx, boss

    async def promises():
        return [item.text for item in await MoveActions(acting, cipher).promises(one.id)]

    async def hand(by, parcels, promised):
        return await call(handoff.hand_over_each, cipher, by, one.id, {each.id: handoff.Parcel(two.id, "대신 넘깁니다") for each in parcels}, promised)

    for parcels, promised in (((plain, case), {}), ((plain,), {owed: two.id})):
        with pytest.raises(AppError) as caught:
            await hand(boss, parcels, promised)
        assert caught.value.code == "restricted"
        assert sentence(caught.value).startswith(f"#{case.id}:")
    assert (await call(handoff.get, plain.id)).owner_id == one.id, "nothing moves"
    assert await promises() == [""]
    await call(restricted.break_glass, cipher, case.id, boss, "담당자가 쓰러져 대신 넘깁니다")
    assert await promises() == ["동생에게 전화"]
    await hand(boss, (case,), {})
    assert (await hand(one, (plain,), {owed: two.id})).promises == [owed], "one's own go on as ever"


async def test_two_shift_changes_that_cross_do_not_wait_for_each_other_in_a_ring(cipher, call, held, make_staff):
    one, two = await make_staff(cap=20), await make_staff(cap=20)
    ones, twos = [await held(one, "none") for _ in range(4)], [await held(two, "none") for _ in range(4)]
    done = await asyncio.wait_for(
        asyncio.gather(
            call(handoff.hand_over_each, cipher, one, one.id, {case.id: handoff.Parcel(two.id, "교대") for case in ones}, {}),
            call(handoff.hand_over_each, cipher, two, two.id, {case.id: handoff.Parcel(one.id, "교대") for case in reversed(twos)}, {}),
        ),
        20,
    )
    assert [len(result.moved) for result in done] == [4, 4]


async def test_the_same_press_twice_changes_nothing_the_second_time(db, cipher, call, held, make_staff):
    one, two, boss = await make_staff(), await make_staff(), await make_staff("supervisor")
    routine, urgent = await held(one, "none"), await held(one)

    async def press(function, *args):
        try:
            await call(function, *args)
        except AppError as error:
            return error.code
        return "done"

    assert sorted(await asyncio.gather(*(press(handoff.transfer, cipher, routine.id, one, two.id, "부탁합니다") for _ in range(2)))) == ["done", "not_owner"]
    assert await texts(db, cipher, routine) == ["부탁합니다"]
    twice = await asyncio.gather(*(press(handoff.hand_over_each, cipher, two, two.id, {routine.id: handoff.Parcel(one.id, "다시")}, {}) for _ in range(2)))
    assert sorted(twice) == ["done", "not_owner"]
    assert sorted(await asyncio.gather(*(press(handoff.take_from, cipher, urgent.id, boss, "응답이 없음") for _ in range(2)))) == ["done", "illegal_move"]
    owed = await call(handoff.promise, cipher, urgent.id, boss, "전화", now())
    assert sorted(await asyncio.gather(*(press(handoff.keep, owed, boss) for _ in range(2)))) == ["done", "not_owner"]
    await call(handoff.close, cipher, urgent.id, boss, "resolved", verified_contact="본인과 통화")
    assert sorted(await asyncio.gather(*(press(handoff.confirm_close, urgent.id, one) for _ in range(2)))) == ["done", "illegal_move"]
    assert sorted(await asyncio.gather(*(press(handoff.reopen, urgent.id, one) for _ in range(2)))) == ["done", "illegal_move"]


async def test_an_agent_removed_in_mid_chat_leaves_the_case_its_words_and_its_place_in_the_queue(db, cipher, call, held, say, make_staff):
    one, two, admin = await make_staff(), await make_staff(), await make_staff("admin")
    case = await held(one, "life_threat")
    await say(case.conversation_id, "아직 갇혀 있어요")
    await call(handoff.reply, cipher, case.id, one, "곧 다시 쓰겠습니다", "1")
    owed = await call(handoff.promise, cipher, case.id, one, "10분 뒤 전화", now() + timedelta(minutes=10))
    await call(handoff.transfer, cipher, case.id, one, two.id, "나가야 합니다")
    await call(accounts.disable, one.id, by=admin)
    await say(case.conversation_id, "거기 계세요?")
    with pytest.raises(AppError, match="may not write"):
        await call(handoff.reply, cipher, case.id, await _now(db, one), "해고된 뒤의 글", "2")
    await call(handoff.sweep, now())
    async with db.read() as connection:
        row = await database.one(connection, "SELECT * FROM cases WHERE id = %s", case.id)
        assert await handoff.violations(connection) == []
    assert (row["status"], row["arrival_at"], row["asked_to"]) == ("queued", case.arrival_at, None)
    assert isinstance(await call(handoff.claim, case.id, await _now(db, one)), handoff.NotEligible)
    assert isinstance(await call(handoff.claim, case.id, two), Claimed)
    async with db.read() as connection:
        lines = [line.body["text"] for line in await conversation.transcript(connection, cipher, case.conversation_id)]
        (promise,) = await handoff.promises_of(connection, cipher, case.id)
    assert lines == ["아직 갇혀 있어요", "곧 다시 쓰겠습니다", "거기 계세요?"]
    assert (promise.id, promise.staff_id) == (owed, one.id), "still named, and seen by whoever opens the case"
    boss = await make_staff("supervisor")
    await call(handoff.hand_over_each, cipher, boss, one.id, {}, {owed: two.id})
    async with db.read() as connection:
        assert [item.id for item in await handoff.open_promises(connection, cipher, two)] == [owed]


async def _now(db, staff):
    async with db.read() as connection:
        return await accounts.account(connection, staff.id)


async def test_what_a_second_person_reads_before_ending_an_emergency(db, cipher, call, held, make_staff):
    one, two, stranger = await make_staff(), await make_staff(), await make_staff("editor")
    case = await held(one)
    async with db.read() as connection:
        assert await handoff.close_request(connection, cipher, case.id, one) is None
    await call(handoff.close, cipher, case.id, one, "referred_local", verified_contact="현지 경찰과 통화, 인계 확인")
    async with db.read() as connection:
        asked = await handoff.close_request(connection, cipher, case.id, two)
        with pytest.raises(AppError, match="may not see"):
            await handoff.close_request(connection, cipher, case.id, stranger)
    assert (asked.by_id, asked.outcome, asked.contact) == (one.id, "referred_local", "현지 경찰과 통화, 인계 확인")
    assert "경찰" not in repr(asked)


async def test_what_may_be_opened_again_is_listed_without_anything_personal(db, cipher, call, held, make_staff):
    one, editor = await make_staff(), await make_staff("editor")
    closed, overtaken = await held(one, "none"), await held(one, "none")
    for case in (closed, overtaken):
        await call(handoff.close, cipher, case.id, one, "resolved")
    await call(handoff.open_or_raise, cipher, overtaken.conversation_id, "urgent", "assault", "direct")
    async with db.read() as connection:
        found = await handoff.recently_closed(connection, one)
        with pytest.raises(AppError, match="forbidden"):
            await handoff.recently_closed(connection, editor)
    assert [(row.case_id, row.is_overtaken, row.closed_by_name) for row in found] == [
        (overtaken.id, True, one.display_name),
        (closed.id, False, one.display_name),
    ]
    await call(handoff.reopen, closed.id, one)
    assert isinstance(await call(handoff.claim, overtaken.id, one), AlreadyTaken)
