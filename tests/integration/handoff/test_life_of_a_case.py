"""A case from the first alarm to its end."""

from datetime import timedelta

import pytest

from conversation import service as conversation
from conversation.schemas import AuthorKind, Body, NotOwner
from core import db as database
from core import events
from core.clock import now
from core.errors import AppError
from handoff import service as handoff
from handoff.schemas import Claimed


async def timer(db, case_id):
    async with db.read() as connection:
        return await database.one(connection, "SELECT * FROM timers WHERE kind = 'case_offer' AND subject = %s", str(case_id))


async def take(db, case, staff):
    async with db.transaction() as tx:
        result = await handoff.claim(tx, case.id, staff)
    assert isinstance(result, Claimed), result
    return result.case


def assert_heightened_for_a_day(row):
    assert timedelta(hours=23, minutes=58) < row["heightened_until"] - now() <= timedelta(hours=24)


async def test_whole_story(db, cipher, make_case, make_staff):
    case, agent, second = await make_case("urgent"), await make_staff(), await make_staff()
    assert await timer(db, case.id) is not None
    async with db.read() as connection:
        assert case.id in [row.case_id for row in await handoff.queue(connection)]
    claimed = await take(db, case, agent)
    assert claimed.owner_id == agent.id
    assert await timer(db, case.id) is None

    async with db.transaction() as tx:
        assert isinstance(await conversation.reply(tx, cipher, case.conversation_id, AuthorKind.BOT, Body("봇"), client_id="late"), NotOwner)
        first = await handoff.reply(tx, cipher, case.id, agent, "경찰서까지 가실 수 있나요?", "c1")
        assert await handoff.reply(tx, cipher, case.id, agent, "경찰서까지 가실 수 있나요?", "c1") == first
    async with db.read() as connection:
        lines = await conversation.transcript(connection, cipher, case.conversation_id)
        assert [(line.author_kind, line.text) for line in lines] == [("agent", "경찰서까지 가실 수 있나요?")]
        assert (await handoff.get(connection, case.id)).first_human_reply_at is not None
        assert [row.case_id for row in await handoff.mine(connection, agent)] == [case.id]

    async with db.transaction() as tx:
        with pytest.raises(AppError, match="invalid_request"):
            async with tx.transaction():
                await handoff.close(tx, cipher, case.id, agent, "resolved")
        with pytest.raises(AppError, match="invalid_request"):
            async with tx.transaction():
                await handoff.close(tx, cipher, case.id, agent, "handed_back", verified_contact="전화로 본인 확인")
        asked = await handoff.close(tx, cipher, case.id, agent, "resolved", verified_contact="전화로 본인 목소리 확인")
        assert (asked.status, asked.owner_id) == ("claimed", agent.id), "one person alone does not end an emergency"
        closed = await handoff.confirm_close(tx, case.id, second)
    assert (closed.status, closed.outcome) == ("closed", "resolved")
    async with db.read() as connection:
        row = await conversation.get(connection, case.conversation_id)
        assert (row["owner_kind"], row["status"]) == ("bot", "open")
        assert_heightened_for_a_day(row)
        kinds = [event.kind for event in await events.read(connection, f"case:{case.id}", 0)]
    assert kinds == ["opened", "claimed", "reply", "reply", "closing", "closed"]


async def test_severity_never_falls_and_arrival_stays(db, cipher, make_case):
    case = await make_case("urgent", arrived_s_ago=300)
    async with db.transaction() as tx:
        raised = await handoff.open_or_raise(tx, cipher, case.conversation_id, "life_threat", "confinement", "locked in", summary="갇혔어요")
        lowered = await handoff.open_or_raise(tx, cipher, case.conversation_id, "none", "other", "asked", summary="여권")
    assert (raised.id, raised.severity, raised.category) == (case.id, "life_threat", "confinement")
    assert (lowered.severity, lowered.category) == ("life_threat", "confinement")
    assert lowered.arrival_at == case.arrival_at


async def test_the_danger_button_raises_a_case_and_keeps_what_is_known_of_it(db, cipher, make_case):
    case = await make_case("urgent", "confinement")
    async with db.transaction() as tx:
        pressed = await handoff.open_or_raise(tx, cipher, case.conversation_id, "life_threat", "other", "danger_button")
    assert (pressed.severity, pressed.category) == ("life_threat", "confinement")


