"""The first look orders what waits for triage: danger that says so, and danger that does not, before questions."""

from __future__ import annotations

import json

import pytest

from language import first_look as module
from language.first_look import LONGEST, FirstLook, first_look
from language.paths import ROOT

CALLS = ("살려 주세요", "ㅅㄹㅈ", "SOS", "help me they are coming", "칼에 찔려 피가 많이 나요", "방에 갇혔는데 문이 밖에서 잠겨 있어요")
CALM = ("여권 재발급 수수료가 얼마예요?", "일본 입국할 때 필요한 서류 알려주세요", "안녕하세요", "영사관 운영 시간 궁금합니다", "")


@pytest.fixture
def without_model(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    module._letters.cache_clear()
    yield
    module._letters.cache_clear()


def test_calls_come_before_questions():
    assert min(map(first_look, CALLS)) >= FirstLook.LIKELY
    assert max(map(first_look, CALM)) < FirstLook.LIKELY


def test_most_of_what_is_danger_looks_like_it_though_no_word_says_so():
    rows = [json.loads(line) for line in (ROOT / "data" / "triage" / "emergencies.jsonl").read_text().splitlines()]
    texts = [row["text"] for row in rows if row["split"] == "dev" and "implicit" in row["tags"]]
    looks = [first_look(text) for text in texts]
    assert len(texts) > 100
    assert sum(look >= FirstLook.LIKELY for look in looks) / len(looks) > 0.9


@pytest.mark.usefixtures("without_model")
def test_without_the_model_the_words_alone_are_looked_at():
    assert first_look("살려 주세요") == FirstLook.ALARMING
    assert first_look("병원이 어디예요") == FirstLook.CUE
    assert first_look("여권 수수료") == FirstLook.CALM


@pytest.mark.parametrize("text", ["\0", "\ud800", "가" * 100_000, "🆘" * 5000, "\n \t", "ᄀ" * 5000])
def test_whatever_is_written_there_is_a_look(text):
    assert first_look(text) in FirstLook
    assert first_look(text[: 2 * LONGEST] + "나" * 100_000) == first_look(text[: 2 * LONGEST] + "나" * 2 * LONGEST)
