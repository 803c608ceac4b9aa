"""A channel that stops delivering raises one alarm; the watch outside hears from us only while all is well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.channels.health import ChannelHealth, Watch, for_board, of_channels
from bot.channels.testing import is_down
from core.clock import now
from core.settings import Settings
from tests.integration.channels.conftest import Talk

AT = now()


def a_channel(**values: Any) -> ChannelHealth:
    fields: dict[str, Any] = {
        "name": "fake", "last_inbound_at": None, "last_sent_at": None, "waiting": 0, "waiting_danger": 0, "oldest_waiting_at": None,
        "oldest_danger_at": None, "given_up": 0, "last_error": "", "quota_reached": False,
    }  # fmt: skip
    return ChannelHealth(**fields | values)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, ""),
        ({"oldest_waiting_at": AT - timedelta(seconds=300)}, ""),
        ({"oldest_waiting_at": AT - timedelta(seconds=301)}, "waits"),
        ({"oldest_danger_at": AT - timedelta(seconds=30)}, ""),
        ({"oldest_danger_at": AT - timedelta(seconds=31)}, "danger_waits"),
        ({"given_up": 9}, ""),
        ({"given_up": 10}, "given_up"),
        ({"quota_reached": True}, "quota"),
        ({"quota_reached": True, "oldest_danger_at": AT - timedelta(seconds=31)}, "danger_waits"),
    ],
)
def test_when_a_channel_counts_as_stuck(values: dict[str, Any], why: str) -> None:
    assert a_channel(**values).stuck(AT, 300, 30, 10) == why


async def kinds(talk: Talk) -> list[tuple[str, str]]:
    rows = await talk.run("SELECT kind, payload FROM events WHERE stream = 'queue' AND kind LIKE 'channel%%' ORDER BY seq")
    return [(row["kind"], row["payload"]["reason"]) for row in rows]


async def test_one_alarm_when_it_stops_and_one_word_when_it_delivers_again(talk: Talk) -> None:
    watch = Watch(talk.db, Settings(), ["fake", "unused"])
    assert await watch.look() == {}
    await talk.write("도와주세요")
    talk.messenger.fate = is_down
    conversation = await talk.open()
    await talk.answer(conversation, "상담관을 연결하고 있습니다.", danger=True)
    sender = talk.sender()
    await sender.step()
    await sender.drain()
    assert await watch.look() == {}
    await talk.run("UPDATE messages SET created_at = now() - interval '31 seconds' WHERE author_kind = 'system'")
    for _ in range(3):
        assert await watch.look() == {"fake": "danger_waits"}
    assert await kinds(talk) == [("channel_stuck", "danger_waits")]
    talk.messenger.fate = lambda parcel: None
    await talk.make_due()
    await talk.send()
    assert await watch.look() == {}
    assert await kinds(talk) == [("channel_stuck", "danger_waits"), ("channel_delivers", "")]


async def test_the_figures_of_a_channel(talk: Talk) -> None:
    arrived = await talk.write("도와주세요")
    await talk.answer(arrived.conversation_id, "하나")
    await talk.send()
    await talk.answer(arrived.conversation_id, "둘")
    async with talk.db.read() as connection:
        fake, unused = await of_channels(connection, ["unused", "fake"])
    assert (fake.name, fake.waiting, fake.waiting_danger, fake.given_up) == ("fake", 1, 0, 0)
    assert fake.last_inbound_at is not None
    assert fake.last_sent_at is not None
    assert (unused.name, unused.waiting, unused.last_inbound_at) == ("unused", 0, None)


async def test_who_waits_for_the_citizens_next_message_is_no_fault_of_the_channel(talk: Talk) -> None:
    conversation = await talk.open()
    await talk.answer(conversation, "하나")
    await talk.run("UPDATE messages SET created_at = now() - interval '1 hour'")
    await talk.run("UPDATE outbox SET last_error = 'no_window'")
    assert await Watch(talk.db, Settings(), ["fake"]).look() == {}


async def test_what_waits_behind_it_is_none_either_and_in_another_conversation_it_is(talk: Talk) -> None:
    talk.messenger.but(may_push=False, push_has_key=False)
    conversation = await talk.open()
    await talk.answer(conversation, "하나")
    await talk.answer(conversation, "상담관을 연결하고 있습니다.", danger=True)
    await talk.send()
    await talk.run("UPDATE messages SET created_at = now() - interval '1 hour'")
    assert [row["last_error"] for row in await talk.outbox()] == ["no_window", None]
    watch = Watch(talk.db, Settings(), ["fake"])
    assert await watch.look() == {}
    await talk.answer(await talk.open("U2"), "상담관을 연결하고 있습니다.", danger=True)
    await talk.run("UPDATE messages SET created_at = now() - interval '1 hour'")
    assert await watch.look() == {"fake": "danger_waits"}


class TestSignOfLife:
    def watch(self, talk: Talk, seen: list[str], status: int = 200) -> Watch:
        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(str(request.url))
            return httpx.Response(status)

        return Watch(talk.db, Settings(heartbeat_url="https://watch.example/ping"), ["fake"], httpx.AsyncClient(transport=httpx.MockTransport(answer)))

    async def alive(self, talk: Talk, loaded: str) -> None:
        await talk.run("DELETE FROM heartbeats")
        await talk.run("INSERT INTO heartbeats (process, role, state) VALUES ('w', 'web', %s::jsonb)", f'{{"loaded": {loaded}}}')

    async def test_only_while_all_is_well(self, talk: Talk) -> None:
        seen: list[str] = []
        watch = self.watch(talk, seen)
        assert await watch.sign() is False
        await self.alive(talk, "false")
        assert await watch.sign() is False
        await self.alive(talk, "true")
        assert await watch.sign() is True
        assert seen == ["https://watch.example/ping"]
        await talk.answer(await talk.open(), "하나", danger=True)
        await talk.run("UPDATE messages SET created_at = now() - interval '1 hour'")
        await watch.look()
        assert await watch.sign() is False
        assert len(seen) == 1

    async def test_a_watch_that_refuses_was_not_reached(self, talk: Talk) -> None:
        await self.alive(talk, "true")
        assert await self.watch(talk, [], 500).sign() is False


async def test_the_board_is_told_the_same(talk: Talk) -> None:
    await talk.write("도와주세요")
    talk.messenger.fate = is_down
    conversation = await talk.open()
    await talk.answer(conversation, "상담관을 연결하고 있습니다.", danger=True)
    await talk.run("UPDATE messages SET created_at = created_at - interval '2 minutes' RETURNING 1")
    async with talk.db.read() as connection:
        fake, unused = await for_board(Settings(), ["unused", "fake"])(connection)
    assert (fake.name, fake.waiting_danger, fake.why) == ("fake", 1, "danger_waits")
    assert (unused.name, unused.why, unused.last_sent_at) == ("unused", "", None)
