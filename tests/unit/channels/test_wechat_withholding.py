"""What is not said over WeChat unless the person has said it; and that ordinary sentences of a counsellor pass."""

from __future__ import annotations

import pytest

from bot.channels.greeting import GREETING, greeting
from bot.channels.wechat.wire import TEXT
from bot.channels.wechat.withholding import reasons
from bot.channels.wechat.words import neutral, notice
from conversation.schemas import Body, Button

HOTLINE = "+82-2-3210-0404"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("감금되어 계신가요?", "happening"),
        ("북한이탈주민이신가요?", "happening"),
        ("성폭력 피해 상담을 도와드리겠습니다.", "happening"),
        ("Were you arrested?", "happening"),
        ("您被绑架了吗?", "happening"),
        ("성함과 여권번호를 알려 주세요.", "identity"),
        ("이름을 적어 주세요.", "identity"),
        ("본인 확인을 위해 신분증 사진을 보내 주세요.", "identity"),
        ("Please send your passport number.", "identity"),
        ("请发送您的护照号", "identity"),
        ("김철수 영사가 곧 연락드립니다.", "person"),
        ("박영희 씨와 같이 계신가요?", "person"),
        ("Mr Kim will call you.", "person"),
        ("시암호텔 앞에서 기다리세요.", "place"),
        ("베이징대사관으로 오세요.", "place"),
        ("강남대로 123 으로 오세요.", "place"),
        ("北京市朝阳区东方东路20号", "place"),
        ("Grand Hotel 로 가세요.", "place"),
        ("39.9042, 116.4074 로 가세요.", "number"),
        ("M12345678 여권이 맞나요?", "number"),
        ("hong@example.com 으로 보내 주세요.", "number"),
    ],
)
def test_stays_here(text: str, reason: str) -> None:
    assert reason in reasons(Body(text), ())


@pytest.mark.parametrize(
    "text",
    [
        "안녕하세요, 상담관입니다.",
        "선생님, 지금 안전한 곳에 계신가요?",
        "고객님, 조금만 기다려 주세요.",
        "다치신 곳이 있나요?",
        "가까운 병원으로 가세요.",
        "대사관에 전화하세요.",
        "여권을 잃어버리셨군요. 재발급을 도와드리겠습니다.",
        "앞으로 30분 안에 다시 연락드리겠습니다.",
        "도로 1차선에서 벗어나세요.",
        "서로 2명씩 움직이세요.",
        "계신 곳을 지도에서 보려고 합니다. 아래 주소를 눌러 주세요.",
        f"{HOTLINE} 로 전화하세요.",
        "https://gildongmu.example/locate/abc 를 눌러 주세요.",
        "현지 시각 12시까지 답을 드리겠습니다.",
    ],
)
def test_may_go(text: str) -> None:
    assert reasons(Body(text), ()) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("체포한 사람이 경찰인가요?", "경찰에 체포됐어요"),
        ("납치한 사람이 옆에 있나요?", "저를 감금했어요"),
        ("시암호텔 몇 층인가요?", "시암호텔에 있어요"),
        ("김철수 씨와 같이 있나요?", "친구 김철수가 다쳤어요"),
    ],
)
def test_what_the_person_has_said_may_be_said_to_them(text: str, said: str) -> None:
    assert reasons(Body(text), ())
    assert reasons(Body(text), ("안녕하세요", said)) == ()


def test_who_they_are_is_not_asked_even_if_they_have_said_it() -> None:
    assert reasons(Body("여권번호를 알려 주세요."), ("제 여권번호는 M12345678 이에요",)) == ("identity",)


def test_a_button_is_words_as_well() -> None:
    assert reasons(Body("골라 주세요.", buttons=(Button("납치", "x"),)), ()) == ("happening",)


@pytest.mark.parametrize("language", [*GREETING, "vi", "xx"])
@pytest.mark.parametrize("url", ["https://gildongmu.example/", ""])
def test_our_own_sentences_name_nothing_and_fit(language: str, url: str) -> None:
    first, instead = notice(language, url, HOTLINE), neutral(language, url, HOTLINE)
    assert reasons(greeting(language, HOTLINE), ()) == reasons(first, ()) == reasons(instead, ()) == ()
    for body in (first, instead):
        assert TEXT.fits(body.text)
        assert HOTLINE in body.text
        assert (url in body.text) == bool(url) or not url
    assert reasons(Body(instead.text), ()) == ()  # not by its kind alone
