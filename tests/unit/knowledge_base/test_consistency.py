"""What is quoted must be what was asked for: value, unit, place and subject."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from knowledge_base import consistency
from knowledge_base.index import Index, Prepared, reference_key
from knowledge_base.kinds import asked, is_uncounted, is_unmet
from knowledge_base.preparing import Cut, index_texts
from knowledge_base.schemas import Notice, NoticeContent, NoticeStatus
from knowledge_base.search import Question, Ranked
from language.analysis import Analysis
from language.entity import Entity
from language.morphology import Token

TODAY = date(2026, 11, 22)
BOAT = ("glass-boat", "유리배 승선권 안내", ("승선권 값은 7,500원입니다.", "유리배 문의 전화는 02-555-0199입니다.", "하루 12장까지 삽니다."), ())
KITE = ("kite-hall", "연날리기 마당 안내", ("연 한 벌 값은 3,000원입니다.",), ())
MISSIONS = ("missions", "두 공관의 전화", ("주가람총영사관 전화는 070-555-0101입니다.", "주나래총영사관 전화는 070-555-0102입니다."), ("XA",))


def index_of(*notices: tuple[str, str, tuple[str, ...], tuple[str, ...]]) -> Index:
    made = [
        Notice(NoticeContent(name, title, " ".join(said), TODAY, TODAY, countries=countries), 1, NoticeStatus.PUBLISHED)
        for name, title, said, countries in notices
    ]
    prepared = {reference_key(): Prepared([], None)}
    for notice in made:
        cut = Cut.of(notice)
        prepared[cut.key] = Prepared([text.replace(".", " ").split() for text in index_texts(notice, cut.pieces)], None)
    return Index.build(made, prepared, False)


def ask(text: str, nouns: tuple[str, ...] = (), entities: tuple[Entity, ...] = (), language: str = "ko") -> Question:
    tokens = tuple(Token(noun, "NNG", text.index(noun), text.index(noun) + len(noun)) for noun in nouns)
    return Question(Analysis(text, text, language, tokens=tokens, entities=entities), nouns, (), TODAY, TODAY, None, (), None)


def first(index: Index, question: Question, *names: str) -> Ranked:
    places = tuple(index.by_id[name] for name in names)
    return Ranked(question, places, (1.0,) * len(places), tuple(index.entries[k].first for k in places), (0.0,) * len(places), False)


def is_off(text: str, quotes: tuple[str, ...], nouns: tuple[str, ...] = (), entities: tuple[Entity, ...] = (), of: str = "glass-boat") -> bool:
    index = index_of(BOAT, KITE, MISSIONS)
    question = ask(text, nouns, entities)
    others = [name for name in ("glass-boat", "kite-hall", "missions") if name != of]
    return consistency.is_off(index, question, first(index, question, of, *others), quotes)


@pytest.mark.parametrize(
    ("question", "quote", "off"),
    [
        ("유리배 승선권 얼마예요", "승선권 값은 7,500원입니다.", False),
        ("유리배 승선권 얼마예요", "하루 12장까지 삽니다.", True),
        ("유리배 승선권 하루 몇 장까지", "하루 12장까지 삽니다.", False),
        ("유리배 승선권 하루 몇 장까지", "승선권 값은 7,500원입니다.", True),
        ("유리배 문의 전화번호", "유리배 문의 전화는 02-555-0199입니다.", False),
        ("유리배 문의 전화번호", "승선권 값은 7,500원입니다.", True),
        ("승선권 유효기간 며칠이에요", "하루 12장까지 삽니다.", True),
        ("승선권 유효기간 며칠이에요", "승선권은 30일 동안 유효합니다.", False),
    ],
)
def test_a_quote_without_the_value_asked_for_is_off(question: str, quote: str, off: bool) -> None:
    assert is_off(question, (quote,)) is off


def test_the_number_of_a_mission_is_that_mission_s() -> None:
    text = "나래 총영사관 전화번호"
    mission = Entity("mission", "나래 총영사관", "주나래총영사관", 0, 7, country="XA")
    right, other = "주나래총영사관 전화는 070-555-0102입니다.", "주가람총영사관 전화는 070-555-0101입니다."
    assert not is_off(text, (right,), entities=(mission,), of="missions")
    assert is_off(text, (other,), entities=(mission,), of="missions")


@pytest.mark.parametrize(("text", "off"), [("나래 총영사관 대표번호", True), ("나래 총영사관 긴급 번호", False), ("가람 총영사관 긴급 번호", True)])
def test_the_line_of_a_mission_is_judged_by_its_own_sentence(text: str, off: bool) -> None:
    quotes = ("주가람총영사관 대표전화는 070-555-0101입니다.", "주나래총영사관 긴급전화는 070-555-0102입니다.")
    mission = Entity("mission", text[:7], f"주{text[:2]}총영사관", 0, 7, country="XA")
    assert is_off(text, quotes, entities=(mission,), of="missions") is off


@pytest.mark.parametrize(("called", "off"), [("취리히 영사관", True), ("베른 대사관", False), ("스위스 영사관", False)])
def test_a_city_without_a_mission_does_not_mean_the_embassy_elsewhere(called: str, off: bool) -> None:
    mission = Entity("mission", called, "주스위스대사관", 0, len(called), country="CH")
    said = "주스위스대사관 전화는 070-555-0104입니다."
    index, question = index_of(("swiss", "공관의 전화", (said,), ("CH",))), ask(f"{called} 전화번호", entities=(mission,))
    assert consistency.is_off(index, question, first(index, question, "swiss"), (said,)) is off


def test_the_number_of_an_office_that_the_notice_does_not_know_is_not_given() -> None:
    quote = "유리배 문의 전화는 02-555-0199입니다."
    assert is_off("유리배 세무서 전화번호", (quote,), nouns=("유리배", "세무서"))


def test_a_notice_that_has_none_of_the_question_s_nouns_is_another_subject() -> None:
    quote = "승선권 값은 7,500원입니다."
    assert is_off("연날리기 마당 값 얼마", (quote,), nouns=("연날리기", "마당"))
    assert not is_off("승선권 값 얼마", (quote,), nouns=("승선권",))
    # One word alone may be another word for the same thing, unless a place is all that is left.
    assert not is_off("뱃삯 값 얼마", (quote,), nouns=("뱃삯",))
    here = Entity("country", "가람국", "XA", 0, 3, country="XA")
    phone = "주가람총영사관 전화는 070-555-0101입니다."
    index = index_of(MISSIONS)
    question = replace(ask("가람국 드론 되나요", ("드론",), (here,)), named=("XA",))
    assert consistency.is_off(index, question, first(index, question, "missions"), (phone,))


def test_a_rival_with_another_value_is_seen() -> None:
    index = index_of(BOAT, KITE)
    question = ask("값이 얼마예요")
    ranked = first(index, question, "glass-boat", "kite-hall")
    assert consistency.is_rival(index, question, ranked, 1, ("승선권 값은 7,500원입니다.",))
    assert not consistency.is_rival(index, question, ranked, 1, ("연 한 벌 값은 3,000 원입니다.",))


@pytest.mark.parametrize(
    ("question", "critical"),
    [
        ("수수료 얼마예요", True),
        ("대사관 전화번호", True),
        ("며칠 안에 신고해야 하나요", True),
        ("일본 여행경보 몇 단계", True),
        ("전자담배 들고 가도 되나요", True),
        ("can I bring medicine", True),
        ("여권을 잃어버렸어요", False),
        ("아포스티유가 뭐예요", False),
    ],
)
def test_what_must_not_be_answered_wrongly(question: str, critical: bool) -> None:
    assert consistency.is_critical(question) is critical


@pytest.mark.parametrize(
    ("question", "quote", "unmet"),
    [
        ("운구비 얼마나 드나요", "운구에는 사망증명서가 필요합니다.", True),
        ("모바일 신분증 발급 비용", "해외에서 신원을 확인하는 앱입니다.", True),
        ("수수료 얼마예요", "수수료는 나라마다 다릅니다.", False),
        ("공동인증서 유효기간 얼마예요", "공동인증서의 유효기간은 1년입니다.", False),
        ("위임장 공증 유효기간", "공증은 우편으로 신청할 수 없습니다.", True),
        ("카드사 전화번호", "카드사에 바로 연락하십시오.", True),
        ("폭설로 공항이 닫히면 어디에 연락하나요", "폭설로 공항이 닫히면 항공사에 연락하십시오.", False),
        ("영사관 번호 어디서 봐요", "전화번호는 누리집에서 찾을 수 있습니다.", False),
    ],
)
def test_instead_of_a_value_only_where_it_is_to_be_had(question: str, quote: str, unmet: bool) -> None:
    assert is_unmet(asked(question), (quote,), question) is unmet


@pytest.mark.parametrize(
    ("question", "quote", "uncounted"),
    [
        ("몇 살부터 돼요", "만 14세 이상이어야 합니다.", False),
        ("몇 살부터 돼요", "15일 전까지 신청합니다.", True),
        ("입국 금지한 나라가 몇 개국", "56개 나라와의 무비자가 정지됩니다.", False),
        ("입국 금지한 나라가 몇 곳", "8장까지 보낼 수 있습니다.", True),
        ("특별여행주의보는 몇 단계쯤", "특별여행주의보는 갑자기 위험해진 곳에 발령됩니다.", True),
        ("가나 몇 단계예요", "가나는 여행금지입니다.", False),
        ("비밀번호 몇 번 틀리면 잠겨요", "비밀번호를 5번 틀리면 다시 방문하십시오.", False),
        ("여권이 필요해요", "아무 말이나.", False),
    ],
)
def test_who_asks_how_many_is_given_that_unit(question: str, quote: str, uncounted: bool) -> None:
    assert is_uncounted(question, (quote,)) is uncounted


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("26면 여권은 달러로 얼마", 1),
        ("긴급여권 얼마", 2),
        ("긴급여권 가족 위독 증빙이 있으면 얼마", 3),
        ("10년 여권", None),
        ("아무 말", None),
    ],
)
def test_the_row_that_the_question_names(question: str, row: int | None) -> None:
    rows = ["10년 58면: 국내 52,000", "10년 26면: 국내 49,000", "긴급여권: 국내 48,000", "긴급여권(가족 위독·사망 증빙): 국내 15,000", ""]
    assert consistency.named_row(question, rows) == row


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("护照手续费多少钱", False),
        ("여행경보 색깔 종류", False),
        ("2016년에 색깔 종류가 뭐였나요", False),
        ("3단계 이름이 뭐였나요", True),
        ("철수권고가 뭐예요", True),
        ("수수료가 48면이면 얼마", True),  # which row, cannot be told
    ],
)
def test_a_general_question_names_no_row(question: str, named: bool) -> None:
    assert consistency.names_a_row(question, ["1단계: 여행유의", "3단계 철수권고: 적색", ""]) is named


def test_a_row_s_number_is_not_part_of_another() -> None:
    rows = ["1: 남색", "2: 황색", "3: 적색"]
    assert consistency.named_row("2016년에 3 이름", rows) == 2
    assert consistency.named_row("2016년 이름", rows) is None
