"""What is handed out on request: made by one supervisor, released by another, sealed, over in time, and never a way to a guarded phone."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from accounts import service as accounts
from bot import erasure
from conversation import clearing, guarding
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body
from core import audit
from core import db as database
from core.clock import told_by
from core.errors import AppError
from core.settings import ROOT, Settings
from handoff import files, location
from handoff import guarding as desk_guarding
from handoff import service as handoff
from handoff.phone.schemas import Caller
from handoff.phone.service import open_for_caller
from handoff.records import consent_service, export_redaction, export_service, holds, restricted, retention
from handoff.records.export_rules import Care, Requester, State

IDENTITY = "여권과 얼굴을 대조함, 공관 방문"
WHY = "동생 이름이 남았습니다"
SAID = "제 번호는 010-1234-5678 이고 친구 이철수가 같이 있어요"


@pytest.fixture
def scene(make_case, make_staff, call, say, cipher):
    """``case, agent, chief, second = await scene()``: a case with words, a note and a place in an agent's hands, and two supervisors."""

    async def make(severity="none", *, closed=True):
        case, agent = await make_case(severity, "other"), await make_staff(login="haneul")
        chief, second = await make_staff("supervisor"), await make_staff("supervisor")
        await say(case.conversation_id, SAID)
        await call(handoff.claim, case.id, agent)
        await call(conversation.reply, cipher, case.conversation_id, AuthorKind.AGENT, Body("네, 듣고 있습니다."), client_id="one", author_id=agent.id)
        await call(handoff.add_note, cipher, case.id, agent, f"{agent.display_name} 통화, #99 상담과 같은 사람")
        await call(location.record_message_fix, cipher, case.conversation_id, {"lat": 11.5564, "lon": 104.9282, "accuracy_m": 12})
        if closed:
            await call(handoff.close, cipher, case.id, agent, "resolved")
        return case, agent, chief, second

    return make


@pytest.fixture
def prepared(call, cipher):
    """``await prepared(case, chief)``: an export, for the person; its number."""

    async def make(case, chief, *, requester="self", known=tuple(Care), asked_on=None):
        return await call(
            export_service.prepare,
            cipher,
            case.id,
            chief,
            requester=requester,
            identity=IDENTITY,
            asked_on=asked_on or datetime.now(UTC).date(),
            known=known,
        )

    return make


@pytest.fixture
def released(call, cipher, prepared):
    """``await released(case, chief, second)``: one that a second person has let go."""

    async def make(case, chief, second, **values):
        number = await prepared(case, chief, **values)
        await call(export_service.submit, cipher, number, chief)
        version = (await call(export_service.look, cipher, number, second)).export.version
        await call(export_service.release, cipher, number, second, version, tuple(Care))
        return number

    return make


async def refused(call, code, function, *args, **values):
    with pytest.raises(AppError) as caught:
        await call(function, *args, **values)
    assert caught.value.code == code
    return caught.value


async def rows_of(db, statement):
    async with db.read() as connection:
        return await database.rows(connection, statement)


async def log(db, action):
    async with db.read() as connection:
        assert (await audit.verify_chain(connection)).intact
        return await database.rows(connection, "SELECT * FROM access_log WHERE action = %s ORDER BY id", action)


async def test_one_supervisor_prepares_another_releases_and_each_step_is_a_line(db, cipher, scene, prepared, call):
    case, agent, chief, second = await scene()
    number = await prepared(case, chief)
    opened = await call(export_service.look, cipher, number, chief)
    text = opened.document.to_json()
    assert SAID in text
    assert "네, 듣고 있습니다." in text
    assert (opened.export.state, opened.export.requester, opened.export.identity) == (State.DRAFT, Requester.SELF, IDENTITY)
    assert opened.export.due_on == opened.export.asked_on + timedelta(days=10)
    # Whoever prepares uncovers what is the citizen's own, blacks out what no rule knows, and asks another.
    line = next(item for item in opened.document.items().values() if item.text == SAID)
    await call(export_service.unmark, cipher, number, chief, line.id, SAID.index("010"), SAID.index("010") + 3)
    assert await call(export_service.mark_word, cipher, number, chief, "같이 있어요") == 1
    await call(export_service.submit, cipher, number, chief)
    await refused(call, "illegal_move", export_service.mark_word, cipher, number, chief, "네")
    await refused(call, "own_export", export_service.release, cipher, number, chief, 1, tuple(Care))
    await refused(call, "export_changed", export_service.release, cipher, number, second, opened.export.version, tuple(Care))
    await refused(call, "illegal_move", export_service.fetch, cipher, number, second, "json")
    version = (await call(export_service.look, cipher, number, second)).export.version
    await call(export_service.release, cipher, number, second, version, tuple(Care))
    await refused(call, "illegal_move", export_service.release, cipher, number, second, version + 1, tuple(Care))
    for form in ("json", "html"):
        made = await call(export_service.fetch, cipher, number, second, form)
        assert "010-1234-5678" in made
        for gone in ("이철수", "같이 있어요", agent.display_name, "haneul", "#99", IDENTITY):
            assert gone not in made, gone
    # What was black is nowhere any more, not even behind the seal.
    kept = (await call(export_service.look, cipher, number, chief)).document.to_json()
    assert "이철수" not in kept
    async with db.read() as connection:
        row = await database.one(connection, "SELECT content, identity, marks FROM record_exports")
    assert b"010" not in bytes(row["content"])
    assert row["marks"] == {}
    assert [len(await log(db, f"export.{done}")) for done in ("prepare", "view", "move", "release", "file")] == [1, 3, 1, 1, 2]
    (line_of_release,) = await log(db, "export.release")
    assert (line_of_release["account"], line_of_release["case_id"]) == (second.login, case.id)
    assert line_of_release["detail"]["black"] > 0


