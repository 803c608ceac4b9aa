"""Who may write is decided by the statement that writes: owner, participant, system, and the bot only while it owns."""

from __future__ import annotations

import asyncio

import pytest

from conversation.schemas import AuthorKind, NotOwner, Posted

AGENT, OTHER, OFFICER = 11, 12, 13


class TestTheBot:
    async def test_it_may_while_it_owns(self, desk, talk) -> None:
        assert await desk.reply(talk, AuthorKind.BOT) == Posted(message_id=1, seq=1)

    async def test_its_late_answer_writes_nothing(self, desk, talk) -> None:
        await desk.take_over(talk, AGENT)
        before = await desk.everything()
        assert isinstance(await desk.reply(talk, AuthorKind.BOT), NotOwner)
        assert await desk.everything() == before
        assert (await desk.row(talk))["last_seq"] == 0

    async def test_it_may_again_after_the_hand_back(self, desk, talk) -> None:
        await desk.take_over(talk, AGENT)
        await desk.hand_back(talk, AGENT)
        assert isinstance(await desk.reply(talk, AuthorKind.BOT), Posted)

    async def test_it_waits_for_a_claim_that_is_being_made_and_then_is_late(self, desk, talk, db) -> None:
        from conversation import service

        async with db.transaction() as tx:
            await service.take_over(tx, talk, AGENT)
            answer = asyncio.create_task(desk.reply(talk, AuthorKind.BOT))
            await asyncio.sleep(0.1)
            assert not answer.done()
        assert isinstance(await answer, NotOwner)
        assert await desk.count("messages") == 0


class TestPeople:
    async def test_the_owner_may(self, desk, talk) -> None:
        await desk.take_over(talk, AGENT)
        assert isinstance(await desk.reply(talk, AuthorKind.AGENT, author_id=AGENT), Posted)

    @pytest.mark.parametrize("author", [AuthorKind.AGENT, AuthorKind.OFFICER])
    async def test_another_may_not(self, desk, talk, author) -> None:
        await desk.take_over(talk, AGENT)
        assert isinstance(await desk.reply(talk, author, author_id=OTHER), NotOwner)
        assert await desk.count("messages") == 0

    async def test_nobody_may_while_the_bot_owns(self, desk, talk) -> None:
        assert isinstance(await desk.reply(talk, AuthorKind.AGENT, author_id=AGENT), NotOwner)

    async def test_a_person_without_a_number_may_not(self, desk, talk) -> None:
        await desk.take_over(talk, AGENT)
        assert isinstance(await desk.reply(talk, AuthorKind.AGENT, author_id=None), NotOwner)

    async def test_a_participant_may_while_another_owns(self, desk, talk) -> None:
        await desk.take_over(talk, AGENT)
        await desk.join(talk, OFFICER)
        assert isinstance(await desk.reply(talk, AuthorKind.OFFICER, author_id=OFFICER), Posted)

    async def test_a_participant_of_another_conversation_may_not(self, desk, talk) -> None:
        await desk.join(await desk.start(), OFFICER)
        assert isinstance(await desk.reply(talk, AuthorKind.OFFICER, author_id=OFFICER), NotOwner)


class TestTheSystem:
    @pytest.mark.parametrize("owned", [False, True])
    async def test_it_always_may(self, desk, talk, owned) -> None:
        if owned:
            await desk.take_over(talk, AGENT)
        assert isinstance(await desk.reply(talk, AuthorKind.SYSTEM), Posted)

    async def test_nobody_writes_after_the_end(self, desk, talk) -> None:
        await desk.close(talk)
        for author in AuthorKind:
            assert isinstance(await desk.reply(talk, author, author_id=AGENT), NotOwner)


class TestRepeating:
    async def test_the_same_client_id_writes_once(self, desk, talk) -> None:
        first = await desk.reply(talk, AuthorKind.BOT, "turn-1-0")
        assert await desk.reply(talk, AuthorKind.BOT, "turn-1-0") == first
        assert await desk.count("outbox") == await desk.count("messages") == await desk.count("events") == 1

    async def test_twenty_at_the_same_moment_write_once(self, desk, talk) -> None:
        posted = await asyncio.gather(*(desk.reply(talk, AuthorKind.BOT, "turn-1-0") for _ in range(20)))
        assert set(posted) == {posted[0]}
        assert await desk.count("outbox") == await desk.count("messages") == 1

    async def test_a_repeat_after_the_claim_still_names_the_first(self, desk, talk) -> None:
        first = await desk.reply(talk, AuthorKind.BOT, "turn-1-0")
        await desk.take_over(talk, AGENT)
        assert await desk.reply(talk, AuthorKind.BOT, "turn-1-0") == first

    async def test_two_conversations_may_use_the_same(self, desk) -> None:
        for _ in range(2):
            assert isinstance(await desk.reply(await desk.start(), AuthorKind.BOT, "same"), Posted)


class TestDelivery:
    @pytest.mark.parametrize(("channel", "state"), [("webchat", "sent"), ("line", "pending")])
    async def test_on_the_web_chat_the_event_is_the_delivery(self, desk, channel, state) -> None:
        await desk.reply(await desk.start(channel=channel), AuthorKind.BOT)
        assert [row["state"] for row in await desk.rows("SELECT state FROM outbox")] == [state]
