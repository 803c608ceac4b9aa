"""The one way in: a person's conversation, choices that are written by hand, and answers that the platform's request waits for."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import erasure
from bot.channels import door, waiting
from bot.channels.contract import ActionKind, Actions, Capabilities, Limit
from bot.channels.testing import FakeMessenger
from bot.channels.waiting import Answer
from bot.channels.wechat import words as platform
from bot.files import words as file_words
from conversation import visitors
from conversation.schemas import Attachment, Button, InboundKind, ReplyWindow
from core import db as database
from core.clock import now
from core.errors import DatabaseUnavailable
from handoff.surge import service as surge
from handoff.surge.service import Surge
from tests.integration.channels.conftest import Talk

INLINE = Capabilities(Limit(100), messages_per_send=3, quick_replies=Actions(10, Limit(14), frozenset({ActionKind.CHOICE})), answers_inline=True)
#: Longer than the slowest machine needs; where things go well nobody waits for it.
PATIENCE_S = 30.0
BARE = Capabilities(Limit(90), may_push=True)
DOUBT = {"kind": "danger_question", "buttons": (Button("네, 위험해요", "danger:yes"), Button("아니요", "danger:no"))}


class TestAccepting:
    async def test_two_copies_at_once_are_one(self, talk: Talk) -> None:
        arrived = await asyncio.gather(*(talk.write(event_id="same") for _ in range(12)))
        assert len({one.message_id for one in arrived}) == 1
        assert [one.duplicate for one in arrived].count(False) == 1

    async def test_what_was_stored_here_is_acknowledged_again_without_a_statement(self, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
        first = await talk.write(event_id="same")

        async def away(*args: Any, **values: Any) -> Any:
            raise DatabaseUnavailable("away")

        monkeypatch.setattr(talk.door._committer, "put", away)
        monkeypatch.setattr(talk.door, "_store", away)
        assert await talk.write(event_id="same") == replace(first, duplicate=True)
        with pytest.raises(DatabaseUnavailable):
            await talk.write(event_id="another")
        monkeypatch.undo()
        monkeypatch.setattr(door, "TAKEN_KNOWN", 1)  # what is not known any more is found
        await talk.write(event_id="third")
        assert await talk.write(event_id="same") == replace(first, duplicate=True)

    async def test_first_messages_at_once_open_one_conversation(self, talk: Talk) -> None:
        arrived = await asyncio.gather(*(talk.write(f"{number}") for number in range(12)))
        assert len({one.conversation_id for one in arrived}) == 1
        assert sorted(one.sequence for one in arrived) == list(range(1, 13))

    async def test_attachments_are_sealed_with_the_message(self, talk: Talk) -> None:
        await talk.write("(사진)", fields={"kind": InboundKind.FILE, "attachments": (Attachment("image", "https://files.example/secret"),)})
        (row,) = await talk.run("SELECT kind, body FROM messages")
        assert row["kind"] == "file"
        assert b"secret" not in bytes(row["body"])

    async def test_what_no_database_takes_is_left_out(self, talk: Talk) -> None:
        arrived = await talk.write("가\x00나\ud800다　라")
        async with talk.db.read() as connection:
            from conversation import service as conversation

            assert (await conversation.transcript(connection, talk.cipher, arrived.conversation_id))[0].text == "가나다　라"

    @pytest.mark.parametrize("danger_first", [True, False])
    async def test_danger_is_in_the_queue_once_however_often_it_is_pressed(self, talk: Talk, danger_first: bool) -> None:
        if not danger_first:
            await talk.write()
        await asyncio.gather(*(talk.write("지금 위험해요", fields={"kind": InboundKind.DANGER}) for _ in range(5)))
        assert [row["severity"] for row in await talk.run("SELECT severity FROM cases")] == ["life_threat"]


class TestChoicesByHand:
    async def kinds(self, talk: Talk) -> list[str]:
        return [row["kind"] for row in await talk.run("SELECT kind FROM messages WHERE author_kind = 'citizen' ORDER BY id")]

    @pytest.mark.parametrize(("written", "kind"), [("1", "choice"), (" 네,  위험해요 ", "choice"), ("2.", "choice"), ("3", "text"), ("네", "text")])
    async def test_a_number_or_a_title_is_the_choice(self, talk: Talk, messenger: FakeMessenger, written: str, kind: str) -> None:
        messenger.capabilities = BARE
        arrived = await talk.write()
        await talk.answer(arrived.conversation_id, "지금 위험한 상황인가요?", **DOUBT)
        await talk.write(written)
        assert (await self.kinds(talk))[-1] == kind

    @pytest.mark.parametrize(
        ("after", "kind"),
        [
            (platform.KIND, "choice"),
            (Surge(7, "", None, None, now()).kind, "choice"),
            (file_words.KIND, "choice"),
            ("answer", "text"),
            (surge.SHED, "text"),
        ],
    )
    async def test_what_stands_beside_an_answer_takes_no_choice_away(self, talk: Talk, messenger: FakeMessenger, after: str, kind: str) -> None:
        messenger.capabilities = BARE
        arrived = await talk.write()
        await talk.answer(arrived.conversation_id, "지금 위험한 상황인가요?", **DOUBT)
        await talk.answer(arrived.conversation_id, "알림", kind=after)
        async with talk.db.read() as connection:
            offer = await visitors.last_offer(connection, talk.cipher, arrived.conversation_id)
        assert bool(offer.get("buttons")) == (kind == "choice")
        await talk.write("2")
        assert (await self.kinds(talk))[-1] == kind

    async def test_a_number_is_a_number_where_there_were_buttons(self, talk: Talk) -> None:
        arrived = await talk.write()
        await talk.answer(arrived.conversation_id, "지금 위험한 상황인가요?", **DOUBT)
        await talk.write("1")
        assert (await self.kinds(talk))[-1] == "text"

    async def test_a_name_that_is_none_fails_alone(self, talk: Talk, messenger: FakeMessenger) -> None:
        messenger.capabilities = BARE
        arrived = await asyncio.gather(*(talk.write(visitor=name) for name in ("A", "B", "\ud800", "C")), return_exceptions=True)
        assert [isinstance(one, Exception) for one in arrived] == [False, False, True, False]

    async def test_a_next_question_is_asked_in_its_words(self, talk: Talk, messenger: FakeMessenger) -> None:
        messenger.capabilities = BARE
        arrived = await talk.write()
        await talk.answer(arrived.conversation_id, "안내", buttons=(Button("여권 수수료가 얼마예요?"),))
        await talk.write("1")
        async with talk.db.read() as connection:
            from conversation import service as conversation

            assert (await conversation.transcript(connection, talk.cipher, arrived.conversation_id))[-1].text == "여권 수수료가 얼마예요?"


class TestWaitingForTheAnswer:
    answered = 0  # the last inbound that somebody has answered

    @pytest.fixture(autouse=True)
    def inline(self, messenger: FakeMessenger) -> None:
        messenger.capabilities = INLINE

    async def converse(self, talk: Talk, seconds: float = PATIENCE_S, event_id: str = "", window: ReplyWindow | None = None) -> Answer:
        return await talk.door.converse(talk.inbound(event_id=event_id), until=now() + timedelta(seconds=seconds), window=window)

    async def answer_soon(self, talk: Talk, *texts: str, after_s: float = 0.2) -> None:
        await asyncio.sleep(after_s)
        async with asyncio.timeout(PATIENCE_S):
            while not (found := await talk.run("SELECT message_id, conversation_id FROM inbox WHERE message_id > %s", self.answered)):
                await asyncio.sleep(0.02)
        (inbound,) = found
        self.answered = inbound["message_id"]
        for text in texts:
            await talk.answer(inbound["conversation_id"], text, in_reply_to=inbound["message_id"])

    async def test_it_comes_with_the_response(self, talk: Talk, messenger: FakeMessenger) -> None:
        answer, _ = await asyncio.gather(self.converse(talk), self.answer_soon(talk, "여기 있습니다"))
        assert (answer.state, [message.text for message in answer.messages]) == ("answered", ["여기 있습니다"])
        assert answer.messages[-1].quick_replies
        await talk.send()
        assert messenger.parcels == []
        assert [row["state"] for row in await talk.outbox()] == ["sent"]

    async def test_no_sender_takes_it_meanwhile(self, talk: Talk, messenger: FakeMessenger) -> None:
        messenger.but(may_push=True)
        sender = talk.sender()

        async def send_all_the_time() -> None:
            for _ in range(30):
                await sender.step()
                await asyncio.sleep(0.02)

        answer, _, _ = await asyncio.gather(self.converse(talk), self.answer_soon(talk, "답"), send_all_the_time())
        assert [message.text for message in answer.messages] == ["답"]
        assert messenger.parcels == []

    async def test_what_is_late_goes_the_other_way(self, talk: Talk, messenger: FakeMessenger) -> None:
        answer = await self.converse(talk, 0.5, window=ReplyWindow(now() + timedelta(seconds=55), True, "callback", token="callback-url"))
        assert answer.state == "waiting"
        await self.answer_soon(talk, "늦은 답", after_s=0)
        await talk.send()
        assert messenger.seen["U1"] == ["늦은 답"]
        assert messenger.parcels[0].window is not None
        assert (messenger.parcels[0].window.token, messenger.parcels[0].window.fallback) == ("callback-url", "callback")

    async def test_what_cannot_be_pushed_comes_with_the_next_response(self, talk: Talk) -> None:
        assert (await self.converse(talk, 0.5)).state == "waiting"
        await self.answer_soon(talk, "늦은 답", after_s=0)
        await talk.send()
        answer, _ = await asyncio.gather(self.converse(talk), self.answer_soon(talk, "새 답"))
        assert [message.text for message in answer.messages] == ["늦은 답", "새 답"]

    async def test_more_than_one_response_holds_is_kept(self, talk: Talk) -> None:
        answer, _ = await asyncio.gather(self.converse(talk), self.answer_soon(talk, " ".join(f"문장 {number:02}번입니다." for number in range(50))))
        assert len(answer.messages) == 3
        rest, _ = await asyncio.gather(self.converse(talk), self.answer_soon(talk, "끝"))
        joined = " ".join(message.text for message in (*answer.messages, *rest.messages))
        assert [joined.count(f"{number:02}번") for number in range(30)] == [1] * 30

    async def test_the_same_event_again_gets_the_same_answer(self, talk: Talk) -> None:
        first, _ = await asyncio.gather(self.converse(talk, event_id="e"), self.answer_soon(talk, "답"))
        again = await self.converse(talk, event_id="e")
        assert again.arrived.duplicate
        assert [message.text for message in again.messages] == [message.text for message in first.messages] == ["답"]

    async def test_two_copies_that_wait_both_get_it(self, talk: Talk) -> None:
        one, two, _ = await asyncio.gather(self.converse(talk, event_id="e"), self.converse(talk, event_id="e"), self.answer_soon(talk, "답"))
        assert [[message.text for message in answer.messages] for answer in (one, two)] == [["답"], ["답"]]

    async def test_with_a_person_nobody_waits(self, talk: Talk) -> None:
        arrived = await talk.write()
        await talk.run("UPDATE conversations SET owner_kind = 'agent', owner_id = 1 WHERE id = %s", arrived.conversation_id)
        began = now()
        assert (await self.converse(talk)).state == "to_person"
        assert (now() - began).total_seconds() < PATIENCE_S / 2

    async def test_no_connection_is_held_while_waiting(self, talk: Talk) -> None:
        most = talk.db.pool.max_size
        until = now() + timedelta(seconds=2 * PATIENCE_S)
        asking = [asyncio.create_task(talk.door.converse(talk.inbound(visitor=f"U{n}"), until=until)) for n in range(most + 20)]
        async with asyncio.timeout(PATIENCE_S):
            while talk.door.waiting._inside < most + 20 or not talk.db.pool.get_stats()["pool_available"]:
                await asyncio.sleep(0.02)
        for inbound in await talk.run("SELECT message_id, conversation_id FROM inbox"):
            await talk.answer(inbound["conversation_id"], "답", in_reply_to=inbound["message_id"])
        answers = await asyncio.gather(*asking)
        assert {answer.state for answer in answers} == {"answered"}

    async def test_a_hundred_who_wait_cost_few_statements(self, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
        looks = []
        read = talk.door.waiting._read_states

        async def counted(messages: Sequence[int]) -> Mapping[int, dict[str, Any]]:
            looks.append(len(messages))
            return await read(messages)

        monkeypatch.setattr(talk.door.waiting._states, "_ask", counted)
        arrived = await asyncio.gather(*(talk.write(visitor=f"U{n}") for n in range(100)))
        until = now() + timedelta(seconds=3)
        await asyncio.gather(*(talk.door.waiting.wait(talk.messenger.name, one, until, was_used=True, is_fresh=True) for one in arrived))
        assert sum(looks) >= 200
        assert len(looks) < 40

    async def test_what_is_found_is_said_although_the_window_cannot_be_written(self, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
        async def away(free: object) -> Mapping[tuple[int, bool], None]:
            raise DatabaseUnavailable("away")

        monkeypatch.setattr(talk.door.waiting._let_go, "_ask", away)
        answer, _ = await asyncio.gather(self.converse(talk), self.answer_soon(talk, "답"))
        assert [message.text for message in answer.messages] == ["답"]

    async def test_a_window_that_is_held_keeps_back_nobodys_answer(self, talk: Talk) -> None:
        other = asyncio.create_task(talk.door.converse(talk.inbound(visitor="U2"), until=now() + timedelta(seconds=0.6)))
        mine = asyncio.create_task(self.converse(talk))
        async with asyncio.timeout(PATIENCE_S):
            while len(await talk.run("SELECT 1 FROM reply_windows")) < 2:
                await asyncio.sleep(0.02)
        async with talk.db.transaction() as tx:
            await database.run(tx, "SELECT 1 FROM reply_windows FOR UPDATE")
            assert (await other).state == "waiting"
            (inbound,) = await talk.run(
                "SELECT i.message_id, i.conversation_id FROM inbox i JOIN reply_windows w USING (message_id) ORDER BY w.deadline DESC LIMIT 1"
            )
            await talk.answer(inbound["conversation_id"], "답", in_reply_to=inbound["message_id"])
            async with asyncio.timeout(PATIENCE_S / 2):
                assert [message.text for message in (await mine).messages] == ["답"]

    async def test_what_a_request_that_is_given_up_was_about_to_say_is_due_again(self, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
        look, was_carried = talk.door.waiting._look, asyncio.Event()

        async def hangs(*args: Any) -> Any:
            found = await look(*args)
            if found[0] is not None:
                was_carried.set()
                await asyncio.sleep(10 * PATIENCE_S)
            return found

        monkeypatch.setattr(talk.door.waiting, "_look", hangs)
        given_up = asyncio.create_task(self.converse(talk))
        await self.answer_soon(talk, "카드")
        async with asyncio.timeout(PATIENCE_S):
            await was_carried.wait()
        assert [row["state"] for row in await talk.outbox()] == ["sent"]
        given_up.cancel()
        async with asyncio.timeout(PATIENCE_S):
            while [row["state"] for row in await talk.outbox()] != ["pending"]:
                await asyncio.sleep(0.02)
        monkeypatch.undo()
        answer, _ = await asyncio.gather(self.converse(talk), self.answer_soon(talk, "답"))
        assert [message.text for message in answer.messages] == ["카드", "답"]


class TestTooManyWait:
    @pytest.fixture(autouse=True)
    def inline(self, messenger: FakeMessenger, monkeypatch: pytest.MonkeyPatch) -> None:
        messenger.capabilities = INLINE
        monkeypatch.setattr(waiting, "ALWAYS", 0)

    async def converse(self, talk: Talk, seconds: float = 2, **values: Any) -> Answer:
        window = ReplyWindow(now() + timedelta(seconds=55), True, "callback", token="callback-url")
        return await talk.door.converse(talk.inbound(**values), until=now() + timedelta(seconds=seconds), window=window)

    async def test_words_are_stored_and_nobody_waits_for_their_answer(self, talk: Talk, messenger: FakeMessenger) -> None:
        began = now()
        answer = await self.converse(talk, seconds=PATIENCE_S)
        assert (answer.state, (now() - began).total_seconds() < PATIENCE_S / 2) == ("full", True)
        await talk.answer(answer.arrived.conversation_id, "답", in_reply_to=answer.arrived.message_id)
        await talk.send()
        assert messenger.seen["U1"] == ["답"]

    async def test_the_danger_button_is_answered_at_once(self, talk: Talk) -> None:
        answer = await self.converse(talk, text="지금 위험해요", kind=InboundKind.DANGER)
        assert (answer.state, bool(answer.messages)) == ("answered", True)

    async def test_who_sounds_in_danger_waits_for_the_answer(self, talk: Talk) -> None:
        answer = await self.converse(talk, text="살려주세요 칼을 든 사람이 문을 부수고 있어요")
        assert answer.state == "waiting"

    async def test_a_person_has_it(self, talk: Talk) -> None:
        arrived = await talk.write()
        await talk.run("UPDATE conversations SET owner_kind = 'agent', owner_id = 1 WHERE id = %s", arrived.conversation_id)
        assert (await self.converse(talk)).state == "to_person"

    async def test_who_is_guarded_is_known(self, talk: Talk) -> None:
        arrived = await talk.write()
        await talk.run("UPDATE conversations SET guarded_at = now(), guarded_why = 'agent' WHERE id = %s", arrived.conversation_id)
        assert (await self.converse(talk)).is_quiet

    async def test_a_repeat_gets_what_the_first_carried(self, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(waiting, "ALWAYS", 10)
        first = asyncio.create_task(self.converse(talk, event_id="e", seconds=PATIENCE_S))
        async with asyncio.timeout(PATIENCE_S):
            while not (found := await talk.run("SELECT message_id, conversation_id FROM inbox")):
                await asyncio.sleep(0.02)
        (inbound,) = found
        await talk.answer(inbound["conversation_id"], "답", in_reply_to=inbound["message_id"])
        assert [message.text for message in (await first).messages] == ["답"]
        monkeypatch.setattr(waiting, "ALWAYS", 0)
        talk.door.waiting._answered.clear()
        assert [message.text for message in (await self.converse(talk, event_id="e")).messages] == ["답"]

    async def test_while_storing_is_late_nobody_waits_but_who_sounds_in_danger(self, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(waiting, "ALWAYS", 100)
        monkeypatch.setattr(waiting, "LATE_PATIENCE_S", 0.5)
        assert not talk.door.waiting.is_full
        talk.services.strain.note(60.0)
        talk.services.strain.look()
        assert (await self.converse(talk, seconds=60)).state == "full"
        assert (await self.converse(talk, seconds=60, text="살려주세요 칼을 든 사람이 문을 부수고 있어요")).state == "waiting"

    async def test_a_repeat_then_waits_for_nothing(self, talk: Talk) -> None:
        first = await self.converse(talk, event_id="e")
        again = await self.converse(talk, event_id="e", seconds=60)
        assert (again.arrived.message_id, again.arrived.duplicate, again.state) == (first.arrived.message_id, True, "waiting")

    async def test_there_is_room_for_as_many_as_are_answered(self, talk: Talk) -> None:
        room = talk.door.waiting
        room._inside = 100
        assert room.is_full
        room._answered.extend([time.monotonic()] * 90)
        assert not room.is_full
        room._answered = deque([time.monotonic() - 5] * 90)
        assert room.is_full


class TestErasing:
    async def test_a_person_is_found_by_the_platforms_id_and_nothing_of_it_stays(self, talk: Talk) -> None:
        arrived = await talk.write(window=ReplyWindow(now() + timedelta(seconds=55), True, "push", token="t"))
        await talk.write(visitor="U2")
        async with talk.db.transaction() as tx:
            stored = await erasure.stored_as(tx, talk.cipher, "U1")
            ids = await erasure.conversations_of(tx, visitor=stored)
            assert ids == [arrived.conversation_id]
            await erasure.erase(tx, talk.cipher, ids, "operator")
        (row,) = await talk.run("SELECT visitor, address FROM conversations WHERE id = %s", arrived.conversation_id)
        assert row == {"visitor": "", "address": None}
        assert await talk.run("SELECT 1 FROM reply_windows") == []
        assert len(await talk.run("SELECT 1 FROM messages")) == 1