async def test_places_of_an_open_case_are_in_it_by_right_and_the_look_is_the_citizens_to_know(db, cipher, scene, prepared, call):
    case, _, chief, _ = await scene("none", closed=False)
    await call(consent_service.without, cipher, case.id, (await owner(call, case)), "rescue", "의식이 없었습니다", "해양경찰")
    before = len(await call(location.views_for_citizen, case.conversation_id))
    number = await prepared(case, chief)
    sections = {one.code: one for one in (await call(export_service.look, cipher, number, chief)).document.sections}
    assert any("11.556400, 104.928200" in item.text for item in sections["places"].items)
    assert len(await call(location.views_for_citizen, case.conversation_id)) == before + 1
    assert any("chat-button-1" in item.text for item in sections["consents"].items)
    assert any("해양경찰" in item.text and "의식이 없었습니다" in item.text for item in sections["consents"].items)
    assert "상담관이 맡음" in [item.text for item in sections["history"].items]
    assert sections["looks"].items == ()
    await call(handoff.close, cipher, case.id, await owner(call, case), "resolved")
    over = await prepared(case, chief)
    text = (await call(export_service.look, cipher, over, chief)).document.to_json()
    assert "11.556400" not in text


async def owner(call, case):
    return await call(accounts.account, (await call(handoff.get, case.id)).owner_id)


async def test_nothing_in_it_tells_whether_others_are_known_to_us(db, cipher, call, make_staff, prepared):
    agent, chief = await make_staff(cap=9), await make_staff("supervisor")

    async def ring(client):
        form = Caller("머리를 다침", "none", "other", datetime.now(UTC), client, name="김민원", number="+82 10 2222 3333")
        return (await call(open_for_caller, cipher, agent, form)).case

    alone = await ring("a")
    number = await prepared(alone, chief)
    first = (await call(export_service.look, cipher, number, chief)).document
    other = await ring("b")  # somebody with the same number, and a case that was merged into this one
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE cases SET cluster = %s WHERE id IN (%s, %s)", alone.id, alone.id, other.id)
    await call(handoff.merge, other.id, alone.id, agent)
    number = await prepared(alone, chief)
    second = (await call(export_service.look, cipher, number, chief)).document
    keep = ("case", "transcript", "places", "consents", "notes")
    assert [one for one in first.sections if one.code in keep] == [one for one in second.sections if one.code in keep]
    assert f"#{other.id}" not in second.to_json()
    assert "김민원" not in export_redaction.blacked(second, export_redaction.Rules((), alone.id), export_redaction.Marks()).to_json()
    assert "합" not in str([one for one in second.sections if one.code == "history"])


async def test_what_vanished_from_the_screen_is_in_it(cipher, scene, prepared, call):
    case, _, chief, _ = await scene()
    await call(clearing.clear, case.conversation_id, 99, datetime.now(UTC))
    number = await prepared(case, chief)
    assert SAID in (await call(export_service.look, cipher, number, chief)).document.to_json()


