"""Which questions are about the past."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge_base.past import Period, asked_period

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2020년에는 마스크 몇 장까지 됐어요?", date(2020, 1, 1), date(2020, 12, 31)),
        ("2020년 6월에 마스크 해외로 몇장 보낼수있었죠", date(2020, 6, 1), date(2020, 6, 30)),
        ("이천이십년 오월 초순에는 해외가족 마스크 몇장까지 됐습니까", date(2020, 5, 1), date(2020, 5, 10)),
        ("2020년 3월 중순 한국발 입국제한 나라 수", date(2020, 3, 11), date(2020, 3, 20)),
        ("2021년 2월 말에 여권 수수료 얼마였어요", date(2021, 2, 21), date(2021, 2, 28)),
        ("2020년 10월에 입국 후 격리시키는 나라 몇 곳", date(2020, 10, 1), date(2020, 10, 31)),
        ("PCR 확인서 내야 했던 게 언제부터였나요 2021년", date(2021, 1, 1), date(2021, 12, 31)),
        ("2019년도 긴급여권 값", date(2019, 1, 1), date(2019, 12, 31)),
        ("2025년 여름 여권 수수료가 얼마였나요", date(2025, 6, 1), date(2025, 8, 31)),
        ("2025년 7월 기준 여행금지 국가 목록", date(2025, 7, 1), date(2025, 7, 31)),
        ("2020. 5. 6. 기준 한도", date(2020, 5, 6), date(2020, 5, 6)),
        ("작년에 여권 수수료 얼마였어요", date(2025, 1, 1), date(2025, 12, 31)),
        ("작년 위임장 공증 수수료는?", date(2025, 1, 1), date(2025, 12, 31)),
        ("2025년 휴무일 당직전화", date(2025, 1, 1), date(2025, 12, 31)),
        ("작년에 스페인어 통역은 없었던 거 맞죠", date(2025, 1, 1), date(2025, 12, 31)),
        ("작년에 전자비자가 얼마였더라", date(2025, 1, 1), date(2025, 12, 31)),
        ("2025년 여름 번호가 뭐였죠 통화기록이랑 맞춰 보려고요", date(2025, 6, 1), date(2025, 8, 31)),
        ("2024년 당시 부담금은 나누어 낼 수 있었는지 확인이 필요합니다.", date(2024, 1, 1), date(2024, 12, 31)),
        ("재작년 여름 기준으로 신속송금 수수료 알려 주세요", date(2024, 6, 1), date(2024, 8, 31)),
        ("올해 5월에 통금이 몇 시부터였나요", date(2026, 5, 1), date(2026, 5, 31)),
        ("지난 10월에는 창구가 몇 시까지였나요", date(2026, 10, 1), date(2026, 10, 31)),
        ("12월에는 예약 없이도 됐나요", date(2025, 12, 1), date(2025, 12, 31)),
        ("22년에 무비자가 다시 됐었나요", date(2022, 1, 1), date(2022, 12, 31)),
        ("5월 0일에 얼마였나요", date(2026, 5, 1), date(2026, 5, 31)),
        ("2020년 5월 0일에 얼마였나요", date(2020, 5, 1), date(2020, 5, 31)),
        ("2020년에는 수수료가 얼마였어요", date(2020, 1, 1), date(2020, 12, 31)),
        ("작년에 예약 없이 됐어요?", date(2025, 1, 1), date(2025, 12, 31)),
        ("5월 10일에 몇 명까지 들어갔어요", date(2026, 5, 10), date(2026, 5, 10)),
        ("2020 개정 때 수수료가 얼마였나요", date(2020, 1, 1), date(2020, 12, 31)),
    ],
)
def test_days_of_a_question_about_the_past(text: str, first: date, last: date) -> None:
    assert asked_period(text, TODAY) == Period(first, last)


@pytest.mark.parametrize("text", ["예전에 여행경보 3단계 이름이 뭐였어요", "옛날에는 몇 개 언어로 통역이 됐나요?"])
def test_past_without_a_date(text: str) -> None:
    assert asked_period(text, TODAY) == Period(None, None)


@pytest.mark.parametrize(
    "text",
    [
        "2020년에 만든 여권 지금도 쓸 수 있나요?",
        "2020년에 발급받은 여권 온라인 재발급 돼요?",
        "여권을 잃어버렸어요",
        "작년에 여권을 잃어버렸는데 다시 신청하려면 어떻게 하나요",
        "여권 수수료가 얼마였죠",
        "2027년 여권 수수료",
        "58면 여권 수수료",
        "옛날에 여권신청하던 영사민원 사이트 이름이 뭘로 바뀌었습니까",
        "+82-2-3210-0404 맞나요",
        "",
    ],
)
def test_questions_about_now(text: str) -> None:
    assert asked_period(text, TODAY) is None


@pytest.mark.parametrize(
    "text",
    [
        "5월 10일에 여권을 잃어버렸어요",
        "2023년에 여권이 만료됐어요",
        "작년에 비자가 거절됐습니다ㅠㅠ",
        "2019년에 발급받았는데요",
        "1월에 접수했는데 아직 안 왔어요",
        "2023년에 할머니가 돌아가셨어요",
        "2023년에 여행하다 도둑맞았어요",
        "몇 년 전에 여권을 잃어버렸어요",
        "얼마 전, 5월에 이사했어요",
    ],
)
def test_who_tells_what_has_happened_asks_about_now(text: str) -> None:
    assert asked_period(text, TODAY) is None


@pytest.mark.parametrize(
    "text",
    [
        "오버스테이 벌금 2000바트 나왔나요",
        "수수료가 2020원이었나요",
        "벌금이 2000 홍콩달러였나요",
        "OZ2012편이 결항됐나요",
        "2012편이 결항됐나요",
        "호텔 2003호에 묵었나요",
    ],
)
def test_four_digits_of_a_sum_a_flight_or_a_room_are_no_year(text: str) -> None:
    assert asked_period(text, TODAY) is None


def test_a_sum_is_no_year_in_english() -> None:
    assert asked_period("I was fined 2000 baht, what now", TODAY, "en") is None
    assert asked_period("They took $2000, what could I do", TODAY, "en") is None


def test_other_languages() -> None:
    year = Period(date(2020, 1, 1), date(2020, 12, 31))
    assert asked_period("How many masks could I send in 2020?", TODAY, "en") == year
    assert asked_period("Is my passport from 2020 still valid?", TODAY, "en") is None
    assert asked_period("2020年はマスクを何枚まで送れましたか", TODAY, "ja") == year


def test_this_year_reaches_up_to_yesterday() -> None:
    assert asked_period("2026년 1월에 여권 수수료 얼마였어요", TODAY) == Period(date(2026, 1, 1), date(2026, 1, 31))
    assert asked_period("2026년에 수수료가 얼마였나요", TODAY) == Period(date(2026, 1, 1), date(2026, 11, 21))


@pytest.mark.parametrize("text", ["조정 전에는 거기가 몇 단계였던 거죠", "바뀌기 전에는 예약이 필요 없었나요", "당초 공지에서는 언제까지라고 했었죠"])
def test_before_a_change_is_the_past(text: str) -> None:
    assert asked_period(text, TODAY) == Period(None, None)


@pytest.mark.parametrize(
    "text",
    [
        "2009년생 아들 국적이탈 기한",
        "작년에 독일 국적을 받았어요. 한국에 신고하려면 무엇을 내야 하나요?",
        "여권 발급비 2026",
        "10년 복수여권 수수료",
        "20년 전에 맞은 예방주사도 인정되나요",
        "내년 3월이 마감인데 서류는 언제부터 준비하나요",
        "2025년에 받은 여권 유효기간",
        "작년보다 얼마나 올랐나요",
        "5월에 결혼하는데 혼인신고는 어떻게 하나요",
        "수수료가 오르기 전에 신청하려면 언제까지인가요",
        "지난 10월 5일에 혼인했습니다. 신고는 언제까지 해야 합니까?",
    ],
)
def test_what_only_mentions_another_time_is_about_now(text: str) -> None:
    assert asked_period(text, TODAY) is None


@pytest.mark.parametrize("text", ["2023년에는 영문이름 못 바꿨나요", "2023년에는 뭐라고 불렀나요", "2023년에 몇 장 챙겼죠"])
def test_any_syllable_of_the_past_is_one(text: str) -> None:
    assert asked_period(text, TODAY) == Period(date(2023, 1, 1), date(2023, 12, 31))


@pytest.mark.parametrize("text", ["2023년에 만든 여권이 있나요", "2023년에 만든 여권도 되겠습니까"])
def test_what_is_or_will_be_is_not_past(text: str) -> None:
    assert asked_period(text, TODAY) is None


@pytest.mark.parametrize("text", ["긴급여권 53달러 맞죠? 예전에 그렇게 냈는데", "26면 47000원 맞나요 작년에 그렇게 냈어요"])
def test_what_is_told_behind_a_question_about_now_does_not_make_it_past(text: str) -> None:
    assert asked_period(text, TODAY) is None


@pytest.mark.parametrize("text", ["작년에 53달러였죠? 그렇게 냈는데", "작년 수수료 맞죠? 그때 냈는데"])
def test_a_question_that_names_the_time_itself_stays_past(text: str) -> None:
    assert asked_period(text, TODAY) == Period(date(2025, 1, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("재작년 초 여권 58면 수수료", date(2024, 1, 1), date(2024, 2, 29)),
        ("2024년 말에 얼마였나요", date(2024, 11, 1), date(2024, 12, 31)),
        ("2024년 초등학생 여권이 얼마였나요", date(2024, 1, 1), date(2024, 12, 31)),
    ],
)
def test_the_beginning_and_the_end_of_a_year(text: str, first: date, last: date) -> None:
    assert asked_period(text, TODAY) == Period(first, last)


def test_hostile_lengths_cost_little() -> None:
    for text in (
        "작년 " * 20_000,
        "2025년" * 20_000,
        "였던 " * 20_000,
        "개정 전 " * 20_000,
        "5월 " * 20_000,
        "2000홍" * 20_000,
        "됐다." * 20_000,
        "맞죠? 작년 " * 20_000,
        "작년 됐어요 " * 20_000,
    ):
        asked_period(text, TODAY)
