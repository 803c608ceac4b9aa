"""Incidents: one page of what belongs together, at most one per case, "safe" that changes no case, a statement said once to each, merging under movement."""

from __future__ import annotations

import asyncio
import csv
import io

import pytest

from conversation import service as conversation
from core import audit, events
from core import db as database
from core.errors import AppError
from handoff import service as handoff
from handoff.incidents import list_file, service, statements
from handoff.incidents.pages.dialogs import edited
from handoff.incidents.service import incident_stream
from handoff.phone.caller import CHANNEL as PHONE
from handoff.records import restricted


@pytest.fixture
def incident(db, cipher, call):
    """``await incident(staff, *case_ids)``: an earthquake in Japan."""

    async def make(staff, *case_ids, title="도쿄 지진"):
        return await call(service.open_incident, cipher, staff, title, "natural_disaster", "JP", case_ids)

    return make


@pytest.fixture
def look(db, cipher):
    async def read(staff, incident_id):
        async with db.read() as connection:
            return await service.picture(connection, cipher, staff, incident_id)

    return read


@pytest.fixture
def told(db, cipher):
    """The statements that a conversation has been told."""

    async def read(conversation_id):
        async with db.read() as connection:
            lines = await conversation.news(connection, cipher, conversation_id, 0)
            rows = await database.rows(connection, "SELECT kind FROM messages WHERE conversation_id = %s AND kind = %s", conversation_id, statements.KIND)
        return len(rows), lines

    return read


async def quake(make_case, count, category="natural_disaster"):
    return [await make_case("life_threat" if n % 2 else "urgent", category, country="JP") for n in range(count)]


def replay(found):
    """What the events of an incident say of it."""
    cases, people, status = set(), {}, None
    for event in found:
        payload = event.payload
        if event.kind in ("opened", "merged", "closed"):
            status = payload["status"]
        elif event.kind == "case_added":
            cases.add(payload["case_id"])
            people |= {one["id"]: one for one in payload["people"]}
        elif event.kind == "case_removed":
            cases.discard(payload["case_id"])
            people = {key: one for key, one in people.items() if one["case_id"] != payload["case_id"]}
        elif event.kind == "person":
            people[payload["id"]] = payload
        elif event.kind == "person_dropped":
            people.pop(payload["id"])
        elif event.kind == "taken_in":
            cases |= set(payload["cases"])
            people = {one["id"]: one for one in payload["people"]}
    return status, cases, {key: (one["state"], one["said_by"], one["recorded_by"]) for key, one in people.items()}


async def test_suggested_cases_are_confirmed_by_a_person(db, cipher, call, make_staff, make_case, incident, look):
    agent = await make_staff()
    cases = await quake(make_case, 6)
    async with db.read() as connection:
        found = await service.suggestions(connection, agent)
    assert [(one.category, one.country, len(one.case_ids)) for one in found] == [("natural_disaster", "JP", 6)]
    number = await incident(agent, *found[0].case_ids)
    picture = await look(agent, number)
    assert {one.case_id for one in picture.members} == {case.id for case in cases}
    assert picture.counts() == {"needs_help": 6, "unknown": 0, "safe": 0}
    assert {(one.said_by, one.recorded_by_name) for one in picture.people} == {("citizen", None)}
    async with db.read() as connection:
        assert await service.suggestions(connection, agent) == []
        [late] = [await make_case("urgent", "natural_disaster", country="JP")]
        again = await service.suggestions(connection, agent)
    assert [(one.case_ids, one.incident_id) for one in again] == [((late.id,), number)]
    async with db.read() as connection:
        assert (await audit.verify_chain(connection)).intact


