"""LINE's adapter against a server that behaves like LINE, on the real database; the models are not needed for any of it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from bot import errors
from bot.channels.contract import DANGER
from bot.channels.guard import MAX_BODY_BYTES
from bot.channels.line.channel import LineChannel
from bot.channels.line.signature import sign
from bot.channels.line.simulator import LineSimulator
from conversation.schemas import SentFile
from core.errors import DatabaseUnavailable
from tests.integration.channels.conftest import Talk

PERSON = "U" + secrets.token_hex(16)
COUNTED = ("conversations", "messages", "inbox", "outbox", "cases", "reply_windows")


@dataclass
class Line:
    """The program's LINE and the platform's."""

    talk: Talk
    platform: LineSimulator

    async def counts(self) -> dict[str, int]:
        return {table: (await self.talk.run(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in COUNTED}

    async def conversation(self) -> str:
        return str((await self.talk.run("SELECT id FROM conversations WHERE status = 'open'"))[0]["id"])

    async def answer(self, text: str, **values: Any) -> None:
        await self.talk.answer(await self.conversation(), text, **values)
        await self.talk.send()

    @property
    def texts(self) -> list[str]:
        return self.platform.telephones.texts(PERSON)


@pytest_asyncio.fixture
async def line(talk: Talk) -> AsyncIterator[Line]:
    app = FastAPI()
    errors.install(app)
    platform = LineSimulator(
        "http://program/channels/line/webhook",
        secret="secret",
        token="access",
        again_s=(0.01, 0.02),
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
    )
    channel = LineChannel("secret", "access", "http://line", httpx.ASGITransport(platform.app(), raise_app_exceptions=False))
    talk.channels.clear()
    talk.channels["line"] = channel
    talk.messenger.name = "line"
    app.include_router(channel.routes(talk.door))
    yield Line(talk, platform)
    await platform.settle()
    await channel.close()


def a_hook(line: Line, text: str = "여권을 잃어버렸어요") -> dict[str, Any]:
    message = {"type": "text", "id": "1", "text": text, "quoteToken": "q"}
    return {"destination": "U" + "0" * 32, "events": [line.platform.event(PERSON, "message", message=message)]}


class TestRefused:
    """Nothing of a request that is refused reaches a conversation."""

    @pytest.fixture
    async def untouched(self, line: Line) -> AsyncIterator[Line]:
        before = await line.counts()
        yield line
        assert await line.counts() == before

    @pytest.mark.parametrize("signature", ["", "forged", sign("another secret", b"x")])
    async def test_forged(self, untouched: Line, signature: str) -> None:
        assert await untouched.platform.deliver(a_hook(untouched), signature=signature) == 401

    async def test_changed_on_the_way(self, untouched: Line) -> None:
        hook = a_hook(untouched)
        raw = json.dumps(hook).encode()
        assert await untouched.platform.deliver(hook, signature=sign("secret", raw), raw=raw.replace(b"U", b"V", 1)) == 401

    async def test_truncated(self, untouched: Line) -> None:
        raw = json.dumps(a_hook(untouched)).encode()
        assert await untouched.platform.deliver({}, signature=sign("secret", raw), raw=raw[:-10]) == 401
        assert await untouched.platform.deliver({}, raw=raw[:-10]) == 400

    async def test_oversized(self, untouched: Line) -> None:
        raw = b" " * (MAX_BODY_BYTES + 1)
        assert await untouched.platform.deliver({}, raw=raw) == 413

    @pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"\xff\xfe", b"{" * 5000, b'{"events": NaN}'])
    async def test_not_json(self, untouched: Line, raw: bytes) -> None:
        assert await untouched.platform.deliver({}, raw=raw) == 400

    async def test_stale(self, untouched: Line) -> None:
        hook = a_hook(untouched)
        hook["events"][0]["timestamp"] -= 2 * 24 * 3600 * 1000
        assert await untouched.platform.deliver(hook) == 200

    async def test_the_check_of_the_console(self, untouched: Line) -> None:
        assert await untouched.platform.deliver({"destination": "U" + "0" * 32, "events": []}) == 200

    async def test_standby(self, untouched: Line) -> None:
        hook = a_hook(untouched)
        hook["events"][0]["mode"] = "standby"
        assert await untouched.platform.deliver(hook) == 200


class TestReceiving:
    async def test_a_replayed_webhook_is_taken_once(self, line: Line) -> None:
        hook = a_hook(line)
        assert [await line.platform.deliver(hook) for _ in range(3)] == [200, 200, 200]
        assert (await line.counts())["messages"] == 1

    async def test_without_database_line_is_told_and_delivers_again(self, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
        accept, tries = line.talk.door.accept, []

        async def away_at_first(*args: Any, **values: Any) -> Any:
            tries.append(1)
            if len(tries) == 1:
                raise DatabaseUnavailable("away")
            return await accept(*args, **values)

        monkeypatch.setattr(line.talk.door, "accept", away_at_first)
        assert await line.platform.says(PERSON, "도와주세요") == 503
        await line.platform.settle()
        assert (await line.counts())["messages"] == 1

    async def test_a_fault_of_one_event_keeps_the_others(self, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
        accept = line.talk.door.accept

        async def faulty(inbound: Any, *args: Any, **values: Any) -> Any:
            if inbound.text == "나쁜 글":
                raise RuntimeError("fault")
            return await accept(inbound, *args, **values)

        monkeypatch.setattr(line.talk.door, "accept", faulty)
        hook = a_hook(line, "나쁜 글")
        hook["events"] += a_hook(line, "좋은 글")["events"]
        assert await line.platform.deliver(hook) == 500
        assert (await line.counts())["messages"] == 1

    async def test_one_person_has_one_conversation(self, line: Line) -> None:
        await line.platform.says(PERSON, "하나")
        await line.platform.says(PERSON, "둘")
        await line.platform.says("U" + secrets.token_hex(16), "다른 사람")
        assert (await line.counts())["conversations"] == 2

    async def test_who_writes_after_the_end_starts_anew(self, line: Line) -> None:
        await line.platform.says(PERSON, "하나")
        await line.talk.run("UPDATE conversations SET status = 'closed', closed_at = now()")
        await line.platform.says(PERSON, "둘")
        assert (await line.counts())["conversations"] == 2

    async def test_nobody_can_tell_from_the_tables_who_it_is(self, line: Line) -> None:
        await line.platform.says(PERSON, "하나")
        (row,) = await line.talk.run("SELECT * FROM conversations")
        assert PERSON not in repr(row)

    async def test_the_danger_button_is_in_the_queue_when_it_is_acknowledged(self, line: Line) -> None:
        await line.platform.happens(PERSON, "follow")
        await line.talk.send()
        (danger,) = [button for button in line.platform.telephones.quick_replies(PERSON) if button["action"].get("data", "").startswith(DANGER)]
        assert await line.platform.presses(PERSON, danger) == 200
        assert [row["severity"] for row in await line.talk.run("SELECT severity FROM cases")] == ["life_threat"]
        await line.talk.send()
        assert len(line.texts) > 1

    async def test_what_was_taken_back_is_erased_after_triage(self, line: Line) -> None:
        await line.platform.says(PERSON, "비밀")
        number = line.platform.delivered[-1][1]["events"][0]["message"]["id"]
        await line.platform.happens(PERSON, "unsend", unsend={"messageId": number})
        await self.clean(line)
        assert [row["kind"] for row in await line.talk.run("SELECT kind FROM messages")] == ["text"]
        await line.talk.run("UPDATE inbox SET triage_state = 'done', turn_state = 'answered'")
        await self.clean(line)
        assert [row["kind"] for row in await line.talk.run("SELECT kind FROM messages")] == ["withdrawn"]

    async def clean(self, line: Line) -> None:
        from conversation import visitors

        async with line.talk.db.transaction() as tx:
            await visitors.erase_withdrawn(tx, line.talk.cipher)

    async def test_the_loading_animation_is_shown(self, line: Line) -> None:
        await line.platform.says(PERSON, "여권을 잃어버렸어요")
        assert line.platform.loading == [PERSON]


class TestSending:
    async def test_a_greeting_once_with_the_hotline(self, line: Line) -> None:
        hook = {"destination": "U" + "0" * 32, "events": [line.platform.event(PERSON, "follow", follow={"isUnblocked": False})]}
        await line.platform.deliver(hook)
        await line.platform.deliver(hook)
        await line.talk.send()
        assert len(line.texts) == 1
        assert "+82-2-3210-0404" in line.texts[0]
        assert (line.platform.replies, line.platform.pushes) == (1, 0)

    async def test_the_reply_token_first_then_push(self, line: Line) -> None:
        await line.platform.says(PERSON, "여권")
        await line.answer("하나")
        await line.answer("둘")
        assert line.texts == ["하나", "둘"]
        assert (line.platform.replies, line.platform.pushes) == (1, 1)

    async def test_a_token_that_has_ended_becomes_a_push(self, line: Line) -> None:
        await line.platform.says(PERSON, "여권")
        line.platform._clock = lambda: 1e12
        await line.answer("하나")
        assert line.texts == ["하나"]
        assert (line.platform.replies, line.platform.pushes) == (0, 1)

    @pytest.mark.parametrize("has_token", [True, False])
    async def test_taken_but_not_acknowledged_arrives_once(self, line: Line, has_token: bool) -> None:
        await line.platform.says(PERSON, "여권")
        if not has_token:
            await line.answer("영")
        line.platform.state = "crashes"
        await line.answer("하나")
        line.platform.state = "up"
        await line.talk.make_due()
        await line.answer("둘")
        assert line.texts[-2:] == ["하나", "둘"]
        assert line.texts.count("하나") == 1

    async def test_the_quota(self, line: Line) -> None:
        await line.platform.says(PERSON, "여권")
        line.platform.monthly_limit = 0
        await line.answer("무료 답장")
        await line.answer("유료")
        assert line.texts == ["무료 답장"]
        assert [(row["state"], row["last_error"]) for row in await line.talk.outbox()][-1] == ("pending", "quota")
        line.platform.monthly_limit = 10
        await line.talk.make_due()
        await line.talk.send()
        assert line.texts == ["무료 답장", "유료"]

    async def test_down_for_an_hour(self, line: Line) -> None:
        await line.platform.says(PERSON, "여권")
        line.platform.state = "down"
        said = await line.talk.an_hour(await line.conversation())
        line.platform._clock = lambda: time.monotonic() + 3600
        assert line.texts == []
        line.platform.state = "up"
        await line.talk.back()
        assert line.texts == said
        assert line.platform.refused == []

    async def test_who_blocks_us_is_seen_by_the_desk(self, line: Line) -> None:
        await line.platform.says(PERSON, "여권")
        await line.talk.answer(await line.conversation(), "안내")
        await line.platform.happens(PERSON, "unfollow")
        assert [(row["state"], row["last_error"]) for row in await line.talk.outbox()] == [("dead", "blocked")]

    async def test_an_agents_picture_is_shown_as_one(self, line: Line) -> None:
        await line.platform.says(PERSON, "여권")
        url = "https://g.example/files/7.p.1.x"
        await line.answer("상담관이 사진을 보냈습니다.", kind="file", file=SentFile(7, "image", "안내.jpg", url, url))
        assert [shown.image for shown in line.platform.telephones.shown[PERSON]][-2:] == ["", url]

    async def test_nothing_that_is_sent_is_against_the_rules(self, line: Line) -> None:
        await line.platform.says(PERSON, "여권")
        await line.answer("😀가나다. " * 3000)
        assert line.platform.refused == []
        assert "".join(line.texts).count("😀") == 3000
