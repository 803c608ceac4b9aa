"""Consents of others than the citizen on real rows: who may write, check and end them, what they change, and that none stands before help."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot import erasure
from conversation import guarding
from core import audit
from core import db as database
from core.errors import AppError
from core.settings import Settings
from handoff import location
from handoff import service as handoff
from handoff.desk.actions import ASK_PLACE_OF_A_CHILD, Actions
from handoff.phone import codes
from handoff.records import consent_service, restricted, retention
from handoff.records.consent_rules import Basis, Kind
from handoff.records.consent_service import Guardian
from tests.integration.handoff.replaying import SignedIn

YES = Guardian("under_14", "parent", "phone", "김엄마", child_agrees=True)
NO = Guardian("under_14", "parent", "phone", is_given=False)
WORDS = "엄마가 여권을 뺏고 때려요"
WHY = "쓰러져 의식이 없고 가족도 모름"


@pytest.fixture
def held(make_case, make_staff, call):
    """``case, agent = await held("urgent")``: a case in somebody's hands."""

    async def make(severity="urgent", category="child_alone"):
        case, agent = await make_case(severity, category), await make_staff()
        await call(handoff.claim, case.id, agent)
        return case, agent

    return make


@pytest.fixture
def of(call, cipher):
    """``await of(case)``: the records of the case's conversation."""

    async def read(case):
        return await call(consent_service.of_conversation, cipher, case.conversation_id)

    return read


async def refused(call, code, function, *args, **values):
    with pytest.raises(AppError) as caught:
        await call(function, *args, **values)
    assert caught.value.code == code


async def log(db, action):
    async with db.read() as connection:
        assert (await audit.verify_chain(connection)).intact
        return await database.rows(connection, "SELECT * FROM access_log WHERE action = %s ORDER BY id", action)


async def test_a_guardians_word_stands_on_the_card_and_in_the_log(db, cipher, held, call):
    case, agent = await held("none")
    made = await call(consent_service.guardian, cipher, case.id, agent, YES)
    (one,) = (await call(handoff.card, cipher, case.id, agent)).consents
    assert (one.kind, one.basis, one.text_version, one.who, one.way) == (Kind.GUARDIAN, Basis.UNDER_14, "guardian-1", "부모 김엄마", "phone")
    assert (one.is_given, one.child_agrees, one.written_by, one.stands, one.waits) == (True, True, agent.id, True, False)
    (line,) = await log(db, "consent.write")
    assert (line["account"], line["case_id"], line["subject"]) == (agent.login, case.id, cipher.pseudonym(case.conversation_id))
    assert line["detail"] == {"consent": made, "kind": "guardian", "given": True}
    async with db.read() as connection:
        stored = await database.one(connection, "SELECT words FROM case_consents")
    assert "김엄마".encode() not in bytes(stored["words"])


async def test_a_guardians_no_ends_the_asking_where_nothing_is_at_stake(db, cipher, held, call):
    case, agent = await held("none")
    desk = Actions(db, cipher, SignedIn(agent.id), "https://chat.test")
    await desk.ask_place(case.id, "one")
    token = await call(location.request_link, case.conversation_id, case.id, cipher)
    await call(consent_service.guardian, cipher, case.id, agent, NO)
    await refused(call, "link_expired", location.open_link, token)
    with pytest.raises(AppError, match="guardian_refused"):
        await desk.ask_place(case.id, "two")
    await refused(call, "guardian_refused", codes.issue, cipher, case.id, agent)
    # A place that the citizen sends all the same is taken, as ever: this is a record.
    assert await call(location.record_message_fix, cipher, case.conversation_id, {"lat": 11.5, "lon": 104.9, "accuracy_m": 9}) is not None
    await call(consent_service.guardian, cipher, case.id, agent, YES)
    await desk.ask_place(case.id, "three")
    lines = (await call(handoff.card, cipher, case.id, agent)).transcript
    assert lines[-1].text == ASK_PLACE_OF_A_CHILD