async def test_return_keeps_arrival_and_sets_the_timer_again(db, make_case, make_staff):
    agent = await make_staff()
    early, late = await make_case("urgent", arrived_s_ago=600), await make_case("urgent", arrived_s_ago=10)
    await take(db, early, agent)
    async with db.transaction() as tx:
        returned = await handoff.return_to_queue(tx, early.id, agent)
    assert (returned.status, returned.owner_id, returned.arrival_at, returned.returned) == ("queued", None, early.arrival_at, 1)
    assert await timer(db, early.id) is not None
    async with db.read() as connection:
        order = [row.case_id for row in await handoff.queue(connection) if row.case_id in (early.id, late.id)]
        assert (await conversation.get(connection, early.conversation_id))["owner_kind"] == "bot"
    assert order == [early.id, late.id]


async def test_hand_back_of_an_emergency_keeps_it_open_and_danger_brings_it_back(db, cipher, make_case, make_staff):
    case, agent = await make_case("life_threat"), await make_staff()
    await take(db, case, agent)
    async with db.transaction() as tx:
        back = await handoff.hand_back(tx, case.id, agent)
    assert (back.status, back.owner_id) == ("handed_back", agent.id)
    async with db.read() as connection:
        row = await conversation.get(connection, case.conversation_id)
        assert row["owner_kind"] == "bot"
        assert_heightened_for_a_day(row)
    async with db.transaction() as tx:
        again = await handoff.open_or_raise(tx, cipher, case.conversation_id, "urgent", "confinement", "again")
    assert (again.id, again.status, again.severity, again.owner_id) == (case.id, "queued", "life_threat", None)
    assert await timer(db, case.id) is not None


async def test_hand_back_of_a_request_for_a_person_ends_it(db, make_case, make_staff):
    case, agent = await make_case("none", "other"), await make_staff()
    assert await timer(db, case.id) is None
    await take(db, case, agent)
    async with db.transaction() as tx:
        ended = await handoff.hand_back(tx, case.id, agent)
    assert (ended.status, ended.outcome) == ("closed", "handed_back")


async def test_only_the_owner_acts(db, cipher, make_case, make_staff):
    case, agent, other = await make_case("urgent"), await make_staff(), await make_staff()
    await take(db, case, agent)
    async with db.transaction() as tx:
        for act in (
            lambda: handoff.reply(tx, cipher, case.id, other, "안녕하세요", "x"),
            lambda: handoff.hand_back(tx, case.id, other),
            lambda: handoff.return_to_queue(tx, case.id, other),
            lambda: handoff.close(tx, cipher, case.id, other, "resolved", verified_contact="전화로 확인"),
            lambda: handoff.add_note(tx, cipher, case.id, other, "메모"),
        ):
            with pytest.raises(AppError) as caught:
                await act()
            assert caught.value.code == "not_owner"


async def test_closed_case_refuses_every_move_and_danger_opens_a_new_one(db, cipher, make_case, make_staff):
    case, agent = await make_case("non_urgent"), await make_staff()
    await take(db, case, agent)
    async with db.transaction() as tx:
        await handoff.close(tx, cipher, case.id, agent, "resolved")
        for act in (
            lambda: handoff.hand_back(tx, case.id, agent),
            lambda: handoff.return_to_queue(tx, case.id, agent),
            lambda: handoff.close(tx, cipher, case.id, agent, "resolved"),
        ):
            with pytest.raises(AppError) as caught:
                await act()
            assert caught.value.code == "illegal_move"
        again = await handoff.open_or_raise(tx, cipher, case.conversation_id, "urgent", "assault", "hit")
    assert again.id != case.id


async def test_texts_are_sealed(db, cipher, make_case, make_staff):
    case, agent = await make_case("urgent", summary="비밀스러운 요약"), await make_staff()
    await take(db, case, agent)
    async with db.transaction() as tx:
        await handoff.add_note(tx, cipher, case.id, agent, "비밀스러운 메모")
        await handoff.close(tx, cipher, case.id, agent, "resolved", verified_contact="비밀스러운 확인")
        await handoff.confirm_close(tx, case.id, await make_staff())
    async with db.read() as connection:
        rows = [
            await database.one(connection, "SELECT summary AS a, verified_contact AS b FROM cases WHERE id = %s", case.id),
            await database.one(connection, "SELECT body AS a, body AS b FROM case_notes WHERE case_id = %s", case.id),
        ]
        dump = await database.rows(connection, "SELECT payload::text AS p FROM events")
        notes = await handoff.notes(connection, cipher, case.id)
    for row in rows:
        assert "비밀".encode() not in bytes(row["a"]) + bytes(row["b"])
    assert not any("비밀" in row["p"] for row in dump)
    assert [note.text for note in notes] == ["비밀스러운 메모"]


