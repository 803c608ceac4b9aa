"""The written messages of ``data/eval/languages.jsonl``; how often the held-out half must be right."""

from collections import Counter

import pytest

from language import detection
from language.detect import SUPPORTED, detect

ENOUGH = 0.98
SANE = 0.9


def test_there_is_enough_of_every_language():
    rows = detection.read()
    sentences = Counter(row["lang"] for row in rows if row["kind"] != "word")
    assert set(sentences) == set(SUPPORTED)
    assert min(sentences.values()) >= 80
    assert sum(row["kind"] == "word" for row in rows) >= 60
    texts = [row["text"] for row in rows]
    assert len(texts) == len(set(texts))


def test_held_out_sentences_and_words():
    figures = detection.evaluate_language()
    assert figures["accuracy"] >= ENOUGH
    assert min(figures["by_language"].values()) >= 0.95
    assert figures["one_word"] >= SANE


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("領事館 電話番号 至急", "ja"),
        ("領事館電話號碼", "zh"),
        ("toi bi mat ho chieu roi", "vi"),
        ("jai perdu mon passeport", "fr"),
        ("donde queda la embajada", "es"),
        ("My name is 김민수 and I lost my bag", "en"),
        ("Ich habe meinen Reisepass verloren und brauche Hilfe", "en"),  # a language we do not answer in gets English
        ("saya kehilangan paspor di bandara", "en"),
        ("khong", "vi"),
        ("Guadalajara", "en"),
        ("?!", "ko"),
    ],
)
def test_hard_ones(text, language):
    assert detect(text) == language


def test_a_long_text_takes_no_time():
    import time

    began = time.thread_time()  # of this thread alone: other work shares the machine
    detect("word " * 100_000)
    assert time.thread_time() - began < 0.5
