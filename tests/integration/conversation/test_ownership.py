"""Taking over, handing back, closing, reading."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from conversation import service as conversation

AGENT, OTHER = 11, 12


class TestTakingOver:
    async def test_the_first_wins(self, desk, talk) -> None:
        assert await desk.take_over(talk, AGENT)
        assert not await desk.take_over(talk, OTHER)
        row = await desk.row(talk)
        assert (row["owner_kind"], row["owner_id"]) == ("agent", AGENT)

    async def test_of_fifty_at_once_one_wins(self, desk, talk) -> None:
        won = await asyncio.gather(*(desk.take_over(talk, staff) for staff in range(1, 51)))
        assert won.count(True) == 1
        assert (await desk.row(talk))["owner_id"] == won.index(True) + 1

    async def test_again_by_the_same_is_fine(self, desk, talk) -> None:
        assert await desk.take_over(talk, AGENT)
        assert await desk.take_over(talk, AGENT)

    async def test_a_closed_one_cannot_be_taken(self, desk, talk) -> None:
        await desk.close(talk)
        assert not await desk.take_over(talk, AGENT)

    async def test_what_the_bot_had_not_answered_waits_for_the_person(self, desk, talk) -> None:
        await desk.say(talk)
        await desk.say(talk)
        async with desk.db.transaction() as tx:
            await tx.execute("UPDATE inbox SET turn_state = 'held' WHERE seq = 2")
        await desk.take_over(talk, AGENT)
        assert await desk.turn_states(talk) == ["to_person", "to_person"]

    async def test_what_the_bot_had_answered_stays_answered(self, desk, talk) -> None:
        await desk.say(talk)
        async with desk.db.transaction() as tx:
            await tx.execute("UPDATE inbox SET turn_state = 'answered'")
        await desk.take_over(talk, AGENT)
        assert await desk.turn_states(talk) == ["answered"]


class TestHandingBack:
    async def test_only_the_owner_can(self, desk, talk) -> None:
        await desk.take_over(talk, AGENT)
        assert not await desk.hand_back(talk, OTHER)
        assert await desk.hand_back(talk, AGENT)
        assert (await desk.row(talk))["owner_kind"] == "bot"

    async def test_what_the_bot_owns_cannot_be_handed_back(self, desk, talk) -> None:
        assert not await desk.hand_back(talk, AGENT)

    async def test_triage_stays_more_alert_for_a_while(self, desk, talk, db) -> None:
        until = datetime.now(UTC) + timedelta(hours=24)
        await desk.take_over(talk, AGENT)
        async with db.transaction() as tx:
            await conversation.hand_back(tx, talk, AGENT, until)
        await desk.take_over(talk, AGENT)
        await desk.hand_back(talk, AGENT)
        assert (await desk.row(talk))["heightened_until"] == until


class TestClosing:
    async def test_it_ends_once(self, desk, talk) -> None:
        await desk.take_over(talk, AGENT)
        assert await desk.close(talk)
        assert not await desk.close(talk)
        row = await desk.row(talk)
        assert (row["status"], row["owner_kind"], row["owner_id"]) == ("closed", "bot", None)

    async def test_what_still_waits_needs_no_answer(self, desk, talk) -> None:
        await desk.say(talk)
        await desk.close(talk)
        assert await desk.turn_states(talk) == ["dropped"]


class TestReading:
    async def marks(self, desk, talk) -> tuple[int, int]:
        row = await desk.row(talk)
        return row["read_by_citizen"], row["read_by_person"]

    async def test_marks_move_forward_only(self, desk, talk) -> None:
        for _ in range(3):
            await desk.say(talk)
        await desk.mark_read(talk, "person", 2)
        await desk.mark_read(talk, "person", 1)
        await desk.mark_read(talk, "citizen", 3)
        assert await self.marks(desk, talk) == (3, 2)

    async def test_nobody_has_read_what_is_not_written(self, desk, talk) -> None:
        await desk.say(talk)
        await desk.mark_read(talk, "person", 99)
        assert await self.marks(desk, talk) == (0, 1)

    async def test_a_mark_that_does_not_move_is_no_event(self, desk, talk) -> None:
        await desk.say(talk)
        await desk.mark_read(talk, "person", 1)
        before = await desk.count("events")
        await desk.mark_read(talk, "person", 1)
        assert await desk.count("events") == before

    async def test_there_are_two_sides(self, desk, talk) -> None:
        with pytest.raises(KeyError):
            await desk.mark_read(talk, "owner_id = 1, status", 1)


class TestTokens:
    async def test_only_its_own_opens_a_conversation(self, db, desk) -> None:
        from core.errors import AppError

        async with db.transaction() as tx:
            first, token = await conversation.start(tx, "webchat")
            second, other = await conversation.start(tx, "webchat")
        async with db.read() as connection:
            assert (await conversation.check_token(connection, first, token))["id"] == first
            for wrong in (other, "", token + "x", token[:-1], "한글"):
                with pytest.raises(AppError, match="bad_token"):
                    await conversation.check_token(connection, first, wrong)
            with pytest.raises(AppError, match="bad_token"):
                await conversation.check_token(connection, "nobody", token)
        stored = await desk.rows("SELECT token_hash FROM conversations")
        assert all(token.encode() not in bytes(row["token_hash"]) for row in stored)
        assert second != first
