"""The sender on the real database: order, one at a time, windows, doubt, outages, killed senders."""

from __future__ import annotations

import asyncio

import pytest

from bot.channels.contract import Limit, Parcel, Refused, Retry, SendResult, WindowClosed
from bot.channels.testing import FakeMessenger, is_down, no_answer
from conversation import outbox
from conversation.schemas import InboundKind
from tests.integration.channels.conftest import Talk, window


class TestOrder:
    async def test_lines_arrive_in_order_and_once(self, talk: Talk, messenger: FakeMessenger) -> None:
        conversation_id = await talk.open()
        for number in range(30):
            await talk.answer(conversation_id, f"{number}")
        await talk.send()
        assert messenger.seen["U1"] == [str(number) for number in range(30)]
        assert {row["state"] for row in await talk.outbox()} == {"sent"}

    async def test_many_senders_never_meet_in_one_conversation(self, talk: Talk, messenger: FakeMessenger) -> None:
        messenger.delay_s = 0.01
        talks = [await talk.open(f"U{number}") for number in range(6)]
        senders = [talk.sender(slots=3) for _ in range(4)]

        async def write() -> None:
            for number in range(12):
                for conversation_id in talks:
                    await talk.answer(conversation_id, f"{number}")
                await asyncio.sleep(0.005)

        async def work(sender) -> None:
            for _ in range(60):
                await sender.step()
                await asyncio.sleep(0.01)
            await sender.drain()

        await asyncio.gather(write(), *(work(sender) for sender in senders))
        await talk.send()
        assert messenger.most_at_once == 1
        assert messenger.seen == {f"U{number}": [str(n) for n in range(12)] for number in range(6)}

    @pytest.mark.parametrize(
        "damaged", ["UPDATE messages SET body = 'x' WHERE seq = 2 AND conversation_id = %s", "UPDATE conversations SET address = 'x' WHERE id = %s"]
    )
    async def test_what_cannot_be_opened_is_given_up_and_keeps_back_nobody_else(self, talk: Talk, messenger: FakeMessenger, damaged: str) -> None:
        broken, other = await talk.open("U2"), await talk.open()
        for conversation_id in (broken, other):
            for text in ("하나", "둘", "셋"):
                await talk.answer(conversation_id, text, danger=True)
        await talk.run(damaged, broken)
        await talk.send()
        assert messenger.seen["U1"] == ["하나", "둘", "셋"]
        assert messenger.seen.get("U2", []) in (["하나", "셋"], [])
        assert {row["state"] for row in await talk.outbox()} == {"sent", "dead"}
        assert await talk.run("SELECT 1 FROM events WHERE kind = 'undelivered'")

    async def test_danger_goes_first(self, talk: Talk, messenger: FakeMessenger) -> None:
        for number in range(3):
            await talk.answer(await talk.open(f"routine{number}"), "안내")
        await talk.answer(await talk.open("danger"), "대피하세요", danger=True)
        await talk.send(talk.sender(slots=1))
        assert messenger.parcels[0].to == "danger"

    async def test_danger_does_not_wait_for_the_patience_of_a_line_before_it(self, talk: Talk, messenger: FakeMessenger) -> None:
        conversation_id = await talk.open()
        await talk.answer(conversation_id, "안내")
        messenger.fate = is_down
        await talk.send()
        messenger.fate = lambda parcel: None
        await talk.answer(conversation_id, "대피하세요", danger=True)
        await talk.send()
        assert messenger.seen["U1"] == ["안내", "대피하세요"]

    async def test_a_line_longer_than_one_parcel(self, talk: Talk, messenger: FakeMessenger) -> None:
        await talk.answer(await talk.open(), "\n".join(f"{number:02}번 문장은 이렇게 길고 길어서 여러 번에 나누어 보냅니다." for number in range(60)))
        await talk.answer(await talk.open(), "끝")
        await talk.send()
        assert len(messenger.parcels) > 2
        joined = " ".join(messenger.seen["U1"])
        assert [joined.count(f"{number:02}번") for number in range(60)] == [1] * 60
        assert messenger.seen["U1"][-1] == "끝"


