"""Questions of one meaning come together, always in the same way."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.editing.grouping import Asked, distances, groups


def weight(word: str) -> float:
    return 0.2 if word == "여권" else 3.0


def asked(*texts: str, vectors: list[list[float]] | None = None) -> list[Asked]:
    return [Asked(None if vectors is None else np.array(vectors[n], dtype=np.float32), frozenset(text.split())) for n, text in enumerate(texts)]


QUESTIONS = asked("여권 수수료", "여권 분실", "수수료 여권 얼마", "비자 연장", "분실 여권 신고", "수수료 여권")


def test_words_decide_where_there_are_no_vectors_and_common_words_hardly_count() -> None:
    assert groups(QUESTIONS, weight) == [[0, 5, 2], [1, 4], [3]]


def test_the_largest_group_comes_first_and_its_middle_leads() -> None:
    found = groups(QUESTIONS, weight)
    assert [len(members) for members in found] == [3, 2, 1]
    apart = distances(QUESTIONS, weight)
    for members in found:
        sums = apart[np.ix_(members, members)].sum(axis=1)
        assert sums[0] == sums.min()


def test_vectors_join_what_is_asked_in_other_words() -> None:
    one = asked("비자 연장", "체류 연장", vectors=[[1, 0, 0], [0.98, 0.2, 0]])
    other = asked("비자 연장", "체류 연장", vectors=[[1, 0, 0], [0, 1, 0]])
    assert groups(one, weight) == [[0, 1]]
    assert groups(other, weight) == [[0], [1]]


def test_what_all_questions_share_says_nothing() -> None:
    shared = asked("가", "나", vectors=[[1, 1, 0], [1, 0, 1]])
    assert distances(shared, weight)[0, 1] < distances(shared, weight, np.array([1.0, 0.0, 0.0]))[0, 1]


def test_none_and_one() -> None:
    assert groups([], weight) == []
    assert groups(asked("여권"), weight) == [[0]]


def test_questions_without_words_stay_apart_from_everything() -> None:
    assert groups(asked("", "", "여권 수수료"), weight) == [[0], [1], [2]]


_QUESTION = st.sets(st.sampled_from(["여권", "수수료", "분실", "비자", "연장", "일본"]), max_size=4).map(lambda words: Asked(None, frozenset(words)))


@given(st.lists(_QUESTION, max_size=12))
def test_every_question_is_in_exactly_one_group_and_equal_ones_are_together(found: list[Asked]) -> None:
    made = groups(found, weight)
    assert sorted(place for members in made for place in members) == list(range(len(found)))
    assert made == groups(found, weight)
    equal = {frozenset(one.words) for one in found if one.words}
    for words in equal:
        places = [n for n, one in enumerate(found) if one.words == words]
        assert sum(bool(set(members) & set(places)) for members in made) == 1
