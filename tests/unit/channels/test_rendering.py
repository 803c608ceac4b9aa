"""One renderer for every platform: whatever a body holds and whatever a platform can show, no limit is passed and nothing is left out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.contract import DANGER, Action, ActionKind, Actions, Capabilities, Limit, Outbound
from bot.channels.kakao.wire import CAPABILITIES as KAKAO
from bot.channels.line.wire import CAPABILITIES as LINE
from bot.channels.rendering import offered, render
from bot.channels.sms.channel import CAPABILITIES as SMS
from bot.channels.wechat.wire import CAPABILITIES as WECHAT
from bot.channels.words import WORDS
from conversation.schemas import Body, Button, Phone, SourceCard, TextUnit

KINDS = frozenset(ActionKind)
CHARACTERS = TextUnit.CHARACTERS
#: The platforms' own tables, one in the manner of a platform that may come, and the two extremes.
TABLES = {
    "line": LINE,
    "kakao": KAKAO,
    "wechat": WECHAT,
    "sms": SMS,
    "buttons": Capabilities(Limit(2048, TextUnit.UTF8), buttons=Actions(6, Limit(16), frozenset({ActionKind.CHOICE}))),
    "narrow": Capabilities(Limit(8, TextUnit.UTF8), quick_replies=Actions(1, Limit(8), KINDS), buttons=Actions(1, Limit(8), KINDS, text=Limit(8))),
    "without_choices": Capabilities(Limit(300), quick_replies=Actions(2, Limit(10), frozenset({ActionKind.LOCATION}))),
}
texts = st.text(
    st.one_of(st.sampled_from("가나다라 \n.!?。여권을 잃어버렸어요👨‍👩‍👧🇰🇷é"), st.characters(codec="utf-8"), st.characters(categories=["Cs", "Cc"])),
    max_size=400,
)
long_texts = st.one_of(texts, st.builds(lambda text, n: text * n, texts, st.integers(1, 30)))
urls = st.sampled_from(["", "https://www.0404.go.kr/notice/1", "/locate/abc", "https://x.kr/" + "a" * 1200, "javascript:alert(1)", "http://[", "https://a b"])
bodies = st.builds(
    Body,
    text=long_texts,
    kind=st.sampled_from(["text", "answer", "crisis:assault", "danger_question", "passed_on"]),
    buttons=st.lists(st.builds(Button, texts.filter(str.strip), st.sampled_from(["", "person", "danger:yes"])), max_size=16).map(tuple),
    source=st.none() | st.builds(SourceCard, texts, st.sampled_from(["", "2026-01-01"]), urls, st.just("외교부"), past=st.booleans()),
    phones=st.lists(st.builds(Phone, st.sampled_from(["경찰", "영사안전콜센터", ""]), st.sampled_from(["000", "113", "+82-2-3210-0404"])), max_size=6).map(
        tuple
    ),
    location_url=urls,
)


def fits(capabilities: Capabilities, message: Outbound) -> bool:
    if message.title:
        card = capabilities.card
        assert card is not None
        place, limit = card.actions, card.text
        assert card.title.fits(message.title)
    else:
        place = capabilities.buttons  # type: ignore[assignment]
        limit = capabilities.text if not message.actions or place is None or place.text is None else place.text
    assert limit.fits(message.text)
    for actions, where in ((message.actions, place), (message.quick_replies, capabilities.quick_replies)):
        if actions:
            assert where is not None
            assert len(actions) <= where.count
            assert all(action.kind in where.kinds and where.label.fits(action.label) and action.label.strip() for action in actions)
            assert all(len(action.value) <= where.max_link for action in actions if action.kind is ActionKind.LINK)
    return True


@pytest.mark.parametrize("name", TABLES)
@settings(max_examples=150, deadline=None)
@given(body=bodies, language=st.sampled_from([*WORDS, "ar"]), discreet=st.booleans(), again=st.none() | st.integers(0, 9))
def test_no_limit_is_ever_passed(name: str, body: Body, language: str, discreet: bool, again: int | None) -> None:
    messages = render(body, language, TABLES[name], discreet=discreet, again=again)
    assert all(fits(TABLES[name], message) for message in messages)
    assert all(message.text.strip() for message in messages)
    assert not any(message.quick_replies for message in messages[:-1])


def squeezed(text: str) -> str:
    return "".join(c for c in text if not c.isspace() and not (ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000))


@pytest.mark.parametrize("name", TABLES)
@settings(max_examples=80, deadline=None)
@given(body=bodies)
def test_nothing_that_a_body_says_is_left_out(name: str, body: Body) -> None:
    messages = render(body, "ko", TABLES[name])
    text = squeezed("".join(message.text for message in messages))
    assert squeezed(body.text) in text
    assert all(squeezed(phone.number) in text for phone in body.phones)
    shown = [action.text for message in messages for action in (*message.actions, *message.quick_replies) if action.kind is ActionKind.CHOICE]
    assert all(button.title in shown or squeezed(button.title) in text for button in body.buttons)


def of_kind(messages: tuple[Outbound, ...], kind: ActionKind) -> list[Action]:
    return [action for message in messages for action in (*message.actions, *message.quick_replies) if action.kind is kind]


class TestDangerButton:
    @pytest.mark.parametrize("name", ["line", "kakao"])
    def test_stands_in_every_reply(self, name: str) -> None:
        many = tuple(Button(f"질문 {number}") for number in range(30))
        messages = render(Body("안내", buttons=many), "ko", TABLES[name])
        assert [action.value for action in messages[-1].quick_replies].count(DANGER) == 1

    def test_is_not_shown_where_somebody_may_read_along(self) -> None:
        messages = render(Body("네.", phones=(Phone("경찰", "000"),)), "ko", TABLES["line"], discreet=True)
        assert all(action.value != DANGER for action in messages[-1].quick_replies)
        assert not of_kind(messages, ActionKind.PHONE)

    def test_is_not_shown_under_a_crisis_card(self) -> None:
        assert DANGER not in [a.value for m in render(Body("침착하세요.", kind="crisis:assault"), "ko", TABLES["line"]) for a in m.quick_replies]


class TestWaysToGo:
    BODY = Body("도움을 부르고 있습니다.", phones=(Phone("경찰", "000"),), location_url="https://g.example/locate/t")

    def test_are_buttons_and_the_number_is_also_in_the_text(self) -> None:
        messages = render(self.BODY, "ko", TABLES["line"])
        assert [a.value for a in of_kind(messages, ActionKind.LINK)] == ["https://g.example/locate/t"]
        assert [a.value for a in of_kind(messages, ActionKind.PHONE)] == ["000"]
        assert "경찰 000" in messages[0].text

    def test_are_lines_where_there_are_no_buttons(self) -> None:
        text = "\n".join(message.text for message in render(self.BODY, "ko", TABLES["sms"]))
        assert "경찰 000" in text
        assert "https://g.example/locate/t" in text

    @pytest.mark.parametrize("url", ["/locate/abc", "javascript:alert(1)", "https://"])
    def test_an_address_that_leads_nowhere_is_left_out(self, url: str) -> None:
        for table in TABLES.values():
            messages = render(Body("위치를 알려 주세요.", location_url=url), "ko", table)
            assert not of_kind(messages, ActionKind.LINK)
            assert url not in "".join(message.text for message in messages)

    def test_the_end_of_a_sum_is_not_a_number_to_call(self) -> None:
        messages = render(Body("수수료는 53,000원입니다.", phones=(Phone("경찰", "000"),)), "ko", TABLES["sms"])
        assert "경찰 000" in "\n".join(message.text for message in messages)


class TestChoicesWithoutButtons:
    BODY = Body("지금 위험한 상황인가요?", kind="danger_question", buttons=(Button("네, 위험해요", "danger:yes"), Button("아니요", "danger:no")))

    def test_are_numbered(self) -> None:
        text = "\n".join(message.text for message in render(self.BODY, "ko", TABLES["sms"]))
        assert "1. 네, 위험해요" in text
        assert "2. 아니요" in text

    @pytest.mark.parametrize(("written", "payload"), [("1", "danger:yes"), ("2", "danger:no"), ("네, 위험해요", "danger:yes"), ("3", None)])
    def test_come_back_as_number_or_title(self, written: str, payload: str | None) -> None:
        assert offered(self.BODY).get(written) == payload


class TestSource:
    CARD = SourceCard("여권 재발급 안내", "2026-01-01", "https://www.0404.go.kr/1", "외교부", past=True)

    def test_is_a_card_with_a_link(self) -> None:
        text, card = render(Body("안내", source=self.CARD), "ko", TABLES["line"])
        assert (text.text, card.title, card.text) == ("안내", "여권 재발급 안내", "2026-01-01 시행 · 외교부 · 지난 안내")
        assert card.actions[0].value == "https://www.0404.go.kr/1"
        assert card.quick_replies

    def test_is_written_out_where_there_are_no_cards(self) -> None:
        text = " ".join(message.text for message in render(Body("안내", source=self.CARD), "ko", TABLES["sms"]))
        assert "여권 재발급 안내" in text
        assert "https://www.0404.go.kr/1" in text


def test_a_repeat_says_that_it_is_one() -> None:
    assert render(Body("대피하세요."), "ko", TABLES["sms"], again=0)[0].text == "(다시 보냄)\n대피하세요."
    whole = Body("가" * 55)  # the first text is full, and has no room to say so
    assert [message.text for message in render(whole, "ko", TABLES["sms"], again=0)] == ["가" * 45, "가" * 10]
    assert [message.text for message in render(whole, "ko", TABLES["sms"], again=1)] == ["가" * 45, "(다시 보냄)\n" + "가" * 10]


@pytest.mark.parametrize("name", TABLES)
@settings(max_examples=80, deadline=None)
@given(body=bodies, again=st.integers(0, 9))
def test_a_repeat_is_divided_as_it_was_at_first(name: str, body: Body, again: int) -> None:
    first, repeat = (render(body, "ko", TABLES[name], again=which) for which in (None, again))
    assert len(first) == len(repeat)
    for number, (one, other) in enumerate(zip(first, repeat, strict=True)):
        assert other in ((one, replace(one, text=f"(다시 보냄)\n{one.text}")) if number == min(again, len(first) - 1) else (one,))


def test_a_long_text_is_divided_at_sentences() -> None:
    sentence = "여권을 잃어버리면 가까운 공관에 신고하세요."
    parts = [message.text for message in render(Body(" ".join([sentence] * 60)), "ko", TABLES["kakao"])]
    assert len(parts) == 2
    assert all(part.endswith("신고하세요.") for part in parts)


def test_an_address_is_not_torn_apart() -> None:
    parts = [
        m.text
        for m in render(
            Body("여권을 잃어버렸을 때의 자세한 안내는 다음 주소에 있습니다. https://www.0404.go.kr/dev/notice/2026/passport/12345"), "ko", TABLES["sms"]
        )
    ]
    assert "https://www.0404.go.kr/dev/notice/2026/passport/12345" in parts