async def test_a_word_of_an_earlier_case_is_taken_back_in_the_one_that_is_open(db, cipher, held, call, make_staff, of):
    case, earlier = await held("none")
    made, again = [await call(consent_service.guardian, cipher, case.id, earlier, YES) for _ in range(2)]
    await call(handoff.close, cipher, case.id, earlier, "resolved")
    danger = await call(handoff.open_or_raise, cipher, case.conversation_id, "life_threat", "child_alone", "direct")
    owner = await make_staff()
    await call(handoff.claim, danger.id, owner)
    token = await call(location.request_link, case.conversation_id, danger.id, cipher)
    await refused(call, "not_owner", consent_service.end, cipher, made, earlier, "보호자가 다시 전화함")
    await call(consent_service.end, cipher, made, owner, "보호자가 다시 전화함")
    assert (await call(location.open_link, token)).case_id == danger.id, "an emergency's link works against any refusal"
    async with db.read() as connection:
        told = await database.rows(connection, "SELECT stream FROM events WHERE kind = 'consent' ORDER BY created_at, stream")
    assert [row["stream"] for row in told] == [f"case:{case.id}", f"case:{case.id}", f"case:{danger.id}"]
    assert [row["case_id"] for row in await log(db, "consent.end")] == [danger.id]
    # Where nothing is open, whoever had the case takes it back, as ever.
    await call(handoff.close, cipher, danger.id, owner, "resolved", verified_contact="본인과 통화함")
    await call(handoff.confirm_close, danger.id, await make_staff())
    await call(consent_service.end, cipher, again, earlier, "보호자가 다시 전화함")
    assert [one.stands for one in await of(case)] == [False, False]


@pytest.mark.parametrize("severity", ["urgent", "life_threat"])
async def test_no_refusal_stands_before_an_emergency(db, cipher, held, call, severity):
    case, agent = await held(severity)
    token = await call(location.request_link, case.conversation_id, case.id, cipher)
    await call(consent_service.guardian, cipher, case.id, agent, NO)
    desk = Actions(db, cipher, SignedIn(agent.id), "https://chat.test")
    await desk.ask_place(case.id, "one", is_confirmed=True)
    await call(codes.issue, cipher, case.id, agent)
    assert (await call(location.open_link, token)).case_id == case.id
    await call(location.consent, token, "phone")
    assert await call(location.record_message_fix, cipher, case.conversation_id, {"lat": 11.5, "lon": 104.9, "accuracy_m": 9})
    assert (await call(handoff.card, cipher, case.id, agent)).place is not None


async def test_danger_after_a_refusal_is_asked_as_ever(db, cipher, held, call):
    case, agent = await held("none")
    await call(consent_service.guardian, cipher, case.id, agent, NO)
    await call(handoff.open_or_raise, cipher, case.conversation_id, "life_threat", "child_alone", "direct")
    await Actions(db, cipher, SignedIn(agent.id), "https://chat.test").ask_place(case.id, "one")


async def test_where_the_guardian_is_the_danger_the_childs_words_do_and_supervisors_are_told(db, cipher, held, call, make_staff, of):
    case, agent = await held()
    chief, other = await make_staff("supervisor"), await make_staff()
    made = await call(consent_service.child, cipher, case.id, agent, WORDS)
    assert await call(guarding.is_guarded, case.conversation_id)
    (one,) = await of(case)
    assert (one.kind, one.said, one.waits) == (Kind.CHILD, WORDS, True)
    async with db.read() as connection:
        told = await database.rows(connection, "SELECT payload FROM events WHERE stream = 'queue' AND kind = 'guardian_danger'")
        said = await database.rows(connection, "SELECT payload::text AS text FROM events")
    assert [row["payload"]["case_id"] for row in told] == [case.id]
    assert not [row for row in said if WORDS in row["text"]]
    # From now on nobody asks a guardian.
    await refused(call, "guardian_is_danger", consent_service.guardian, cipher, case.id, agent, YES)
    # Nobody but a supervisor sees to it, and nobody but a supervisor takes it back.
    await call(handoff.invite, case.id, agent, other.id)
    await refused(call, "own_consent", consent_service.check, cipher, made, agent, is_agreed=True)
    await refused(call, "forbidden", consent_service.check, cipher, made, other, is_agreed=True)
    await refused(call, "forbidden", consent_service.end, cipher, made, agent, "잘못 적었습니다")
    assert [row.id for row in await call(consent_service.unchecked, cipher, chief)] == [made]
    await call(consent_service.check, cipher, made, chief, is_agreed=True)
    await refused(call, "illegal_move", consent_service.check, cipher, made, chief, is_agreed=True)
    assert await call(consent_service.unchecked, cipher, chief) == []
    await call(consent_service.end, cipher, made, chief, "다른 사람이었음을 확인")
    await refused(call, "illegal_move", consent_service.end, cipher, made, chief, "다른 사람이었음을 확인")
    await call(consent_service.guardian, cipher, case.id, agent, YES)
    assert await call(guarding.is_guarded, case.conversation_id), "the mark of a guarded phone has its own way to go"
    assert [row["detail"]["kind"] for row in await log(db, "consent.end")] == ["child"]


