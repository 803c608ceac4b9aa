"""Marking, deciding and judging blind, on the real database."""

from __future__ import annotations

import asyncio

import pytest

from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import audit
from core import db as database
from core.errors import AppError
from handoff import service as handoff
from handoff.reviews import repository, service
from handoff.reviews.schemas import Label
from handoff.reviews.service import NOTE

DANGER = Label.of("life_threat", "confinement")
HARMLESS = Label.of("none", "other")


@pytest.fixture
async def marked(make_case, make_staff, say, call, cipher):
    """A case's message, marked by its agent: (review, agent, case)."""
    agent = await make_staff()
    case = await make_case()
    message_id = await say(case.conversation_id)
    await call(handoff.claim, case.id, agent)
    review = await call(service.mark, cipher, agent, case.id, message_id, DANGER, note="문 앞에 사람이 있다고 통화로 들음")
    return review, agent, case


async def refused(code, doing):
    with pytest.raises(AppError) as caught:
        await doing
    assert caught.value.code == code


async def states(db):
    async with db.read() as connection:
        return [row["state"] for row in await database.rows(connection, "SELECT state FROM triage_reviews ORDER BY id")]


class TestMarking:
    async def test_it_is_proposed_and_written_down(self, db, marked, cipher):
        review, agent, case = marked
        assert (review.state, review.label, review.source) == ("proposed", DANGER, "case")
        async with db.read() as connection:
            row = await database.one(connection, "SELECT * FROM triage_reviews")
            log = await database.one(connection, "SELECT * FROM access_log WHERE action = 'review.mark'")
            assert (await audit.verify_chain(connection)).intact
        assert cipher.open(row["note"], NOTE) == "문 앞에 사람이 있다고 통화로 들음"
        assert (log["account"], log["case_id"], log["subject"]) == (agent.login, case.id, cipher.pseudonym(case.conversation_id))
        assert "문 앞" not in str(log["detail"])

    async def test_the_same_again_changes_nothing(self, db, marked, call, cipher):
        review, agent, case = marked
        again = await call(service.mark, cipher, agent, case.id, review.message_id, DANGER)
        assert again.id == review.id
        assert again.marked_at == review.marked_at
        assert await states(db) == ["proposed"]

    async def test_the_last_verdict_of_the_same_person_counts(self, db, marked, call, cipher):
        review, agent, case = marked
        again = await call(service.mark, cipher, agent, case.id, review.message_id, HARMLESS)
        assert again.id == review.id
        assert again.label == HARMLESS
        assert await states(db) == ["proposed"]

    async def test_a_change_after_acceptance_must_be_looked_at_anew(self, db, marked, make_staff, call, cipher):
        review, agent, case = marked
        editor = await make_staff("editor")
        await call(service.accept, cipher, review.id, editor)
        await call(service.mark, cipher, agent, case.id, review.message_id, DANGER)
        assert await states(db) == ["accepted"]
        await call(service.mark, cipher, agent, case.id, review.message_id, HARMLESS)
        assert await states(db) == ["proposed"]

    async def test_a_stranger_and_a_foreign_message_are_refused(self, marked, make_staff, make_case, say, call, cipher):
        review, agent, case = marked
        await refused("forbidden", call(service.mark, cipher, await make_staff(), case.id, review.message_id, HARMLESS))
        await refused("forbidden", call(service.mark, cipher, await make_staff("editor"), case.id, review.message_id, HARMLESS))
        other = await say((await make_case()).conversation_id)
        await refused("not_found", call(service.mark, cipher, agent, case.id, other, HARMLESS))
        await refused("too_long", call(service.mark, cipher, agent, case.id, review.message_id, HARMLESS, note="가" * 501))

    async def test_a_closed_case_can_still_be_marked_by_who_ended_it(self, db, make_case, make_staff, say, call, cipher):
        agent = await make_staff()
        case = await make_case("urgent")
        message_id = await say(case.conversation_id, action="escalate", score=0.8)
        await say(case.conversation_id, "이제 괜찮아요", action="none")
        await call(handoff.claim, case.id, agent)
        await call(handoff.close, cipher, case.id, agent, "false_alarm", verified_contact="본인과 통화함")
        await call(handoff.confirm_close, case.id, await make_staff())
        async with db.read() as connection:
            [waiting] = await service.closed_cases(connection, agent)
            assert (waiting.case_id, waiting.message_id) == (case.id, message_id)
            assert await service.closed_cases(connection, await make_staff()) == []
        context = await call(service.open_closed_case, cipher, case.id, agent)
        assert context.text == "문이 밖에서 잠겨 있어요"
        await call(service.mark, cipher, agent, case.id, message_id, HARMLESS)
        async with db.read() as connection:
            assert await service.closed_cases(connection, agent) == []

    async def test_the_danger_button_alone_has_no_words_to_judge(self, db, make_case, make_staff, call, cipher):
        agent, case = await make_staff(), await make_case()
        await call(conversation.accept, cipher, Inbound("webchat", "button", case.conversation_id, InboundKind.DANGER))
        async with db.read() as connection:
            assert await service.trigger(connection, case.id, agent) is None


