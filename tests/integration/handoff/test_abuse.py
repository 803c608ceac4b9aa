"""Abusive words: marked, counted, ended or handed on at the third; the rest afterwards; and never anything of it on an open emergency."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.erasure import erase
from conversation import service as conversation
from core import db as database
from core.clock import now
from core.errors import AppError
from handoff import service as handoff
from handoff.abuse.rests import counted
from handoff.schemas import Claimed, NotEligible


@pytest.fixture
def sql(db):
    """``await sql("SELECT …")``: rows; in a transaction, so that statements that change something may be written too."""

    async def read(statement, *args):
        async with db.transaction() as tx:
            return await database.rows(tx, statement, *args)

    return read


@pytest.fixture
def seq_of(sql):
    async def find(message_id):
        return (await sql("SELECT seq FROM messages WHERE id = %s", message_id))[0]["seq"]

    return find


@pytest.fixture
def rough(make_case, make_staff, say, seq_of, call):
    """``case, agent = await rough("none", marks=3)``: somebody's case in hand with so many lines marked."""

    async def make(severity="none", marks=3, agent=None):
        agent = agent or await make_staff()
        case = await make_case(severity, "other")
        assert isinstance(await call(handoff.claim, case.id, agent), Claimed)
        for _ in range(marks):
            await call(handoff.mark_abuse, case.id, agent, await seq_of(await say(case.conversation_id, "야 이 멍청아")))
        return case, agent

    return make


async def code_of(waiting):
    with pytest.raises(AppError) as refused:
        await waiting
    return refused.value.code


async def test_a_mark_counts_once_is_taken_back_and_both_are_rows_and_lines_of_the_access_log(rough, say, seq_of, call, sql):
    case, agent = await rough(marks=1)
    seq = await seq_of(await say(case.conversation_id, "또"))
    assert (await call(handoff.mark_abuse, case.id, agent, seq)).here == 2
    assert (await call(handoff.mark_abuse, case.id, agent, seq)).here == 2, "pressed twice, counted once"
    standing = await call(handoff.mark_abuse, case.id, agent, seq, False)
    assert (standing.here, seq in standing.seqs) == (1, False)
    assert (await call(handoff.mark_abuse, case.id, agent, seq)).here == 2, "it may be marked again"
    kept = await sql("SELECT marked_by, taken_back_by FROM abuse_marks WHERE conversation_id = %s AND seq = %s ORDER BY id", case.conversation_id, seq)
    assert kept == [{"marked_by": agent.id, "taken_back_by": agent.id}, {"marked_by": agent.id, "taken_back_by": None}]
    log = [row["action"] for row in await sql("SELECT action FROM access_log WHERE action LIKE 'case.abuse%%' AND case_id = %s ORDER BY id", case.id)]
    assert log == ["case.abuse_mark", "case.abuse_mark", "case.abuse_taken_back", "case.abuse_mark"]


async def test_only_who_may_write_marks_and_only_what_the_citizen_wrote(rough, make_staff, cipher, call):
    case, agent = await rough(marks=0)
    stranger = await make_staff()
    posted = await call(handoff.reply, cipher, case.id, agent, "안녕하세요", "one")
    assert await code_of(call(handoff.mark_abuse, case.id, stranger, 1)) == "not_owner"
    for seq in (posted.seq, 99, None):
        assert await code_of(call(handoff.mark_abuse, case.id, agent, seq)) == "invalid_request"


async def test_a_person_whom_the_channel_knows_is_counted_in_all_conversations(rough, sql, call):
    one, agent = await rough(marks=2)
    two, _ = await rough(marks=1, agent=agent)
    other, _ = await rough(marks=1, agent=agent)
    await sql("UPDATE conversations SET visitor = 'keyed', channel = 'line', status = 'closed' WHERE id = %s RETURNING id", one.conversation_id)
    await sql("UPDATE conversations SET visitor = 'keyed', channel = 'line' WHERE id = %s RETURNING id", two.conversation_id)
    standing = {case.id: await call(counted, case.id, case.conversation_id) for case in (one, two, other)}
    assert [(found.here, found.of_person) for found in standing.values()] == [(2, 3), (1, 3), (1, None)]


