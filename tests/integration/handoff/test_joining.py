"""Putting aside, merging, opening again."""

import asyncio
from datetime import timedelta

import pytest

from core import db as database
from core import events
from core.clock import now
from core.errors import AppError
from handoff import handing_repository, location, place_use
from handoff import service as handoff
from handoff.fixes import checked_fix
from handoff.officers.routing import route_open
from handoff.records import restricted
from handoff.schemas import Claimed


@pytest.fixture
def do(db):
    async def call(function, *args, **kwargs):
        async with db.transaction() as tx:
            return await function(tx, *args, **kwargs)

    return call


async def row_of(db, case):
    async with db.read() as connection:
        return await database.one(
            connection, "SELECT k.*, c.owner_id AS talk_owner FROM cases k JOIN conversations c ON c.id = k.conversation_id WHERE k.id = %s", case.id
        )


async def test_a_case_put_aside_wakes_in_time_and_stays_its_owners(db, do, make_case, make_staff):
    agent, case = await make_staff(), await make_case("none")
    await do(handoff.claim, case.id, agent)
    await do(handoff.snooze, case.id, agent, now() + timedelta(minutes=30))
    assert (await do(handoff.sweep, now() + timedelta(seconds=20))).woken == []
    await do(database.run, "UPDATE agent_presence SET last_seen_at = now() + interval '1 hour'")
    assert (await do(handoff.sweep, now() + timedelta(minutes=31))).woken == [case.id]
    row = await row_of(db, case)
    assert (row["snoozed_until"], row["owner_id"]) == (None, agent.id)


@pytest.mark.parametrize(
    ("severity", "minutes", "allowed"),
    [("none", 0, False), ("none", 60 * 24 * 6, True), ("none", 60 * 24 * 8, False), ("urgent", 59, True), ("life_threat", 61, False)],
)
async def test_for_how_long(db, do, make_case, make_staff, severity, minutes, allowed):
    agent, case = await make_staff(), await make_case(severity)
    await do(handoff.claim, case.id, agent)
    if allowed:
        await do(handoff.snooze, case.id, agent, now() + timedelta(minutes=minutes))
    else:
        with pytest.raises(AppError, match="invalid_request"):
            await do(handoff.snooze, case.id, agent, now() + timedelta(minutes=minutes))


async def test_nothing_that_nobody_owns_is_put_aside_and_danger_or_an_absent_owner_wakes(db, cipher, do, make_case, make_staff):
    agent, case = await make_staff(), await make_case("urgent")
    with pytest.raises(AppError, match="does not own"):
        await do(handoff.snooze, case.id, agent, now() + timedelta(minutes=30))
    await do(handoff.claim, case.id, agent)
    await do(handoff.snooze, case.id, agent, now() + timedelta(minutes=30))
    await do(handoff.open_or_raise, cipher, case.conversation_id, "life_threat", "assault", "again")
    assert (await row_of(db, case))["snoozed_until"] is None
    await do(handoff.snooze, case.id, agent, now() + timedelta(minutes=30))
    await do(handoff.set_presence, agent, "offline")
    row = await row_of(db, case)
    assert (row["status"], row["snoozed_until"]) == ("queued", None)


async def test_danger_that_is_merged_in_wakes_the_case_and_voids_the_request_to_end_it(db, cipher, do, make_case, make_staff):
    """As if it had been told in the case that stays: otherwise a life threat would sleep for days, or end as what it was joined with."""
    agent, second = await make_staff(), await make_staff()
    asleep, ending = await make_case("none"), await make_case("urgent")
    for case in (asleep, ending):
        await do(handoff.claim, case.id, agent)
    await do(handoff.snooze, asleep.id, agent, now() + timedelta(days=6))
    await do(handoff.close, cipher, ending.id, agent, "resolved", verified_contact="본인과 통화함")
    for stays, severity in ((asleep, "life_threat"), (ending, "urgent")):
        await do(handoff.merge, (await make_case(severity)).id, stays.id, agent)
    assert (await row_of(db, asleep))["snoozed_until"] is None
    kept = await row_of(db, ending)
    assert (kept["closing_by"], kept["closing_at"], kept["closing_outcome"]) == (None, None, None)
    with pytest.raises(AppError, match="asked to end"):
        await do(handoff.confirm_close, ending.id, second)


