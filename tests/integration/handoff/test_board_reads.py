"""What the board reads: drills and duplicates never, ratings with whoever closed, and the moment as it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conversation import ratings
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from core.clock import now
from core.errors import AppError
from handoff import service as handoff
from handoff.board import repository, service
from handoff.board.definitions import ZONE


@pytest.fixture
def today():
    return service.window_of("", "", now())


@pytest.fixture
def look(db):
    async def run(function, *args):
        async with db.read() as connection:
            return await function(connection, *args)

    return run


async def test_a_drill_is_in_no_figure(db, cipher, today, look, make_staff, call):
    agent = await make_staff()
    async with db.transaction() as tx:
        conversation_id, _ = await conversation.start(tx, "webchat", synthetic=True)
        case = await handoff.open_or_raise(tx, cipher, conversation_id, "life_threat", "other", "drill", synthetic=True)
    before = await look(service.live)
    await call(handoff.claim, case.id, agent)
    await call(ratings.keep, conversation_id, 1)
    found = await look(service.figures, today)
    assert (found.waiting.offered, found.emergencies.count, found.satisfaction.ratings, found.bot.visits) == (0, 0, 0, 0)
    assert (before.waiting, before.emergencies, before.channels) == (0, 0, ())
    assert (await look(service.live)).held == 0


async def test_of_two_cases_that_are_one_only_one_is_counted(today, look, make_staff, make_case, call):
    agent = await make_staff()
    first, second = await make_case("urgent"), await make_case("urgent")
    await call(handoff.claim, first.id, agent)
    await call(handoff.merge, second.id, first.id, agent)
    assert [one.case_id for one in await look(repository.contacts, today)] == [first.id]


async def test_a_rating_belongs_to_who_closed_last_before_it(db, cipher, today, look, make_staff, make_case, call):
    first, second = await make_staff(), await make_staff()
    case = await make_case("none", "other")
    for agent in (first, second):
        await call(handoff.claim, case.id, agent)
        async with db.transaction() as tx:
            await handoff.close(tx, cipher, case.id, agent, "resolved")
        if agent is first:
            case = await reopened(db, cipher, case)
    await call(ratings.keep, case.conversation_id, 4)
    async with db.transaction() as tx:
        alone, _ = await conversation.start(tx, "webchat")
        await ratings.keep(tx, alone, 2)
    credits = (await look(service.figures, today)).satisfaction.credits
    assert [(one.staff_id, one.ratings, one.mean) for one in credits] == [(second.id, 1, 4.0), (None, 1, 2.0)]


async def reopened(db, cipher, case):
    """The same citizen again, as a case of its own."""
    async with db.transaction() as tx:
        return await handoff.open_or_raise(tx, cipher, case.conversation_id, "none", "other", "asked")


async def test_the_first_claim_and_every_hand_stay_known(db, look, today, make_staff, make_case, call):
    """The row of the case forgets who had it; its events do not."""
    first, second = await make_staff(), await make_staff()
    case = await make_case("urgent")
    await call(handoff.claim, case.id, first)
    await call(handoff.return_to_queue, case.id, first)
    await call(handoff.claim, case.id, second)
    (contact,) = await look(repository.contacts, today)
    assert [one.staff_id for one in contact.held] == [first.id, second.id]
    assert contact.answered_at == contact.held[0].start
    assert contact.held[0].end is not None
    assert contact.held[1].end is None


async def test_who_has_left_does_not_wait_but_an_emergency_does(look, make_case, call, db):
    left, stays, danger = await make_case("none"), await make_case("none"), await make_case("urgent")
    for case, minutes in ((left, 50), (stays, 10), (danger, 30)):
        await call(database.run, "UPDATE cases SET queued_at = now() - make_interval(mins => %s) WHERE id = %s", minutes, case.id)
    await call(conversation.close, left.conversation_id)
    await call(conversation.close, danger.conversation_id)
    found = await look(service.live)
    assert (found.waiting, found.left, found.emergencies_waiting) == (3, 1, 1)
    assert 29 * 60 <= found.oldest_s <= 31 * 60


async def test_channels_show_what_waits_and_what_was_given_up(db, cipher, look):
    async with db.transaction() as tx:
        conversation_id, _ = await conversation.start(tx, "line")
        for number, state in enumerate(("pending", "dead", "dead", "sent")):
            row = await database.one(
                tx,
                "INSERT INTO messages (conversation_id, seq, author_kind, kind, body) VALUES (%s, %s, 'bot', 'text', ''::bytea) RETURNING id",
                conversation_id,
                number + 1,
            )
            await database.run(
                tx,
                "INSERT INTO outbox (message_id, conversation_id, channel, client_id, state) VALUES (%s, %s, 'line', %s, %s)",
                row["id"],
                conversation_id,
                str(number),
                state,
            )
    (channel,) = (await look(service.live)).channels
    assert (channel.name, channel.pending, channel.dead, channel.last_inbound_at) == ("line", 1, 2, None)


def test_days_as_people_write_them():
    at = now()
    assert service.window_of("", "", at).start == at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    assert service.window_of("2026-02-01", "2026-02-28", at).end - service.window_of("2026-02-01", "", at).start == timedelta(days=28)
    for first, last, code in (
        ("gestern", "", "bad_date"),
        ("2026-02-30", "", "bad_date"),
        ("0001-01-01", "", "bad_date"),
        ("9999-12-31", "9999-12-31", "bad_date"),
        ("2026-02-02", "2026-02-01", "invalid_request"),
        ("2026-01-01", "2026-04-04", "invalid_request"),
        ("\0", "", "bad_date"),
    ):
        with pytest.raises(AppError) as refused:
            service.window_of(first, last, at)
        assert refused.value.code == code


async def test_a_person_who_begins_anew_on_a_messenger_has_come_back(db, cipher, look, today):
    """The first conversation was ended; the second, within a week, says that the first did not help."""
    async with db.transaction() as tx:
        for number in range(2):
            conversation_id, _ = await conversation.start(tx, "line", visitor="keyed-hash-of-somebody")
            inbound = Inbound("line", f"again-{number}", conversation_id, InboundKind.TEXT, text="여권 재발급은요?")
            await conversation.accept(tx, cipher, inbound)
            await conversation.close(tx, conversation_id)
            await database.run(tx, "UPDATE conversations SET created_at = created_at + make_interval(secs => %s) WHERE id = %s", 30 * number, conversation_id)
    first, second = sorted(await look(repository.visits, today), key=lambda visit: visit.returned_at is None)
    assert first.returned_at is not None
    assert second.returned_at is None
    assert first.is_closed
    assert (await look(service.figures, today)).bot.containment == 1


async def test_free_calls_are_counted_but_not_a_drills(db, cipher, today, look, make_staff, make_case, call):
    agent, case = await make_staff(), await make_case("urgent")
    async with db.transaction() as tx:
        drill, _ = await conversation.start(tx, "webchat", synthetic=True)
        of_drill = await handoff.open_or_raise(tx, cipher, drill, "life_threat", "other", "drill", synthetic=True)
        begun = now()
        for number, (of, by, waited, why) in enumerate(
            ((case, "citizen", 7, "hung_up"), (case, "citizen", None, "no_answer"), (case, "agent", 3, "hung_up"), (of_drill, "citizen", 9, "hung_up"))
        ):
            await database.run(
                tx,
                """INSERT INTO voice_calls (id, conversation_id, case_id, started_by, staff_id, citizen_key, staff_key, started_at, answered_at,
                                            ended_at, ended_by, why)
                   VALUES (%s, %s, %s, %s, %s, 'c', 's', %s, %s, %s, 'agent', %s)""",
                f"call-{number}",
                of.conversation_id,
                of.id,
                by,
                agent.id,
                begun,
                begun + timedelta(seconds=waited) if waited else None,
                begun + timedelta(seconds=60),
                why,
            )
    found = (await look(service.figures, today)).calls
    assert (found.started, found.answered, found.missed, found.p50_wait_s, found.by_agents) == (2, 1, 1, 7.0, 1)


@pytest.mark.parametrize(
    ("answered_s", "ended_s", "why", "words_s"),
    [
        (7, None, None, 7),
        (7, 60, "hung_up", 7),
        (-30, 60, "hung_up", 0),  # on the telephone already when the danger came
        (-30, -10, "hung_up", None),
        (7, 9, "failed", None),
        (None, 60, "no_answer", None),
    ],
)
async def test_a_call_that_was_answered_is_a_persons_words(db, today, look, make_staff, make_case, answered_s, ended_s, why, words_s):
    agent, case = await make_staff(), await make_case("urgent")
    (before,) = await look(repository.contacts, today)
    danger_at = before.danger_at

    def after(seconds):
        return None if seconds is None else danger_at + timedelta(seconds=seconds)

    async with db.transaction() as tx:
        await database.run(
            tx,
            """INSERT INTO voice_calls (id, conversation_id, case_id, started_by, staff_id, citizen_key, staff_key, started_at, answered_at,
                                        ended_at, ended_by, why)
               VALUES ('one', %s, %s, 'citizen', %s, 'c', 's', %s, %s, %s, %s, %s)""",
            case.conversation_id,
            case.id,
            agent.id,
            after(-60),
            after(answered_s),
            after(ended_s),
            "agent" if why else None,
            why,
        )
    (contact,) = await look(repository.contacts, today)
    assert (before.words_at, contact.words_at) == (None, after(words_s))


async def test_who_has_rung_up_is_answered_when_somebody_takes_the_case(db, cipher, today, look, make_staff, call):
    agent = await make_staff()
    async with db.transaction() as tx:
        conversation_id, _ = await conversation.start(tx, "phone")
        case = await handoff.open_or_raise(tx, cipher, conversation_id, "urgent", "other", "phone")
    (waits,) = await look(repository.contacts, today)
    await call(handoff.claim, case.id, agent)
    (taken,) = await look(repository.contacts, today)
    assert (waits.words_at, taken.words_at) == (None, taken.answered_at)
    assert taken.answered_at is not None


@pytest.mark.parametrize("gone", ["true", "kind = 'opened'"])
async def test_a_case_whose_history_is_gone_has_not_been_abandoned(cipher, today, look, make_staff, make_case, call, gone):
    agent, case, other = await make_staff(), await make_case("none", "other"), await make_case("none", "other")
    for one in (case, other):
        await call(handoff.claim, one.id, agent)
        await call(handoff.close, cipher, one.id, agent, "resolved")
    await call(database.run, f"DELETE FROM events WHERE stream = %s AND {gone}", f"case:{case.id}")
    found = (await look(service.figures, today)).waiting
    assert (found.offered, found.answered, found.abandoned) == (1, 1, 0)
