"""The consult talk's dealers: requests by the models and the fake transport of Bizgo's own SDK, webhooks by its parsers, Happytalk by its pages."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from bizgo.models import CounselEndRequest, CounselEndWithBotRequest, CounselPlainMessageRequest
from bizgo.testing import FakeTransport
from bizgo.webhooks import (
    counsel_ack,
    parse_counsel_expired_session,
    parse_counsel_message,
    parse_counsel_reference,
    parse_counsel_result,
    parse_counsel_seen_info,
)

from bot.channels.contract import Refused, Retry, SendResult, Sent, WindowClosed
from bot.channels.kakao.bizgo import Bizgo
from bot.channels.kakao.consult import Expired, File, Referred, Reported, Seen, Spoke
from bot.channels.kakao.consult_routes import Access, networks
from bot.channels.kakao.happytalk import Happytalk
from bot.channels.kakao.happytalk import outcome as happytalk_outcome
from conversation.schemas import Attachment

SENDER = "senderkey"
USER = "Abc123"


@pytest.fixture
def fake() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def bizgo(fake: FakeTransport) -> Bizgo:
    return Bizgo("https://sandbox-mars.ibapi.kr", "key", SENDER, fake)  # type: ignore[arg-type]


def hook(**changes: Any) -> dict[str, Any]:
    return {
        "msgKey": "m1",
        "userKey": USER,
        "senderKey": SENDER,
        "serviceType": "CSTALK",
        "msgType": "TEXT",
        "sendTime": "2026-11-22T10:00:00.000+09:00",
        "reportTime": "2026-11-22T10:00:00.100+09:00",
        "kakaoTime": "2026-11-22T10:00:00.000+09:00",
        "sessionId": "17",
    } | changes


class TestBizgoSends:
    async def test_words(self, bizgo: Bizgo, fake: FakeTransport) -> None:
        assert await bizgo.send_text(USER, "안녕하세요", "key:0") == Sent()
        assert fake.last_request.operation_id == "sendCounselPlain"
        sent = CounselPlainMessageRequest.model_validate(fake.last_request.json)
        assert (sent.user_key, sent.sender_key, sent.msg_type, sent.message, sent.ref) == (USER, SENDER, "TEXT", "안녕하세요", "key:0")

    @pytest.mark.parametrize(("kind", "named"), [("image", "IMAGE"), ("file", "FILE"), ("video", "VIDEO"), ("audio", "AUDIO")])
    async def test_files(self, bizgo: Bizgo, fake: FakeTransport, kind: str, named: str) -> None:
        assert await bizgo.send_file(USER, File(kind, "https://example.kakao.file/a", "a.pdf", 10), "key:0") == Sent()
        sent = CounselPlainMessageRequest.model_validate(fake.last_request.json)
        assert sent.msg_type == named
        assert sent.attachment is not None
        assert (sent.attachment.image is not None) == (kind == "image")

    async def test_ends(self, bizgo: Bizgo, fake: FakeTransport) -> None:
        assert await bizgo.end(USER) == Sent()
        assert fake.last_request.operation_id == "endCounselSession"
        CounselEndRequest.model_validate(fake.last_request.json)
        assert await bizgo.end_with_bot(USER, "back") == Sent()
        assert fake.last_request.operation_id == "endCounselSessionWithBot"
        assert CounselEndWithBotRequest.model_validate(fake.last_request.json).bot_event == "back"

    async def test_session(self, bizgo: Bizgo, fake: FakeTransport) -> None:
        assert await bizgo.session(USER) is None
        fake.on("getCounselSession").data({"session": {"sessionId": 17, "senderKey": SENDER, "expiredAt": "2099-01-01T00:00:00"}})
        found = await bizgo.session(USER)
        assert found is not None
        assert (found.id, found.ends_at is not None and found.ends_at.year) == ("17", 2099)
        fake.on("getCounselSession").data({"session": {"sessionId": 17, "expiredAt": "2020-01-01T00:00:00"}})
        assert (await bizgo.session(USER), fake.last_request.query) == (found, {"userKey": USER})
        assert await bizgo.session(USER) is None

    @pytest.mark.parametrize(
        ("layer", "status", "code", "result"),
        [
            ("service", 400, "A821", WindowClosed()),
            ("service", 200, "A821", WindowClosed()),
            ("service", 200, "A020", Retry("rate", 2.0)),
            ("gateway", 401, "A401", Retry("unauthorised", 30.0)),
            ("gateway", 200, "A403", Retry("unauthorised", 30.0)),
            ("service", 400, "A507", Refused("a507")),
            ("service", 500, "A900", Retry("http_500", is_unknown=True)),
        ],
    )
    async def test_what_an_answer_means(self, bizgo: Bizgo, fake: FakeTransport, layer: Any, status: int, code: str, result: SendResult) -> None:
        fake.on("sendCounselPlain").fail(layer, status, code)
        assert await bizgo.send_text(USER, "글", "r") == result

    async def test_no_answer(self, bizgo: Bizgo, fake: FakeTransport) -> None:
        fake.on("sendCounselPlain").network_error().timeout()
        assert await bizgo.send_text(USER, "글", "r") == Retry("unreachable")
        assert await bizgo.send_text(USER, "글", "r") == Retry("timeout", is_unknown=True)


class TestBizgoTells:
    def test_words_and_files(self, bizgo: Bizgo) -> None:
        content = hook(contents=[{"comment": "여권 사진입니다"}, {"url": "https://example.kakao.image/1.jpg"}], msgType="IMAGE", extra="new")
        parse_counsel_message(json.dumps(content))
        assert bizgo.event("message", content) == Spoke(USER, "m1", "여권 사진입니다", (Attachment("image", "https://example.kakao.image/1.jpg"),))

    def test_very_long_words_come_with_a_file(self, bizgo: Bizgo) -> None:
        content = hook(contents=[{"comment": "가" * 4000}], attachment={"url": "https://example.kakao.file/1.txt"})
        parse_counsel_message(json.dumps(content))
        said = bizgo.event("message", content)
        assert isinstance(said, Spoke)
        assert said.attachments == (Attachment("file", "https://example.kakao.file/1.txt", media_type="text/plain"),)

    @pytest.mark.parametrize(
        "given", [{"reference": {"extra": "token"}}, {"lastReference": {"extra": "token", "bot": "false", "bot_event": "", "created_at": ""}}]
    )
    def test_reference(self, bizgo: Bizgo, given: dict[str, Any]) -> None:
        content = hook(msgType="REFERENCE", requestType="reference", appUserId=7, **given)
        parse_counsel_reference(json.dumps(content))
        assert bizgo.event("reference", content) == Referred(USER, "m1", "token")

    def test_the_end_and_the_look(self, bizgo: Bizgo) -> None:
        over, seen = hook(msgType="SESSION", requestType="expired_session"), hook(msgType="SEEN", requestType="seen_info")
        parse_counsel_expired_session(json.dumps(over))
        parse_counsel_seen_info(json.dumps(seen | {"seenInfo": {}}))
        assert bizgo.event("expired_session", over) == Expired(USER, "m1")
        assert bizgo.event("seen_info", seen) == Seen(USER, "m1")

    def test_a_report(self, bizgo: Bizgo) -> None:
        content = hook(requestType="write", reportCode="A821", reportText="세션이 만료됨", ref="key:0")
        parse_counsel_result(json.dumps(content))
        assert bizgo.is_ours(content)
        assert bizgo.event("result", content) == Reported(USER, "m1", "key:0", True, "A821")

    @pytest.mark.parametrize("kind", ["personal_info", "cert_result"])
    def test_personal_data_is_not_taken(self, bizgo: Bizgo, kind: str) -> None:
        assert bizgo.event(kind, hook(phoneNumber="01000000000", personalInfo={"phone_number": "01000000000"})) is None

    @pytest.mark.parametrize("key", ["", "forged", SENDER.upper(), 7, None, ["senderkey"]])
    def test_another_sender_key_is_not_ours(self, bizgo: Bizgo, key: Any) -> None:
        assert not bizgo.is_ours(hook(senderKey=key))
        assert bizgo.is_ours(hook())

    @pytest.mark.parametrize(
        "content", [{}, hook(userKey=None), hook(msgKey=None), hook(contents="x"), hook(contents=[None, 1, {"comment": 7.5}]), hook(contents=[{}])]
    )
    def test_what_says_nothing_is_nothing(self, bizgo: Bizgo, content: dict[str, Any]) -> None:
        assert bizgo.event("message", content) is None

    def test_the_acknowledgement(self, bizgo: Bizgo) -> None:
        assert bizgo.acknowledgement() == counsel_ack()


class TestHappytalk:
    @pytest.fixture
    def asked(self) -> list[httpx.Request]:
        return []

    @pytest.fixture
    def happytalk(self, asked: list[httpx.Request]) -> Happytalk:
        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return httpx.Response(200, json={"code": 0})

        return Happytalk("", "id", "secret", SENDER, httpx.MockTransport(answer))

    async def test_sends(self, happytalk: Happytalk, asked: list[httpx.Request]) -> None:
        assert await happytalk.send_text(USER, "안녕하세요", "key:0") == Sent()
        assert await happytalk.send_file(USER, File("image", "https://dn-m.talk.kakao.com/a.jpg"), "key:1") == Sent()
        assert await happytalk.send_file(USER, File("file", "https://dn-m.talk.kakao.com/a.pdf", "a.pdf", 9), "key:2") == Sent()
        assert await happytalk.end(USER) == Sent()
        assert await happytalk.end_with_bot(USER, "back") == Sent()
        assert [str(request.url) for request in asked] == [
            *["https://kakao-api.happytalk.io/v1/chat/write"] * 3,
            "https://kakao-api.happytalk.io/v1/chat/end",
            "https://kakao-api.happytalk.io/kakaoWebhook/v3/bzc/chat/endWithBot",
        ]
        assert all((request.headers["HT-Client-Id"], request.headers["HT-Client-Secret"]) == ("id", "secret") for request in asked)
        bodies = [json.loads(request.content) for request in asked]
        assert [body.get("message_type") for body in bodies[:3]] == ["TX", "IM", "FI"]
        assert len({body["serial_number"] for body in bodies[:3]}) == 3
        assert all(len(body["serial_number"]) == 30 for body in bodies[:3])
        assert all((body["user_key"], body["sender_key"]) == (USER, SENDER) for body in bodies)

    @pytest.mark.parametrize(
        ("said", "result"),
        [
            ({"code": 0}, Sent()),
            ({"code": "0"}, Sent()),
            ({"code": -501, "message": "InvalidSenderException(senderKey: x)"}, Retry("unauthorised", 30.0)),
            ({"code": -1, "message": "SessionExpiredException"}, WindowClosed()),
            ({"code": -7, "message": "?"}, Refused("code_7")),
            ({}, Refused("code_none")),
        ],
    )
    def test_what_an_answer_means(self, said: dict[str, Any], result: SendResult) -> None:
        assert happytalk_outcome(said, None) == result

    def test_webhooks(self, happytalk: Happytalk) -> None:
        base = {"user_key": USER, "session_id": "17", "sender_key": SENDER, "time": "1780000000000"}
        said = happytalk.event("message", base | {"type": "text", "content": "여권을 잃어버렸어요"})
        assert isinstance(said, Spoke)
        assert (said.user_key, said.text) == (USER, "여권을 잃어버렸어요")
        came = happytalk.event("reference", base | {"app_user_id": 1, "reference": {"extra": "token", "text": "", "appUserId": 1}, "last_reference": {}})
        assert isinstance(came, Referred)
        assert came.extra == "token"
        assert isinstance(happytalk.event("expired_session", base), Expired)
        assert happytalk.event("something_new", base) is None
        assert happytalk.event("message", base) is None

    def test_the_same_webhook_has_the_same_number(self, happytalk: Happytalk) -> None:
        base = {"user_key": USER, "session_id": "17", "sender_key": SENDER, "time": "1", "content": "네"}
        numbers = [happytalk.event("message", content).event_id for content in (base, dict(reversed(base.items())), base | {"time": "2"})]  # type: ignore[union-attr]
        assert numbers[0] == numbers[1] != numbers[2]

    def test_another_sender_key_is_not_ours(self, happytalk: Happytalk) -> None:
        assert happytalk.is_ours({"sender_key": SENDER})
        assert not any(happytalk.is_ours(content) for content in ({}, {"sender_key": "x"}, {"senderKey": SENDER}, {"sender_key": [SENDER]}))


def test_addresses_of_the_dealer() -> None:
    access = Access("secret", networks("192.0.2.0/24, 2001:db8::1"))
    assert access.is_from("192.0.2.77")
    assert access.is_from("2001:db8::1")
    assert not any(access.is_from(address) for address in ("192.0.3.1", "2001:db8::2", "", "unix", "192.0.2.77, 10.0.0.1"))
    assert Access("secret").is_from("203.0.113.9")
    with pytest.raises(ValueError, match="does not appear"):
        networks("kakao.com")