class TestWindows:
    async def test_a_reply_goes_in_the_window_and_the_next_is_pushed(self, talk: Talk, messenger: FakeMessenger) -> None:
        arrived = await talk.write(window=window(token="reply-1"))
        await talk.answer(arrived.conversation_id, "하나", in_reply_to=arrived.message_id)
        await talk.send()
        await talk.answer(arrived.conversation_id, "둘")
        await talk.send()
        assert [parcel.window.token if parcel.window else None for parcel in messenger.parcels] == ["reply-1", None]
        assert messenger.seen["U1"] == ["하나", "둘"]

    async def test_the_token_is_sealed_at_rest(self, talk: Talk) -> None:
        await talk.write(window=window(token="reply-secret"))
        (row,) = await talk.run("SELECT * FROM reply_windows")
        assert b"reply-secret" not in bytes(row["token"])

    async def test_a_window_that_is_over_is_not_used(self, talk: Talk, messenger: FakeMessenger) -> None:
        arrived = await talk.write(window=window(seconds=-1))
        await talk.answer(arrived.conversation_id, "안내", in_reply_to=arrived.message_id)
        await talk.send()
        assert messenger.parcels[0].window is None

    async def test_a_window_that_the_platform_refuses_becomes_a_push(self, talk: Talk, messenger: FakeMessenger) -> None:
        arrived = await talk.write(window=window())
        messenger.fate = lambda parcel: WindowClosed() if parcel.window else None
        await talk.answer(arrived.conversation_id, "안내", in_reply_to=arrived.message_id)
        await talk.send()
        assert messenger.seen["U1"] == ["안내"]
        assert [bool(parcel.window) for parcel in messenger.parcels] == [True, False]

    async def test_without_push_a_line_waits_for_the_next_message(self, talk: Talk, messenger: FakeMessenger) -> None:
        messenger.but(may_push=False, push_has_key=False)
        await talk.answer((await talk.write()).conversation_id, "안내")
        await talk.send()
        assert messenger.parcels == []
        await talk.write(window=window(single_use=False, messages=5))
        await talk.send()
        assert messenger.seen["U1"] == ["안내"]

    async def test_a_window_that_counts_is_not_overdrawn(self, talk: Talk, messenger: FakeMessenger) -> None:
        messenger.but(may_push=False, push_has_key=False, messages_per_send=1)
        arrived = await talk.write(window=window(single_use=False, messages=5, seconds=3600))
        for number in range(8):
            await talk.answer(arrived.conversation_id, f"{number}")
        await talk.send()
        assert messenger.seen["U1"] == list("01234")
        await talk.write(window=window(single_use=False, messages=5, seconds=3600))
        await talk.send()
        assert messenger.seen["U1"] == list("01234567")


