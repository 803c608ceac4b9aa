"""When a question about alarms needs a country, and what a general notice must not answer."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge_base import phrases
from knowledge_base.answer import Desk, answer
from knowledge_base.confidence import Confidence
from knowledge_base.index import Index, Prepared, reference_key
from knowledge_base.past import Period
from knowledge_base.preparing import Cut, index_texts
from knowledge_base.schemas import Notice, NoticeContent, NoticeStatus, Outcome
from knowledge_base.search import Question, Weights
from language.analysis import Analysis

TODAY = date(2026, 11, 22)


def ask(text: str, here: str | None = None, named: tuple[str, ...] = (), period: Period | None = None) -> Question:
    return Question(Analysis(text, text, "ko"), tuple(text.split()), (), TODAY, TODAY, period, named, here)


def desk_of(*contents: NoticeContent) -> Desk:
    notices = [Notice(content, 1, NoticeStatus.PUBLISHED) for content in contents]
    prepared = {reference_key(): Prepared([], None)}
    for notice in notices:
        cut = Cut.of(notice)
        prepared[cut.key] = Prepared([text.replace(".", " ").split() for text in index_texts(notice, cut.pieces)], None)
    return Desk(Index.build(notices, prepared, False), Weights(), Confidence.load())


LEVELS = NoticeContent("levels", "여행경보 안내", "여행경보 단계는 넷입니다.", TODAY, TODAY, topics=("travel-alarm",))
BANS = NoticeContent("bans", "여행금지 목록", "여행금지인 나라는 남수단, 시리아, 리비아입니다.", TODAY, TODAY, topics=("travel-ban",))
OF_UKRAINE = NoticeContent("ua", "우크라이나 경보", "우크라이나는 모두 여행금지입니다.", TODAY, TODAY, countries=("UA",), topics=("travel-alarm",))
OF_LAOS = NoticeContent("la", "라오스 경보", "라오스의 경보는 누리집에서 확인하십시오.", TODAY, TODAY, countries=("LA",), topics=("travel-alarm",))
ONCE = (date(2020, 1, 1), date(2020, 1, 1))
OF_SYRIA_ONCE = NoticeContent("sy", "시리아 경보", "시리아는 1단계입니다.", *ONCE, expires_at=date(2021, 1, 1), countries=("SY",), topics=("travel-alarm",))


@pytest.fixture(scope="module")
def desk() -> Desk:
    return desk_of(LEVELS)


@pytest.fixture(scope="module")
def of_countries() -> Desk:
    return desk_of(LEVELS, BANS, OF_UKRAINE, OF_LAOS, OF_SYRIA_ONCE)


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


@pytest.mark.parametrize(
    ("text", "here", "named", "notice"),
    [
        ("우크라이나 여행경보 몇 단계인가요", None, ("UA",), "ua"),
        ("여기 여행경보 몇 단계예요", "UA", (), "ua"),
        ("우크라이나 몇 단계인가요", None, ("UA",), "ua"),
        ("다마스쿠스 여행금지 인가요", None, ("SY",), "bans"),  # a city: the list names its country
        ("남수단 여행금지 인가요", None, ("SS",), "bans"),
        ("수단 여행금지 인가요", None, ("SD",), None),  # "남수단" is another country
        ("라오스 여행경보 몇 단계", None, ("LA",), None),  # its notice tells no level
        ("우크라이나와 시리아 여행경보 몇 단계", None, ("UA", "SY"), None),  # no notice tells both
    ],
)
def test_an_alarm_is_told_from_the_notice_that_speaks_of_the_country(
    of_countries: Desk, text: str, here: str | None, named: tuple[str, ...], notice: str | None
) -> None:
    found = answer(of_countries, ask(text, here, named))
    assert found.notice_ids == ((notice,) if notice else ())


def test_of_the_past_nothing_is_said_of_the_present(of_countries: Desk) -> None:
    found = answer(of_countries, ask("수단 여행금지였나요", None, ("SD",), Period(date(2026, 11, 1), TODAY)))
    assert found.text == phrases.NO_PAST["ko"]
