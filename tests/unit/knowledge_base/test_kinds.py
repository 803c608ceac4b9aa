"""What kind of thing a question wants, and whether a notice speaks of it at all."""

import pytest

from knowledge_base.kinds import asked, how_well, is_silent


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("여권 만드는데 얼마예요?", {"fee"}),
        ("국적상실신고에 접수비가 드는지요", {"fee"}),
        ("How much is a new passport?", {"fee"}),
        ("护照费用多少钱", {"fee", "count"}),
        ("파리 대사관 전화번호 좀 불러주세요", {"phone"}),
        ("신속해외송금 물어볼라면 몇번으로", {"phone", "count"}),
        ("여권 재발급 얼마나 걸려요", {"term"}),
        ("얼마 동안 머물 수 있나요", {"term"}),
        ("출생신고 언제까지 해야 돼요", {"term"}),
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
