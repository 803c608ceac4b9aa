"""What is quoted must hold for the place, the condition and the line that were asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from knowledge_base import consistency
from knowledge_base.conditions import is_another_document, is_another_event, is_another_line, is_another_paper, is_elsewhere, is_opposite, is_sister
from knowledge_base.index import Index, Prepared, reference_key
from knowledge_base.kinds import asked, is_beside, is_unmet
from knowledge_base.past import Period
from knowledge_base.preparing import Cut, index_texts
from knowledge_base.schemas import Notice, NoticeContent, NoticeStatus
from knowledge_base.search import Question, Ranked
from language.analysis import Analysis
from language.entity import Entity

TODAY = date(2026, 11, 22)
TOUR = "주호치민총영사관은 12월 5일 비엔호아에서 순회영사를 엽니다."


def entry_of(title: str, said: str, countries: tuple[str, ...] = (), topics: tuple[str, ...] = ()) -> Index:
    notice = Notice(NoticeContent("one", title, said, TODAY, TODAY, countries=countries, topics=topics), 1, NoticeStatus.PUBLISHED)
    cut = Cut.of(notice)
    prepared = {reference_key(): Prepared([], None), cut.key: Prepared([text.split() for text in index_texts(notice, cut.pieces)], None)}
    return Index.build([notice], prepared, False)


def ask(text: str, *places: tuple[str, str, str, str]) -> Question:
    entities = tuple(Entity(kind, written, value, text.index(written), text.index(written) + len(written), country) for kind, written, value, country in places)
    named = tuple(dict.fromkeys(entity.country for entity in entities if entity.country))
    return Question(Analysis(text, text, "ko", entities=entities), (), (), TODAY, TODAY, None, named, None)


@pytest.mark.parametrize(
    ("place", "elsewhere"),
    [
        (("city", "하노이", "하노이", "VN"), True),
        (("city", "비엔호아", "비엔호아", "VN"), False),
        (("city", "호찌민", "호찌민", "VN"), False),  # spelt otherwise, and the same place
        (("country", "베트남", "VN", "VN"), False),
        (("mission", "호치민 총영사관", "주호찌민총영사관", "VN"), False),
        (("country", "라오스", "LA", "LA"), True),
        (("country", "한국", "KR", "KR"), False),
    ],
)
def test_another_town_or_country_than_the_notice_speaks_of_is_elsewhere(place: tuple[str, str, str, str], elsewhere: bool) -> None:
    entry = entry_of("동나이 순회영사", TOUR, ("VN",)).entries[0]
    assert is_elsewhere(ask(f"{place[1]} 순회영사 언제", place), entry, (TOUR,)) is elsewhere


def test_a_notice_that_names_no_town_holds_for_every_town_of_its_country() -> None:
    said = "베트남에 가려면 여권이 6개월 넘게 남아야 합니다."
    entry = entry_of("베트남 갈 때 여권", said, ("VN",)).entries[0]
    assert not is_elsewhere(ask("하노이 가는데 여권 며칠 남아야 돼요", ("city", "하노이", "하노이", "VN")), entry, (said,))


def test_a_notice_for_no_country_is_elsewhere_only_if_it_tells_of_another() -> None:
    asked_of = ask("싱가포르에 들고 가도 되나요", ("country", "싱가포르", "SG", "SG"))
    general, other = "약은 처방전과 함께 가져가십시오.", "말레이시아에서는 약을 신고해야 합니다."
    assert not is_elsewhere(asked_of, entry_of("약 가져가기", general).entries[0], (general,))
    assert is_elsewhere(asked_of, entry_of("약 가져가기", other).entries[0], (other,))


def test_alarms_have_checks_of_their_own() -> None:
    said = "바벳과 포이펫은 여행금지입니다."
    entry = entry_of("캄보디아 여행금지", said, ("KH",), ("travel-ban",)).entries[0]
    assert not is_elsewhere(ask("시엠립도 금지인가요", ("city", "시엠립", "시엠립", "KH")), entry, (said,))


@pytest.mark.parametrize(
    ("question", "quotes", "opposite"),
    [
        ("종이로 받으면 수수료 얼마예요", ("온라인으로 무료로 받을 수 있습니다.", "종이를 내라는 곳도 있습니다."), True),
        ("인터넷으로 받으면 수수료 얼마예요", ("온라인으로 무료로 받을 수 있습니다.",), False),
        ("종이로 받으면 수수료 얼마예요", ("종이는 1,000원, 온라인은 무료입니다.",), False),
        ("이혼하면 며칠 안에 신고해요", ("혼인이 성립한 날부터 3개월 안에 신고해야 합니다.",), True),
        ("결혼하면 며칠 안에 신고해요", ("혼인이 성립한 날부터 3개월 안에 신고해야 합니다.",), False),
        ("종이로 받을 수 있어요?", ("온라인으로 받을 수 있습니다.",), False),  # no value is asked
    ],
)
def test_what_holds_for_the_opposite_does_not_answer(question: str, quotes: tuple[str, ...], opposite: bool) -> None:
    assert is_opposite(question, quotes) is opposite


@pytest.mark.parametrize(
    ("question", "quote", "other"),
    [
        ("총영사관 대표번호 알려줘요", "당직전화 +49-173-555-0148로 연락하십시오.", True),
        ("총영사관 대표번호 알려줘요", "대표전화는 +49-69-555-0100, 긴급전화는 +49-173-555-0148입니다.", False),
        ("총영사관 긴급전화 알려줘요", "대표전화는 +49-69-555-0100입니다.", True),
        ("총영사관 긴급전화 알려줘요", "대표전화는 +49-69-555-0100, 긴급전화는 +49-173-555-0148입니다.", False),
        ("총영사관 전화번호 알려줘요", "당직전화 +49-173-555-0148로 연락하십시오.", False),
    ],
)
def test_a_main_number_is_no_emergency_line(question: str, quote: str, other: bool) -> None:
    assert is_another_line(question, (quote,)) is other


@pytest.mark.parametrize(
    ("question", "others", "other"),
    [
        ("총영사관 당직 번호", ("긴급전화는 070-555-0103입니다.",), True),  # it has a line of the night, and this is not called so
        ("총영사관 당직 번호", ("근무 시간 뒤에는 070-555-0103입니다.",), True),
        ("총영사관 당직 번호", ("전화는 070-555-0103입니다.",), False),
        ("총영사관 전화번호", ("긴급전화는 070-555-0103입니다.",), False),
    ],
)
def test_a_number_is_no_emergency_line_where_the_notice_calls_another_so(question: str, others: tuple[str, ...], other: bool) -> None:
    assert is_another_line(question, ("총영사관 전화는 070-555-0101입니다.",), others) is other


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("국제면허증 발급 수수료", True),
        ("국제 운전면허 발급 수수료", True),
        ("운전면허증 발급 수수료", False),
        ("학생 비자 수수료", True),
        ("영문 증명서 발급 수수료", False),
    ],
)
def test_another_kind_of_document_than_the_notice_knows_is_another_document(question: str, other: bool) -> None:
    said = "운전면허증을 신청하는 수수료는 11달러입니다. 영문 번역도 함께 냅니다."
    assert is_another_document(question, entry_of("운전면허 재발급", said).entries[0]) is other


@pytest.mark.parametrize("sum_of_money", ["400뉴질랜드달러", "2천 싱가포르달러", "35,000숨", "2만 리얄", "3만 동", "5천 파운드", "비용은 정부가 냅니다"])
def test_a_sum_in_any_money_is_a_sum(sum_of_money: str) -> None:
    text = "벌금이 얼마예요"
    assert not is_unmet(asked(text), (f"{sum_of_money}.",), text)


@pytest.mark.parametrize("text", ["여권에 주민번호가 없는데 은행에서 안 된대요", "비자 기간을 넘길 것 같은데 어떡해요"])
def test_what_is_only_mentioned_is_not_asked_for(text: str) -> None:
    assert asked(text) == ()


@pytest.mark.parametrize(
    "text", ["Does Singapore ban vapes?", "what's the fine for that", "Is Poipet off-limits?", "4만8천원 맞죠", "전화가 결번이래요", "위험등급 걸렸나요"]
)
def test_bans_and_fines_are_critical_in_english_too(text: str) -> None:
    assert consistency.is_critical(text)


@pytest.mark.parametrize("text", ["네 자리 전화가 있다던데요", "what's our consulate's main line"])
def test_a_line_is_a_number_to_call(text: str) -> None:
    assert "phone" in [kind.name for kind in asked(text)]


@pytest.mark.parametrize(("day", "off"), [(None, False), (Period(date(2026, 2, 1), date(2026, 2, 28)), True)])
def test_where_to_ask_today_does_not_say_what_it_cost_back_then(day: Period | None, off: bool) -> None:
    said = "여행증명서 수수료는 접수하는 공관에서 확인하십시오."
    index = entry_of("여행증명서", said)
    question = replace(ask("여행증명서 수수료가 얼마였어요"), period=day)
    ranked = Ranked(question, (0,), (1.0,), (0,), (0.0,), False)
    assert consistency.is_off(index, question, ranked, (said,)) is off


@pytest.mark.parametrize(
    ("question", "said", "another"),
    [
        ("이혼 신고 하려면", "외국 법에 따라 혼인한 국민은 혼인 신고를 합니다.", True),
        ("결혼 신고 하려면", "외국 법에 따라 혼인한 국민은 혼인 신고를 합니다.", False),
        ("아이 출생 신고", "사망 신고는 공관에 합니다.", True),
        ("이혼 신고 하려면", "혼인과 이혼 신고는 공관에 합니다.", False),
    ],
)
def test_an_event_of_life_is_not_its_counterpart(question: str, said: str, another: bool) -> None:
    assert is_another_event(question, entry_of("신고 안내", said).entries[0]) is another


@pytest.mark.parametrize(
    ("question", "quotes", "another"),
    [
        ("비자 유효기간이 며칠인지", ("여권은 90일 동안 유효합니다.",), True),
        ("비자 유효기간이 며칠인지", ("무비자로 가도 여권은 90일 동안 유효해야 합니다.",), True),
        ("비자 유효기간이 며칠인지", ("비자와 여권은 90일 동안 유효합니다.",), False),
        ("비자 유효기간이 며칠인지", ("90일 동안 씁니다.",), False),  # names no paper: it may be the one
        ("비자 신청은 어디서", ("여권은 90일 동안 유효합니다.",), False),  # asks for no value
    ],
)
def test_the_value_of_one_paper_is_not_that_of_another(question: str, quotes: tuple[str, ...], another: bool) -> None:
    assert is_another_paper(question, quotes) is another


@pytest.mark.parametrize(
    ("question", "quote", "beside"),
    [
        ("Is Poipet off-limits for us?", "대마 잎 그림을 확인하십시오.", True),
        ("Is Poipet off-limits for us?", "포이펫은 여행금지 지역입니다.", False),
        ("거기 여행금지 맞나요", "소매치기를 조심하십시오.", True),
        ("5천불 필요한데 다 됩니까", "가족이 보내는 돈을 받을 수 있습니다.", True),
        ("5천불 필요한데 다 됩니까", "한 번에 3,000달러까지입니다.", False),
        ("4만8천원 맞죠", "정확한 금액은 창구에서 확인하십시오.", False),
        ("사진 5장 필요한데 다 됩니까", "사진은 창구에 냅니다.", False),
    ],
)
def test_who_names_a_ban_or_a_sum_is_told_of_it(question: str, quote: str, beside: bool) -> None:
    assert is_beside(question, (quote,)) is beside


@pytest.mark.parametrize(("town", "off"), [("선양", True), ("상하이", False)])
def test_what_another_towns_office_does_answers_nothing_even_where_no_value_is_asked(town: str, off: bool) -> None:
    said = "상하이시 공안국에서 여권분실증명을 받습니다."
    index = entry_of("[상하이총영사관] 여권을 잃어버렸을 때", said, countries=("CN",))
    question = ask(f"{town}에서 여권을 잃어버렸는데 분실증명은 뭘로 받나요", ("city", town, town, "CN"))
    assert not consistency.is_critical(question.analysis.normalised)
    ranked = Ranked(question, (0,), (1.0,), (0,), (0.0,), False)
    assert consistency.is_off(index, question, ranked, (said,)) is off


@pytest.mark.parametrize(
    ("question", "title", "said", "sister"),
    [
        ("여자도 신고하나요", "복수국적 남성의 국적이탈", "남성은 3월 31일까지 신고합니다.", True),
        ("27살 여자도 허가가 필요한가요", "국외여행허가", "병역을 마치지 않은 남성은 허가가 필요합니다.", False),  # answers by what it says
        ("여자친구도 신고하나요", "복수국적 남성의 국적이탈", "남성은 3월 31일까지 신고합니다.", False),
        ("영주권 땄는데 국적을 잃나요", "국적상실 신고", "외국 시민권을 취득한 사람은 국적을 잃습니다.", True),
        ("영주권 땄는데 국적을 잃나요", "국적상실 신고", "시민권이 아니라 영주권이면 국적을 잃지 않습니다.", False),
        ("H-2 범죄경력증명서", "F-4 범죄경력증명서", "F-4 비자에 냅니다.", True),
        ("f4 범죄경력증명서", "F-4 범죄경력증명서", "F-4 비자에 냅니다.", False),
        ("여권 48면짜리 수수료", "여권 수수료", "58면이 52,000원입니다.", True),
        ("예전엔 5만원이었는데 58면 얼마", "여권 수수료", "58면이 52달러입니다.", False),
        ("사진 실물은 몇센치", "사진 파일", "가로 413픽셀입니다.", True),
        ("텔레그램으로 상담 되나요", "라인으로 상담하기", "라인에서 친구로 추가합니다.", True),
        ("카톡으로 상담 되나요", "온라인 상담", "누리집에서 합니다.", False),
        ("콜센터 이메일 주소", "콜센터", "02-3210-0404로 전화하십시오.", True),
        ("우편투표 되나요", "재외선거", "대통령 선거에 투표하려면 신고합니다.", True),
    ],
)
def test_a_sister_of_what_the_notice_names_is_not_answered_by_it(question: str, title: str, said: str, sister: bool) -> None:
    assert is_sister(question, entry_of(title, said).entries[0]) is sister