async def test_before_the_third_mark_nothing_is_ended_or_handed_on(rough, make_staff, cipher, call):
    case, agent = await rough(marks=2)
    await make_staff("supervisor")
    assert await code_of(call(handoff.end_for_abuse, cipher, case.id, agent)) == "abuse_not_yet"
    assert await code_of(call(handoff.to_supervisor, cipher, case.id, agent)) == "abuse_not_yet"


async def test_marks_of_an_earlier_case_alone_end_nothing(rough, cipher, call, make_staff):
    case, agent = await rough(marks=3)
    await call(handoff.end_for_abuse, cipher, case.id, agent)
    other = await make_staff()
    again = await call(handoff.open_or_raise, cipher, case.conversation_id, "none", "other", "asked")
    await call(handoff.claim, again.id, other)
    assert await code_of(call(handoff.end_for_abuse, cipher, again.id, other)) == "abuse_not_yet"


async def test_at_the_third_the_set_sentence_goes_out_the_case_ends_and_the_bot_serves_on(rough, cipher, call, db, sql):
    case, agent = await rough()
    closed = await call(handoff.end_for_abuse, cipher, case.id, agent)
    assert (closed.status, closed.outcome) == ("closed", "abuse")
    async with db.read() as connection:
        last = (await conversation.transcript(connection, cipher, case.conversation_id))[-1]
        talk = await conversation.get(connection, case.conversation_id)
    assert (last.author_kind, last.text) == ("system", handoff.last_words("ko"))
    assert "+82-2-3210-0404" in last.text, "how danger still reaches a person"
    assert (talk["status"], talk["owner_kind"]) == ("open", "bot")
    worse = await call(handoff.open_or_raise, cipher, case.conversation_id, "life_threat", "assault", "direct")
    assert worse.status == "queued", "danger afterwards opens a case as ever"


@pytest.mark.parametrize("severity", ["urgent", "life_threat"])
async def test_an_emergency_is_never_ended_for_abuse(rough, cipher, call, severity):
    case, agent = await rough(severity, marks=4)
    assert await code_of(call(handoff.end_for_abuse, cipher, case.id, agent)) == "abuse_emergency"
    assert await code_of(call(handoff.close, cipher, case.id, agent, "abuse", verified_contact="본인과 통화함")) == "invalid_request"
    assert (await call(handoff.get, case.id)).status == "claimed"


async def test_a_case_that_became_an_emergency_after_the_third_mark_is_not_ended_either(rough, cipher, call):
    case, agent = await rough("none")
    await call(handoff.open_or_raise, cipher, case.conversation_id, "urgent", "assault", "direct")
    assert await code_of(call(handoff.end_for_abuse, cipher, case.id, agent)) == "abuse_emergency"


@pytest.mark.parametrize("severity", ["urgent", "life_threat"])
async def test_no_rest_begins_while_an_emergency_is_open_and_it_begins_once_that_has_ended(rough, make_staff, cipher, call, severity):
    agent = await make_staff(cap=9)
    danger, _ = await rough(severity, marks=0, agent=agent)
    case, _ = await rough(agent=agent)
    await call(handoff.end_for_abuse, cipher, case.id, agent)
    for _ in range(2):
        assert (await call(handoff.heartbeat, agent)).state == "available"
    assert (await call(handoff.get, danger.id)).owner_id == agent.id
    await call(handoff.hand_back, danger.id, agent)
    assert (await call(handoff.heartbeat, agent)).state == "available", "handed back to the bot, it is still open and theirs"
    await call(handoff.close, cipher, danger.id, agent, "resolved", verified_contact="본인과 글로 확인")
    await call(handoff.confirm_close, danger.id, await make_staff())
    rested = await call(handoff.heartbeat, agent)
    assert (rested.state, rested.away_reason) == ("away", "rest")


async def test_an_abusive_emergency_owes_a_rest_only_when_it_has_ended(rough, make_staff, cipher, call, sql):
    case, agent = await rough("urgent")
    await call(handoff.return_to_queue, case.id, agent)
    assert await sql("SELECT 1 FROM abuse_rests") == []
    await call(handoff.claim, case.id, agent)
    assert await sql("SELECT 1 FROM abuse_rests") == []


