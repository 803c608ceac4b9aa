"""A restricted case is seen by named people alone, or with a reason and for some minutes; no emergency that waits is kept from anybody who could help."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core import audit
from core import db as database
from core.clock import told_by
from core.errors import AppError
from handoff import location
from handoff import service as handoff
from handoff.exports import Form
from handoff.offers import move_on, offer_routine
from handoff.officers import service as officers
from handoff.officers.routing import route_open
from handoff.place_use import exported
from handoff.records import restricted
from handoff.reviews import service as reviews
from handoff.reviews.schemas import Label
from handoff.schemas import HIDDEN, AlreadyTaken, Claimed, NotEligible
from language.categories import Category, Urgency

WHY = "동료의 가족이 관련된 상담"
REASON = "담당자가 쓰러져 대신 확인합니다"


@pytest.fixture
def people(make_staff):
    """``chief, named, other = await people()``"""

    async def make():
        return await make_staff("supervisor"), await make_staff(), await make_staff()

    return make


async def refused(call, function, *args, code="restricted", **values):
    with pytest.raises(AppError) as caught:
        await call(function, *args, **values)
    assert caught.value.code == code


async def lines(db, action):
    async with db.read() as connection:
        return await database.rows(connection, "SELECT * FROM access_log WHERE action = %s ORDER BY id", action)


async def test_only_named_people_see_it_and_a_reason_opens_it_for_some_minutes(db, cipher, people, make_case, say, call):
    chief, named, other = await people()
    case = await make_case("urgent")
    await say(case.conversation_id)
    await call(location.record_message_fix, cipher, case.conversation_id, {"lat": 13.7, "lon": 100.5, "accuracy_m": 20})
    await call(handoff.card, cipher, case.id, other)
    await call(restricted.restrict, cipher, case.id, chief, [named.id], WHY)
    await call(handoff.card, cipher, case.id, named)
    await call(handoff.card, cipher, case.id, chief)  # who sets it is named
    for function, args in ((handoff.card, (cipher, case.id, other)), (exported, (cipher, case.id, other, Form.GEOJSON))):
        await refused(call, function, *args)
    await refused(call, reviews.trigger, case.id, other)

    until = await call(restricted.break_glass, cipher, case.id, other, REASON, address="10.0.0.7")
    assert timedelta(minutes=29) < until - datetime.now(UTC) <= timedelta(minutes=30)
    assert (await call(handoff.card, cipher, case.id, other)).place is not None
    assert await call(restricted.break_glass, cipher, case.id, other, REASON) == until  # once is enough
    (line,) = await lines(db, "case.break_glass")
    assert (line["account"], line["address"], line["case_id"], line["subject"]) == (other.login, "10.0.0.7", case.id, cipher.pseudonym(case.conversation_id))
    assert REASON not in str(line["detail"])
    assert (await lines(db, "case.view"))[-1]["detail"] == {"restricted": True}
    with told_by(lambda: until + timedelta(seconds=1)):
        await refused(call, handoff.card, cipher, case.id, other)
    async with db.read() as connection:
        assert (await audit.verify_chain(connection)).intact


async def test_a_reason_opens_nothing_that_was_not_theirs_to_see_anyway(cipher, people, make_case, make_staff, call):
    chief, named, other = await people()
    case = await make_case("urgent")
    await call(handoff.claim, case.id, named)
    await call(restricted.restrict, cipher, case.id, chief, [], WHY)
    await refused(call, restricted.break_glass, cipher, case.id, other, REASON, code="forbidden")
    boss = await make_staff("supervisor")
    await refused(call, handoff.card, cipher, case.id, boss)
    await refused(call, handoff.invite, case.id, boss, other.id)
    await refused(call, handoff.return_to_queue, case.id, boss)
    await refused(call, handoff.take_from, cipher, case.id, boss, REASON)
    await call(restricted.break_glass, cipher, case.id, boss, REASON)
    await call(handoff.take_from, cipher, case.id, boss, REASON)
    assert boss.id in (await call(handoff.get, case.id)).restricted_to


@pytest.mark.parametrize(("reason", "code"), [("", "reason_missing"), ("  가 ", "reason_missing"), ("가" * 501, "too_long")])
async def test_without_a_reason_nothing_opens(cipher, people, make_case, call, reason, code):
    chief, _, other = await people()
    case = await make_case("urgent")
    await call(restricted.restrict, cipher, case.id, chief, [], WHY)
    await refused(call, restricted.break_glass, cipher, case.id, other, reason, code=code)
    await refused(call, restricted.restrict, cipher, case.id, chief, [], reason, code=code)
    await refused(call, restricted.lift, cipher, case.id, chief, reason, code=code)


async def test_a_life_threat_is_anybodys_to_claim_and_claiming_names(cipher, people, make_case, call):
    chief, named, other = await people()
    case = await make_case("life_threat", "confinement")
    await call(restricted.restrict, cipher, case.id, chief, [named.id], WHY)
    await refused(call, handoff.card, cipher, case.id, other)
    assert isinstance(await call(handoff.claim, case.id, other), Claimed)
    await call(handoff.card, cipher, case.id, other)
    await call(handoff.return_to_queue, case.id, other)
    await call(handoff.card, cipher, case.id, other)
    assert sorted((await call(handoff.get, case.id)).restricted_to) == sorted([chief.id, named.id, other.id])


async def test_next_takes_a_restricted_life_threat_before_everything(cipher, people, make_case, call):
    chief, _, other = await people()
    await make_case("urgent")
    case = await make_case("life_threat", "confinement")
    await call(restricted.restrict, cipher, case.id, chief, [], WHY)
    assert (await call(handoff.claim_next, other)).case.id == case.id


async def test_an_urgent_one_is_everybodys_once_every_desk_was_rung(db, cipher, people, make_case, call):
    chief, named, other = await people()
    case = await make_case("urgent")
    await call(restricted.restrict, cipher, case.id, chief, [named.id], WHY)
    assert await call(handoff.claim, case.id, other) == NotEligible("restricted")
    assert await call(handoff.claim_next, other) is None
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE cases SET rings = 1 WHERE id = %s", case.id)
    assert isinstance(await call(handoff.claim, case.id, other), Claimed)


async def test_a_routine_one_waits_for_the_named_or_for_a_reason(cipher, people, make_case, call):
    chief, named, other = await people()
    case, plain = await make_case("none", "other"), await make_case("none", "other")
    await call(restricted.restrict, cipher, case.id, chief, [named.id], WHY)
    assert await call(handoff.claim, case.id, other) == NotEligible("restricted")
    assert (await call(handoff.claim_next, other)).case.id == plain.id
    await call(restricted.break_glass, cipher, case.id, other, REASON)
    assert isinstance(await call(handoff.claim, case.id, other), Claimed)
    assert isinstance(await call(handoff.claim, case.id, named), AlreadyTaken)


async def test_offers_go_to_the_named_and_a_life_threat_to_anybody_else(db, cipher, people, make_case, call):
    chief, named, other = await people()
    case = await make_case("none", "other")
    await call(restricted.restrict, cipher, case.id, chief, [named.id], WHY)
    at = datetime.now(UTC)
    await call(offer_routine, at)
    assert (await call(handoff.get, case.id)).offered_to == named.id
    danger = await make_case("life_threat", "confinement")
    await call(restricted.restrict, cipher, danger.id, chief, [], WHY)
    await call(handoff.sweep, at + timedelta(seconds=1))
    assert (await call(handoff.get, danger.id)).offered_to in (named.id, other.id)
    urgent = await make_case("urgent")
    await call(restricted.restrict, cipher, urgent.id, chief, [], WHY)
    await call(handoff.sweep, at + timedelta(seconds=2))
    assert (await call(handoff.get, urgent.id)).offered_to is None
    await call(move_on, at)
    await call(handoff.sweep, at + timedelta(seconds=60))
    async with db.read() as connection:
        row = await database.one(connection, "SELECT rings FROM cases WHERE id = %s", urgent.id)
    assert row["rings"] == 1  # nobody named is there: every desk hears it


async def test_the_queue_hides_none(db, cipher, people, make_case, call):
    chief, _, _ = await people()
    cases = [await make_case(severity, country="KH") for severity in ("life_threat", "urgent", "none")]
    for case in cases:
        await call(restricted.restrict, cipher, case.id, chief, [], WHY)
    async with db.read() as connection:
        found = await handoff.all_open(connection)
    assert [(row.case_id, row.severity, row.country) for row in found] == [(case.id, case.severity, "KH") for case in cases]
    assert all(row.restricted_to == [chief.id] for row in found)
    assert await call(handoff.violations) == []


async def test_whoever_is_asked_invited_or_given_it_is_named(cipher, people, make_case, make_staff, call):
    _chief, owner, other = await people()
    guest, heir = await make_staff(), await make_staff()
    case, routine = await make_case("urgent"), await make_case("none", "other")
    for one in (case, routine):
        await call(handoff.claim, one.id, owner)
        await call(restricted.restrict, cipher, one.id, owner, [], WHY)
    await call(handoff.invite, case.id, owner, guest.id)
    await call(handoff.transfer, cipher, case.id, owner, other.id, "메모")
    await call(handoff.card, cipher, case.id, guest)
    await call(handoff.card, cipher, case.id, other)
    await call(handoff.transfer, cipher, routine.id, owner, heir.id, "메모")
    assert heir.id in (await call(handoff.get, routine.id)).restricted_to


async def test_a_later_case_of_the_conversation_stays_restricted_and_earlier_ones_become_so(db, cipher, people, make_case, make_staff, call):
    chief, named, _other = await people()
    case = await make_case("none", "other")
    await call(handoff.claim, case.id, named)
    await call(handoff.close, cipher, case.id, named, "resolved")
    later = await call(handoff.open_or_raise, cipher, case.conversation_id, "none", "other", "asked")
    await call(restricted.restrict, cipher, later.id, chief, [named.id], WHY)
    boss = await make_staff("supervisor")
    await refused(call, handoff.card, cipher, case.id, boss)
    await call(handoff.close, cipher, later.id, chief, "resolved")
    third = await call(handoff.open_or_raise, cipher, case.conversation_id, "urgent", "other", "asked")
    assert set(third.restricted_to) == {chief.id, named.id}


async def test_a_second_person_must_be_named_too_and_what_is_restricted_is_joined_to_nothing_open(cipher, people, make_case, call):
    chief, named, other = await people()
    case, mine = await make_case("urgent"), await make_case("urgent")
    await call(handoff.claim, case.id, named)
    await call(handoff.claim, mine.id, named)
    await call(restricted.restrict, cipher, case.id, named, [chief.id], WHY)
    await refused(call, handoff.merge, case.id, mine.id, named)
    await call(handoff.close, cipher, case.id, named, "resolved", verified_contact="본인과 통화함")
    await refused(call, handoff.confirm_close, case.id, other)
    await refused(call, handoff.object_to_close, case.id, other)
    await call(handoff.confirm_close, case.id, chief)
    found = await call(handoff.recently_closed, other)
    assert [row.category for row in found] == [HIDDEN]
    assert [row.category for row in await call(handoff.recently_closed, named)] == ["robbery_theft"]


async def test_reviewers_read_no_words_of_it(cipher, people, make_case, make_staff, say, call):
    chief, named, _ = await people()
    editor = await make_staff("editor")
    case = await make_case("urgent")
    message = await say(case.conversation_id)
    review = await call(reviews.mark, cipher, named, case.id, message, Label(Urgency.URGENT, Category.OTHER))
    await call(restricted.restrict, cipher, case.id, chief, [named.id], WHY)
    await refused(call, reviews.open_review, cipher, review.id, editor)
    # Nor what it was and which case, and nobody decides on words that they may not read.
    for decide in (reviews.accept, reviews.reject):
        await refused(call, decide, cipher, review.id, editor)
    assert await call(reviews.pending, editor) == []
    assert [row.id for row in await call(reviews.pending, chief)] == [review.id]
    await call(reviews.accept, cipher, review.id, chief)


async def test_only_a_supervisor_lifts_it_and_the_reason_stays_in_the_notes(db, cipher, people, make_case, make_staff, call):
    chief, owner, _other = await people()
    case = await make_case("urgent")
    await call(handoff.claim, case.id, owner)
    await call(restricted.restrict, cipher, case.id, owner, [], WHY)
    await refused(call, restricted.lift, cipher, case.id, owner, REASON, code="forbidden")
    await refused(call, restricted.lift, cipher, case.id, chief, REASON)
    await call(restricted.break_glass, cipher, case.id, chief, REASON)
    assert await call(restricted.lift, cipher, case.id, chief, REASON)
    assert not await call(restricted.lift, cipher, case.id, chief, REASON)
    assert REASON in (await call(handoff.notes, cipher, case.id))[-1].text
    await call(handoff.card, cipher, case.id, await make_staff("supervisor"))


async def test_who_may_restrict_and_whom_one_can_name(cipher, people, make_case, make_staff, call):
    chief, _named, other = await people()
    case = await make_case("urgent")
    await refused(call, restricted.restrict, cipher, case.id, other, [], WHY, code="not_owner")
    editor = await make_staff("editor")
    for whom in (editor.id, 999_999):
        await refused(call, restricted.restrict, cipher, case.id, chief, [whom], WHY, code="invalid_request")
    await refused(call, restricted.restrict, cipher, 999_999, chief, [], WHY, code="not_found")


async def test_supervisors_hear_of_an_opening_at_once_and_one_of_them_says_so(db, cipher, people, make_case, make_staff, call):
    chief, named, other = await people()
    case = await make_case("urgent")
    await call(restricted.restrict, cipher, case.id, chief, [named.id], WHY)
    await call(restricted.break_glass, cipher, case.id, other, REASON)
    async with db.read() as connection:
        event = await database.one(connection, "SELECT payload FROM events WHERE stream = 'queue' AND kind = 'glass_broken'")
    assert (event["payload"]["staff_id"], event["payload"]["case_id"]) == (other.id, case.id)
    assert REASON not in str(event)
    await refused(call, restricted.openings, cipher, other, code="forbidden")
    (opening,) = await call(restricted.openings, cipher, chief)
    assert (opening.reason, opening.staff_id, opening.seen_at) == (REASON, other.id, None)
    assert await call(restricted.see, opening.id, chief)
    assert not await call(restricted.see, opening.id, chief)
    await refused(call, restricted.see, 999, chief, code="not_found")
    boss = await make_staff("supervisor")
    await call(restricted.break_glass, cipher, case.id, boss, REASON)
    own = next(one for one in await call(restricted.openings, cipher, boss) if one.staff_id == boss.id)
    await refused(call, restricted.see, own.id, boss, code="own_opening")


async def test_a_reason_is_sealed(db, cipher, people, make_case, call):
    chief, _, other = await people()
    case = await make_case("urgent")
    await call(restricted.restrict, cipher, case.id, chief, [], WHY)
    await call(restricted.break_glass, cipher, case.id, other, REASON)
    async with db.read() as connection:
        for table in ("restrictions", "glass_openings", "access_log", "events", "cases"):
            for row in await database.rows(connection, f"SELECT to_jsonb(t)::text AS line FROM {table} t"):
                assert WHY not in row["line"]
                assert REASON not in row["line"]


async def test_an_incidents_page_tells_neither_kind_nor_names(db, cipher, people, make_case, call):
    from handoff.incidents import service as incidents

    chief, named, other = await people()
    case = await make_case("urgent", "natural_disaster", country="JP")
    incident = await call(incidents.open_incident, cipher, chief, "지진", "natural_disaster", "JP", [case.id])
    await call(restricted.restrict, cipher, case.id, chief, [named.id], WHY)
    assert [one.category for one in (await call(incidents.picture, cipher, other, incident)).members] == [HIDDEN]
    assert [one.category for one in (await call(incidents.picture, cipher, named, incident)).members] == ["natural_disaster"]


async def test_an_officer_joins_a_restricted_case_when_named_or_when_it_is_a_life_threat(db, cipher, people, make_case, seated, call):
    chief, _, _ = await people()
    officer = await seated("주캄보디아대사관")
    urgent, danger = await make_case("urgent", country="KH"), await make_case("life_threat", "confinement", country="KH")
    await route_open(db, cipher, datetime.now(UTC))
    for case in (urgent, danger):
        await call(restricted.restrict, cipher, case.id, chief, [], WHY)
    assert {row.case_id: row.category for row in await call(officers.district_cases, officer)} == {urgent.id: HIDDEN, danger.id: HIDDEN}
    await refused(call, officers.join, urgent.id, officer, code="restricted_here")
    assert await call(officers.join, danger.id, officer)
    await call(restricted.restrict, cipher, urgent.id, chief, [officer.id], WHY)
    assert await call(officers.join, urgent.id, officer)
    assert HIDDEN not in {row.category for row in await call(officers.district_cases, officer)}
