"""What kind of thing a question wants, and whether a notice speaks of it at all."""

import pytest

from knowledge_base.kinds import KINDS, asked, how_well, is_silent


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("여권 만드는데 얼마예요?", {"fee"}),
        ("국적상실신고에 접수비가 드는지요", {"fee"}),
        ("How much is a new passport?", {"fee"}),
        ("护照费用多少钱", {"fee", "count"}),
        ("파리 대사관 전화번호 좀 불러주세요", {"phone"}),
        ("신속해외송금 물어볼라면 몇번으로", {"phone", "count"}),
        ("여권 재발급 얼마나 걸려요", {"duration"}),
        ("얼마 동안 머물 수 있나요", {"duration"}),
        ("가족관계 서류는 얼마만에 나와요", {"duration"}),
        ("출생신고 언제까지 해야 돼요", {"date"}),
        ("칼을 들고 돈 내놓으라고 하면 어떡해요", set()),
        ("몸값을 보내라는데 진짜인가요", set()),
        ("동생이 며칠째 전화를 안 받아요", set()),
        ("진짜 공관인지 되물어볼 번호 어디예요", {"phone"}),
        ("일본 여행경보 몇 단계야?", {"level", "count"}),
        ("여권을 잃어버렸어요", set()),
        ("영사관에서 통역도 해 주나요", set()),
    ],
)
def test_what_is_asked(question, kinds):
    assert {kind.name for kind in asked(question)} == kinds


def test_a_sentence_with_the_value_is_ahead_of_one_that_only_speaks_of_it():
    kinds = asked("여권 수수료 얼마예요")
    value, words, other = (how_well(kinds, text) for text in ("성인 여권은 53,000원입니다.", "수수료는 창구에서 확인하십시오.", "사진이 필요합니다."))
    assert value > words > other == 0


@pytest.mark.parametrize(
    ("question", "passages", "silent"),
    [
        ("국적상실신고에 접수비가 드는지요", ("국적상실신고서를 냅니다.", "여권 사본이 필요합니다."), True),
        ("국적상실신고에 접수비가 드는지요", ("국적상실신고서를 냅니다.", "수수료는 없습니다."), False),
        ("아포스티유 수수료", ("온라인 신청은 무료입니다.",), False),
        ("몇 단계인가요", ("국경에서 조심하십시오.",), False),  # which country's level is asked is another matter
        ("무엇을 가져가나요", ("신분증",), False),
    ],
)
def test_a_notice_that_says_nothing_of_what_is_asked(question, passages, silent):
    assert is_silent(asked(question), passages) is silent


@pytest.mark.parametrize(
    ("kind", "passage", "gives"),
    [
        ("duration", "2025년 6월 30일 목록에서 지정되었습니다.", False),
        ("duration", "만 14세 이상이어야 합니다.", False),
        ("duration", "보통 7일에서 10일쯤 걸립니다.", True),
        ("duration", "한 주 단위로 발령합니다.", True),
        ("date", "2025년 6월 30일 목록에서 지정되었습니다.", True),
        ("phone", "183일이 지나면 말소됩니다.", False),
        ("phone", "한국에서 125로 신고하십시오.", True),
        ("fee", "1천만 원 이하의 벌금을 받을 수 있습니다.", True),
    ],
)
def test_parts_of_a_date_or_an_age_are_no_stretch_of_time(kind, passage, gives):
    (one,) = (known for known in KINDS if known.name == kind)
    assert bool(one.gives.search(passage)) is gives