async def test_what_must_be_known_is_said_before_and_again_when_it_comes_up(cipher, scene, prepared, released, call):
    case, _, chief, second = await scene()
    await call(holds.set_hold, cipher, case.conversation_id, "책임자", "소송 예정")
    await call(restricted.restrict, cipher, case.id, chief, [second.id], "동료의 가족이 관련된 상담")
    assert await call(export_service.cares, cipher, case.id, chief) == (Care.RESTRICTED, Care.HELD)
    missing = await refused(call, "export_care", prepared_of, prepared, case, chief, known=("held",))
    assert missing.extra["why"] == ["restricted"]
    number = await released(case, chief, second)
    await call(export_service.fetch, cipher, number, second, "json")
    # The phone turns out to be in other hands: nothing is fetched until somebody has said that they know.
    await call(guarding.mark, case.conversation_id, guarding.AGENT)
    await refused(call, "export_stale", export_service.fetch, cipher, number, second, "json")
    again = await released(case, chief, second)
    assert "열람 자료" in await call(export_service.fetch, cipher, again, chief, "html")


async def prepared_of(tx, prepared, case, chief, **values):
    return await prepared(case, chief, **values)


async def test_a_guardian_or_proxy_gets_nothing_where_somebody_may_be_held_or_threatened(cipher, scene, prepared, call):
    case, _, chief, second = await scene("urgent", closed=False)
    number = await prepared(case, chief, requester="guardian")
    await call(export_service.submit, cipher, number, chief)
    await call(consent_service.child, cipher, case.id, await owner(call, case), "아빠가 때려요")
    for requester in ("guardian", "proxy"):
        with pytest.raises(AppError, match="export_not_to_them"):
            await prepared(case, chief, requester=requester)
    version = (await call(export_service.look, cipher, number, second)).export.version
    await refused(call, "export_not_to_them", export_service.release, cipher, number, second, version, tuple(Care))
    # The child's own export holds neither the child's words about the guardian, nor that a guardian is the danger.
    own = await prepared(case, chief)
    consents = next(one for one in (await call(export_service.look, cipher, own, chief)).document.sections if one.code == "consents")
    assert "때려요" not in str(consents)
    assert "보호자" not in str(consents)
    assert "본인의 말" in str(consents)


async def test_no_path_leads_to_the_citizens_device(db, cipher, scene, released, call):
    case, agent, chief, second = await scene("urgent", closed=False)
    await call(desk_guarding.guard, case.id, agent)
    before = len(await rows_of(db, "SELECT client_id FROM outbox"))
    number = await released(case, chief, second)
    page = await call(export_service.fetch, cipher, number, second, "html")
    for telling in ("보호 표시", "휴대전화를", "감시"):
        assert telling not in page, "the file itself does not tell that a phone is guarded"
    with pytest.raises(AppError) as caught:
        await call(files.may_send, case.id, agent)
    assert caught.value.code == "guarded_no_file"
    async with db.read() as connection:
        told = await database.rows(connection, "SELECT kind FROM events WHERE stream = %s AND kind LIKE '%%export%%'", f"conversation:{case.conversation_id}")
    assert told == []
    assert len(await rows_of(db, "SELECT client_id FROM outbox")) == before
    # Whoever serves citizens does not even know the module.
    for package in ("bot", "conversation", "actions", "alerts"):
        for path in (ROOT / package).rglob("*.py"):
            assert "export_service" not in path.read_text("utf-8"), path


async def test_without_the_right_nothing_and_a_line_for_it(db, cipher, scene, prepared, call):
    case, agent, chief, _ = await scene()
    number = await prepared(case, chief)
    for function, args in (
        (export_service.cares, (case.id, agent)),
        (export_service.look, (number, agent)),
        (export_service.fetch, (number, agent, "json")),
        (export_service.listing, (agent,)),
        (export_service.submit, (number, agent)),
        (export_service.withdraw, (number, agent)),
        (export_service.mark_word, (number, agent, "네")),
    ):
        await refused(call, "export_forbidden", function, cipher, *args)
    await refused(call, "export_forbidden", prepared_of, prepared, case, agent)
    for asked in ((case.id, None), (None, number), (999, None), (None, 999)):
        await call(export_service.note_refusal, agent, *asked)
    found = [(line["account"], line["case_id"], line["detail"]) for line in await log(db, "export.refused")]
    assert found == [(agent.login, case.id, {}), (agent.login, case.id, {"export": number}), (agent.login, None, {}), (agent.login, None, {})]


