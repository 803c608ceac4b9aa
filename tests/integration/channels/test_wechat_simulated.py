"""WeChat's adapter against a server that behaves like WeChat, on the real database; the models are not needed for any of it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from bot import errors
from bot.channels import registry, waiting
from bot.channels.contract import DANGER
from bot.channels.simulation import Picked
from bot.channels.wechat import channel as wechat_channel
from bot.channels.wechat.account import FRESH_S, Account
from bot.channels.wechat.channel import MAX_BODY_BYTES, WeChatChannel
from bot.channels.wechat.crypto import Envelope, sign
from bot.channels.wechat.simulator import UNAVAILABLE, WeChatSimulator
from bot.files.words import refusal
from conversation import limits
from conversation import marks as marking
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body, Button, Posted
from core.errors import DatabaseUnavailable
from core.fetching import Fetcher, FetchRefused
from core.settings import Settings
from handoff import location
from tests.integration.channels.conftest import Talk

PERSON = "o" + secrets.token_urlsafe(20)
COUNTED = ("conversations", "messages", "inbox", "outbox", "cases", "reply_windows", "geo_fixes")
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ANSWER_S = 2.0
#: Of three messages.
LONG = "\n".join(f"{number}번 서류를 가까운 공관에 내십시오." for number in range(1, 100))
URL, HOTLINE = "https://gildongmu.example", "+82-2-3210-0404"


@dataclass
class WeChat:
    """The program's WeChat and the platform's."""

    talk: Talk
    platform: WeChatSimulator
    channel: WeChatChannel
    answering: list[asyncio.Task[None]] = field(default_factory=list)

    async def counts(self) -> dict[str, int]:
        return {table: (await self.talk.run(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in COUNTED}

    async def conversation(self) -> str:
        return str((await self.talk.run("SELECT id FROM conversations WHERE status = 'open'"))[0]["id"])

    async def answer(self, text: str, **values: Any) -> None:
        await self.talk.answer(await self.conversation(), text, **values)
        await self.talk.send()

    async def no_notice(self) -> None:
        """As in a conversation in which it has been said already."""
        await self.talk.answer(await self.conversation(), "알림")
        await self.talk.run("UPDATE outbox SET client_id = 'platform-notice', state = 'sent'")

    def worker(self, text: str, after_s: float = 0.0, category: str = "other", **values: Any) -> None:
        """Somebody who triages and answers what comes."""

        async def work() -> None:
            while True:
                for row in await self.talk.run("SELECT message_id, conversation_id FROM inbox WHERE turn_state = 'pending' AND triage_state = 'pending'"):
                    await self.talk.run(
                        "UPDATE inbox SET triage_state = 'done', category = %s, action = %s, turn_state = 'answered' WHERE message_id = %s",
                        category,
                        "none" if category == "other" else "escalate",
                        row["message_id"],
                    )
                    await asyncio.sleep(after_s)
                    await self.talk.answer(row["conversation_id"], text, in_reply_to=row["message_id"], **values)
                await asyncio.sleep(0.02)

        self.answering.append(asyncio.create_task(work()))

    async def until(self, statement: str) -> None:
        """Wait until a statement finds something."""
        began = time.monotonic()
        while not await self.talk.run(statement):
            assert time.monotonic() - began < 60, statement
            await asyncio.sleep(0.02)

    @property
    def texts(self) -> list[str]:
        return self.platform.telephones.texts(PERSON)


async def connected(talk: Talk, **values: Any) -> WeChat:
    app = FastAPI()
    errors.install(app)
    kind = values.get("kind", "official")
    name = "wechat" if kind == "official" else "wechat_mini"
    mode = values.setdefault("mode", "safe")
    platform = WeChatSimulator(
        f"http://program/channels/{name}",
        app_id="wx1",
        secret="secret",
        token="token",
        key=KEY,
        answer_s=4.0,
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        **values,
    )
    key = "" if mode == "plain" else KEY
    account = Account(name, f"/channels/{name}", "wx1", "secret", "token", key, "gh_simulated", answers_inline=kind == "official")
    channel = WeChatChannel(account, "http://wechat", url=URL, hotline=HOTLINE, transport=httpx.ASGITransport(platform.app(), raise_app_exceptions=False))
    channel.use(talk.db, talk.cipher)
    talk.channels.clear()
    talk.channels[name] = channel  # type: ignore[assignment]
    talk.messenger.name = name
    registry.register_limits(talk.channels)
    app.include_router(channel.routes(talk.door))
    return WeChat(talk, platform, channel)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wechat_channel, "ANSWER_S", ANSWER_S)


@contextlib.asynccontextmanager
async def running(talk: Talk, **values: Any) -> AsyncIterator[WeChat]:
    wechat = await connected(talk, **values)
    try:
        yield wechat
    finally:
        for task in wechat.answering:
            task.cancel()
        await asyncio.gather(*wechat.answering, return_exceptions=True)
        await wechat.channel.close()


@pytest_asyncio.fixture
async def wechat(talk: Talk) -> AsyncIterator[WeChat]:
    async with running(talk) as one:
        yield one


class TestRefused:
    """Nothing of a request that is refused reaches a conversation."""

    @pytest.fixture(params=["safe", "compatible", "plain"])
    async def untouched(self, talk: Talk, request: pytest.FixtureRequest) -> AsyncIterator[WeChat]:
        async with running(talk, mode=request.param) as one:
            before = await one.counts()
            yield one
            assert await one.counts() == before

    def a_message(self, wechat: WeChat, text: str = "여권") -> dict[str, str]:
        return wechat.platform.message(PERSON, "text", Content=text)

    @pytest.mark.parametrize("signature", ["", "0" * 40, sign("another", "1", "1"), "é" * 40])
    async def test_forged(self, untouched: WeChat, signature: str) -> None:
        assert (await untouched.platform.deliver(self.a_message(untouched), signature=signature))[0] == 401

    async def test_forged_signature_of_the_message(self, untouched: WeChat) -> None:
        if untouched.platform.mode == "plain":
            pytest.skip  # noqa: B018  (a plain account has none)
            return
        assert (await untouched.platform.deliver(self.a_message(untouched), msg_signature="0" * 40))[0] == 401

    async def test_a_plain_message_to_an_account_that_encrypts(self, untouched: WeChat) -> None:
        if untouched.platform.mode == "plain":
            return
        untouched.platform.envelope = None
        assert (await untouched.platform.deliver(self.a_message(untouched)))[0] == 401

    @pytest.mark.parametrize("by_s", [-FRESH_S - 5, FRESH_S + 5, -(10**9)])
    async def test_stale(self, untouched: WeChat, by_s: int) -> None:
        body, query = untouched.platform.request(self.a_message(untouched), at=int(time.time()) + by_s)
        assert (await untouched.platform.deliver({}, raw=body, **query))[0] == 401

    @pytest.mark.parametrize("stamp", ["", "now", "-1", "9" * 40, "１２３"])
    async def test_no_time(self, untouched: WeChat, stamp: str) -> None:
        body, query = untouched.platform.request(self.a_message(untouched))
        query |= {"timestamp": stamp, "signature": sign("token", stamp, query["nonce"])}
        assert (await untouched.platform.deliver({}, raw=body, **query))[0] == 401

    async def test_truncated(self, untouched: WeChat) -> None:
        body, query = untouched.platform.request(self.a_message(untouched))
        for length in (0, 5, len(body) // 2, len(body) - 1):
            assert (await untouched.platform.deliver({}, raw=body[:length], **query))[0] in (400, 401)

    async def test_oversized(self, untouched: WeChat) -> None:
        body, query = untouched.platform.request(self.a_message(untouched))
        assert (await untouched.platform.deliver({}, raw=body + b" " * MAX_BODY_BYTES, **query))[0] == 413

    async def test_a_document_type_and_entities(self, untouched: WeChat) -> None:
        laughs = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]><xml><Encrypt>&lol2;</Encrypt></xml>'
        outside = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Content>&e;</Content></xml>'
        _, query = untouched.platform.request(self.a_message(untouched))
        for raw in (laughs, outside):
            assert (await untouched.platform.deliver({}, raw=raw, **query))[0] == 400

    async def test_entities_inside_the_envelope(self, untouched: WeChat, monkeypatch: pytest.MonkeyPatch) -> None:
        inside = b'<!DOCTYPE x [<!ENTITY e "x">]><xml><MsgType>text</MsgType><Content>&e;</Content></xml>'
        written = untouched.platform._written
        monkeypatch.setattr(untouched.platform, "_written", lambda fields: written(fields) if "Encrypt" in fields else inside)
        assert (await untouched.platform.deliver(self.a_message(untouched)))[0] == 400

    @pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"\xff\xfe", b"{" * 5000, b"<xml>", b"<xml/><xml/>"])
    async def test_neither_xml_nor_json(self, untouched: WeChat, raw: bytes) -> None:
        _, query = untouched.platform.request(self.a_message(untouched))
        assert (await untouched.platform.deliver({}, raw=raw, **query))[0] in (400, 401)

    async def test_wrong_app_id(self, untouched: WeChat) -> None:
        if untouched.platform.mode == "plain":
            return
        untouched.platform.envelope = Envelope(KEY, "wx2")
        assert (await untouched.platform.deliver(self.a_message(untouched)))[0] == 401

    async def test_another_accounts_message(self, untouched: WeChat) -> None:
        untouched.platform.original_id = "gh_other"
        assert (await untouched.platform.deliver(self.a_message(untouched)))[0] == 401

    async def test_what_is_no_message(self, untouched: WeChat) -> None:
        for values in ({"MsgType": ""}, {"FromUserName": ""}, {"MsgId": ""}, {"Content": " "}):
            assert await untouched.platform.deliver(self.a_message(untouched) | values) == (200, "success")

    @pytest.mark.parametrize("event", ["VIEW", "LOCATION", "SCAN", "TEMPLATESENDJOBFINISH", "unsubscribe"])
    async def test_events_that_say_nothing(self, untouched: WeChat, event: str) -> None:
        fields = untouched.platform.fields(PERSON, "event", Event=event, EventKey="https://x.kr", Latitude="39.9", Longitude="116.4", Precision="30")
        assert await untouched.platform.deliver(fields) == (200, "success")


async def test_a_signature_that_brings_another_message_is_refused(talk: Talk) -> None:
    """In plain mode the signature does not cover the message: who has seen one address could write in everybody's name."""
    async with running(talk, mode="plain") as wechat:
        wechat.worker("네")
        body, query = wechat.platform.request(wechat.platform.message(PERSON, "text", Content="여권"))
        assert (await wechat.platform.deliver({}, raw=body, **query))[0] == 200
        before = await wechat.counts()
        other = wechat.platform._written(wechat.platform.message("oSomebodyElse", "text", Content="거짓"))
        assert (await wechat.platform.deliver({}, raw=other, **query))[0] == 401
        assert (await wechat.platform.deliver({}, raw=body, **query))[0] == 200  # the platform may ask again
        assert await wechat.counts() == before