async def test_a_routine_duplicate_changes_neither(db, cipher, do, make_case, make_staff):
    agent, stays = await make_staff(), await make_case("urgent")
    await do(handoff.claim, stays.id, agent)
    await do(handoff.snooze, stays.id, agent, now() + timedelta(minutes=30))
    await do(handoff.close, cipher, stays.id, agent, "resolved", verified_contact="본인과 통화함")
    await do(handoff.merge, (await make_case("none")).id, stays.id, agent)
    kept = await row_of(db, stays)
    assert kept["closing_by"] == agent.id
    assert kept["snoozed_until"] is not None


async def test_a_duplicate_ends_in_the_case_that_stays_which_becomes_as_severe(db, cipher, do, make_case, make_staff):
    agent = await make_staff()
    stays, twin = await make_case("urgent"), await make_case("life_threat")
    with pytest.raises(AppError, match="does not own"):
        await do(handoff.merge, twin.id, stays.id, agent)
    await do(handoff.claim, stays.id, agent)
    await do(handoff.merge, twin.id, stays.id, agent)
    ended, kept = await row_of(db, twin), await row_of(db, stays)
    assert (ended["status"], ended["outcome"], ended["merged_into"]) == ("closed", "duplicate", stays.id)
    assert (kept["severity"], kept["owner_id"]) == ("life_threat", agent.id)
    assert (await do(handoff.sweep, now() + timedelta(seconds=30))).rung == []
    await do(handoff.reply, cipher, stays.id, agent, "두 대화를 함께 보고 있습니다", "m1")
    again = await do(handoff.open_or_raise, cipher, twin.conversation_id, "urgent", "assault", "again")
    assert again.id != twin.id, "danger in the duplicate's conversation is a case of its own again"
    async with db.read() as connection:
        assert await handoff.violations(connection) == []


HANDED_ON = {
    "transfer": lambda do, cipher, case, one, two, boss: do(handoff.transfer, cipher, case.id, one, two.id, "이어서 부탁합니다"),
    "shift": lambda do, cipher, case, one, two, boss: do(handoff.hand_over, cipher, one, one.id, two.id, [case.id], [], "근무 교대"),
    "override": lambda do, cipher, case, one, two, boss: do(handoff.take_from, cipher, case.id, boss, "담당자가 자리를 비움"),
    "return": lambda do, cipher, case, one, two, boss: do(handoff.return_to_queue, case.id, one),
}


@pytest.mark.parametrize("way", list(HANDED_ON))
async def test_whoever_has_the_case_now_can_write_to_those_merged_into_it(db, cipher, do, make_case, make_staff, way):
    """Through a merge of a merge too; and whoever has it no longer cannot, as in the case's own conversation."""
    one, two, boss = await make_staff(), await make_staff(), await make_staff("supervisor", "agent")
    stays, twin, first = await make_case("none"), await make_case("none"), await make_case("none")
    await do(handoff.claim, twin.id, one)
    await do(handoff.merge, first.id, twin.id, one)
    await do(handoff.return_to_queue, twin.id, one)
    await do(handoff.claim, stays.id, one)
    await do(handoff.merge, twin.id, stays.id, one)
    for case in (stays, twin, first):
        await do(handoff.reply, cipher, case.id, one, "함께 보고 있습니다", "before")
    await HANDED_ON[way](do, cipher, stays, one, two, boss)
    now_its = boss if way == "override" else two
    if way == "return":
        await do(handoff.claim, stays.id, two)
    for case in (stays, twin, first):
        await do(handoff.reply, cipher, case.id, now_its, "제가 이어받았습니다", "after")
        with pytest.raises(AppError, match="may not write"):
            await do(handoff.reply, cipher, case.id, one, "늦은 글", "late")


