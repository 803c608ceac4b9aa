"""The mark of a citizen who cannot speak or hear: set by either side, told to every desk, and never lost on the way."""

from __future__ import annotations

import pytest

from conversation import service as conversation
from core import db as database
from core import events
from core.errors import AppError
from handoff import service as handoff
from handoff.desk.live import apply


async def seen(db, case_id):
    async with db.read() as connection:
        return {row.case_id: row.cannot_speak for row in await handoff.all_open(connection)}[case_id]


@pytest.fixture
async def marked(db, make_case, call):
    case = await make_case()
    await call(handoff.note_cannot_speak, case.conversation_id)
    return case


async def test_an_old_picture_learns_of_it_by_the_event(db, make_case, call):
    case = await make_case()
    async with db.read() as connection:
        known = {row.case_id: row for row in await handoff.all_open(connection)}
        seq = await events.last_seq(connection, handoff.QUEUE)
    await call(handoff.note_cannot_speak, case.conversation_id)
    await call(handoff.note_cannot_speak, case.conversation_id)
    async with db.read() as connection:
        news = await events.read(connection, handoff.QUEUE, seq)
        fresh = {row.case_id: row for row in await handoff.all_open(connection)}
    assert [event.kind for event in news] == ["cannot_speak"], "pressed twice, told once"
    apply(known, news[0])
    assert known == fresh
    assert fresh[case.id].cannot_speak


async def test_it_survives_return_transfer_close_reopening_and_a_new_case(db, cipher, marked, make_staff, call):
    one, two = await make_staff(cap=9), await make_staff(cap=9)
    await call(handoff.claim, marked.id, one)
    await call(handoff.return_to_queue, marked.id, one)
    assert await seen(db, marked.id)
    await call(handoff.claim, marked.id, one)
    await call(handoff.transfer, cipher, marked.id, one, two.id, "이어서 부탁합니다")
    await call(handoff.accept, marked.id, two)
    assert await seen(db, marked.id)
    await call(handoff.close, cipher, marked.id, two, "resolved", verified_contact="본인과 글로 확인")
    await call(handoff.confirm_close, marked.id, one)
    await call(handoff.reopen, marked.id, one)
    assert await seen(db, marked.id)
    await call(handoff.claim, marked.id, two)
    await call(handoff.close, cipher, marked.id, two, "resolved", verified_contact="본인과 글로 확인")
    await call(handoff.confirm_close, marked.id, one)
    later = await call(handoff.open_or_raise, cipher, marked.conversation_id, "urgent", "assault", "direct")
    assert (later.id != marked.id, later.cannot_speak) == (True, True)


async def test_a_merge_keeps_it(db, marked, make_case, make_staff, call):
    agent, stays = await make_staff(cap=9), await make_case()
    await call(handoff.claim, stays.id, agent)
    await call(handoff.merge, marked.id, stays.id, agent)
    assert await seen(db, stays.id)


async def test_an_agent_sets_and_takes_it_away_and_both_are_written_down(db, make_case, make_staff, call):
    agent, case = await make_staff(), await make_case()
    with pytest.raises(AppError, match="may not write"):
        await call(handoff.mark_cannot_speak, case.id, agent, True)
    await call(handoff.claim, case.id, agent)
    assert [await call(handoff.mark_cannot_speak, case.id, agent, on) for on in (True, True, False)] == [True, False, True]
    assert not await seen(db, case.id)
    async with db.read() as connection:
        rows = await database.rows(connection, "SELECT detail FROM access_log WHERE action = 'case.cannot_speak' ORDER BY id")
    assert [row["detail"] for row in rows] == [{"on": True}, {"on": False}]


async def test_of_a_conversation_without_a_case_nothing_is_said(db, call):
    async with db.transaction() as tx:
        talk, _ = await conversation.start(tx, "webchat")
    await call(handoff.note_cannot_speak, talk)
    async with db.read() as connection:
        assert await database.rows(connection, "SELECT 1 FROM cases") == []