async def test_safe_is_what_somebody_said_and_touches_no_case(db, cipher, call, make_staff, make_case, incident, look):
    agent = await make_staff()
    [case] = await quake(make_case, 1)
    number = await incident(agent, case.id)
    async with db.read() as connection:
        before = await database.one(connection, "SELECT * FROM cases WHERE id = %s", case.id)
        timers = await database.rows(connection, "SELECT kind, due_at FROM timers ORDER BY 1")
    [person] = (await look(agent, number)).people
    await call(service.say_state, cipher, agent, person.id, "safe", "family", name="김철수")
    [after] = (await look(agent, number)).people
    assert (after.state, after.said_by, after.name, after.recorded_by_name) == ("safe", "family", "김철수", agent.display_name)
    assert after.said_at > person.said_at
    async with db.read() as connection:
        assert await database.one(connection, "SELECT * FROM cases WHERE id = %s", case.id) == before
        assert await database.rows(connection, "SELECT kind, due_at FROM timers ORDER BY 1") == timers
        assert b"\xea\xb9\x80" not in (await database.one(connection, "SELECT name FROM incident_people"))["name"]


async def test_who_may_not_see_a_name_says_that_somebody_is_safe_and_leaves_the_name(cipher, call, make_staff, make_case, incident, look):
    chief, agent = await make_staff("supervisor"), await make_staff()
    case, other = await quake(make_case, 2)
    number = await incident(agent, case.id, other.id)
    [person] = [one for one in (await look(chief, number)).people if one.case_id == case.id]
    await call(service.say_state, cipher, chief, person.id, "unknown", "family", name="김철수")
    await call(restricted.restrict, cipher, case.id, chief, [], "동료의 가족이 관련된 상담")
    [seen] = [one for one in (await look(agent, number)).people if one.case_id == case.id]
    assert seen.name == ""
    await call(service.say_state, cipher, agent, person.id, "safe", "mission", name=edited(seen.name, ""))
    for name in ("", "박영희"):
        with pytest.raises(AppError) as caught:
            await call(service.say_state, cipher, agent, person.id, "needs_help", "mission", name=name)
        assert caught.value.code == "restricted"
    [after] = [one for one in (await look(chief, number)).people if one.case_id == case.id]
    assert (after.name, after.state) == ("김철수", "safe")
    await call(service.say_state, cipher, chief, person.id, "safe", "family", name=edited("김철수", ""))
    assert {one.name for one in (await look(chief, number)).people} == {""}


@pytest.mark.parametrize(("shown", "typed", "said"), [("", "", None), ("", None, None), ("김", "김", None), ("김", "", ""), ("김", None, ""), ("", "김", "김")])
def test_a_name_is_written_only_where_somebody_has_changed_it(shown, typed, said):
    assert edited(shown, typed) == said


async def test_restricted_cases_are_suggested_to_nobody_who_may_not_see_them(db, cipher, call, make_staff, make_case):
    chief, agent = await make_staff("supervisor"), await make_staff()
    cases = await quake(make_case, 6)
    await call(restricted.restrict, cipher, cases[0].id, chief, [], "동료의 가족이 관련된 상담")
    async with db.read() as connection:
        found = [await service.suggestions(connection, staff) for staff in (chief, agent)]
    numbers = [case.id for case in cases]
    assert [[sorted(one.case_ids) for one in each] for each in found] == [[numbers], [numbers[1:]]]


async def test_a_case_stands_in_one_incident_however_it_is_moved(call, make_staff, make_case, incident, look):
    agent = await make_staff()
    first, second = await quake(make_case, 2)
    one = await incident(agent, first.id, second.id)
    other = await incident(agent, title="오사카 지진")
    assert await call(service.add_cases, agent, other, [first.id, first.id]) == other
    assert [m.case_id for m in (await look(agent, one)).members] == [second.id]
    assert [m.case_id for m in (await look(agent, other)).members] == [first.id]
    assert [p.case_id for p in (await look(agent, other)).people] == [first.id]
    await call(service.remove_case, agent, other, first.id)
    assert (await look(agent, other)).people == ()
    with pytest.raises(AppError, match="not_found"):
        await call(service.remove_case, agent, other, first.id)


