"""Titles as questions, and sentences in the citizen's language."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge_base import phrases
from knowledge_base.kinds import asked, how_well


@pytest.mark.parametrize(
    ("title", "question"),
    [
        ("1단계 여행유의(남색경보)의 뜻", "1단계 여행유의의 뜻이 뭐예요?"),
        ("긴급여권 (급하게 출국해야 할 때)", "긴급여권 알려 주세요"),
        ("신속해외송금: 누가 이용할 수 있나", "신속해외송금 누가 이용할 수 있나요?"),
        ("온라인 재발급을 이용할 수 없는 경우", "온라인 재발급을 이용할 수 없는 경우 어떻게 하나요?"),
        ("영사안전콜센터 안내 (옛 영사콜센터)", "영사안전콜센터 알려 주세요"),
        ("변호사와 통역인 명단 받기", "변호사와 통역인 명단 받는 방법 알려 주세요"),
        ("모바일 재외국민증 만들기", "모바일 재외국민증 만드는 방법 알려 주세요"),
        ("온라인에서 만난 사람의 투자·연애 사기", "온라인에서 만난 사람의 투자·연애 사기 알려 주세요"),
        ("신분증을 쓸 수 있는 곳", "신분증을 쓸 수 있는 곳은 어디예요?"),
        ("[주중국대사관] 영사 수수료표(2026년 7월 1일 시행)", "주중국대사관 영사 수수료표 알려 주세요"),
        ("【시카고】여권 우편 신청 방법", "시카고 여권 우편 신청 방법이 뭐예요?"),
        ("수수료표 [옛]", "수수료표 알려 주세요"),
    ],
)
def test_title_as_question(title: str, question: str) -> None:
    assert phrases.title_as_question(title) == question


def test_every_sentence_in_every_language() -> None:
    for table in (phrases.PERSON, phrases.ABSTAIN, phrases.UNKNOWN_ALARM, phrases.NO_PAST, phrases.WHICH_COUNTRY):
        assert set(table) == set(phrases.LANGUAGES)
        assert len(set(table.values())) == len(phrases.LANGUAGES)
    assert set(phrases.LEAD) == set(phrases.LANGUAGES) - {"ko"}


def test_a_language_we_do_not_speak_gets_english() -> None:
    assert phrases.spoken_language("th") == "en"


def test_past_lead_names_the_last_day() -> None:
    assert "2020년 3월 24일부터 2020년 4월 30일까지" in phrases.past_lead(date(2020, 3, 24), date(2020, 5, 1), "ko")
    assert "2020-03-24 – 2020-04-30" in phrases.past_lead(date(2020, 3, 24), date(2020, 5, 1), "en")


@pytest.mark.parametrize(
    ("question", "passage", "expected"),
    [
        ("수수료가 얼마예요", "수수료는 52,000원입니다.", True),
        ("수수료가 얼마예요", "수수료가 올랐습니다.", False),
        ("전화번호 알려줘", "02-3210-0404로 전화하십시오.", True),
        ("언제까지 해야 하나요", "3개월 안에 해야 합니다.", True),
        ("어디서 하나요", "3개월 안에 해야 합니다.", False),
    ],
)
def test_kind_of_answer(question: str, passage: str, expected: bool) -> None:
    assert (how_well(asked(question), passage) == 1.0) is expected