@pytest.mark.parametrize("is_over", [False, True])
async def test_whoever_has_the_case_it_was_merged_into_takes_part_in_the_next_one_until_that_has_ended(db, cipher, do, make_case, make_staff, is_over):
    agent, guest = await make_staff(), await make_staff()
    stays, twin = await make_case("none"), await make_case("none")
    await do(handoff.claim, stays.id, agent)
    await do(handoff.merge, twin.id, stays.id, agent)
    await do(handing_repository.add_participant, twin.conversation_id, guest.id, "agent")
    if is_over:
        await do(handoff.close, cipher, stays.id, agent, "resolved")
    later = await do(handoff.open_or_raise, cipher, twin.conversation_id, "urgent", "assault", "new")
    async with db.read() as connection:
        left = {row["staff_id"] for row in await handing_repository.participants(connection, later.conversation_id)}
    assert left == (set() if is_over else {agent.id, guest.id})


SEOUL, PARIS, LYON = (37.5665, 126.978), (48.8584, 2.2945), (45.764, 4.8357)


@pytest.fixture
def sends(db, cipher, do):
    """``token = await sends(case)``, then ``await sends(case, PARIS, token)``: the page of a link that is open in somebody's hand."""

    async def send(case, place=None, token=None):
        if token is None:
            token = await do(location.request_link, case.conversation_id, case.id, cipher)
            await do(location.consent, token, case.conversation_id)
        if place is not None:
            await do(database.run, "UPDATE geo_fixes SET received_at = received_at - interval '1 minute'")
            await do(location.record_fix, cipher, token, case.conversation_id, checked_fix(*place, 15.0, now=now(), source="locate"))
        return token

    return send


@pytest.fixture
def shown(do, cipher):
    """``await shown(case, agent)``: where the card says that somebody is."""

    async def look(case, viewer):
        place = (await do(handoff.card, cipher, case.id, viewer)).place
        return place and (place.lat, place.lon)

    return look


@pytest.fixture
async def pair(do, make_case, make_staff, sends):
    """The case of a relative that an agent has in hand, and merged into it that of the person in danger, whose page sends on; with its token."""
    agent, stays, danger = await make_staff(), await make_case("urgent", country="KR"), await make_case("life_threat")
    await do(handoff.claim, stays.id, agent)
    token = await sends(danger, PARIS)
    await do(handoff.merge, danger.id, stays.id, agent)
    return agent, stays, danger, token


async def test_where_somebody_is_stays_known_when_their_case_is_merged(db, cipher, do, pair, sends, shown, make_staff):
    """The page goes on to say that the place is sent; nobody else may be the only one who knows."""
    agent, stays, danger, token = pair
    assert [await shown(case, agent) for case in (stays, danger)] == [PARIS, PARIS]
    await sends(danger, LYON, token)
    assert [await shown(case, agent) for case in (stays, danger)] == [LYON, LYON]
    with pytest.raises(AppError, match="may not see"):
        await do(location.latest_fix, cipher, danger.conversation_id, await make_staff())
    async with db.read() as connection:
        told = [event.kind for event in await events.read(connection, f"case:{stays.id}", 0)]
        (row,) = await handoff.mine(connection, agent)
        looks = await database.rows(connection, "SELECT DISTINCT conversation_id, case_id FROM location_views")
        kept = await database.rows(connection, "SELECT DISTINCT conversation_id FROM geo_fixes")
    assert told[-2:] == ["merged", "place"]
    assert (row.has_place, row.country) == (True, "KR"), "another's place names no country"
    assert looks == [{"conversation_id": danger.conversation_id, "case_id": stays.id}], "whose place it is can ask who has looked"
    assert kept == [{"conversation_id": danger.conversation_id}], "what is kept, and erased, is theirs alone"
    await do(location.erase, danger.conversation_id)
    assert await shown(stays, agent) is None