async def test_a_restricted_case_is_exported_by_those_who_are_named(cipher, scene, prepared, released, call, make_staff):
    case, _, chief, second = await scene()
    number = await prepared(case, chief)
    await call(restricted.restrict, cipher, case.id, chief, [second.id], "동료의 가족이 관련된 상담")
    stranger = await make_staff("supervisor")
    await refused(call, "restricted", export_service.look, cipher, number, stranger)
    await refused(call, "restricted", prepared_of, prepared, case, stranger)
    assert await call(export_service.listing, cipher, stranger) == []
    assert [one.id for one in await call(export_service.listing, cipher, second)] == [number]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"identity": " 여권 "}, "reason_missing"),
        ({"identity": "가" * 501}, "too_long"),
        ({"asked_on": date(2001, 1, 1)}, "bad_date"),
        ({"asked_on": date(2999, 1, 1)}, "bad_date"),
        ({"requester": "captor"}, "invalid_request"),
    ],
)
async def test_a_form_that_cannot_be_is_refused(cipher, scene, call, values, code):
    case, _, chief, _ = await scene()
    form = {"requester": "self", "identity": IDENTITY, "asked_on": datetime.now(UTC).date(), "known": tuple(Care)} | values
    await refused(call, code, export_service.prepare, cipher, case.id, chief, **form)


async def test_odd_requests_for_marks_and_numbers(cipher, scene, prepared, call):
    case, _, chief, second = await scene()
    number = await prepared(case, chief)
    await refused(call, "not_found", export_service.look, cipher, 999, chief)
    await refused(call, "not_owner", export_service.mark_word, cipher, number, second, "네")
    await refused(call, "invalid_request", export_service.mark, cipher, number, chief, "line:999", 0, 1)
    await refused(call, "invalid_request", export_service.unmark, cipher, number, chief, "case:number", 0, 1)
    await refused(call, "empty_message", export_service.mark_word, cipher, number, chief, "  ")
    await refused(call, "too_long", export_service.mark_word, cipher, number, chief, "가" * 101)
    assert await call(export_service.mark_word, cipher, number, chief, "없는 말입니다") == 0
    await refused(call, "not_owner", export_service.submit, cipher, number, second)
    await call(export_service.submit, cipher, number, chief)
    await refused(call, "own_export", export_service.turn_back, cipher, number, chief, WHY)
    await refused(call, "reason_missing", export_service.turn_back, cipher, number, second, "")
    await call(export_service.turn_back, cipher, number, second, WHY)
    (one,) = await call(export_service.listing, cipher, chief)
    assert (one.state, one.returned_why) == (State.DRAFT, WHY)
    await call(export_service.submit, cipher, number, chief)
    await call(export_service.take_back, cipher, number, chief)
    await call(export_service.withdraw, cipher, number, second)
    await refused(call, "export_over", export_service.look, cipher, number, chief)
    await refused(call, "illegal_move", export_service.withdraw, cipher, number, chief)


async def test_an_erasure_that_comes_while_it_is_prepared_leaves_nothing(db, scene, prepared, monkeypatch):
    case, _, chief, _ = await scene()
    gather = export_service.export_gather.gather

    async def meanwhile(tx, cipher, row, staff, **more):
        document = await gather(tx, cipher, row, staff, **more)
        await database.run(tx, "INSERT INTO erasures (conversation_id, erased_at, erased_by, removed) VALUES (%s, now(), 'x', '{}')", row["conversation_id"])
        return document

    monkeypatch.setattr(export_service.export_gather, "gather", meanwhile)
    with pytest.raises(AppError) as refused:
        await prepared(case, chief)
    assert refused.value.code == "export_nothing"


async def test_it_is_over_in_time_and_goes_with_an_erasure(db, cipher, scene, prepared, released, call):
    case, _, chief, second = await scene()
    number = await released(case, chief, second)
    later = datetime.now(UTC) + timedelta(days=15)
    with told_by(lambda: later):
        await refused(call, "export_over", export_service.fetch, cipher, number, second, "json")
    await call(holds.set_hold, cipher, case.conversation_id, "책임자", "소송 예정")
    assert (await retention.run_once(db, Settings(), later)).erased["exports"] == 0
    await call(holds.lift_hold, cipher, case.conversation_id, "책임자")
    run = await retention.run_once(db, Settings(), later)
    assert (run.failed, run.erased["exports"]) == ({}, 1)
    fresh = await released(case, chief, second)
    await call(erasure.erase, cipher, [case.conversation_id], "책임자")
    await refused(call, "illegal_move", export_service.fetch, cipher, fresh, second, "json")
    await refused(call, "export_nothing", prepared_of, prepared, case, chief)
    async with db.read() as connection:
        left = await database.rows(connection, "SELECT content, identity FROM record_exports WHERE id = %s", fresh)
    assert left == [{"content": None, "identity": None}]
    await call(json_is_quiet)


async def json_is_quiet(tx):
    """Events of exports are none at all: nobody outside the page hears of one."""
    rows = await database.rows(tx, "SELECT payload FROM events WHERE kind LIKE '%%export%%'")
    assert json.dumps([row["payload"] for row in rows]) == "[]"
