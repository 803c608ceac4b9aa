"""The agreed word with a slip of the hand is found, and what people ordinarily write is not taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversation import near_word, proof
from handoff.ordinary_talk import chance_of

#: What an agent and a citizen might agree on.
AGREED = (
    *("파란 우산", "노란 장화", "할머니 생신", "사과나무 심기", "바나나 우유", "고모의 생일 케이크", "은하수 여행", "초록 단추", "강아지 산책", "토끼 인형"),
    *("김치찌개 레시피", "옥상 텃밭", "겨울 바다", "종이 비행기", "보라색 양말", "첫눈 오는 날", "은행나무 길", "엄마 된장찌개", "빨간 자전거", "나팔꽃 씨앗"),
    *("호두과자 한 봉지", "달력 종이", "수박 화채", "동백꽃 필 무렵", "사촌 결혼식", "유리 구슬", "기차 도시락", "blue umbrella", "green teapot"),
)


def said(text: str, word: str) -> bool:
    """Whether the text holds a form of the word, as the hashes of a conversation are looked up."""
    base = proof.near_base(word)
    assert base is not None
    kept = near_word.forms(base)
    return any(piece in kept for piece in near_word.looked_up(proof.letters_of(text), len(base)))


@pytest.mark.parametrize(
    "text",
    [
        *("파란 우산", "빠란 우산", "파란우신", "파란 우사", "파라누산", "파란 우산ㅇ", "팔란 우산", "파란 우싼", "파랑 우산", "파란 유산", "피란 우산"),
        *("혹시 파란우사 있어요", "저는 파라누산을 샀어요", "파란 우샨이요", "ㅍㅏ란 우산", "파란의 우산", "파란은 우산이", "파란 우산으로", "파라 누산은"),
    ],
)
def test_a_key_or_a_particle_amiss_is_heard(text):
    assert said(text, "파란 우산")


@pytest.mark.parametrize("text", ["노란 우산", "파란 우유", "파란 하늘", "빨간 우산", "우산 파란 것", "파란 산", "파란 장 우산", "파 우산", ""])
def test_another_word_is_not(text):
    assert not said(text, "파란 우산")


def test_only_what_ends_with_a_letter_may_hold_a_slip():
    assert not said("겨울 바람에 볼이 얼얼해요", "겨울 바다")
    assert said("겨울 바더", "겨울 바다")


@pytest.mark.parametrize(("word", "text"), [("할머니의 생신", "할머니 생신이에요"), ("할머니 생신", "할머니의생신"), ("할머니의 생신", "할머니가 생신")])
def test_a_particle_counts_on_neither_side(word, text):
    assert said(text, word)


@pytest.mark.parametrize("word", ["봄 소풍", "우산", "ab cd", "2026 1122", "여권"])
def test_a_short_word_and_a_number_are_heard_only_as_they_were_agreed(word):
    assert proof.near_base(word) is None


def test_another_number_is_another_word():
    assert said("초록 단추 27", "초록 단추 27")
    assert not said("초록 단추 17", "초록 단추 27")


@settings(deadline=None)  # a busy machine is no fault of the word
@given(
    word=st.sampled_from(AGREED),
    at=st.integers(0, 100),
    key=st.sampled_from("ㄱㄴㄹㅁㅂㅅㅇㅏㅓㅗㅜㅣab"),
    change=st.sampled_from(["other", "gone", "more", "swapped"]),
)
def test_every_slip_of_one_key_is_among_the_forms(word, at, key, change):
    base = proof.near_base(word) or ""
    at %= len(base) - 1
    slipped = {
        "other": base[:at] + key + base[at + 1 :],
        "gone": base[:at] + base[at + 1 :],
        "more": base[:at] + key + base[at:],
        "swapped": base[:at] + base[at + 1] + base[at] + base[at + 2 :],
    }[change]
    kept = near_word.forms(base)
    # Lone keys are letters of their own, so that every place begins and ends one.
    assert any(piece in kept for piece in near_word.looked_up(slipped, len(base)))


@pytest.mark.parametrize("word", AGREED)
def test_no_ordinary_sentence_is_taken_for_a_word_that_is_fit(word):
    chance = chance_of(word)
    assert not chance.is_near_another
    assert not chance.is_too_common


def test_words_of_every_day_are_too_common_or_heard_exactly_only():
    assert chance_of("알고 싶어요").is_too_common
    assert chance_of("콘센트 사용이").times == 0
    assert chance_of("겨울 바랑").is_near_another


def test_what_is_no_secret_is_searched_as_a_message_is():
    base = proof.near_base("파란 우산") or ""
    far = proof.letters_of("가나다라 " * 150)
    assert near_word.is_in(far + "빠란우산" + far, base)
    assert not near_word.is_in(far + "노란우산" + far, base)
