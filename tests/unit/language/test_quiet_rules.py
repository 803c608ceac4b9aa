"""What is told calmly and still asks, and what only sounds like it."""

import pytest

from language.quiet_rules import QUIET
from language.rules import hits

CALM = [
    ("told_to_write", "저는 잘 지낸다고 쓰라고 합니다"),
    ("told_to_write", "he made me write that i am happy here"),
    ("cannot_talk", "여기서는 소리를 못 내요"),
    ("cannot_talk", "글 쓸 틈이 없습니다"),
    ("takes_leave", "통장은 동생 주라고 메모 써뒀어 정말 미안해"),
    ("takes_leave", "저를 찾지 마세요"),
    ("means_to_die", "노끈을 문고리에 걸어놨어요"),
    ("means_to_die", "락스를 한 모금 마셨는데 속이 쓰리네요"),
    ("will_die", "저 오늘 죽을 거라서 마지막으로 여쭤봐요"),
    ("will_die", "죽기로 했습니다. 문장은 짧게 씁니다."),
    ("will_die", "주님 저 먼저 갑니다"),
    ("will_die", "제 보험금은 동생한테 부탁드려요"),
    ("sold", "나 팔렸어 미얀마로"),
    ("sold", "친구가 단지로 팔려 갔대요"),
    ("beaten_now", "주인이 몽둥이로 때린 데가 부었어요"),
    ("caller_wants_money", "이민국이라는데 벌금을 계좌로 보내래요"),
    ("signs_of_stroke", "아버지 말이 갑자기 어눌해지셨어요"),
    ("chokes", "떡이 목에 걸렸는데 얼굴이 파래졌어요"),
    ("swells", "땅콩 먹고 입술이 퉁퉁 부어서 숨이 차요"),
    ("smells_fire", "복도에서 탄내가 나는데 불은 안 보여요"),
    ("passport_kept", "반장이 여권을 걷어갔는데 안 돌려줘요"),
    ("water_comes_in", "배 바닥에 물이 들어와요"),
    ("at_the_door", "전남편이 문 앞에 와 있어요"),
    ("one_is_short", "다이빙 끝났는데 한 명이 안 올라와요"),
    ("unfed", "엄마가 사흘째 안 들어와요"),
]  # fmt: skip
LOOK_ALIKES = [
    "이름을 영문으로 쓰라고 적혀 있어요",
    "이사 짐은 다 정리했어요 그동안 고마웠습니다",
    "끈을 묶었다 풀었다 하는 신발 세관에 걸리나요",
    "매 맞는 꿈을 꿨어요",
    "배고파서 죽을 거 같아요",
    "그 배우 죽을 거면 왜 나왔대",
    "오늘 시험 망하면 엄마한테 죽을 것 같아",
    "우리 집 드디어 팔렸어요",
    "나는 먼저 갑니다 수고하세요",
    "주님께 감사드립니다",
    "경찰서에서 분실 신고하고 왔어요",
    "발음이 어렵네요",
    "목에 가시가 걸린 적이 있어요",
    "어제 많이 걸어서 발이 부었어요",
    "마당에서 고기 굽느라 연기가 자욱해요",
    "여권을 집에 두고 왔어요",
    "배에서 먹을 물을 사도 되나요",
    "친구가 문 앞에 왔어요",
    "한 명 추가 예약하고 싶어요",
    "엄마가 모레 오세요",
    "지금 전화 못 받으니 톡으로 알려주세요",
]


@pytest.mark.parametrize(("name", "text"), CALM)
def test_a_calm_statement_of_danger_is_asked_about(name, text):
    found = {hit.name: hit for hit in hits(text)}
    assert name in found
    assert not found[name].is_certain
    assert not found[name].is_softened


def test_every_family_has_such_a_sentence():
    assert {name for name, _ in CALM} == {name for name, *_ in QUIET}


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_what_only_sounds_like_it_asks_nothing(text):
    assert not {hit.name for hit in hits(text)} & {name for name, *_ in QUIET}


@pytest.mark.parametrize("name", [name for name, *_ in QUIET])
def test_a_long_message_costs_no_more_than_a_moment(name):
    """A pattern that went over its text again and again would hold up everybody behind it."""
    import re
    import time

    pattern = next(re.compile(pattern, re.IGNORECASE) for own, pattern, *_ in QUIET if own == name)
    for unit in ("가", "전화", "삼켰", "입술이", "남편이", "여권을", "엄마가어제", "편지", "배가자꾸", "산에서", "말이자꾸", "줄을매"):
        text = unit * (2_000 // len(unit))
        began = time.process_time()
        pattern.search(text)
        assert time.process_time() - began < 0.5