class TestDoubt:
    async def test_under_a_key_the_same_parcel_goes_again(self, talk: Talk, messenger: FakeMessenger) -> None:
        conversation_id = await talk.open()
        await talk.answer(conversation_id, "하나")
        messenger.fate, messenger.arrives_anyway = no_answer, True
        await talk.send()
        await talk.answer(conversation_id, "둘")
        messenger.fate = lambda parcel: None
        await talk.make_due()
        await talk.send()
        assert messenger.seen["U1"] == ["하나", "둘"]
        assert messenger.parcels[0].key == messenger.parcels[1].key != messenger.parcels[2].key

    async def test_without_a_key_routine_is_given_up_and_seen(self, talk: Talk, messenger: FakeMessenger) -> None:
        messenger.but(push_has_key=False)
        conversation_id = await talk.open()
        await talk.answer(conversation_id, "하나")
        messenger.fate = no_answer
        await talk.send()
        await talk.answer(conversation_id, "둘")
        messenger.fate = lambda parcel: None
        await talk.make_due()
        await talk.send()
        assert messenger.seen["U1"] == ["둘"]
        assert [(row["state"], row["last_error"]) for row in await talk.outbox()] == [("dead", "unknown"), ("sent", None)]
        found = await talk.run("SELECT payload FROM events WHERE kind = 'undelivered' AND stream LIKE 'conversation:%%'")
        assert [row["payload"]["reason"] for row in found] == ["unknown"]

    async def test_without_a_key_danger_goes_again_and_says_so(self, talk: Talk, messenger: FakeMessenger) -> None:
        messenger.but(push_has_key=False)
        await talk.answer(await talk.open(), "대피하세요", danger=True)
        messenger.fate, messenger.arrives_anyway = no_answer, True
        await talk.send()
        messenger.fate = lambda parcel: None
        await talk.make_due()
        await talk.send()
        assert messenger.seen["U1"] == ["대피하세요", "(다시 보냄)\n대피하세요"]

    @pytest.mark.parametrize("lost", [0, 1])
    async def test_danger_in_parts_goes_on_where_it_was_broken_off(self, talk: Talk, messenger: FakeMessenger, lost: int) -> None:
        messenger.but(push_has_key=False, messages_per_send=1, text=Limit(34))
        parts = ["문을 잠그고 소리를 내지 마세요. 창문에서 떨어지세요.", "도와줄 사람이 가고 있어요."]
        await talk.answer(await talk.open(), " ".join(parts), danger=True)
        messenger.fate, messenger.arrives_anyway = lambda parcel: Retry("timeout", is_unknown=True) if len(messenger.parcels) == lost + 1 else None, True
        await talk.send()
        await talk.make_due()
        await talk.send()
        again = parts[0] if lost == 0 else f"(다시 보냄)\n{parts[1]}"  # the first has no room to say so
        assert messenger.seen["U1"] == [*parts[: lost + 1], again, *parts[lost + 1 :]]

    async def test_a_spent_reply_window_tells_that_the_reply_had_arrived(self, talk: Talk, messenger: FakeMessenger) -> None:
        messenger.but(spent_window_tells=True)
        arrived = await talk.write(window=window())
        await talk.answer(arrived.conversation_id, "안내", in_reply_to=arrived.message_id)
        messenger.fate, messenger.arrives_anyway = no_answer, True
        await talk.send()
        messenger.fate = lambda parcel: None
        await talk.make_due()
        await talk.send()
        assert messenger.seen["U1"] == ["안내"]
        assert [row["state"] for row in await talk.outbox()] == ["sent"]

    async def test_an_unspent_reply_window_is_used_on_the_second_try(self, talk: Talk, messenger: FakeMessenger) -> None:
        messenger.but(spent_window_tells=True)
        arrived = await talk.write(window=window())
        await talk.answer(arrived.conversation_id, "안내", in_reply_to=arrived.message_id)
        messenger.fate = no_answer
        await talk.send()
        messenger.fate = lambda parcel: None
        await talk.make_due()
        await talk.send()
        assert messenger.seen["U1"] == ["안내"]
        assert all(parcel.window for parcel in messenger.parcels)


@pytest.mark.parametrize("keyed", [True, False])
async def test_a_platform_that_is_down_for_an_hour(talk: Talk, messenger: FakeMessenger, keyed: bool) -> None:
    messenger.but(push_has_key=keyed)
    talks = [await talk.open(f"U{number}") for number in range(5)]
    messenger.fate = is_down
    sender = talk.sender()
    for number in range(12):  # every five minutes somebody writes, and everything is tried again
        for conversation_id in talks:
            await talk.answer(conversation_id, f"{number}", danger=number % 5 == 0)
        await talk.run("UPDATE messages SET created_at = created_at - interval '5 minutes'")
        await talk.make_due()
        await talk.send(sender)
    assert messenger.seen == {}
    messenger.fate = lambda parcel: None
    await talk.make_due()
    await talk.send(sender)
    assert messenger.seen == {f"U{number}": [str(n) for n in range(12)] for number in range(5)}