async def test_the_rest_lasts_as_supervisors_have_set_and_is_not_left_before(rough, make_staff, cipher, call, make_case):
    chief = await make_staff("supervisor")
    await call(handoff.set_rest_minutes, chief, 25)
    case, agent = await rough()
    await call(handoff.end_for_abuse, cipher, case.id, agent)
    rested = await call(handoff.heartbeat, agent)
    assert timedelta(minutes=24) < rested.resting_until - now() <= timedelta(minutes=25)
    for state in ("available", "away"):
        assert await code_of(call(handoff.set_presence, agent, state)) == "must_rest"
    urgent = await make_case("urgent")
    assert await call(handoff.claim, urgent.id, agent) == NotEligible("away")
    await call(handoff.set_presence, agent, "offline")
    assert (await call(handoff.heartbeat, agent)).away_reason == "rest", "closing the desk does not shorten it"


async def test_a_life_threat_may_be_taken_out_of_the_rest_which_is_over_then(rough, make_staff, cipher, call, make_case):
    chief = await make_staff("supervisor")
    case, agent = await rough()
    await call(handoff.end_for_abuse, cipher, case.id, agent)
    await call(handoff.heartbeat, agent)
    threat = await make_case("life_threat")
    assert isinstance(await call(handoff.claim, threat.id, agent), Claimed)
    stands = await call(handoff.heartbeat, agent)
    assert (stands.state, stands.resting_until) == ("available", None)
    [figures] = await call(handoff.rest_figures, chief, now())
    assert (figures.staff_id, figures.rests, figures.cut, figures.resting_until) == (agent.id, 1, 1, None)


async def test_whoever_is_asked_to_take_an_urgent_case_while_resting_cannot_but_a_life_threat_they_can(rough, make_staff, cipher, call):
    one = await make_staff(cap=9)
    case, two = await rough(marks=3)
    urgent, _ = await rough("urgent", marks=0, agent=one)
    threat, _ = await rough("life_threat", marks=0, agent=one)
    for emergency in (urgent, threat):
        await call(handoff.transfer, cipher, emergency.id, one, two.id, "부탁합니다")
    await call(handoff.end_for_abuse, cipher, case.id, two)
    await call(handoff.heartbeat, two)
    assert await call(handoff.accept, urgent.id, two) == NotEligible("resting")
    assert (await call(handoff.get, urgent.id)).owner_id == one.id
    assert isinstance(await call(handoff.accept, threat.id, two), Claimed)


async def test_routine_offers_pass_by_whom_a_rest_is_owed_and_emergencies_do_not(rough, make_staff, cipher, call, make_case):
    agent = await make_staff(cap=9)
    await rough("urgent", marks=0, agent=agent)
    case, _ = await rough(agent=agent)
    await call(handoff.end_for_abuse, cipher, case.id, agent)
    routine, urgent = await make_case("none"), await make_case("urgent")
    await call(handoff.sweep, now() + timedelta(seconds=1))
    assert (await call(handoff.get, routine.id)).offered_to is None
    assert (await call(handoff.get, urgent.id)).offered_to == agent.id


async def test_the_other_routine_cases_wait_again_with_their_place_when_the_rest_begins(rough, make_staff, cipher, call):
    agent = await make_staff(cap=9)
    kept, _ = await rough(marks=0, agent=agent)
    case, _ = await rough(agent=agent)
    await call(handoff.end_for_abuse, cipher, case.id, agent)
    await call(handoff.heartbeat, agent)
    back = await call(handoff.get, kept.id)
    assert (back.status, back.arrival_at) == ("queued", kept.arrival_at)