async def test_of_two_places_the_newest_is_shown_with_its_own_way(do, cipher, pair, sends, shown):
    agent, stays, danger, token = pair
    at_home = await sends(stays, SEOUL)
    assert [await shown(case, agent) for case in (stays, danger)] == [SEOUL, PARIS]
    await sends(danger, LYON, token)
    card = await do(handoff.card, cipher, stays.id, agent)
    assert [(one.lat, one.lon) for one in card.track] == [PARIS, LYON]
    await sends(stays, SEOUL, at_home)
    assert (await do(location.latest_fix, cipher, danger.conversation_id, agent)).lat == LYON[0]


async def test_who_sees_the_place_of_a_merged_case(do, cipher, pair, shown, make_staff):
    agent, stays, danger, _ = pair
    officer, chief = await make_staff("officer"), await make_staff("supervisor")
    await do(handing_repository.add_participant, danger.conversation_id, officer.id, "officer")
    await do(restricted.restrict, cipher, stays.id, await make_staff("supervisor"), [agent.id], "언론에 알려진 사람의 가족")
    assert await shown(danger, officer) == PARIS
    assert await shown(danger, chief) is None, "the case goes on where this supervisor is not let in"
    assert await shown(danger, agent) == PARIS


async def test_the_place_goes_on_with_the_case_through_every_merge_and_ends_with_the_last(do, cipher, pair, sends, shown, make_case, make_staff):
    agent, stays, danger, token = pair
    last = await make_case("urgent")
    await do(handoff.claim, last.id, agent)
    await do(handoff.merge, stays.id, last.id, agent)
    await sends(danger, LYON, token)
    assert [await shown(case, agent) for case in (last, stays, danger)] == [LYON, None, LYON]
    await do(handoff.close, cipher, last.id, agent, "resolved", verified_contact="본인과 통화함")
    await do(handoff.confirm_close, last.id, await make_staff())
    assert [await shown(case, agent) for case in (last, danger)] == [None, None]
    with pytest.raises(AppError, match="link_expired"):
        await sends(danger, PARIS, token)


async def test_danger_again_or_a_case_opened_again_takes_its_place_back(do, cipher, pair, sends, shown, make_staff):
    agent, stays, danger, token = pair
    again = await do(handoff.reopen, danger.id, agent)
    assert [await shown(case, agent) for case in (stays, again)] == [None, PARIS]
    await do(handoff.close, cipher, stays.id, agent, "resolved", verified_contact="본인과 통화함")
    await do(handoff.confirm_close, stays.id, await make_staff())
    await sends(danger, LYON, token)
    assert await shown(again, agent) == LYON


async def test_the_missions_are_those_of_the_merged_place(db, do, cipher, pair, make_staff):
    _, stays, _, _ = pair
    await route_open(db, cipher, now())
    async with db.read() as connection:
        found = await database.rows(connection, "SELECT mission FROM case_missions WHERE case_id = %s", stays.id)
    assert "주프랑스대사관" in {row["mission"] for row in found}


async def test_words_of_a_merged_case_can_be_put_on_the_map(do, cipher, make_case, make_staff, shown):
    agent, stays, danger = await make_staff(), await make_case("urgent"), await make_case("life_threat")
    await do(handoff.claim, stays.id, agent)
    token = await do(location.request_link, danger.conversation_id, danger.id, cipher)
    await do(location.consent, token, "phone")
    await do(handoff.merge, danger.id, stays.id, agent)
    await do(location.record_typed, cipher, token, "phone", "프놈펜 리버사이드 근처")
    card = await do(handoff.card, cipher, stays.id, agent)
    await do(place_use.pick_typed, cipher, stays.id, agent, card.typed_place.fix_id, card.towns[0].town.id)
    assert await shown(stays, agent) == (card.towns[0].town.lat, card.towns[0].town.lon)


async def test_handing_a_routine_case_back_ends_its_links_as_any_close(do, make_case, make_staff, sends):
    agent, case = await make_staff(), await make_case("none")
    await do(handoff.claim, case.id, agent)
    token = await sends(case, PARIS)
    await do(handoff.hand_back, case.id, agent)
    with pytest.raises(AppError, match="link_expired"):
        await sends(case, LYON, token)


