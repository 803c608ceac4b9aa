"""LINE: published signature vectors, webhooks of every kind, and every message checked against the models of the official SDK."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from linebot.v3 import SignatureValidator
from linebot.v3.messaging import PushMessageRequest
from linebot.v3.webhooks import CallbackRequest

from bot.channels.contract import Refused, Retry, SendResult, Sent, WindowClosed
from bot.channels.line.channel import outcome
from bot.channels.line.parsing import REPLY_WINDOW, STALE, Followed, Said, Unfollowed, Unsent, happenings
from bot.channels.line.signature import is_signed, sign
from bot.channels.line.wire import CAPABILITIES, choice_data, message
from bot.channels.rendering import render
from conversation.schemas import Body, Button, InboundKind
from tests.unit.channels.test_rendering import bodies

AT = datetime(2026, 11, 22, tzinfo=UTC)
USER = "U" + "0" * 31 + "1"
EMPTY = b'{"destination":"U00000000000000000000000000000000","events":[]}'


class TestSignature:
    @pytest.mark.parametrize(
        ("raw", "signature"),
        [
            (b"bodybodybodybody", "/gg9a+LvFevTH1sd7XCQycD7tsWclCsInj7MhBHxN7k="),  # V-L1, published with the SDK
            (EMPTY, "vqCGOKtzhgNuhqT2fdCOTvbPT8TZVAuGv7jE96aaTC8="),  # V-L4
        ],
    )
    def test_vectors(self, raw: bytes, signature: str) -> None:
        assert sign("channel_secret", raw) == signature
        assert is_signed("channel_secret", raw, signature)
        assert SignatureValidator("channel_secret").validate(raw.decode(), signature)

    @pytest.mark.parametrize("signature", ["", "x", "vqCGOKtzhgNuhqT2fdCOTvbPT8TZVAuGv7jE96aaTC9=", "é" * 44, "\ud800"])
    def test_anything_else_is_refused(self, signature: str) -> None:
        assert not is_signed("channel_secret", EMPTY, signature)

    def test_without_a_secret_nothing_is_signed(self) -> None:
        assert not is_signed("", EMPTY, sign("", EMPTY))

    def test_one_byte_more_is_another_body(self) -> None:
        assert not is_signed("channel_secret", EMPTY + b" ", sign("channel_secret", EMPTY))


def event(kind: str, **values: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "mode": "active",
        "timestamp": int(AT.timestamp() * 1000),
        "source": {"type": "user", "userId": USER},
        "webhookEventId": f"01-{kind}-{len(values)}",
        "deliveryContext": {"isRedelivery": False},
        **({} if kind in ("unfollow", "unsend") else {"replyToken": "token"}),
    } | values


def said(kind: str, **values: Any) -> dict[str, Any]:
    return event("message", message={"type": kind, "id": "100", "quoteToken": "q", **values})


def one(content: dict[str, Any]) -> Any:
    hook = {"destination": USER, "events": [content]}
    CallbackRequest.from_json(json.dumps(hook))  # the SDK reads it too
    found = happenings(hook, AT)
    assert len(found) <= 1
    return found[0] if found else None


class TestWebhook:
    def test_words(self) -> None:
        got = one(said("text", text="여권을 잃어버렸어요"))
        assert (got.inbound.kind, got.inbound.text, got.inbound.visitor, got.inbound.platform_id) == (InboundKind.TEXT, "여권을 잃어버렸어요", USER, "100")
        assert (got.window.token, got.window.deadline, got.window.single_use) == ("token", AT + REPLY_WINDOW, True)

    def test_place(self) -> None:
        got = one(said("location", title="역", address="東京都千代田区", latitude=35.68, longitude=139.76))
        assert got.inbound.kind is InboundKind.LOCATION
        assert (got.inbound.location.lat, got.inbound.location.lon, got.inbound.location.datum) == (35.68, 139.76, "WGS84")
        assert got.inbound.text == "역 東京都千代田区"

    @pytest.mark.parametrize(("lat", "lon"), [(91, 0), (0, 181), (None, 0), ("35", "139"), (True, 0)])
    def test_a_place_that_is_none_becomes_words(self, lat: Any, lon: Any) -> None:
        content = {"events": [said("location", latitude=lat, longitude=lon, address="도쿄")]}
        (got,) = happenings(content, AT)
        assert isinstance(got, Said)
        assert (got.inbound.kind, got.inbound.location) == (InboundKind.TEXT, None)
        assert "도쿄" in got.inbound.text

    def test_sticker(self) -> None:
        got = one(said("sticker", packageId="1", stickerId="2", stickerResourceType="STATIC"))
        assert (got.inbound.kind, got.inbound.sticker) == (InboundKind.STICKER, "1/2")

    @pytest.mark.parametrize(("words", "kind"), [("살려줘 갇혔어", InboundKind.TEXT), ("지금 위험해요", InboundKind.DANGER), ("  ", InboundKind.STICKER)])
    def test_what_is_written_on_a_sticker_is_words(self, words, kind) -> None:
        got = one(said("sticker", packageId="1", stickerId="2", stickerResourceType="MESSAGE", text=words))
        assert (got.inbound.kind, got.inbound.text) == (kind, words if words.strip() else "(스티커)")

    @pytest.mark.parametrize("kind", ["image", "video", "audio"])
    def test_files(self, kind: str) -> None:
        got = one(said(kind, contentProvider={"type": "line"}, duration=1))
        assert (got.inbound.kind, got.inbound.attachments[0].kind, got.inbound.attachments[0].reference) == (InboundKind.FILE, kind, "100")

    def test_a_document_says_its_name(self) -> None:
        got = one(said("file", fileName="진단서.pdf", fileSize=2000))
        assert (got.inbound.text, got.inbound.attachments[0].size) == ("(파일: 진단서.pdf)", 2000)

    def test_the_danger_button(self) -> None:
        got = one(event("postback", postback={"data": choice_data("danger", "지금 위험해요")}))
        assert (got.inbound.kind, got.inbound.text) == (InboundKind.DANGER, "지금 위험해요")

    def test_a_choice(self) -> None:
        got = one(event("postback", postback={"data": choice_data("danger:no", "아니요")}))
        assert (got.inbound.kind, got.inbound.choice, got.inbound.text) == (InboundKind.CHOICE, "danger:no", "아니요")

    def test_follow_unfollow_unsend(self) -> None:
        assert isinstance(one(event("follow", follow={"isUnblocked": False})), Followed)
        assert one(event("unfollow")) == Unfollowed(USER)
        assert one(event("unsend", unsend={"messageId": "7"})) == Unsent("7")

    @pytest.mark.parametrize(
        "content",
        [
            said("text", text="안녕") | {"mode": "standby"},
            said("text", text="안녕") | {"source": {"type": "group", "groupId": "G", "userId": USER}},
            event("accountLink", link={"result": "ok", "nonce": "n"}),
            event("beacon", beacon={"hwid": "d41d8cd98f", "type": "enter"}),
            said("text", text="   "),
            said("text", text="어제의 글") | {"timestamp": int((AT - STALE).timestamp() * 1000) - 1},
        ],
        ids=["standby", "group", "account_link", "beacon", "blank", "stale"],
    )
    def test_what_is_not_for_us(self, content: dict[str, Any]) -> None:
        assert one(content) is None

    @pytest.mark.parametrize(
        "content", [{}, {"events": None}, {"events": [1, None, "x", {}]}, {"events": [{"type": "message", "source": "U1"}]}, {"events": [event("undefined")]}]
    )
    def test_events_that_are_broken_are_dropped_alone(self, content: dict[str, Any]) -> None:
        assert happenings(content, AT) == []

    def test_words_that_were_changed_are_read_again(self) -> None:
        got = one(event("messageEdited", message={"type": "text", "id": "100", "text": "사실은 납치됐어요", "quoteToken": "q"}))
        assert (got.inbound.kind, got.inbound.text) == (InboundKind.TEXT, "사실은 납치됐어요")

    def test_a_redelivered_event_keeps_its_number(self) -> None:
        got = one(said("text", text="안녕") | {"deliveryContext": {"isRedelivery": True}, "webhookEventId": "01ABC"})
        assert got.inbound.event_id == "01ABC"


@settings(max_examples=200, deadline=None)
@given(bodies)
def test_the_official_models_take_every_message(body: Body) -> None:
    rendered = render(body, "ko", CAPABILITIES)
    for outbound in rendered:
        content = message(outbound)
        PushMessageRequest.from_dict({"to": USER, "messages": [content]})
        if "quickReply" in content:
            assert len(content["quickReply"]["items"]) <= 13
        if content["type"] == "template":
            template = content["template"]
            assert len(content["altText"]) <= 400
            assert len(template["text"]) <= (60 if "title" in template else 160)
            assert len(template.get("title", "")) <= 40
            assert 1 <= len(template["actions"]) <= 4
        for action in [*(item["action"] for item in content.get("quickReply", {}).get("items", ())), *content.get("template", {}).get("actions", ())]:
            assert 1 <= len(action["label"]) <= 20
            assert len(action.get("data", "")) <= 300
            assert len(action.get("uri", "")) <= 1000
            assert action.get("uri", "https:").startswith(("https:", "http:", "tel:"))
        json.dumps(content, ensure_ascii=False).encode()


def test_what_a_button_says_comes_back_whole() -> None:
    long = Button("아주 긴 제목이 스무 글자를 넘어가는 다음 질문입니다", "person")
    (outbound,) = render(Body("안내", buttons=(long,)), "ko", CAPABILITIES)
    action = message(outbound)["quickReply"]["items"][0]["action"]
    assert len(action["label"]) <= 20
    assert action["displayText"] == long.title
    assert action["data"] == f"person\n{long.title}"


@pytest.mark.parametrize(
    ("status", "said_back", "is_reply", "result"),
    [
        (200, "", True, Sent()),
        (409, "The retry key is already accepted", False, Sent()),
        (409, "Conflict", True, Refused("http_409")),
        (400, "Invalid reply token", True, WindowClosed()),
        (400, "The request body has 1 error(s)", True, Refused("http_400")),
        (400, "Failed to send messages", False, Refused("http_400")),
        (401, "Authentication failed", False, Retry("unauthorised", 30.0)),
        (429, "You have reached your monthly limit.", False, Retry("quota", 60.0)),
        (429, "The API rate limit has been exceeded. Try again later.", False, Retry("rate", 2.0)),
        (503, "", False, Retry("http_503")),
        (500, "", False, Retry("http_500", is_unknown=True)),
        (500, "", True, Retry("http_500", is_unknown=True)),
    ],
)
def test_what_an_answer_means(status: int, said_back: str, is_reply: bool, result: SendResult) -> None:
    assert outcome(httpx.Response(status, json={"message": said_back}), is_reply=is_reply) == result


def test_an_answer_that_is_not_json() -> None:
    assert outcome(httpx.Response(413, text="<html>"), is_reply=False) == Refused("http_413")
