"""How many there are is an answer to a card; whatever more is said is for triage."""

import pytest

from bot.no_danger import is_count


@pytest.mark.parametrize("text", ["3명이에요", "여자 2명이요", "저 혼자예요", "저까지 3명", "우리 둘이요", "두 명", "10명"])
def test_a_count(text):
    assert is_count(text)


@pytest.mark.parametrize(
    "text", ["저 혼자 갇혔어요", "한 명이 죽었어요", "다 3명 죽음", "총 맞았어요", "302호요", "네", "", "2명이 쫓아와요", "세 명이 칼을 들고 있어요"]
)
def test_what_says_more(text):
    assert not is_count(text)
