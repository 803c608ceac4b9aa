"""From one person to another by name: an emergency only with the other's yes, everything noted and audited."""

import asyncio
from datetime import timedelta

import pytest

from conversation import service as conversation
from core import db as database
from core.clock import now
from core.errors import AppError
from handoff import service as handoff
from handoff.schemas import AlreadyTaken, Claimed, NotEligible


@pytest.fixture
def do(db):
    """``await do(function, …)`` in a transaction of its own."""

    async def call(function, *args, **kwargs):
        async with db.transaction() as tx:
            return await function(tx, *args, **kwargs)

    return call


@pytest.fixture
def held(do, make_case):
    """``await held(agent, "urgent")``: a case that an agent has in hand."""

    async def make(agent, severity="urgent"):
        case = await make_case(severity)
        assert isinstance(await do(handoff.claim, case.id, agent), Claimed)
        return case

    return make


async def row_of(db, case):
    async with db.read() as connection:
        return await database.one(
            connection, "SELECT k.*, c.owner_id AS talk_owner FROM cases k JOIN conversations c ON c.id = k.conversation_id WHERE k.id = %s", case.id
        )


async def actions(db):
    async with db.read() as connection:
        return [row["action"] for row in await database.rows(connection, "SELECT action FROM access_log ORDER BY id")]


async def test_a_routine_case_moves_at_once_with_its_conversation_and_a_note(db, cipher, do, held, make_staff):
    one, two = await make_staff(), await make_staff()
    case = await held(one, "none")
    await do(handoff.transfer, cipher, case.id, one, two.id, "여권 사본을 기다리는 중입니다")
    row = await row_of(db, case)
    assert (row["status"], row["owner_id"], row["talk_owner"], row["arrival_at"]) == ("claimed", two.id, two.id, case.arrival_at)
    async with db.read() as connection:
        assert [note.text for note in await handoff.notes(connection, cipher, case.id)] == ["여권 사본을 기다리는 중입니다"]
    with pytest.raises(AppError, match="may not write"):
        await do(handoff.reply, cipher, case.id, one, "늦은 글", "x")
    await do(handoff.reply, cipher, case.id, two, "제가 이어받았습니다", "y")
    assert "case.transfer" in await actions(db)


async def test_an_emergency_stays_with_its_owner_until_the_other_accepts(db, cipher, do, held, make_staff):
    one, two, three = await make_staff(), await make_staff(cap=0), await make_staff()
    case = await held(one, "life_threat")
    await do(handoff.transfer, cipher, case.id, one, two.id, "현지 경찰과 통화 중")
    assert ((await row_of(db, case))["owner_id"], (await row_of(db, case))["asked_to"]) == (one.id, two.id)
    assert isinstance(await do(handoff.accept, case.id, three), AlreadyTaken)
    assert isinstance(await do(handoff.claim, case.id, three), AlreadyTaken)
    assert isinstance(await do(handoff.claim, case.id, two), Claimed), "claiming what one is asked to take accepts it"
    row = await row_of(db, case)
    assert (row["owner_id"], row["talk_owner"], row["asked_to"]) == (two.id, two.id, None)
    assert isinstance(await do(handoff.accept, case.id, two), AlreadyTaken)


async def test_refusing_and_taking_back_leave_the_owner(db, cipher, do, held, make_staff):
    one, two, three = await make_staff(), await make_staff(), await make_staff()
    case = await held(one)
    for who in (two, one):
        await do(handoff.transfer, cipher, case.id, one, two.id, "부탁합니다")
        with pytest.raises(AppError, match="illegal_move"):
            await do(handoff.refuse, case.id, three)
        await do(handoff.refuse, case.id, who)
        assert ((await row_of(db, case))["owner_id"], (await row_of(db, case))["asked_to"]) == (one.id, None)
    with pytest.raises(AppError, match="illegal_move"):
        await do(handoff.refuse, case.id, one)


@pytest.mark.parametrize("going", ["away", "offline"])
async def test_an_owner_who_leaves_before_the_yes_leaves_the_case_in_the_queue(db, cipher, do, held, make_staff, going):
    one, two = await make_staff(), await make_staff()
    case = await held(one, "life_threat")
    await do(handoff.transfer, cipher, case.id, one, two.id, "부탁합니다")
    await do(handoff.set_presence, one, going)
    row = await row_of(db, case)
    assert (row["status"], row["asked_to"], row["arrival_at"]) == ("queued", None, case.arrival_at)
    assert isinstance(await do(handoff.accept, case.id, two), AlreadyTaken)
    async with db.read() as connection:
        assert await handoff.violations(connection) == []


async def test_accepting_against_returning_one_of_them_wins(db, cipher, do, held, make_staff):
    one, two = await make_staff(cap=20), await make_staff(cap=20)
    for _ in range(6):
        case = await held(one)
        await do(handoff.transfer, cipher, case.id, one, two.id, "부탁합니다")

        async def back(case=case):
            try:
                return await do(handoff.return_to_queue, case.id, one)
            except AppError:  # the other was first
                return None

        taken, returned = await asyncio.gather(do(handoff.accept, case.id, two), back())
        row = await row_of(db, case)
        assert isinstance(taken, Claimed) != (returned is not None)
        assert (row["owner_id"], row["talk_owner"]) == ((two.id, two.id) if isinstance(taken, Claimed) else (None, None))