class TestKilledSender:
    async def test_its_claim_is_taken_over_after_the_lease(self, talk: Talk, messenger: FakeMessenger) -> None:
        await talk.answer(await talk.open(), "안내")
        async with talk.db.transaction() as tx:
            held = await outbox.claim(tx, talk.cipher, ["fake"], by="dead", lease_s=30, limit=5, quiet=[])
        assert len(held) == 1
        await talk.send()
        assert messenger.parcels == []
        await talk.lease_ends()
        await talk.send()
        assert messenger.seen["U1"] == ["안내"]

    @pytest.mark.parametrize(("keyed", "danger", "seen"), [(True, False, ["안내"]), (False, True, ["안내", "(다시 보냄)\n안내"]), (False, False, ["안내"])])
    async def test_killed_after_sending(self, talk: Talk, messenger: FakeMessenger, keyed: bool, danger: bool, seen: list[str]) -> None:
        messenger.but(push_has_key=keyed)
        await talk.answer(await talk.open(), "안내", danger=danger)
        entered, sender = asyncio.Event(), talk.sender()

        def fate(parcel: Parcel) -> SendResult | None:
            entered.set()
            return None

        original = messenger.send

        async def send_and_hang(parcel: Parcel) -> SendResult:
            await original(parcel)
            await asyncio.sleep(3600)
            return Retry("never")

        messenger.fate, messenger.send = fate, send_and_hang  # type: ignore[method-assign]
        await sender.step()
        await entered.wait()
        await asyncio.sleep(0.05)
        for task in sender._busy:
            task.cancel()
        messenger.send = original  # type: ignore[method-assign]
        await talk.lease_ends()
        await talk.send()
        assert messenger.seen["U1"] == seen

    async def test_who_comes_back_too_late_writes_nothing(self, talk: Talk, messenger: FakeMessenger) -> None:
        await talk.answer(await talk.open(), "안내")
        slow, entered, let_go = talk.sender(), asyncio.Event(), asyncio.Event()
        original = messenger.send

        async def send_late(parcel: Parcel) -> SendResult:
            entered.set()
            await let_go.wait()
            return await original(parcel)

        messenger.send = send_late  # type: ignore[method-assign]
        await slow.step()
        await entered.wait()
        await talk.lease_ends()
        messenger.send = original  # type: ignore[method-assign]
        await talk.send()
        let_go.set()
        await slow.drain()
        assert messenger.seen["U1"] == ["안내"]
        assert [(row["state"], row["attempts"]) for row in await talk.outbox()] == [("sent", 2)]


class TestRefused:
    async def test_is_given_up_and_the_next_goes(self, talk: Talk, messenger: FakeMessenger) -> None:
        conversation_id = await talk.open()
        messenger.fate = lambda parcel: Refused("blocked") if parcel.messages[0].text == "하나" else None
        messenger.but(messages_per_send=1)
        await talk.answer(conversation_id, "하나")
        await talk.answer(conversation_id, "둘")
        await talk.send()
        assert messenger.seen["U1"] == ["둘"]
        assert [row["state"] for row in await talk.outbox()] == ["dead", "sent"]

    async def test_the_case_is_told(self, talk: Talk, messenger: FakeMessenger) -> None:
        arrived = await talk.door.accept(talk.inbound("지금 위험해요", kind=InboundKind.DANGER))
        messenger.fate = lambda parcel: Refused("blocked")
        await talk.send()
        found = await talk.run("SELECT payload FROM events WHERE kind = 'undelivered' AND stream LIKE 'case:%%'")
        assert [row["payload"]["reason"] for row in found] == ["blocked"]
        assert arrived.conversation_id

    async def test_an_adapter_that_breaks_stops_nobody_else(self, talk: Talk, messenger: FakeMessenger) -> None:
        def fate(parcel: Parcel) -> SendResult | None:
            if parcel.to == "U1":
                raise RuntimeError("broken")
            return None

        messenger.fate = fate
        await talk.answer(await talk.open("U1"), "하나")
        await talk.answer(await talk.open("U2"), "둘")
        await talk.send()
        assert messenger.seen == {"U2": ["둘"]}


async def test_slow_routine_never_takes_all_the_slots(talk: Talk, messenger: FakeMessenger) -> None:
    sender = talk.sender(slots=2)
    messenger.delay_s = 3.0
    for number in range(5):
        await talk.answer(await talk.open(f"U{number}"), "안내")
    assert await sender.step() == 2
    assert await sender.step() == 0
    while len(messenger.parcels) < 2:
        await asyncio.sleep(0.01)
    messenger.delay_s = 0.0
    await talk.answer(await talk.open("danger"), "대피하세요", danger=True)
    assert await sender.step() == 1
    while not messenger.seen:
        await asyncio.sleep(0.01)
    assert messenger.seen == {"danger": ["대피하세요"]}
    await sender.drain()
