"""Where a citizen is, as far as a message tells: what is asked about is not where somebody is."""

from __future__ import annotations

import pytest

from bot.where import Told, told
from language.analysis import Analysis
from language.entity import Entity

PLACES = {
    "태국": "TH", "방콕": "TH", "Thailand": "TH", "泰国": "TH", "バンコク": "TH", "일본": "JP", "Japan": "JP", "베트남": "VN", "Hà Nội": "VN", "캄보디아": "KH",
    "시아누크빌": "KH", "Cambodia": "KH", "미얀마": "MM", "대만": "TW", "한국": "KR",
}  # fmt: skip


def read(text: str) -> Analysis:
    found = [Entity("country", name, code, text.index(name), text.index(name) + len(name), code) for name, code in PLACES.items() if name in text]
    return Analysis(text, text, "ko", entities=tuple(sorted(found, key=lambda one: one.start)))


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("저 지금 태국 방콕이에요", "TH"),
        ("태국에서 여권을 잃어버렸어요", "TH"),
        ("미얀마 국경 쪽에 있어요", "MM"),
        ("캄보디아로 끌려왔어요", "KH"),
        ("저는 일본 갔다가 지금 대만이에요", "TW"),
        ("한국인데 딸이 태국에 있어요", "TH"),
        ("아 베트남 아니고 캄보디아예요", "KH"),
        ("I am in Thailand now", "TH"),
        ("我在泰国", "TH"),
        ("バンコクにいます", "TH"),
        ("Tôi đang ở Hà Nội", "VN"),
        ("제가 있는 곳: 캄보디아 시아누크빌", "KH"),
        ("장소: 방콕", "TH"),
    ],
)
def test_who_says_to_be_somewhere_is_there(text, country):
    found = told(read(text))
    assert (found.country, found.is_there) == (country, True)


@pytest.mark.parametrize(
    ("text", "country"), [("일본 비자 필요한가요?", "JP"), ("Do I need a visa for Japan?", "JP"), ("일본 말고 태국이요", "TH"), ("일본이에요", "JP")]
)
def test_what_is_asked_about_is_only_named(text, country):
    found = told(read(text))
    assert (found.country, found.is_there) == (country, False)


@pytest.mark.parametrize("text", ["태국에서 베트남으로 가는 길인데 칼 든 사람이", "태국하고 일본", "살려주세요"])
def test_of_several_none_is_taken(text):
    assert told(read(text)) == Told()


@pytest.mark.parametrize(("text", "country"), [("캄보디아 시아누크빌이요", "KH"), ("Cambodia", "KH"), ("베트남 말고 캄보디아", "KH")])
def test_after_the_cards_question_a_bare_name_or_a_correction_says_where_one_is(text, country):
    found = told(read(text), is_answer=True)
    assert (found.country, found.is_there) == (country, True)


@pytest.mark.parametrize(
    ("text", "is_bare"), [("태국 방콕이요", True), ("베트남 말고 캄보디아", False), ("태국에서 칼 든 사람이 쫓아와요", False), ("살려주세요", False)]
)
def test_whether_a_place_is_all_that_is_said(text, is_bare):
    assert told(read(text), is_answer=True).is_bare == is_bare


def test_a_question_beside_an_open_case_still_moves_nobody():
    assert told(read("일본 대사관 전화번호 알려 주세요"), is_answer=True) == Told("JP", is_there=False)


def test_the_pages_dialog_for_places_writes_what_is_known_here(root):
    source = (root / "bot/static/chat.js").read_text("utf-8")
    assert "`장소: ${words}`" in source
    assert "`제가 있는 곳: ${words}`" in source


@pytest.mark.parametrize("text", ["저 한국인데요 여권을 잃어버렸어요", "한국에서요", "저는 한국이에요"])
def test_whoever_names_korea_may_mean_that_they_are_korean(text):
    assert told(read(text), is_answer=True).is_there is False


def test_without_an_analysis_nothing_is_told():
    assert told(None) == Told()