async def test_two_incidents_merge_while_their_cases_move(db, call, make_staff, make_case, incident, look):
    chief, agent = await make_staff("supervisor"), await make_staff()
    cases = await quake(make_case, 8)
    one, other = await incident(agent, *(case.id for case in cases[:4])), await incident(agent, *(case.id for case in cases[4:]), title="지바 지진")
    moves = [call(service.add_cases, agent, one if n % 2 else other, [case.id]) for n, case in enumerate(cases)]
    await asyncio.gather(call(service.merge, chief, one, other), *moves)
    picture = await look(agent, other)
    assert {m.case_id for m in picture.members} == {case.id for case in cases}
    assert len(picture.people) == 8
    assert (await look(agent, one)).members == ()
    assert (await look(agent, one)).incident.merged_into == other
    # What is said to the old number afterwards reaches the one that goes on.
    late = (await quake(make_case, 1))[0]
    assert await call(service.add_cases, agent, one, [late.id]) == other
    with pytest.raises(AppError, match="is merged"):
        await call(service.merge, chief, one, other)
    with pytest.raises(AppError, match="illegal_move"):
        await call(service.merge, chief, other, other)


async def test_events_and_tables_say_the_same(db, cipher, call, make_staff, make_case, incident, look):
    chief, agent = await make_staff("supervisor"), await make_staff()
    cases = await quake(make_case, 4)
    one, other = await incident(agent, cases[0].id, cases[1].id), await incident(agent, cases[2].id, title="지바")
    [first, *_] = (await look(agent, one)).people
    await call(service.say_state, cipher, agent, first.id, "safe", "mission")
    dropped = await call(service.add_person, cipher, agent, one, "일행 하나", "unknown", "companion", cases[0].id)
    await call(service.add_person, cipher, agent, one, "일행 둘", "needs_help", "family")
    await call(service.drop_person, agent, dropped)
    await call(service.remove_case, agent, one, cases[1].id)
    await call(service.add_cases, agent, one, [cases[3].id])
    await call(service.merge, chief, other, one)
    for number in (one, other):
        async with db.read() as connection:
            found = await events.read(connection, incident_stream(number), 0)
            people = await database.rows(connection, "SELECT id, state, said_by, recorded_by FROM incident_people WHERE incident_id = %s", number)
        picture = await look(agent, number)
        status, members, states = replay(found)
        assert status == picture.incident.status
        if number == one:
            assert members == {m.case_id for m in picture.members} == {cases[0].id, cases[2].id, cases[3].id}
            assert states == {row["id"]: (row["state"], row["said_by"], row["recorded_by"]) for row in people}
        assert "일행" not in str([event.payload for event in found])


async def test_a_statement_needs_a_second_person_and_is_said_once(db, cipher, call, make_staff, make_case, incident, look, told):
    author, chief = await make_staff("supervisor"), await make_staff("supervisor")
    cases = await quake(make_case, 5)
    number = await incident(author, *(case.id for case in cases))
    written = await call(statements.write, cipher, author, number, "여진이 있습니다. 넓은 곳으로 가세요.")
    with pytest.raises(AppError, match="own_statement"):
        await call(statements.approve, author, written)
    assert await statements.deliver(db, cipher) == 0
    with pytest.raises(AppError, match="forbidden"):
        await call(statements.approve, await make_staff(), written)
    await asyncio.gather(*(call(statements.approve, chief, written) for _ in range(3)))
    late = (await quake(make_case, 1))[0]
    await call(service.add_cases, chief, number, [late.id])
    assert sum(await asyncio.gather(*(statements.deliver(db, cipher) for _ in range(4)))) == 5
    assert await statements.deliver(db, cipher) == 0
    for case in cases:
        assert (await told(case.conversation_id))[0] == 1
    assert (await told(late.conversation_id))[0] == 0
    [statement] = (await look(chief, number)).statements
    assert (statement.sent, statement.pending, statement.held, statement.left_out) == (5, 0, (), 1)
    assert statement.approved_by_name == chief.display_name