async def test_a_contact_that_leaves_in_another_way_owes_the_rest_too_and_a_calm_one_never(rough, make_staff, cipher, call, sql):
    for leave in ("hand_back", "return", "close", "transfer"):
        case, agent = await rough()
        calm, other = await rough(marks=2)
        to = await make_staff(cap=9)
        for one, whose in ((case, agent), (calm, other)):
            await {
                "hand_back": lambda one=one, whose=whose: call(handoff.hand_back, one.id, whose),
                "return": lambda one=one, whose=whose: call(handoff.return_to_queue, one.id, whose),
                "close": lambda one=one, whose=whose: call(handoff.close, cipher, one.id, whose, "resolved"),
                "transfer": lambda one=one, whose=whose, to=to: call(handoff.transfer, cipher, one.id, whose, to.id, "이어서 부탁합니다"),
            }[leave]()
        assert [row["staff_id"] for row in await sql("SELECT staff_id FROM abuse_rests WHERE staff_id = ANY(%s)", [agent.id, other.id, to.id])] == [agent.id]


async def test_the_next_owner_who_has_marked_nothing_owes_themselves_nothing(rough, make_staff, cipher, call, sql):
    case, agent = await rough()
    await call(handoff.return_to_queue, case.id, agent)
    other = await make_staff()
    await call(handoff.claim, case.id, other)
    await call(handoff.close, cipher, case.id, other, "resolved")
    assert [row["staff_id"] for row in await sql("SELECT staff_id FROM abuse_rests")] == [agent.id]


async def test_a_supervisor_who_is_there_gets_it_and_the_full_one_is_passed_over(rough, make_staff, cipher, call):
    case, agent = await rough()
    assert await code_of(call(handoff.to_supervisor, cipher, case.id, agent)) == "no_supervisor"
    full, away, free = await make_staff("supervisor", cap=0), await make_staff("supervisor", state="away"), await make_staff("supervisor")
    moved = await call(handoff.to_supervisor, cipher, case.id, agent)
    assert (moved.owner_id, moved.status) == (free.id, "claimed")
    assert {full.id, away.id}.isdisjoint({moved.owner_id})
    assert (await call(handoff.heartbeat, agent)).away_reason == "rest"


async def test_an_emergency_goes_to_the_supervisor_only_when_they_accept(rough, make_staff, cipher, call):
    case, agent = await rough("urgent")
    chief = await make_staff("supervisor")
    asked = await call(handoff.to_supervisor, cipher, case.id, agent)
    assert (asked.owner_id, asked.asked_to) == (agent.id, chief.id)
    assert (await call(handoff.heartbeat, agent)).state == "available"


@pytest.mark.parametrize("minutes", [0, -1, 121])
async def test_an_impossible_length_of_the_rest_is_refused(make_staff, call, minutes):
    assert await code_of(call(handoff.set_rest_minutes, await make_staff("supervisor"), minutes)) == "invalid_request"


async def test_agents_set_no_rule_and_see_no_figures(make_staff, call):
    agent = await make_staff()
    assert await code_of(call(handoff.set_rest_minutes, agent, 5)) == "forbidden"
    assert await code_of(call(handoff.rest_figures, agent, now())) == "forbidden"


async def test_on_the_telephone_each_mark_counts_and_the_last_is_taken_back(rough, sql, call, cipher):
    case, agent = await rough(marks=0)
    await sql("UPDATE conversations SET channel = 'phone' WHERE id = %s RETURNING id", case.conversation_id)
    for _ in range(4):
        standing = await call(handoff.mark_abuse, case.id, agent, None)
    assert standing.here == 4
    assert (await call(handoff.mark_abuse, case.id, agent, None, False)).here == 3
    assert (await call(handoff.end_for_abuse, cipher, case.id, agent)).outcome == "abuse"


async def test_erasing_the_citizen_erases_the_marks_and_keeps_that_somebody_rested(rough, cipher, call, sql):
    case, agent = await rough()
    await call(handoff.end_for_abuse, cipher, case.id, agent)
    await call(erase, cipher, [case.conversation_id], "system")
    assert await sql("SELECT 1 FROM abuse_marks") == []
    assert len(await sql("SELECT 1 FROM abuse_rests")) == 1


def test_the_last_words_say_in_eight_languages_how_danger_still_reaches_a_person():
    said = {language: handoff.last_words(language) for language in ("ko", "en", "ja", "zh", "vi", "fr", "es", "ru", "de")}
    assert all("+82-2-3210-0404" in text for text in said.values())
    assert said["de"] == said["en"]
    assert len(set(said.values())) == 8