@pytest.mark.parametrize("mode", ["safe", "compatible", "plain"])
async def test_the_consoles_check(talk: Talk, mode: str) -> None:
    async with running(talk, mode=mode) as wechat:
        stamp, nonce = str(int(time.time())), "1"
        query = {"timestamp": stamp, "nonce": nonce, "echostr": "5927782489442352469", "signature": sign("token", stamp, nonce)}
        async with httpx.AsyncClient(transport=wechat.platform._transport, base_url="http://program") as client:
            answer = await client.get("/channels/wechat", params=query)
            assert (answer.status_code, answer.text) == (200, "5927782489442352469")
            assert answer.headers["content-type"].startswith("text/plain")
            assert (await client.get("/channels/wechat", params=query | {"signature": "0" * 40})).status_code == 401
            if mode != "plain":
                sealed = Envelope(KEY, "wx1").seal(b"echo")
                query |= {"echostr": sealed, "msg_signature": sign("token", stamp, nonce, sealed)}
                assert (await client.get("/channels/wechat", params=query)).text == "echo"
                assert (await client.get("/channels/wechat", params=query | {"msg_signature": "0" * 40})).status_code == 401


class TestAnswering:
    @pytest.mark.parametrize("mode", ["safe", "compatible", "plain"])
    async def test_the_answer_rides_on_the_request(self, talk: Talk, mode: str) -> None:
        async with running(talk, mode=mode) as wechat:
            wechat.worker("여권은 가까운 공관에서 다시 받습니다.")
            assert await wechat.platform.says(PERSON, "여권을 잃어버렸어요 & <b>]]></b>") == 200
            assert wechat.texts[0].startswith("여권은 가까운 공관에서 다시 받습니다.")
            assert (wechat.platform.passive, wechat.platform.active, wechat.platform.refused) == (1, 0, [])
            assert {row["state"] for row in await talk.outbox()} == {"sent"}

    async def test_the_first_answer_says_that_the_platform_reads_along_and_how_else_to_speak(self, wechat: WeChat) -> None:
        wechat.worker("네")
        await wechat.platform.says(PERSON, "여권")
        await wechat.platform.says(PERSON, "비자")
        first, second = wechat.texts
        assert "운영 회사가 볼 수 있습니다" in first
        assert f"{URL}/" in first
        assert HOTLINE in first
        assert second == "네"

    async def test_the_choices_of_the_answer_that_it_follows_still_stand(self, wechat: WeChat) -> None:
        wechat.worker("지금 위험한 상황인가요?", kind="danger_question", buttons=(Button("네, 위험해요", "danger:yes"), Button("아니요", "danger:no")))
        await wechat.platform.says(PERSON, "도와주세요")
        assert "운영 회사가 볼 수 있습니다" in wechat.texts[-1]
        await wechat.platform.says(PERSON, "2")
        assert [row["kind"] for row in await wechat.talk.run("SELECT kind FROM messages WHERE author_kind = 'citizen' ORDER BY id")] == ["text", "choice"]

    async def test_nothing_of_that_on_a_screen_that_somebody_else_may_hold(self, wechat: WeChat) -> None:
        wechat.worker("지금 글을 봐도 안전한가요?", category="confinement", danger=True)
        await wechat.platform.says(PERSON, "갇혀 있어요")
        await wechat.platform.says(PERSON, "네")
        assert wechat.texts == ["지금 글을 봐도 안전한가요?"] * 2

    async def test_what_is_late_goes_through_the_customer_service_interface(self, wechat: WeChat) -> None:
        wechat.worker("늦은 답", after_s=1.5)
        began = time.monotonic()
        assert await wechat.platform.says(PERSON, "여권") == 200
        assert time.monotonic() - began < ANSWER_S + 0.5
        assert not any("늦은 답" in text for text in wechat.texts)
        await wechat.until("SELECT 1 FROM outbox WHERE in_reply_to IS NOT NULL")
        await wechat.talk.send()
        assert wechat.texts[-1] == "늦은 답"
        assert wechat.platform.active == 1

    async def test_a_second_and_third_request_get_the_same_answer_and_store_nothing(self, wechat: WeChat) -> None:
        wechat.worker("하나")
        fields = wechat.platform.message(PERSON, "text", Content="여권")
        answers = [await wechat.platform.deliver(fields) for _ in range(3)]
        for status, answer in answers:
            assert status == 200
            wechat.platform._answered(PERSON, answer)
        assert len(set(wechat.texts)) == 1
        assert [row["n"] for row in await wechat.talk.run("SELECT count(*) AS n FROM inbox")] == [1]

    async def test_a_repeat_gets_the_part_of_a_long_answer_that_the_first_request_got(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "안녕하세요")
        await wechat.no_notice()
        await wechat.talk.run("UPDATE inbox SET triage_state = 'done', turn_state = 'answered'")
        wechat.worker(LONG)
        fields = wechat.platform.message(PERSON, "text", Content="여권")
        answers = [await wechat.platform.deliver(fields) for _ in range(3)]
        for status, answer in answers:
            assert status == 200
            wechat.platform._answered(PERSON, answer)
        first, *again = wechat.texts
        assert again == [first] * 2
        await wechat.talk.make_due()
        await wechat.talk.send()
        assert " ".join([first, *wechat.texts[3:]]).split() == LONG.split()
        assert {row["state"] for row in await wechat.talk.outbox()} == {"sent"}

    async def test_two_requests_at_once_are_one_message(self, wechat: WeChat) -> None:
        wechat.worker("하나", after_s=0.2)
        fields = wechat.platform.message(PERSON, "text", Content="여권")
        answers = await asyncio.gather(*(wechat.platform.deliver(fields) for _ in range(3)))
        assert [status for status, _ in answers] == [200, 200, 200]
        assert (await wechat.counts())["inbox"] == 1

    async def test_an_event_has_no_number_and_is_still_taken_once(self, wechat: WeChat) -> None:
        fields = wechat.platform.fields(PERSON, "event", Event="CLICK", EventKey=DANGER)
        assert [(await wechat.platform.deliver(fields))[0] for _ in range(3)] == [200, 200, 200]
        counted = await wechat.counts()
        assert (counted["inbox"], counted["cases"]) == (1, 1)

    async def test_the_danger_of_the_menu_is_in_the_queue_and_answered_at_once(self, wechat: WeChat) -> None:
        assert await wechat.platform.presses(PERSON, DANGER) == 200
        assert [row["severity"] for row in await wechat.talk.run("SELECT severity FROM cases")] == ["life_threat"]
        assert "상담관을 연결하고 있습니다" in wechat.texts[0]
        assert wechat.platform.passive == 1

    async def test_a_person_can_be_asked_for_in_the_menu(self, wechat: WeChat) -> None:
        await wechat.platform.presses(PERSON, "person")
        (row,) = await wechat.talk.run("SELECT m.kind, i.turn_state FROM messages m JOIN inbox i ON i.message_id = m.id")
        assert row["kind"] == "choice"

    async def test_several_lines_are_one_bubble(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        for text in ("하나", "둘", "셋"):
            await wechat.talk.answer(await wechat.conversation(), text)
        await wechat.talk.send()
        assert wechat.texts == ["하나\n\n둘\n\n셋"]

    async def test_nobody_can_tell_from_the_tables_who_it_is(self, wechat: WeChat) -> None:
        await wechat.platform.presses(PERSON, DANGER)
        for table in ("conversations", "inbox", "messages", "wechat_nonces", "reply_windows"):
            assert PERSON not in repr(await wechat.talk.run(f"SELECT * FROM {table}"))


class TestWithoutDatabase:
    async def test_the_hotline_is_still_read(self, wechat: WeChat, monkeypatch: pytest.MonkeyPatch) -> None:
        async def away(*args: Any, **values: Any) -> Any:
            raise DatabaseUnavailable("away")

        monkeypatch.setattr(wechat.talk.door, "_take", away)
        assert await wechat.platform.says(PERSON, "도와주세요") == 200
        assert HOTLINE in wechat.texts[0]
        assert "확인하지 못했습니다" in wechat.texts[0]

    async def test_what_comes_back_in_time_is_stored(self, wechat: WeChat, monkeypatch: pytest.MonkeyPatch) -> None:
        take, tries = wechat.talk.door._take, []

        async def away_at_first(*args: Any, **values: Any) -> Any:
            tries.append(1)
            if len(tries) == 1:
                raise DatabaseUnavailable("away")
            return await take(*args, **values)

        monkeypatch.setattr(wechat.talk.door, "_take", away_at_first)
        wechat.worker("네")
        assert await wechat.platform.says(PERSON, "도와주세요") == 200
        assert (await wechat.counts())["inbox"] == 1

    async def test_of_what_is_stored_nobody_reads_that_it_was_not(self, wechat: WeChat, monkeypatch: pytest.MonkeyPatch) -> None:
        async def away(*args: Any, **values: Any) -> Any:
            raise DatabaseUnavailable("away")

        monkeypatch.setattr(wechat.talk.door.waiting, "_look", away)
        assert await wechat.platform.says(PERSON, "여권") == 200
        assert (await wechat.counts())["inbox"] == 1
        assert wechat.texts == []

    async def test_what_was_found_is_said_although_the_database_goes_away(self, wechat: WeChat, monkeypatch: pytest.MonkeyPatch) -> None:
        async def away(*args: Any, **values: Any) -> Any:
            raise DatabaseUnavailable("away")

        monkeypatch.setattr(wechat_channel.notices, "languages_of_due", away)
        wechat.worker("카드", danger=True)
        await wechat.platform.says(PERSON, "도와주세요")
        assert wechat.texts == ["카드"]

    async def test_where_too_many_wait_it_is_stored_and_the_answer_comes_later(self, wechat: WeChat, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(waiting, "ALWAYS", 0)
        began = asyncio.get_running_loop().time()
        assert await wechat.platform.says(PERSON, "여권") == 200
        assert asyncio.get_running_loop().time() - began < ANSWER_S / 2
        assert "답을 준비하고 있습니다" in wechat.texts[0]
        assert HOTLINE in wechat.texts[0]
        await wechat.no_notice()
        await wechat.answer("답")
        assert wechat.texts[1:] == ["답"]

    async def test_what_came_too_late_to_be_carried_is_sent(self, wechat: WeChat, monkeypatch: pytest.MonkeyPatch) -> None:
        converse = wechat.talk.door.converse

        async def hangs(*args: Any, **values: Any) -> Any:
            answer = await converse(*args, **values)
            await asyncio.sleep(ANSWER_S)
            return answer

        monkeypatch.setattr(wechat.talk.door, "converse", hangs)
        wechat.worker("답", danger=True)
        await wechat.platform.says(PERSON, "도와주세요")
        assert not any(text == "답" for text in wechat.texts)
        await wechat.until("SELECT 1 FROM outbox WHERE state = 'pending'")
        await wechat.talk.send()
        assert wechat.texts[-1] == "답"

    async def test_a_long_answer_of_which_the_beginning_came_too_late_is_sent_from_its_beginning(self, wechat: WeChat, monkeypatch: pytest.MonkeyPatch) -> None:
        converse = wechat.talk.door.converse

        async def hangs(*args: Any, **values: Any) -> Any:
            answer = await converse(*args, **values)
            await asyncio.sleep(ANSWER_S)
            await wechat.talk.send()  # a sender does not go on with what may still be put back
            return answer

        monkeypatch.setattr(wechat.talk.door, "converse", hangs)
        wechat.worker(LONG, danger=True)
        await wechat.platform.says(PERSON, "도와주세요")
        assert not any("1번" in text for text in wechat.texts)
        await wechat.until("SELECT 1 FROM outbox WHERE state = 'pending' AND parts_sent = 0")
        await wechat.talk.send()
        assert " ".join(wechat.texts).split() == LONG.split()


class TestBudget:
    async def test_five_and_then_the_next_message_of_the_citizen(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        for number in range(7):
            await wechat.answer(f"답 {number}")
        assert wechat.texts == [f"답 {number}" for number in range(5)]
        assert (await self.left(wechat)).messages_left == 0
        assert wechat.platform.refused == []
        await wechat.platform.says(PERSON, "네")
        await wechat.talk.send()
        assert wechat.texts[5:] == ["답 5\n\n답 6"]
        assert (await self.left(wechat)).messages_left == 4

    async def test_what_waits_for_a_person_rides_on_the_next_request_and_costs_nothing(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        await wechat.talk.run("UPDATE conversations SET owner_kind = 'agent', owner_id = 1")
        await wechat.talk.answer(await wechat.conversation(), "상담관입니다.")
        await wechat.platform.says(PERSON, "네")
        assert wechat.texts == ["상담관입니다."]
        assert (await self.left(wechat)).messages_left == 5

    async def left(self, wechat: WeChat) -> Any:
        async with wechat.talk.db.read() as connection:
            row = (await wechat.talk.run("SELECT * FROM conversations"))[0]
            return await limits.limits(connection, row, 1000)

    async def test_what_the_desk_sees(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        await wechat.answer("하나")
        seen = await self.left(wechat)
        assert (seen.max_length, seen.unit.value, seen.messages_left) == (2048, "utf8", 4)
        assert seen.ends_at is not None

    async def test_an_older_budget_is_not_added(self, wechat: WeChat) -> None:
        for text in ("하나", "둘", "셋"):
            await wechat.platform.says(PERSON, text)
        await wechat.no_notice()
        for number in range(8):
            await wechat.answer(f"답 {number}")
        assert len(wechat.texts) == 5
        assert wechat.platform.refused == []

    @pytest.mark.parametrize("spoil", ["until", "left"])
    async def test_the_platform_counts_otherwise_than_we(self, wechat: WeChat, spoil: str) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        setattr(wechat.platform._allowed[PERSON]["message"], spoil, 0)
        await wechat.answer("하나")
        assert wechat.platform.refused == ["45015" if spoil == "until" else "45047"]
        assert (await wechat.talk.outbox())[-1]["last_error"] == "no_window"
        await wechat.talk.make_due()
        await wechat.talk.send()
        assert len(wechat.platform.refused) == 1  # it is not asked again before the citizen writes
        await wechat.platform.says(PERSON, "네")
        await wechat.talk.send()
        assert wechat.texts == ["하나"]

    async def test_a_menu_lets_three_pass_for_a_minute_beside_the_messages(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        await wechat.platform.presses(PERSON, "person")
        rows = await wechat.talk.run("SELECT fallback, messages_left FROM reply_windows WHERE deadline > now() ORDER BY id")
        assert [(row["fallback"], row["messages_left"]) for row in rows] == [("message", 5), ("menu", 3)]

    async def test_the_daily_limit_is_an_alarm_and_nothing_is_lost(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        wechat.platform.daily_limit = 0
        await wechat.answer("하나")
        assert (await wechat.talk.outbox())[-1]["last_error"] == "quota"
        wechat.platform.daily_limit = 10
        await wechat.talk.make_due()
        await wechat.talk.send()
        assert wechat.texts == ["하나"]

    async def test_who_left_is_told_to_the_desk(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        wechat.platform.telephones.blocked.add(PERSON)
        await wechat.answer("하나")
        row = (await wechat.talk.outbox())[-1]
        assert (row["state"], row["last_error"]) == ("dead", "blocked")

    async def test_unsubscribed(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.talk.answer(await wechat.conversation(), "하나")
        await wechat.platform.happens(PERSON, "unsubscribe")
        assert {row["state"] for row in await wechat.talk.outbox()} == {"dead"}


class TestToken:
    async def asked(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()

    async def test_one_for_all_processes_and_sealed(self, wechat: WeChat) -> None:
        await self.asked(wechat)
        other = WeChatChannel(wechat.channel._account, "http://wechat", transport=wechat.channel._client._transport)
        other.use(wechat.talk.db, wechat.talk.cipher)
        tokens = await asyncio.gather(*(one._tokens.get(wechat.talk.db, wechat.talk.cipher) for one in (wechat.channel, other) * 5))
        assert len(set(tokens)) == 1
        assert wechat.platform.tokens_given == 1
        assert wechat.platform._token not in repr(await wechat.talk.run("SELECT * FROM wechat_tokens"))
        await other.close()

    async def test_renewed_before_it_ends_while_others_go_on_with_the_old_one(self, wechat: WeChat) -> None:
        old = await wechat.channel._tokens.get(wechat.talk.db, wechat.talk.cipher)
        await wechat.talk.run("UPDATE wechat_tokens SET expires_at = now() + interval '4 minutes'")
        wechat.platform._token_until = wechat.platform._clock() + 240
        got = await asyncio.gather(*(wechat.channel._tokens.get(wechat.talk.db, wechat.talk.cipher) for _ in range(10)))
        assert wechat.platform.tokens_given == 2
        assert set(got) <= {old, wechat.platform._token}
        assert await wechat.channel._tokens.get(wechat.talk.db, wechat.talk.cipher) == wechat.platform._token

    async def test_a_refresher_that_died_is_replaced(self, wechat: WeChat) -> None:
        await wechat.talk.run("INSERT INTO wechat_tokens (channel, asking_until) VALUES ('wechat', now() + interval '0.5 seconds')")
        assert await wechat.channel._tokens.get(wechat.talk.db, wechat.talk.cipher) == wechat.platform._token

    async def test_taken_back_by_the_platform(self, wechat: WeChat) -> None:
        await self.asked(wechat)
        await wechat.answer("하나")
        wechat.platform.end_token()
        await wechat.answer("둘")
        assert wechat.texts == ["하나", "둘"]
        assert wechat.platform.tokens_given == 2

    async def test_handed_out_again_although_refused(self, wechat: WeChat) -> None:
        await self.asked(wechat)
        await wechat.answer("하나")
        await wechat.channel._tokens.refused(wechat.talk.db, wechat.platform._token)
        await wechat.answer("둘")
        assert wechat.texts == ["하나", "둘"]
        assert (wechat.platform.forced, wechat.platform.tokens_given) == (1, 2)
        await wechat.channel._tokens.refused(wechat.talk.db, wechat.platform._token)
        await wechat.answer("셋")  # not forced again so soon: 20 are allowed a day
        assert wechat.platform.forced == 1
        assert (await wechat.talk.outbox())[-1]["last_error"] == "unauthorised"

    async def test_a_wrong_secret_waits_until_it_is_mended(self, wechat: WeChat) -> None:
        await self.asked(wechat)
        wechat.platform.secret = "another"
        await wechat.answer("하나")
        assert (await wechat.talk.outbox())[-1]["last_error"] == "unauthorised"
        wechat.platform.secret = "secret"
        await wechat.talk.make_due()
        await wechat.talk.send()
        assert wechat.texts == ["하나"]


class TestDelivery:
    async def test_an_hour_without_the_platform(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        wechat.platform.state = "down"
        said = await wechat.talk.an_hour(await wechat.conversation())
        assert wechat.texts == []
        wechat.platform.state = "up"
        await wechat.talk.back()
        assert wechat.platform.active == 5  # tries that were not taken cost none of the five
        assert "\n\n".join(wechat.texts) == "\n\n".join(said[:9])
        await wechat.platform.says(PERSON, "네")
        await wechat.talk.back()
        assert "\n\n".join(wechat.texts) == "\n\n".join(said)
        assert wechat.platform.refused == []

    @pytest.mark.parametrize("danger", [True, False])
    async def test_taken_but_not_acknowledged(self, wechat: WeChat, danger: bool) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        wechat.platform.state = "crashes"
        await wechat.answer("하나", danger=danger)
        wechat.platform.state = "up"
        await wechat.talk.make_due()
        await wechat.talk.send()
        if danger:
            assert wechat.texts == ["하나", "(다시 보냄)\n하나"]
        else:
            assert wechat.texts == ["하나"]
            assert (await wechat.talk.outbox())[-1]["last_error"] == "unknown"

    async def test_a_program_that_is_down_is_asked_three_times(self, wechat: WeChat) -> None:
        wechat.platform.webhook_url = "http://program/nowhere"
        assert await wechat.platform.says(PERSON, "여권") == 404
        assert len(wechat.platform.answers) == 3
        assert wechat.texts == [UNAVAILABLE]


class TestWithheld:
    async def test_what_the_person_has_not_named_does_not_go_over_the_platform(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "도와주세요")
        await wechat.no_notice()
        await wechat.answer("북한이탈주민이신가요? 여권번호를 알려 주세요.")
        (text,) = wechat.texts
        assert "여기에는 적지 않습니다" in text
        assert f"{URL}/" in text
        assert HOTLINE in text
        assert not any(word in text for word in ("북한", "여권"))
        row = (await wechat.talk.outbox())[-1]
        assert (row["state"], row["last_error"]) == ("dead", "withheld")
        assert "undelivered" in [row["kind"] for row in await wechat.talk.run("SELECT kind FROM events")]

    async def test_a_counsellors_words_are_looked_at_although_they_are_never_given_up(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "도와주세요")
        await wechat.no_notice()
        await wechat.talk.run("UPDATE conversations SET owner_kind = 'agent', owner_id = 7")
        for number, text in enumerate(("여권번호를 알려 주세요.", "지금 안전한가요?")):
            async with wechat.talk.db.transaction() as tx:
                written = await conversation.reply(
                    tx, wechat.talk.cipher, await wechat.conversation(), AuthorKind.AGENT, Body(text),
                    client_id=f"staff-{number}", author_id=7, policy="at_least_once",
                )  # fmt: skip
            assert isinstance(written, Posted)
        await wechat.talk.send()
        assert not any("여권번호" in text for text in wechat.texts)
        assert "지금 안전한가요?" in "\n".join(wechat.texts)

    async def test_where_somebody_may_read_along_nothing_stands_for_what_is_held_back(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "네")
        await wechat.no_notice()
        conversation_id, talk = await wechat.conversation(), wechat.talk
        await talk.run("UPDATE conversations SET owner_kind = 'agent', owner_id = 7, guarded_at = now()")
        seqs = []
        for number, text in enumerate(("예약하신 분 성함을 알려 주세요.", "네, 알겠습니다.")):
            async with talk.db.transaction() as tx:
                written = await conversation.reply(
                    tx, talk.cipher, conversation_id, AuthorKind.AGENT, Body(text), client_id=f"staff-{number}", author_id=7, policy="at_least_once"
                )
            assert isinstance(written, Posted)
            seqs.append(written.seq)
        await talk.send()
        assert wechat.texts == ["네, 알겠습니다."], "not even that there is something to tell"
        async with talk.db.read() as connection:
            marks = await marking.marks(connection, conversation_id)
        assert (marks.withheld, marks.delivered) == ((seqs[0],), seqs[1])
        assert [row["payload"]["reason"] for row in await talk.run("SELECT payload FROM events WHERE kind = 'undelivered'")] == ["withheld"]

    async def test_what_the_person_has_named_may_be_named(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "경찰에 체포됐어요")
        await wechat.no_notice()
        await wechat.answer("체포한 경찰이 이유를 말했나요?")
        assert wechat.texts == ["체포한 경찰이 이유를 말했나요?"]

    async def test_an_answer_to_the_person_and_danger_go_as_they_are(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        (inbound,) = await wechat.talk.run("SELECT message_id FROM inbox")
        await wechat.answer("신분증을 가지고 주중국대사관으로 가세요.", in_reply_to=inbound["message_id"])
        await wechat.answer("총격이 있으면 몸을 낮추세요.", danger=True)
        assert wechat.texts == ["신분증을 가지고 주중국대사관으로 가세요.", "총격이 있으면 몸을 낮추세요."]

    async def test_it_does_not_slip_out_with_the_next_request(self, wechat: WeChat) -> None:
        await wechat.platform.says(PERSON, "여권")
        await wechat.no_notice()
        conversation_id = await wechat.conversation()
        for text in ("네.", "김철수 씨가 시암호텔에 있습니다.", "곧 다시 쓰겠습니다."):
            await wechat.talk.answer(conversation_id, text)
        wechat.worker("답")
        await wechat.platform.says(PERSON, "알려 주세요")
        await wechat.talk.send()
        assert not any("김철수" in text or "시암호텔" in text for text in wechat.texts)
        assert wechat.texts[0] == "네."
        assert any("곧 다시 쓰겠습니다." in text for text in wechat.texts)


class TestPlaces:
    async def stored(self, wechat: WeChat) -> dict[str, Any]:
        rows = await wechat.talk.run("SELECT * FROM geo_fixes ORDER BY id DESC LIMIT 1")
        return location.place_of(rows[0], wechat.talk.cipher).__dict__ if rows else {}

    async def record(self, wechat: WeChat) -> None:
        """What triage does with a place."""
        from conversation.service import open_body

        (row,) = await wechat.talk.run("SELECT m.conversation_id, m.body FROM messages m WHERE m.kind = 'location' ORDER BY m.id DESC LIMIT 1")
        content = open_body(wechat.talk.cipher, row["body"])["location"]
        async with wechat.talk.db.transaction() as tx:
            await location.record_message_fix(tx, wechat.talk.cipher, row["conversation_id"], content, channel="wechat")

    @pytest.mark.parametrize(
        ("lat", "lon", "is_shifted"),
        [(39.9042, 116.4074, True), (31.2304, 121.4737, True), (22.3193, 114.1694, False), (11.5564, 104.9282, False), (35.6812, 139.7671, False)],
        ids=["Beijing", "Shanghai", "Hong Kong", "Phnom Penh", "Tokyo"],
    )
    async def test_a_place_comes_out_where_the_person_is(self, wechat: WeChat, lat: float, lon: float, is_shifted: bool) -> None:
        await wechat.platform.shares_place(PERSON, lat, lon, "여기")
        await self.record(wechat)
        place = await self.stored(wechat)
        assert (place["lat"], place["lon"]) == pytest.approx((lat, lon), abs=2e-5)
        assert (place["datum"], place["source"]) == ("WGS84", "wechat")
        assert (place["radius_m"] > 200) == is_shifted

    async def test_what_the_platform_reports_by_itself_is_kept_in_an_emergency_only(self, wechat: WeChat) -> None:
        report = {"Latitude": "11.5564", "Longitude": "104.9282", "Precision": "40"}
        await wechat.platform.says(PERSON, "여권")
        assert await wechat.platform.happens(PERSON, "LOCATION", **report) == 200
        assert await self.stored(wechat) == {}
        await wechat.platform.presses(PERSON, DANGER)
        seen = len(wechat.texts)
        assert await wechat.platform.happens(PERSON, "LOCATION", **report) == 200
        assert (await self.stored(wechat))["lat"] == pytest.approx(11.5564)
        assert len(wechat.texts) == seen
        (consent,) = await wechat.talk.run("SELECT text_version FROM location_consents ORDER BY id DESC LIMIT 1")
        assert consent["text_version"] == "platform-1"

    @pytest.mark.parametrize(("x", "y"), [("91", "0"), ("nan", "1"), ("", ""), ("1e999", "0")])
    async def test_a_place_that_is_none_is_still_read_by_somebody(self, wechat: WeChat, x: str, y: str) -> None:
        await wechat.platform.push(PERSON, wechat.platform.message(PERSON, "location", Location_X=x, Location_Y=y, Label="시장 앞"))
        assert [row["kind"] for row in await wechat.talk.run("SELECT kind FROM messages ORDER BY id LIMIT 1")] == ["text"]


class TestFollowing:
    async def test_greeted_once_with_the_hotline_and_the_notice(self, wechat: WeChat) -> None:
        fields = wechat.platform.fields(PERSON, "event", Event="subscribe")
        wechat.platform._allowed[PERSON] = {}
        for _ in range(3):
            assert await wechat.platform.push(PERSON, fields, "menu") == 200
        await wechat.talk.send()
        (text,) = wechat.texts
        assert text.count(HOTLINE) == 2
        assert "운영 회사가 볼 수 있습니다" in text

    async def test_a_film_is_kept_elsewhere_and_not_taken_for_what_it_is_instead(self, wechat: WeChat) -> None:
        await wechat.platform.sends_file(PERSON, Picked("film.mp4", "video/mp4", b"film"))
        (number,) = wechat.platform.contents
        fetcher = Fetcher(1000, transport=httpx.ASGITransport(wechat.platform.app()))
        with pytest.raises(FetchRefused, match="elsewhere"):
            await wechat.channel.fetch_file(number, fetcher)
        assert "글로 적어 주세요" in refusal("elsewhere")

    async def test_files_are_noted(self, wechat: WeChat) -> None:
        for kind, words in (("image", "(사진)"), ("voice", "(음성)"), ("video", "(동영상)"), ("music", "(읽을 수 없는 종류의 메시지)")):
            await wechat.platform.push(PERSON, wechat.platform.message(PERSON, kind, MediaId="media", PicUrl="http://x"))
            (row,) = await wechat.talk.run("SELECT m.* FROM messages m JOIN inbox i ON i.message_id = m.id ORDER BY m.id DESC LIMIT 1")
            from conversation.service import open_body

            assert (row["kind"], open_body(wechat.talk.cipher, row["body"])["text"]) == ("file", words)


class TestMiniProgram:
    @pytest_asyncio.fixture
    async def mini(self, talk: Talk) -> AsyncIterator[WeChat]:
        async with running(talk, kind="mini") as one:
            yield one

    async def test_taken_at_once_and_answered_through_the_interface(self, mini: WeChat) -> None:
        began = time.monotonic()
        assert await mini.platform.says(PERSON, "여권") == 200
        assert time.monotonic() - began < ANSWER_S
        assert mini.platform.answers == [(200, "success")]
        await mini.answer("하나")
        assert mini.texts[-1] == "하나"
        assert mini.platform.refused == []

    async def test_who_opens_it_reads_first_that_the_platform_reads_along(self, mini: WeChat) -> None:
        assert await mini.platform.happens(PERSON, "user_enter_tempsession", SessionFrom="page") == 200
        await mini.talk.send()
        assert "운영 회사가 볼 수 있습니다" in mini.texts[0]
        assert len(mini.texts) == 1

    @pytest.mark.parametrize("raw", [b"{", b'{"Encrypt": NaN}', b"[1]", b"{}" * 2])
    async def test_json_that_is_none(self, mini: WeChat, raw: bytes) -> None:
        _, query = mini.platform.request(mini.platform.message(PERSON, "text", Content="여권"))
        assert (await mini.platform.deliver({}, raw=raw, **query))[0] in (400, 401)
        assert (await mini.counts())["inbox"] == 0


def test_an_account_that_cannot_decrypt_does_not_start() -> None:
    from core.errors import StartError

    values = {"wechat_app_id": "wx1", "wechat_app_secret": "s", "wechat_token": "t"}
    assert wechat_channel.make(Settings()) is None
    assert wechat_channel.make_mini(Settings(**values)) is None
    assert wechat_channel.make(Settings(**values, wechat_mode="plain", wechat_aes_key="x")) is not None
    for key in (None, "short", "!" * 43):
        with pytest.raises(StartError):
            wechat_channel.make(Settings(**values, wechat_aes_key=key))
