from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.dialogue.intents import FALLBACK, Counts, DialogueIntents

WORDS = Counts("word", 1, 1, r"(?u)\b\w\w+\b", {"수수료": 0, "__number__": 1})
LETTERS = Counts("char_wb", 1, 2, "", {"안": 2, " 안": 3, "녕 ": 4})


def intents(least: float = 0.45, apart: float = 0.05) -> DialogueIntents:
    weights = np.zeros((7, 3), dtype=np.float32)
    weights[0, 0] = weights[3, 1] = weights[5, 2] = 4.0
    return DialogueIntents(["ask_notice", "greet", "thank"], [WORDS, LETTERS], weights, np.zeros(3, dtype=np.float32), 2.0, (least, apart))


def test_letters_are_counted_inside_padded_words() -> None:
    assert LETTERS.found("안녕  안") == [2, 3, 4, 2, 3]
    assert Counts("char_wb", 1, 4, "", {" 안 ": 0, " 안": 1}).found("안") == [1, 0]


def test_what_a_morpheme_adds_is_remembered_unless_it_is_long() -> None:
    known = intents()
    first = known.shares(["안녕", "안" * 30, "안녕"], None)
    assert known.kept.keys() == {"안녕"}
    assert known.shares(["안녕", "안" * 30, "안녕"], None).tolist() == first.tolist()


def test_words_numbers_and_the_vector_decide() -> None:
    assert intents().predict(["수수료", "얼마"], None) == "ask_notice"
    assert intents().predict(["안녕"], None) == "greet"
    assert intents().predict(["?"], np.array([1.0, 0.0], dtype=np.float32)) == "thank"
    assert WORDS.found("수수료 __number__") == [0, 1]


def test_where_none_is_believed_rasa_would_search() -> None:
    assert intents().predict(["아무"], None) == FALLBACK
    assert intents(least=0.1).predict(["수수료", "안녕"], None) == FALLBACK  # two that are equally likely


def test_they_come_back_from_their_file(tmp_path: Path) -> None:
    intents().save(tmp_path / "intents.npz")
    again = DialogueIntents.load(tmp_path / "intents.npz")
    assert again is not None
    assert again.shares(["수수료", "3"], None) == pytest.approx(intents().shares(["수수료", "3"], None))
    assert DialogueIntents.load(tmp_path / "none.npz") is None