async def test_a_statement_is_held_back_where_somebody_may_read_along(db, cipher, call, make_staff, make_case, incident, look, told):
    author, chief, agent = await make_staff("supervisor"), await make_staff("supervisor"), await make_staff()
    plain, held, rung = await make_case("urgent", "natural_disaster"), await make_case("life_threat", "confinement"), await make_case("urgent")
    raised = await make_case("life_threat", "domestic_violence")
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE conversations SET channel = %s WHERE id = %s", PHONE, rung.conversation_id)
    number = await incident(author, plain.id, held.id, rung.id, raised.id)
    written = await call(statements.write, cipher, author, number, "대피소가 열렸습니다.")
    await call(statements.approve, chief, written)
    assert await statements.deliver(db, cipher) == 4
    [statement] = (await look(chief, number)).statements
    assert dict(statement.held) == {held.id: "quiet", rung.id: "phone", raised.id: "quiet"}
    assert (await told(held.conversation_id))[0] == 0
    with pytest.raises(AppError, match=r"does not own|may not write"):
        await call(statements.send_held, cipher, agent, written, held.id)
    await call(handoff.claim, held.id, agent)
    await call(statements.send_held, cipher, agent, written, held.id)
    with pytest.raises(AppError, match="not_found"):
        await call(statements.send_held, cipher, agent, written, held.id)
    assert (await told(held.conversation_id))[0] == 1
    assert (await look(chief, number)).statements[0].sent == 2


async def test_a_draft_can_be_taken_back_and_what_was_said_cannot(cipher, call, make_staff, make_case, incident):
    author, chief = await make_staff(), await make_staff("supervisor")
    number = await incident(author, *(case.id for case in await quake(make_case, 1)))
    draft, said = [await call(statements.write, cipher, author, number, text) for text in ("하나", "둘")]
    with pytest.raises(AppError, match="forbidden"):
        await call(statements.withdraw, await make_staff(), draft)
    await call(statements.withdraw, author, draft)
    with pytest.raises(AppError, match="illegal_move"):
        await call(statements.approve, chief, draft)
    await call(statements.approve, chief, said)
    with pytest.raises(AppError, match="illegal_move"):
        await call(statements.withdraw, author, said)


async def test_who_may_and_what_is_refused(db, cipher, call, make_staff, make_case, incident, look):
    agent, officer, chief = await make_staff(), await make_staff("officer"), await make_staff("supervisor")
    [case] = await quake(make_case, 1)
    number = await incident(agent, case.id)
    for wrong in ({"title": " "}, {"category": "party"}, {"country": "Japan"}):
        with pytest.raises(AppError, match="invalid_request"):
            await call(service.open_incident, cipher, agent, **({"title": "지진", "category": "other", "country": None} | wrong))
    for refused in (
        call(service.open_incident, cipher, officer, "지진", "other", None),
        look(officer, number),
        call(service.merge, agent, number, number + 1),
        call(service.close, agent, number),
    ):
        with pytest.raises(AppError, match="forbidden"):
            await refused
    for lost in (call(service.add_cases, agent, 999, [case.id]), call(service.add_cases, agent, number, [999]), look(agent, 999)):
        with pytest.raises(AppError, match="not_found"):
            await lost
    [person] = (await look(agent, number)).people
    with pytest.raises(AppError, match="invalid_request"):
        await call(service.say_state, cipher, agent, person.id, "dead", "family")
    with pytest.raises(AppError, match="illegal_move"):
        await call(service.drop_person, agent, person.id)
    await call(service.close, chief, number)
    with pytest.raises(AppError, match="is closed"):
        await call(service.add_cases, agent, number, [case.id])
    async with db.read() as connection:
        row = await database.one(connection, "SELECT status FROM cases WHERE id = %s", case.id)
    assert row["status"] == "queued", "the end of an event ends no case"


async def test_the_list_as_a_file_runs_nothing(cipher, call, make_staff, make_case, incident, look):
    agent = await make_staff()
    number = await incident(agent, *(case.id for case in await quake(make_case, 1)))
    await call(service.add_person, cipher, agent, number, "=HYPERLINK(1)", "safe", "family")
    rows = list(csv.reader(io.StringIO(list_file.build(await look(agent, number)).removeprefix("\ufeff"))))
    assert rows[4] == ["번호", "상담", "이름", "상태", "누가 말함", "적은 사람", "말한 때(서울)"]
    assert [row[2:5] for row in rows[5:]] == [["", "도움 필요", "본인"], ["'=HYPERLINK(1)", "안전", "가족"]]
