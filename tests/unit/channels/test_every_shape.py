"""Every shape that goes to LINE or KakaoTalk, and every one that their simulators bring, held against the platforms' own models: none is made unseen."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from kakao_chatbot import Payload
from linebot.v3.messaging import PushMessageRequest, ReplyMessageRequest
from linebot.v3.webhooks import CallbackRequest

from bot.channels.contract import Capabilities, Outbound
from bot.channels.kakao import wire as kakao
from bot.channels.kakao.rules import faults
from bot.channels.kakao.simulator import KakaoSimulator
from bot.channels.line import wire as line
from bot.channels.line.simulator import LineSimulator
from bot.channels.rendering import render
from conversation.schemas import Body, Button, Phone, SentFile, SourceCard
from tests.unit.channels.test_rendering import bodies

SOURCE = SourceCard("여권 재발급 안내", "2026-01-01", "https://www.0404.go.kr/notice/1", "외교부")
LONG = tuple(Button(f"{number}번째로 이어서 물어볼 만한 제법 긴 질문입니다") for number in range(3))
PICTURE = SentFile(7, "image", "안내.jpg", "https://g.example/files/7.p.1.x", "https://g.example/files/7.t.1.x")
#: One body for each thing that a body can hold.
BODIES = {
    "words": Body("여권을 잃어버리셨군요."),
    "many words": Body("여권을 잃어버리면 가까운 공관에 신고하세요. " * 200),
    "a source": Body("안내", source=SOURCE),
    "numbers and a place": Body("도움을 부르고 있습니다.", phones=(Phone("경찰", "117"),), location_url="https://g.example/locate/t"),
    "the danger question": Body("위험한가요?", kind="danger_question", buttons=(Button("네, 위험해요", "danger:yes"), Button("아니요", "danger:no"))),
    "next questions": Body("안내", buttons=(Button("수수료"), Button("사진"))),
    "long next questions": Body("안내", buttons=LONG),
    "a crisis card": Body("침착하세요.", kind="crisis:assault", phones=(Phone("경찰", "117"), Phone("구급", "911")), location_url="https://g.example/locate/t"),
    "a picture": Body("상담관이 사진을 보냈습니다.", kind="file", file=PICTURE),
    "everything": Body("안내", buttons=LONG, source=SOURCE, phones=(Phone("경찰", "117"),), location_url="https://g.example/locate/t"),
}
LINE_SHAPES = {
    "text", "image", "template buttons", "template buttons with a title", "uri https", "uri tel", "location", "postback", "message",
}  # fmt: skip
KAKAO_SHAPES = {
    "simpleText", "textCard", "textCard with a title", "listCard", "webLink", "phone", "operator", "item message",
    "quick reply", "quick reply with extra", "useCallback", "nothing",
}  # fmt: skip


def rendered(body: Body, table: Capabilities) -> list[tuple[Outbound, ...]]:
    return [render(body, "ko", table, discreet=discreet) for discreet in (False, True)]


def parts(messages: tuple[Outbound, ...], size: int) -> Iterator[tuple[Outbound, ...]]:
    for start in range(0, len(messages), size):
        yield messages[start : start + size]


def without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_none(one) for name, one in value.items() if one is not None}
    return [without_none(one) for one in value] if isinstance(value, list) else value


def line_shapes(messages: list[dict[str, Any]]) -> Iterator[str]:
    for message in messages:
        template = message.get("template", {})
        yield " ".join(filter(None, (message["type"], template.get("type"), "with a title" if "title" in template else "")))
        for action in [*template.get("actions", ()), *(item["action"] for item in message.get("quickReply", {}).get("items", ()))]:
            is_call = action.get("uri", "").startswith("tel:")
            yield ("uri tel" if is_call else "uri https") if action["type"] == "uri" else action["type"]


def kakao_shapes(response: dict[str, Any]) -> Iterator[str]:
    if response.get("useCallback"):
        yield "useCallback"
        return
    template = response["template"]
    if not template["outputs"]:
        yield "nothing"
    for output in template["outputs"]:
        ((kind, content),) = output.items()
        yield kind + (" with a title" if "title" in content else "")
        yield from (button["action"] for button in content.get("buttons", ()))
        yield from (f"item {item['action']}" for item in content.get("items", ()))
    yield from ("quick reply with extra" if "extra" in reply else "quick reply" for reply in template.get("quickReplies", ()))


def to_line(body: Body) -> Iterator[list[dict[str, Any]]]:
    for messages in rendered(body, line.CAPABILITIES):
        for some in parts(messages, line.CAPABILITIES.messages_per_send):
            yield [line.message(one) for one in some]


def to_kakao(body: Body) -> Iterator[dict[str, Any]]:
    ways = (None, kakao.operator_button("상담원 연결"), kakao.link_button("상담 이어가기", "https://bizmessage.kakao.com/chat/open/@a?extra=t"))
    for messages in rendered(body, kakao.CAPABILITIES):
        for some in parts(messages, kakao.CAPABILITIES.messages_per_send):
            yield from (kakao.response(some, under=way) for way in ways)


def check_line(messages: list[dict[str, Any]]) -> None:
    """The SDK's models take it, and know every field of it."""
    for model, whom in ((PushMessageRequest, {"to": "U" + "0" * 32}), (ReplyMessageRequest, {"replyToken": "token"})):
        content = whom | {"messages": messages}
        read = model.from_dict(content)
        assert read is not None
        known = {name: value for name, value in without_none(read.to_dict()).items() if name != "notificationDisabled"}
        assert known == content