async def test_who_can_be_given_a_case(db, cipher, do, held, make_staff):
    one = await make_staff()
    case, urgent = await held(one, "none"), await held(one, "urgent")
    away, editor, full = await make_staff(state="away"), await make_staff("editor"), await make_staff(cap=0)
    for to, code in [(away.id, "invalid_request"), (editor.id, "invalid_request"), (999, "invalid_request"), (full.id, "agent_full"), (one.id, "illegal_move")]:
        with pytest.raises(AppError) as caught:
            await do(handoff.transfer, cipher, case.id, one, to, "부탁합니다")
        assert caught.value.code == code
    with pytest.raises(AppError, match="empty_message"):
        await do(handoff.transfer, cipher, case.id, one, full.id, " ")
    with pytest.raises(AppError, match="does not own"):
        await do(handoff.transfer, cipher, case.id, full, full.id, "부탁합니다")
    await do(handoff.transfer, cipher, urgent.id, one, full.id, "부탁합니다")
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE staff SET disabled = true WHERE id = %s", full.id)
    assert await do(handoff.accept, urgent.id, full) == NotEligible("disabled")


async def test_a_team_gets_the_case_with_its_old_place(db, cipher, do, held, make_staff):
    boss, one, two = await make_staff("supervisor"), await make_staff(), await make_staff()
    await do(handoff.set_teams, boss, two.id, ["난민"])
    case = await held(one)
    await do(handoff.to_team, cipher, case.id, one, "난민", "전담 팀이 봐 주세요")
    await do(handoff.sweep, now())
    row = await row_of(db, case)
    assert (row["team"], row["status"], row["offered_to"], row["arrival_at"]) == ("난민", "queued", two.id, case.arrival_at)


async def test_shift_change_hands_over_each_case_and_promise_by_name(db, cipher, do, held, make_staff):
    one, two = await make_staff(cap=5), await make_staff(cap=1)
    urgent, first, second = await held(one, "urgent"), await held(one, "none"), await held(one, "none")
    promised = await do(handoff.promise, cipher, first.id, one, "오후 3시에 다시 전화", now() + timedelta(hours=3))
    result = await do(handoff.hand_over, cipher, one, one.id, two.id, [urgent.id, first.id, second.id], [promised], "교대합니다")
    assert (result.moved, result.asked, result.stayed, result.promises) == ([first.id], [urgent.id], [second.id], [promised])
    async with db.read() as connection:
        assert [one_of.id for one_of in await handoff.open_promises(connection, cipher, two)] == [promised]
        assert await handoff.open_promises(connection, cipher, one) == []
        for case in (urgent, first):
            assert [note.text for note in await handoff.notes(connection, cipher, case.id)] == ["교대합니다"]
    assert (await row_of(db, urgent))["owner_id"] == one.id
    assert (await actions(db)).count("case.hand_over") == 2
    assert (await actions(db)).count("promise.hand_over") == 1
    with pytest.raises(AppError, match="not every case"):
        await do(handoff.hand_over, cipher, one, one.id, two.id, [first.id], [], "내 것이 아님")
    with pytest.raises(AppError, match="forbidden"):
        await do(handoff.hand_over, cipher, two, one.id, two.id, [second.id], [], "내 것이 아님")


async def test_promises_are_kept_by_whoever_answers_for_them(db, cipher, do, held, make_staff):
    one, two = await make_staff(), await make_staff()
    case = await held(one)
    with pytest.raises(AppError, match="empty_message"):
        await do(handoff.promise, cipher, case.id, one, " ", now())
    with pytest.raises(AppError, match="may not write"):
        await do(handoff.promise, cipher, case.id, two, "전화", now())
    promised = await do(handoff.promise, cipher, case.id, one, "전화", now())
    with pytest.raises(AppError, match="not_owner"):
        await do(handoff.keep, promised, two)
    await do(handoff.keep, promised, one)
    with pytest.raises(AppError, match="not_owner"):
        await do(handoff.keep, promised, one)


async def test_override_is_a_supervisors_with_a_reason_and_leaves_a_trace(db, cipher, do, held, make_staff):
    one, boss = await make_staff(), await make_staff("supervisor", cap=0)
    case = await held(one)
    for who, reason, code in [(one, "제가 다시 맡겠습니다", "forbidden"), (boss, " ", "reason_missing")]:
        with pytest.raises(AppError) as caught:
            await do(handoff.take_from, cipher, case.id, who, reason)
        assert caught.value.code == code
    await do(handoff.take_from, cipher, case.id, boss, "한 시간째 답이 없음")
    row = await row_of(db, case)
    assert (row["owner_id"], row["talk_owner"]) == (boss.id, boss.id)
    assert "case.override" in await actions(db)
    async with db.read() as connection:
        assert [(note.staff_name, note.text) for note in await handoff.notes(connection, cipher, case.id)] == [(boss.display_name, "한 시간째 답이 없음")]
    with pytest.raises(AppError, match="illegal_move"):
        await do(handoff.take_from, cipher, case.id, boss, "이미 내 것임")


async def test_an_invited_colleague_may_write_beside_the_owner(db, cipher, do, held, make_staff):
    one, officer, stranger = await make_staff(), await make_staff("officer"), await make_staff("editor")
    case = await held(one)
    assert await do(handoff.invite, case.id, one, officer.id)
    assert not await do(handoff.invite, case.id, one, officer.id)
    await do(handoff.reply, cipher, case.id, officer, "대사관입니다", "o1")
    async with db.read() as connection:
        lines = await conversation.transcript(connection, cipher, case.conversation_id)
    assert [line.author_kind for line in lines] == ["officer"]
    with pytest.raises(AppError, match="invalid_request"):
        await do(handoff.invite, case.id, one, stranger.id)
    with pytest.raises(AppError, match="does not own"):
        await do(handoff.invite, case.id, officer, stranger.id)
