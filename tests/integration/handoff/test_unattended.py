"""An emergency in somebody's hands whose citizen nobody answers calls its owner and the supervisors, however well the desk beats."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conversation import service as conversation
from core import db as database
from core import events
from core.clock import now
from handoff import service as handoff


@pytest.fixture
async def hand(db, make_case, make_staff, say):
    """``await hand("urgent")``: a claimed emergency whose citizen has said what happens, and its agent."""

    async def make(severity="urgent"):
        agent, case = await make_staff(), await make_case(severity)
        await say(case.conversation_id, action="escalate")
        async with db.transaction() as tx:
            await handoff.claim(tx, case.id, agent)
        return case, agent

    return make


@pytest.fixture
def called(db, cipher):
    async def at(**later):
        async with db.transaction() as tx:
            return await handoff.call_for_unattended(tx, cipher, now() + timedelta(**later))

    return at


@pytest.fixture
def write(db, cipher):
    async def one(case, agent, text="지금 계신 곳이 어디입니까?"):
        async with db.transaction() as tx:
            await handoff.reply(tx, cipher, case.id, agent, text, f"r-{text}")

    return one


@pytest.mark.parametrize(("severity", "longest"), [("life_threat", 120), ("urgent", 300)])
async def test_who_never_hears_a_word_calls_after_some_minutes_and_again(hand, called, severity, longest, db):
    case, _ = await hand(severity)
    assert await called(seconds=longest - 10) == []
    assert await called(seconds=longest + 10) == [case.id]
    assert await called(seconds=longest + 20) == []
    assert await called(seconds=2 * longest + 20) == [case.id]
    async with db.read() as connection:
        told = [event for event in await events.read(connection, handoff.QUEUE, 0, 1000) if event.kind == "unattended"]
    assert [event.payload["waited_s"] // longest for event in told] == [1, 2]


async def test_words_of_a_person_end_it(hand, called, write):
    case, agent = await hand()
    await write(case, agent)
    assert await called(minutes=30) == []


async def test_a_last_yes_of_the_citizen_is_no_question(hand, called, write, say):
    case, agent = await hand()
    await write(case, agent)
    await say(case.conversation_id, "네 기다릴게요")
    assert await called(minutes=30) == []


@pytest.mark.parametrize("line", ["", "네"])
async def test_words_of_whoever_had_it_before_are_none_of_whoever_has_it_now(hand, called, write, say, make_staff, db, line):
    """The first one's browser dies after "잠시만요", a second one claims and walks off: nobody would ever be called."""
    case, gone = await hand("life_threat")
    await write(case, gone, "잠시만요")
    second = await make_staff()
    async with db.transaction() as tx:
        await handoff.return_to_queue(tx, case.id, None)
        await handoff.claim(tx, case.id, second)
    if line:
        await say(case.conversation_id, line)
    assert (await called(seconds=110), await called(seconds=130)) == ([], [case.id])
    await write(case, second)
    assert await called(minutes=30) == []


@pytest.mark.parametrize("lines", [[("아직 계세요?", "none"), ("여보세요", "none")], [("문을 부수고 있어요", "escalate")], [("발소리가 나요", "ask")]])
async def test_danger_or_a_second_line_after_it_is_one(hand, called, write, say, lines):
    case, agent = await hand()
    await write(case, agent)
    for text, action in lines:
        await say(case.conversation_id, text, action=action)
    assert await called(minutes=6) == [case.id]


async def test_time_counts_from_whoever_has_it_now(hand, called, make_staff, db):
    case, _ = await hand()
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE cases SET claimed_at = now() + interval '4 minutes' WHERE id = %s", case.id)
    assert (await called(minutes=6), await called(minutes=10)) == ([], [case.id])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE cases SET snoozed_until = now() + interval '1 hour'",
        "UPDATE cases SET synthetic = true",
        "UPDATE conversations SET channel = 'phone'",
        "UPDATE cases SET severity = 'none'",
        """INSERT INTO voice_calls (id, conversation_id, case_id, started_by, staff_id, citizen_key, staff_key, answered_at)
           SELECT 'one', conversation_id, id, 'agent', owner_id, 'a', 'b', now() FROM cases""",
        """INSERT INTO voice_calls (id, conversation_id, case_id, started_by, staff_id, citizen_key, staff_key, answered_at, ended_at, ended_by, why)
           SELECT 'one', conversation_id, id, 'agent', owner_id, 'a', 'b', now(), now() + interval '1 minute', 'agent', 'hung_up' FROM cases""",
    ],
)
async def test_nobody_is_called_for_what_is_attended_otherwise(hand, called, db, change):
    await hand()
    async with db.transaction() as tx:
        await database.run(tx, change)
    assert await called(minutes=30) == []


@pytest.fixture
def told(db, cipher):
    async def lines(case):
        async with db.read() as connection:
            return [line.text for line in await conversation.transcript(connection, cipher, case.conversation_id) if line.author_kind == "system"]

    return lines


async def test_the_citizen_reads_once_that_no_answer_has_come_and_whom_to_call(hand, called, told):
    case, _ = await hand()
    for minutes in (6, 11, 16):
        assert await called(minutes=minutes) == [case.id]
    (line,) = await told(case)
    assert "아직 답하지 못하고" in line
    assert "+82-2-3210-0404" in line


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "not been able to answer"),
        ("ja", "まだお返事"),
        ("zh", "还未能答复"),
        ("vi", "chưa trả lời"),
        ("fr", "pas encore"),
        ("es", "todavía no"),
        ("ru", "пока не"),
        ("de", "not been able"),
    ],
)
async def test_it_is_said_in_the_citizens_language_or_english(hand, called, told, db, language, words):
    case, _ = await hand()
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE conversations SET language = %s", language)
    await called(minutes=6)
    (line,) = await told(case)
    assert words in line
    assert "+82-2-3210-0404" in line


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE conversations SET guarded_at = now()",
        "UPDATE conversations SET hushed_at = now()",
        "UPDATE cases SET category = 'confinement'",
        "UPDATE cases SET cannot_speak = true",
    ],
)
async def test_nothing_is_written_where_somebody_may_read_along(hand, called, told, db, change):
    case, _ = await hand()
    async with db.transaction() as tx:
        await database.run(tx, change)
    assert await called(minutes=6) == [case.id]
    assert await told(case) == []