async def test_merging_against_claiming_never_takes_a_case_from_under_somebody(db, cipher, do, make_case, make_staff):
    agent, other = await make_staff(cap=30), await make_staff(cap=30)
    stays = await make_case("urgent")
    await do(handoff.claim, stays.id, agent)
    for _ in range(6):
        twin = await make_case("urgent")

        async def join(twin=twin):
            try:
                return await do(handoff.merge, twin.id, stays.id, agent)
            except AppError:  # the other was first
                return None

        merged, claimed = await asyncio.gather(join(), do(handoff.claim, twin.id, other))
        row = await row_of(db, twin)
        assert isinstance(claimed, Claimed) != (merged is not None)
        assert (row["status"], row["talk_owner"]) == (("closed", None) if merged else ("claimed", other.id))


async def test_what_cannot_be_merged(db, do, make_case, make_staff):
    agent, other = await make_staff(), await make_staff()
    mine, theirs, waiting = await make_case("urgent"), await make_case("urgent"), await make_case("none")
    await do(handoff.claim, mine.id, agent)
    await do(handoff.claim, theirs.id, other)
    for one, into, code in [
        (mine.id, mine.id, "illegal_move"),
        (999, mine.id, "not_found"),
        (theirs.id, mine.id, "not_owner"),
        (mine.id, waiting.id, "not_owner"),
    ]:
        with pytest.raises(AppError) as caught:
            await do(handoff.merge, one, into, agent)
        assert caught.value.code == code


async def test_a_closed_case_opens_again_with_its_arrival_and_its_notes(db, cipher, do, make_case, make_staff):
    agent, case = await make_staff(), await make_case("non_urgent", arrived_s_ago=500)
    await do(handoff.claim, case.id, agent)
    await do(handoff.add_note, cipher, case.id, agent, "첫 통화")
    with pytest.raises(AppError, match="cannot reopen"):
        await do(handoff.reopen, case.id, agent)
    await do(handoff.close, cipher, case.id, agent, "resolved")
    with pytest.raises(AppError, match="forbidden"):
        await do(handoff.reopen, case.id, await make_staff("editor"))
    again = await do(handoff.reopen, case.id, agent)
    assert (again.id, again.status, again.arrival_at, again.outcome) == (case.id, "queued", case.arrival_at, None)
    async with db.read() as connection:
        assert [note.text for note in await handoff.notes(connection, cipher, case.id)] == ["첫 통화"]
        assert [row.case_id for row in await handoff.queue(connection)] == [case.id]


async def test_too_late_or_overtaken_a_case_stays_closed(db, cipher, do, make_case, make_staff):
    agent = await make_staff()
    old, overtaken = await make_case("none"), await make_case("none")
    for case in (old, overtaken):
        await do(handoff.claim, case.id, agent)
        await do(handoff.close, cipher, case.id, agent, "resolved")
    await do(database.run, "UPDATE cases SET closed_at = now() - interval '8 days' WHERE id = %s", old.id)
    await do(handoff.open_or_raise, cipher, overtaken.conversation_id, "urgent", "assault", "new")
    for case in (old, overtaken):
        with pytest.raises(AppError) as caught:
            await do(handoff.reopen, case.id, agent)
        assert caught.value.code == "too_late_to_reopen"


async def test_an_emergency_opened_again_has_its_timer_and_its_ladder(db, cipher, do, make_case, make_staff):
    agent, case = await make_staff(), await make_case("life_threat")
    await do(handoff.claim, case.id, agent)
    await do(database.run, "UPDATE cases SET status = 'closed', closed_at = now(), outcome = 'resolved' WHERE id = %s", case.id)
    await do(database.run, "UPDATE conversations SET owner_kind = 'bot', owner_id = NULL")
    await do(handoff.reopen, case.id, agent)
    async with db.read() as connection:
        assert await handoff.violations(connection) == []
        assert len(await handoff.rungs_of(connection, case.id)) == 6
