"""Accepting an inbound: once, whatever is repeated, reordered or sent at the same moment."""

from __future__ import annotations

import asyncio

import pytest

from conversation.schemas import InboundKind, Location
from core.errors import AppError


class TestRepeating:
    async def test_the_same_message_gets_the_same_sequence(self, desk, talk, inbound) -> None:
        message = inbound(talk)
        first = await desk.accept(message)
        again = await desk.accept(message)
        assert (first.sequence, first.duplicate) == (1, False)
        assert (again.sequence, again.message_id, again.duplicate) == (1, first.message_id, True)
        assert await desk.everything() == {"conversations": 1, "messages": 1, "inbox": 1, "outbox": 0, "events": 1, "late_answers": 0}

    async def test_twenty_at_the_same_moment_make_one_row(self, desk, talk, inbound) -> None:
        message = inbound(talk)
        accepted = await asyncio.gather(*(desk.accept(message) for _ in range(20)))
        assert {one.sequence for one in accepted} == {1}
        assert [one.duplicate for one in accepted].count(False) == 1
        assert await desk.count("messages") == await desk.count("inbox") == await desk.count("events") == 1

    async def test_an_old_id_after_newer_ones_keeps_its_sequence(self, desk, talk, inbound) -> None:
        messages = [inbound(talk, text=f"글 {number}") for number in range(3)]
        for message in messages:
            await desk.accept(message)
        assert [(await desk.accept(message)).sequence for message in reversed(messages)] == [3, 2, 1]
        assert (await desk.row(talk))["last_seq"] == 3

    async def test_a_repeat_is_acknowledged_even_after_the_end(self, desk, talk, inbound) -> None:
        """The first acknowledgement was lost on the way; the page must learn that its words arrived."""
        message = inbound(talk)
        await desk.accept(message)
        await desk.close(talk)
        assert (await desk.accept(message)).duplicate

    async def test_many_different_ones_at_once_get_numbers_without_gaps(self, desk, talk, inbound) -> None:
        accepted = await asyncio.gather(*(desk.accept(inbound(talk, text=f"글 {number}")) for number in range(25)))
        assert sorted(one.sequence for one in accepted) == list(range(1, 26))

    async def test_the_same_client_id_in_two_conversations_is_fine(self, desk, inbound) -> None:
        one, other = await desk.start(), await desk.start()
        first = await desk.accept(inbound(one, event_id=f"{one}:a"))
        second = await desk.accept(inbound(other, event_id=f"{other}:a"))
        assert not first.duplicate
        assert not second.duplicate


class TestRefusing:
    @pytest.mark.parametrize(
        "other",
        [
            {"text": "다른 글"},
            {"kind": InboundKind.DANGER},
            {"kind": InboundKind.CHOICE, "choice": "person"},
            {"kind": InboundKind.LOCATION, "location": Location(1.0, 2.0)},
        ],
        ids=["text", "kind", "choice", "place"],
    )
    async def test_a_used_id_with_other_content(self, desk, talk, inbound, refused, other) -> None:
        await desk.accept(inbound(talk, event_id="e"))
        await refused(desk.accept(inbound(talk, event_id="e", **other)), "client_id_reused")

    async def test_a_used_id_from_another_conversation(self, desk, talk, inbound, refused) -> None:
        await desk.accept(inbound(talk, event_id="e"))
        await refused(desk.accept(inbound(await desk.start(), event_id="e")), "client_id_reused")

    async def test_a_closed_conversation(self, desk, talk, inbound, refused) -> None:
        await desk.close(talk)
        await refused(desk.accept(inbound(talk)), "conversation_closed")

    @pytest.mark.parametrize("conversation_id", ["nobody", "", "x" * 65, "../etc", "a\x00b", "한글", "' OR 1=1 --"])
    async def test_an_unknown_conversation(self, desk, inbound, refused, conversation_id) -> None:
        await refused(desk.accept(inbound(conversation_id)), "unknown_conversation")

    async def test_closing_and_writing_at_once_leaves_no_message_without_an_end(self, desk, inbound) -> None:
        """Either the message came first, and the closing ends its turn, or it is refused."""
        for _ in range(5):
            talk = await desk.start()
            results = await asyncio.gather(desk.accept(inbound(talk)), desk.close(talk), return_exceptions=True)
            assert results[1] is True
            if isinstance(results[0], BaseException):
                assert isinstance(results[0], AppError)
                assert results[0].code == "conversation_closed"
                assert await desk.turn_states(talk) == []
            else:
                assert await desk.turn_states(talk) == ["dropped"]


async def test_an_aborted_transaction_leaves_nothing(desk, talk, inbound, db, cipher) -> None:
    from conversation import service

    async def fail() -> None:
        async with db.transaction() as tx:
            await service.accept(tx, cipher, inbound(talk))
            raise LookupError

    before = await desk.everything()
    with pytest.raises(LookupError):
        await fail()
    assert await desk.everything() == before
    assert (await desk.row(talk))["last_seq"] == 0


async def test_what_was_accepted_stands_in_the_transcript(desk, talk) -> None:
    await desk.say(talk, text="첫째")
    await desk.say(talk, kind=InboundKind.LOCATION, text="", location=Location(37.5, 127.0, 12.0))
    assert await desk.lines(talk) == [(1, "citizen", "첫째"), (2, "citizen", "")]