class TestDeciding:
    async def test_a_second_person_accepts(self, db, marked, make_staff, call, cipher):
        review, _, _ = marked
        editor = await make_staff("editor")
        async with db.read() as connection:
            assert [row.id for row in await service.pending(connection, editor)] == [review.id]
        opened = await call(service.open_review, cipher, review.id, editor)
        assert opened.context.text == "문이 밖에서 잠겨 있어요"
        assert opened.note.startswith("문 앞")
        assert (opened.action, opened.score) == ("none", 0.1)
        await call(service.accept, cipher, review.id, editor, seen=opened.row.marked_at)
        async with db.read() as connection:
            row = await repository.review(connection, review.id)
            assert await service.pending(connection, editor) == []
            actions = [r["action"] for r in await database.rows(connection, "SELECT action FROM access_log ORDER BY id")]
        assert (row["state"], row["accepted_urgency"], row["decided_by"]) == ("accepted", "life_threat", editor.id)
        assert actions[-2:] == ["review.view", "review.accept"]

    async def test_with_a_corrected_label_what_was_judged_stays(self, db, marked, make_staff, call, cipher):
        review, _, _ = marked
        await call(service.accept, cipher, review.id, await make_staff("supervisor"), label=Label.of("urgent", "assault"))
        async with db.read() as connection:
            row = await repository.review(connection, review.id)
        assert (row["urgency"], row["category"], row["accepted_urgency"], row["accepted_category"]) == ("life_threat", "confinement", "urgent", "assault")

    async def test_nobody_accepts_their_own(self, db, make_case, make_staff, say, call, cipher):
        boss = await make_staff("agent", "supervisor")
        case = await make_case()
        message_id = await say(case.conversation_id)
        review = await call(service.mark, cipher, boss, case.id, message_id, DANGER)
        await refused("own_review", call(service.accept, cipher, review.id, boss))
        await call(service.reject, cipher, review.id, boss)
        assert await states(db) == ["rejected"]
        await refused("illegal_move", call(service.accept, cipher, review.id, await make_staff("editor")))

    async def test_an_agent_may_not_decide_or_look(self, db, marked, make_staff, call, cipher):
        review, agent, _ = marked
        for doing in (service.accept, service.reject, service.open_review):
            await refused("forbidden", call(doing, cipher, review.id, agent))
        async with db.read() as connection:
            await refused("forbidden", service.pending(connection, agent))
            await refused("forbidden", service.my_samples(connection, agent))

    async def test_what_changed_meanwhile_is_not_accepted_unseen(self, marked, make_staff, call, cipher):
        review, agent, case = marked
        editor = await make_staff("editor")
        opened = await call(service.open_review, cipher, review.id, editor)
        await call(service.mark, cipher, agent, case.id, review.message_id, HARMLESS)
        await refused("review_changed", call(service.accept, cipher, review.id, editor, seen=opened.row.marked_at))

    async def test_one_label_a_message(self, db, marked, make_staff, call, cipher):
        first, _, case = marked
        boss = await make_staff("agent", "supervisor")
        second = await call(service.mark, cipher, boss, case.id, first.message_id, HARMLESS)
        editor = await make_staff("editor")
        opened = await call(service.open_review, cipher, first.id, editor)
        assert [(verdict.account_id, verdict.label) for verdict in opened.others] == [(boss.id, HARMLESS)]
        await call(service.accept, cipher, second.id, editor)
        assert await states(db) == ["rejected", "accepted"]

    async def test_two_editors_at_once_leave_one_accepted_label(self, db, marked, make_staff, call, cipher):
        first, _, case = marked
        boss = await make_staff("agent", "supervisor")
        second = await call(service.mark, cipher, boss, case.id, first.message_id, HARMLESS)
        editors = [await make_staff("editor") for _ in range(6)]
        results = await asyncio.gather(
            *(call(service.accept, cipher, (first, second)[n % 2].id, editor) for n, editor in enumerate(editors)), return_exceptions=True
        )
        assert sum(result is None for result in results) >= 1
        assert all(result is None or getattr(result, "code", "") == "illegal_move" for result in results)
        assert sorted(await states(db)) == ["accepted", "rejected"]
        async with db.read() as connection:
            assert (await audit.verify_chain(connection)).intact

    async def test_words_and_notes_stand_sealed(self, db, marked):
        async with db.read() as connection:
            for table in ("triage_reviews", "review_samples", "review_slots", "review_draws", "access_log"):
                lines = " ".join(row["line"] for row in await database.rows(connection, f"SELECT to_jsonb(t)::text AS line FROM {table} t"))
                for word in ("잠겨", "통화로"):
                    assert word not in lines
                    assert word.encode().hex() not in lines