async def test_without_anybodys_word_a_second_person_looks_afterwards(db, cipher, held, call, make_staff, of):
    case, agent = await held("life_threat", "illness_injury")
    await refused(call, "invalid_request", consent_service.without, cipher, case.id, agent, "rescue", WHY)
    await refused(call, "invalid_request", consent_service.without, cipher, case.id, agent, "under_14", WHY)
    await refused(call, "reason_missing", consent_service.without, cipher, case.id, agent, "vital", "급함")
    made = await call(consent_service.without, cipher, case.id, agent, "rescue", WHY, "해양경찰")
    await refused(call, "own_consent", consent_service.check, cipher, made, agent, is_agreed=True)
    other = await make_staff()
    await refused(call, "forbidden", consent_service.check, cipher, made, other, is_agreed=True)  # not theirs to see
    await call(handoff.invite, case.id, agent, other.id)
    await refused(call, "reason_missing", consent_service.check, cipher, made, other, is_agreed=False)
    await call(consent_service.check, cipher, made, other, is_agreed=False, objection="그때 깨어 있었습니다")
    (one,) = await of(case)
    assert (one.checked_by_name, one.is_agreed, one.objection, one.stands) == (other.display_name, False, "그때 깨어 있었습니다", True)
    async with db.read() as connection:
        with pytest.raises(Exception, match="second_person"):
            await database.run(connection, "UPDATE case_consents SET checked_by = written_by")


async def test_a_second_person_may_look_when_the_case_is_over(cipher, held, call, make_staff, of):
    case, agent = await held("none")
    chief = await make_staff("supervisor")
    made = await call(consent_service.without, cipher, case.id, agent, "vital", WHY)
    await call(handoff.close, cipher, case.id, agent, "resolved")
    await refused(call, "illegal_move", consent_service.without, cipher, case.id, agent, "vital", WHY)
    await call(consent_service.check, cipher, made, chief, is_agreed=True)
    assert (await of(case))[0].is_agreed


async def test_who_does_not_answer_for_a_case_writes_nothing(cipher, held, call, make_staff, of):
    case, agent = await held()
    other, chief = await make_staff(), await make_staff("supervisor")
    for person in (other, chief):
        await refused(call, "not_owner", consent_service.guardian, cipher, case.id, person, YES)
        await refused(call, "not_owner", consent_service.child, cipher, case.id, person, WORDS)
        await refused(call, "not_owner", consent_service.without, cipher, case.id, person, "vital", WHY)
    await refused(call, "not_found", consent_service.check, cipher, 999, chief, is_agreed=True)
    for odd in (
        Guardian("x", "parent", "phone"),
        Guardian("under_14", "x", "phone"),
        Guardian("under_14", "parent", "x"),
        Guardian("vital", "parent", "phone"),
    ):
        await refused(call, "invalid_request", consent_service.guardian, cipher, case.id, agent, odd)
    await refused(call, "too_long", consent_service.guardian, cipher, case.id, agent, Guardian("under_9", "parent", "writing", "가" * 101))
    await refused(call, "too_long", consent_service.child, cipher, case.id, agent, "가" * 501)
    assert await of(case) == []


async def test_a_restricted_case_keeps_its_records_to_those_who_are_named(cipher, held, call, make_staff):
    case, agent = await held()
    named, other = await make_staff("supervisor"), await make_staff("supervisor")
    made = await call(consent_service.child, cipher, case.id, agent, WORDS)
    await call(restricted.restrict, cipher, case.id, agent, [named.id], "동료의 가족이 관련된 상담")
    assert await call(consent_service.unchecked, cipher, other) == []
    await refused(call, "restricted", consent_service.check, cipher, made, other, is_agreed=True)
    assert [one.id for one in await call(consent_service.unchecked, cipher, named)] == [made]
    await refused(call, "forbidden", consent_service.unchecked, cipher, agent)


async def test_an_erasure_and_the_clock_take_the_words_and_then_the_record(db, cipher, held, call, of):
    case, agent = await held("none")
    await call(consent_service.guardian, cipher, case.id, agent, YES)
    await call(handoff.close, cipher, case.id, agent, "resolved")
    await call(erasure.erase, cipher, [case.conversation_id], "책임자")
    (one,) = await of(case)
    assert (one.who, one.said, one.basis) == ("", "", Basis.UNDER_14)
    settings = Settings(place_records_keep_days=183)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE cases SET closed_at = closed_at - interval '200 days'")
        await database.run(tx, "UPDATE case_consents SET written_at = written_at - interval '182 days'")
    await retention.run_once(db, settings)
    assert len(await of(case)) == 1
    run = await retention.run_once(db, settings, datetime.now(UTC) + timedelta(days=2))
    assert run.failed == {}
    assert await of(case) == []
