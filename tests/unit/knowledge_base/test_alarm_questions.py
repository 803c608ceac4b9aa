"""When a question about alarms needs a country, and what a general notice must not answer."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge_base.answer import Desk, answer
from knowledge_base.confidence import Confidence
from knowledge_base.index import Index, Prepared, reference_key
from knowledge_base.preparing import Cut, index_texts
from knowledge_base.schemas import Notice, NoticeContent, NoticeStatus, Outcome
from knowledge_base.search import Question, Weights
from language.analysis import Analysis

TODAY = date(2026, 11, 22)


def ask(text: str, here: str | None = None) -> Question:
    return Question(Analysis(text, text, "ko"), tuple(text.split()), (), TODAY, TODAY, None, (), here)


@pytest.fixture(scope="module")
def desk() -> Desk:
    notice = Notice(NoticeContent("levels", "여행경보 안내", "여행경보 단계는 넷입니다.", TODAY, TODAY, topics=("travel-alarm",)), 1, NoticeStatus.PUBLISHED)
    cut = Cut.of(notice)
    prepared = {reference_key(): Prepared([], None), cut.key: Prepared([text.replace(".", " ").split() for text in index_texts(notice, cut.pieces)], None)}
    return Desk(Index.build([notice], prepared, False), Weights(), Confidence.load())


@pytest.mark.parametrize(
    ("text", "asks_back"),
    [("여행경보 몇 단계예요", True), ("여행경보 몇 단계까지 있나요", False), ("여행경보 몇 단계로 나뉘어요", False)],
)
def test_how_many_levels_there_are_needs_no_country(desk: Desk, text: str, asks_back: bool) -> None:
    assert (answer(desk, ask(text)).outcome is Outcome.CLARIFY) is asks_back


def test_the_level_here_is_not_told_from_a_notice_about_levels(desk: Desk) -> None:
    found = answer(desk, ask("여기 여행경보 몇 단계야", "XA"))
    assert found.outcome is Outcome.ABSTAIN
    assert found.of_row
    assert not answer(desk, ask("여행경보 몇 단계로 나뉘어요", "XA")).of_row