class TestOut:
    @pytest.mark.parametrize("name", BODIES)
    def test_line_takes_it(self, name: str) -> None:
        for messages in to_line(BODIES[name]):
            check_line(messages)

    @pytest.mark.parametrize("name", BODIES)
    def test_kakao_takes_it(self, name: str) -> None:
        assert [fault for response in to_kakao(BODIES[name]) for fault in faults(response)] == []

    def test_no_shape_of_ours_is_left_out(self) -> None:
        every_line = {shape for body in BODIES.values() for messages in to_line(body) for shape in line_shapes(messages)}
        every_kakao = {shape for body in BODIES.values() for response in to_kakao(body) for shape in kakao_shapes(response)}
        every_kakao |= {*kakao_shapes(kakao.waiting_for_callback("잠시만요")), *kakao_shapes(kakao.nothing())}
        assert (every_line, every_kakao) == (LINE_SHAPES, KAKAO_SHAPES)
        assert faults(kakao.waiting_for_callback("잠시만요")) == faults(kakao.nothing()) == []

    @settings(max_examples=100, deadline=None)
    @given(bodies)
    def test_and_whatever_a_body_holds_there_is_no_other(self, body: Body) -> None:
        for messages in to_line(body):
            check_line(messages)
            assert set(line_shapes(messages)) <= LINE_SHAPES
        for response in to_kakao(body):
            assert set(kakao_shapes(response)) <= KAKAO_SHAPES


class TestIn:
    @pytest.mark.parametrize(
        ("kind", "values"),
        [
            ("message", {"message": {"type": "text", "id": "1", "text": "여권", "quoteToken": "q"}}),
            ("message", {"message": {"type": "location", "id": "1", "title": "위치", "address": "", "latitude": 1.5, "longitude": 2.5}}),
            ("message", {"message": {"type": "image", "id": "1", "contentProvider": {"type": "line"}, "quoteToken": "q"}}),
            ("message", {"message": {"type": "file", "id": "1", "fileName": "a.pdf", "fileSize": 9}}),
            ("postback", {"postback": {"data": "danger"}}),
            ("follow", {"follow": {"isUnblocked": False}}),
            ("unfollow", {}),
            ("unsend", {"unsend": {"messageId": "1"}}),
        ],
        ids=["words", "place", "picture", "file", "postback", "follow", "unfollow", "unsend"],
    )
    def test_what_lines_simulator_brings_is_lines(self, kind: str, values: dict[str, Any]) -> None:
        event = LineSimulator("http://program", secret="s", token="t").event("U" + "0" * 32, kind, **values)
        (read,) = CallbackRequest.from_json(json.dumps({"destination": "U" + "0" * 32, "events": [event]})).events
        assert without_none(json.loads(read.to_json())) == event

    @pytest.mark.parametrize(("text", "extra"), [("여권", None), ("지금 위험해요", {"choice": "danger"}), ("http://127.0.0.1:9/talkm/a.jpeg", None)])
    def test_what_kakaos_simulator_asks_is_kakaos(self, text: str, extra: dict[str, Any] | None) -> None:
        content = KakaoSimulator("http://program", header_secret="h", clock=time.monotonic).request("u1", text, extra)
        read = Payload.from_dict(content)
        assert (read.user_request.user.id, read.user_request.utterance, read.user_request.callback_url) == (
            "u1",
            text,
            content["userRequest"]["callbackUrl"],
        )
        assert (read.action.client_extra or None) == extra