async def test_events_rebuild_the_queue(db, cipher, make_case, make_staff):
    """Old snapshot + events = fresh snapshot."""
    agent = await make_staff()
    async with db.read() as connection:
        seen = {row.case_id: row for row in await handoff.all_open(connection)}
        after = await events.last_seq(connection, "queue")
    one, two, three = await make_case("urgent"), await make_case("none"), await make_case("life_threat")
    for case in (one, three):
        await take(db, case, agent)
    async with db.transaction() as tx:
        await handoff.return_to_queue(tx, one.id, agent)
        await handoff.hand_back(tx, three.id, agent)
        await handoff.open_or_raise(tx, cipher, two.conversation_id, "urgent", "assault", "hit")
        await handoff.note_doubt(tx, two.conversation_id, 0.4)
        await handoff.acknowledge(tx, two.id, agent)
    states = {case_id: (row.status, row.severity, row.owner_id, row.version) for case_id, row in seen.items()}
    async with db.read() as connection:
        for event in await events.read(connection, "queue", after, 1000):
            p = event.payload
            states[p["case_id"]] = (p["status"], p["severity"], p["owner_id"], p["version"])
        fresh = {row.case_id: (row.status, row.severity, row.owner_id, row.version) for row in await handoff.all_open(connection)}
    assert {key: value for key, value in states.items() if value[0] != "closed"} == fresh


async def test_an_emergency_ends_only_when_a_second_person_agrees(db, cipher, make_case, make_staff):
    one, two, editor, case = await make_staff(), await make_staff(), await make_staff("editor"), await make_case("life_threat")
    async with db.transaction() as tx:
        boss = await make_staff("supervisor")
        for who, code in [(two, "illegal_move"), (editor, "forbidden")]:
            with pytest.raises(AppError) as caught:
                await handoff.confirm_close(tx, case.id, who)
            assert caught.value.code == code
        with pytest.raises(AppError) as caught:  # nobody owns it: it is taken first
            await handoff.close(tx, cipher, case.id, boss, "resolved", verified_contact="전화로 확인함")
        assert caught.value.code == "illegal_move"
    await take(db, case, one)
    async with db.transaction() as tx:
        await handoff.close(tx, cipher, case.id, one, "false_alarm", verified_contact="본인과 통화함")
        with pytest.raises(AppError) as caught:
            await handoff.confirm_close(tx, case.id, one)
        assert caught.value.code == "second_person_needed"
        assert (await handoff.card(tx, cipher, case.id, two)).case.closing_by == one.id, "the second person may read what they are to judge"
        closed = await handoff.confirm_close(tx, case.id, two)
    assert (closed.status, closed.outcome) == ("closed", "false_alarm")
    async with db.read() as connection:
        row = await database.one(connection, "SELECT closed_by, closing_by FROM cases WHERE id = %s", case.id)
        detail = await database.one(connection, "SELECT account, detail FROM access_log WHERE action = 'case.close'")
    assert (row["closed_by"], row["closing_by"]) == (one.id, None)
    assert (detail["account"], detail["detail"]["asked_by"]) == (two.login, one.id)


@pytest.mark.parametrize("what", ["danger", "doubt", "returned", "objection", "override", "away"])
async def test_what_makes_a_request_to_end_void(db, cipher, make_case, make_staff, what):
    one, two, boss, case = await make_staff(), await make_staff(), await make_staff("supervisor"), await make_case("urgent")
    await take(db, case, one)
    async with db.transaction() as tx:
        await handoff.close(tx, cipher, case.id, one, "resolved", verified_contact="본인과 통화함")
    async with db.transaction() as tx:
        if what == "danger":
            await handoff.open_or_raise(tx, cipher, case.conversation_id, "urgent", "assault", "again")
        elif what == "doubt":
            await handoff.note_doubt(tx, case.conversation_id, 0.4)
        elif what == "returned":
            await handoff.return_to_queue(tx, case.id, one)
        elif what == "objection":
            await handoff.object_to_close(tx, case.id, two)
        elif what == "override":
            await handoff.take_from(tx, cipher, case.id, boss, "직접 확인하겠습니다")
        else:
            await handoff.set_presence(tx, one, "away")
    async with db.transaction() as tx:
        with pytest.raises(AppError) as caught:
            await handoff.confirm_close(tx, case.id, two)
        assert caught.value.code == "illegal_move"
        assert (await handoff.get(tx, case.id)).status != "closed"
