"""KakaoTalk: skill requests of every shape, responses checked by the independent package, callbacks to Kakao's own addresses alone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kakao_chatbot import Payload

from bot.channels.contract import DANGER, Action, ActionKind, Outbound, Refused, Retry, SendResult, Sent, WindowClosed
from bot.channels.kakao import callback, sentences
from bot.channels.kakao.channel import Skill
from bot.channels.kakao.parsing import asked
from bot.channels.kakao.rules import faults
from bot.channels.kakao.wire import CAPABILITIES, link_button, operator_button, plain, response, waiting_for_callback
from bot.channels.rendering import render
from bot.channels.words import WORDS
from conversation.schemas import Body, Button, InboundKind, Phone, SourceCard
from tests.unit.channels.test_rendering import bodies

HOSTS = ("kakao.com",)


def request(**changes: Any) -> dict[str, Any]:
    """A request as the guide describes it."""
    user = {"id": "u1", "type": "botUserKey", "properties": {"plusfriendUserKey": "p1", "botUserKey": "u1"}}
    user["properties"] |= changes.pop("properties", {})  # type: ignore[operator]
    asks = {
        "timezone": "Asia/Seoul",
        "params": {"surface": "Kakaotalk.plusfriend"},
        "block": {"id": "x", "name": "폴백 블록"},
        "utterance": "여권을 잃어버렸어요",
        "lang": "ko",
        "user": user,
    }
    return {
        "bot": {"id": "5f0!", "name": "영사콜센터"},
        "intent": {"id": "x", "name": "폴백 블록", "extra": {"reason": {"code": 1, "message": "OK"}}},
        "userRequest": asks | changes.pop("userRequest", {}),
        "action": {"id": "a", "name": "skill", "params": {}, "detailParams": {}, "clientExtra": changes.pop("extra", None)},
        "contexts": [],
    } | changes


class TestRequest:
    def test_the_package_reads_the_same(self) -> None:
        content = request()
        theirs, ours = Payload.from_dict(content), asked(content)
        assert ours is not None
        assert (ours.user, ours.utterance) == (theirs.user_request.user.id, theirs.user_request.utterance)

    def test_words(self) -> None:
        ours = asked(request())
        assert ours is not None
        inbound = ours.inbound("e1")
        assert inbound is not None
        assert (inbound.kind, inbound.text, inbound.visitor, inbound.event_id) == (InboundKind.TEXT, "여권을 잃어버렸어요", "u1", "e1")
        assert (ours.is_friend, ours.callback_url, ours.is_group, ours.language) == (False, "", False, "ko")

    def test_a_friend_is_said_and_never_denied(self) -> None:
        friend, other = asked(request(properties={"isFriend": True})), asked(request(properties={"isFriend": "true"}))
        assert friend is not None
        assert friend.is_friend
        assert other is not None
        assert not other.is_friend

    @pytest.mark.parametrize("extra", [{"choice": DANGER}, {"choice": DANGER, "new": 1}])
    def test_the_danger_button(self, extra: dict[str, Any]) -> None:
        ours = asked(request(extra=extra, userRequest={"utterance": "지금 위험해요"}))
        assert ours is not None
        assert ours.inbound("e").kind is InboundKind.DANGER  # type: ignore[union-attr]

    @pytest.mark.parametrize("language", WORDS)
    def test_the_danger_button_whose_extra_got_lost(self, language: str) -> None:
        ours = asked(request(userRequest={"utterance": f" {WORDS[language].danger} "}))
        assert ours is not None
        assert ours.inbound("e").kind is InboundKind.DANGER  # type: ignore[union-attr]

    def test_a_choice(self) -> None:
        ours = asked(request(extra={"choice": "danger:no"}, userRequest={"utterance": "아니요"}))
        assert ours is not None
        inbound = ours.inbound("e")
        assert inbound is not None
        assert (inbound.kind, inbound.choice, inbound.text) == (InboundKind.CHOICE, "danger:no", "아니요")

    @pytest.mark.parametrize("spelling", ["lifespan", "lifeSpan"])
    def test_contexts_in_both_spellings(self, spelling: str) -> None:
        ours = asked(request(contexts=[{"name": "c", spelling: 3, "ttl": 60, "params": {"a": "b"}, "new": 1}, "broken", {"ttl": 1}]))
        assert ours is not None
        assert [(one.name, one.lifespan, one.ttl, one.params) for one in ours.contexts] == [("c", 3, 60, {"a": "b"})]

    def test_unknown_fields_are_passed_over(self) -> None:
        content = request(new={"a": [1]}, flow={"trigger": {"type": "SOMETHING_NEW"}})
        content["userRequest"]["user"]["new"] = 1
        assert asked(content) == asked(request())

    @pytest.mark.parametrize("language", ["kr", "ko", "", "xx", 7, None])
    def test_a_language_that_is_none_is_korean(self, language: Any) -> None:
        ours = asked(request(userRequest={"lang": language}))
        assert ours is not None
        assert ours.language == "ko"

    @pytest.mark.parametrize("content", [{}, {"userRequest": []}, {"userRequest": {"user": {"id": 7}}}, {"userRequest": {"user": {"id": "u" * 201}}}])
    def test_without_a_person_there_is_no_request(self, content: dict[str, Any]) -> None:
        assert asked(content) is None

    def test_nothing_said_is_no_message(self) -> None:
        ours = asked(request(userRequest={"utterance": "  "}))
        assert ours is not None
        assert ours.inbound("e") is None

    @settings(max_examples=100, deadline=None)
    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
    def test_any_types_in_any_place(self, value: Any) -> None:
        for name in ("userRequest", "action", "contexts", "bot"):
            asked(request(**{name: value} if name != "userRequest" else {}) | {name: value})
        for name in ("utterance", "lang", "user", "callbackUrl", "chat"):
            asked(request(userRequest={name: value}))
        asked(request(extra=value))


@settings(max_examples=200, deadline=None)
@given(bodies, st.sampled_from([None, link_button("상담 이어가기", "https://bizmessage.kakao.com/chat/open/@a?extra=t"), operator_button("상담원 연결")]))
def test_kakao_takes_every_response(body: Body, under: dict[str, Any] | None) -> None:
    messages = render(body, "ko", CAPABILITIES)[:3]
    assert faults(response(messages, under=under)) == ([] if messages else faults(response([])))


def test_the_rules_find_what_is_wrong() -> None:
    wrong = [
        {"version": "1.0"},
        response([Outbound("가" * 1001)]),
        response([Outbound("가")] * 3) | {"template": {"outputs": [{"simpleText": {"text": "가"}}] * 4}},
        response([Outbound("가", actions=(Action(ActionKind.LINK, "열다섯 글자가 넘는 긴 단추 제목", "https://a"),))]),
        response([Outbound("가", actions=(Action(ActionKind.LINK, "열기", ""),))]),
        waiting_for_callback("잠시만요") | {"template": {}},
    ]
    assert all(faults(one) for one in wrong)


class TestCards:
    def test_long_next_questions_stand_whole_in_a_list(self) -> None:
        titles = ["여권을 해외에서 다시 발급받으려면 어떻게 하나요?", "수수료는요?", "여행증명서는 얼마나 걸리나요, 그리고 어디서 받나요?"]
        made = response(render(Body("안내", buttons=tuple(Button(title) for title in titles)), "ko", CAPABILITIES))
        listed = made["template"]["outputs"][-1]["listCard"]
        assert [item["title"] for item in listed["items"]] == titles
        assert [reply["extra"]["choice"] for reply in made["template"]["quickReplies"]] == [DANGER]
        assert faults(made) == []

    def test_short_next_questions_are_quick_replies(self) -> None:
        made = response(render(Body("안내", buttons=(Button("수수료"), Button("사진"))), "ko", CAPABILITIES))
        assert [reply["label"] for reply in made["template"]["quickReplies"]] == ["수수료", "사진", "지금 위험해요"]
        assert "listCard" not in made["template"]["outputs"][-1]

    def test_source_numbers_and_place(self) -> None:
        source = SourceCard("여권 안내", "2026-01-01", "https://www.0404.go.kr/notice/1", "외교부")
        body = Body("지금 계신 곳을 알려 주세요.", phones=(Phone("경찰", "117"),), location_url="https://g.example/locate/t", source=source)
        made = response(render(body, "ko", CAPABILITIES))
        buttons = [button for output in made["template"]["outputs"] for button in output.get("textCard", {}).get("buttons", [])]
        assert [(button["action"], button.get("webLinkUrl") or button.get("phoneNumber")) for button in buttons] == [
            ("webLink", "https://g.example/locate/t"),
            ("phone", "117"),
            ("webLink", "https://www.0404.go.kr/notice/1"),
        ]
        assert made["template"]["outputs"][-1]["textCard"]["title"] == "여권 안내"
        assert faults(made) == []

    def test_the_way_to_a_person_stands_where_there_is_room(self) -> None:
        button = operator_button("상담원 연결")
        alone = response([Outbound("가")], under=button)
        assert alone["template"]["outputs"][-1]["textCard"]["buttons"] == [button]
        link = Action(ActionKind.LINK, "열기", "https://a")
        full = response([Outbound("가"), Outbound("나", actions=(link,)), Outbound("다")], under=button)
        assert full["template"]["outputs"][1]["textCard"]["buttons"][-1] == button
        no_room = response([Outbound("가")] * 3, under=button)
        assert no_room == response([Outbound("가")] * 3)
        assert all(faults(one) == [] for one in (alone, full, no_room))

    @pytest.mark.parametrize("language", ["ko", "en", "ja", "zh", "vi"])
    def test_what_the_channel_says_by_itself(self, language: str) -> None:
        for by_itself in (True, False):
            assert faults(response([sentences.late(language, "+82-2-3210-0404", comes_by_itself=by_itself)])) == []
        said = sentences.sentences(language)
        for text in (said.late, said.later, said.passed_on, said.down, said.empty, said.group):
            assert "+82-2-3210-0404" in text.format(hotline="+82-2-3210-0404")


class TestPlainWords:
    @settings(max_examples=150, deadline=None)
    @given(bodies)
    def test_nothing_is_left_out_and_no_part_is_too_long(self, body: Body) -> None:
        messages = render(body, "ko", CAPABILITIES)
        parts = plain(messages)
        assert all(0 < len(part) <= 1000 for part in parts)
        whole = "".join("".join(parts).split())
        for message in messages:
            assert "".join(message.text.split()) in whole
            assert all("".join(action.value.split()) in whole for action in message.actions)

    def test_buttons_become_lines(self) -> None:
        actions = (Action(ActionKind.LINK, "위치", "https://g/l", "위치 보내기"), Action(ActionKind.PHONE, "경찰", "117", "경찰"))
        choices = (Action(ActionKind.CHOICE, "네", "danger:yes", "네, 위험해요"), Action(ActionKind.CHOICE, "아니요", "danger:no", "아니요"))
        assert plain([Outbound("위험한가요? 경찰 117", actions=actions, quick_replies=choices)]) == (
            "위험한가요? 경찰 117\n위치 보내기: https://g/l\n(네, 위험해요 / 아니요)",
        )


class TestCallback:
    @pytest.mark.parametrize("url", ["https://bot-api.kakao.com/callback/x?t=1", "https://kakao.com/a", "https://a.b.kakao.com:443/c"])
    def test_kakaos_own_addresses(self, url: str) -> None:
        assert callback.is_allowed(url, HOSTS)

    @pytest.mark.parametrize(
        "url",
        [
            "", "http://bot-api.kakao.com/c", "https://kakao.com.evil.example/c", "https://evilkakao.com/c", "https://kakao.com@evil.example/c",
            "https://user:pass@kakao.com/c", "https://kakao.com:8443/c", "https://127.0.0.1/c", "https://[::1]/c", "ftp://kakao.com/c",
            "https://evil.example/kakao.com", "https://evil.example\\.kakao.com/c", "https://kakao.com /c", "//kakao.com/c", "https://kakao.com:x/c",
            "https://카카오.kakao.com/c", "https://kakao.com/" + "a" * 2000, "http://127.0.0.1:5432/",
        ],
    )  # fmt: skip
    def test_no_others(self, url: str) -> None:
        assert not callback.is_allowed(url, HOSTS)

    def test_an_origin_of_the_operator_is_exactly_this_one(self) -> None:
        hosts = ("http://127.0.0.1:8082",)
        assert callback.is_allowed("http://127.0.0.1:8082/callback/1", hosts)
        assert not any(callback.is_allowed(url, hosts) for url in ("http://127.0.0.1:80/c", "http://127.0.0.1:8082.evil.example/", "https://127.0.0.1:8082/c"))

    @pytest.mark.parametrize(
        ("status", "content", "result"),
        [
            (200, {"taskId": "t", "status": "SUCCESS", "message": "", "timestamp": 1}, Sent()),
            (200, {"status": "FAIL", "message": "Invalid callback token. (expired)"}, WindowClosed()),
            (400, {"status": "FAIL", "message": "Use callback true setting required"}, WindowClosed()),
            (200, {"status": "FAIL", "message": "bad response"}, Refused("http_200")),
            (200, {"status": "ERROR", "message": ""}, Retry("http_500", is_unknown=True)),
            (502, None, Retry("http_500", is_unknown=True)),
            (302, None, Refused("http_302")),
        ],
    )
    def test_what_an_answer_means(self, status: int, content: Any, result: SendResult) -> None:
        assert callback.outcome(httpx.Response(status, json=content) if content else httpx.Response(status, text="<html>")) == result


@pytest.mark.parametrize(
    ("path", "header"), [("", ""), ("path", ""), ("path", "wrong"), ("wrong", "head"), ("head", "path"), ("path", "head\udc80"), ("päth", "head")]
)
def test_both_secrets_are_needed(path: str, header: str) -> None:
    assert not Skill("path", "head").is_known(path, header)


def test_without_secrets_nobody_is_known() -> None:
    assert not Skill("", "").is_known("", "")
    assert Skill("path", "head").is_known("path", "head")
