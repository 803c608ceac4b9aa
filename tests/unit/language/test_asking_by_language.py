"""A doubt must be greater in the languages in which harmless messages score high, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from language import triage as module
from language.analysis import Analysis
from language.categories import Category
from language.linear import Head
from language.training import FOREIGN, SMALLEST_FOREIGN, _ask_in
from language.triage import Calibration, Context, Triage, threshold_language

CALIBRATION = Calibration(slope=1.0, offset=0.0, escalate=-1.0, ask=-3.0, ask_in={"en": -2.0})


def _triage(log_odds: float) -> Triage:
    """Every message gets the same log-odds, and no vector."""
    one = np.array([0.0], np.float32)
    heads = {"blind": Head(bias=one + log_odds), "life_threat": Head(bias=one), "non_urgent": Head(bias=one - 1)}
    heads["category"] = Head(bias=np.zeros(len(Category), np.float32))
    return Triage(heads, np.zeros(0, np.float32), {"blind": CALIBRATION})


def _message(text: str, language: str) -> Analysis:
    return Analysis(text=text, normalised=text, language=language)


@pytest.mark.parametrize(
    ("text", "language", "action"),
    [
        ("the ferry was late", "en", "none"),
        ("배가 늦었어요", "ko", "ask"),
        ("le ferry avait du retard", "fr", "ask"),
        ("the ferry 배 was late", "en", "ask"),
        ("ㅂ the ferry was late", "en", "ask"),
    ],
)
def test_the_same_doubt_in_several_languages(text, language, action):
    assert _triage(-2.5).decide(_message(text, language)).action == action


def test_what_was_said_before_counts_in_every_language():
    triage, message = _triage(-2.5), _message("the ferry was late", "en")
    decision = triage.decide(message, Context(heightened=True))
    assert decision.action == "ask"
    assert "context" in decision.reasons


def test_a_sure_case_escalates_in_every_language():
    assert _triage(-0.9).decide(_message("the ferry was late", "en")).action == "escalate"


def test_one_korean_letter_makes_it_korean():
    assert threshold_language(_message("help", "en")) == "en"
    assert threshold_language(_message("help ㅠ", "en")) == "ko"


def test_the_threshold_stands_at_the_lowest_emergency():
    doubts = np.linspace(-2.4, 5.0, SMALLEST_FOREIGN)
    assert _ask_in(doubts, -3.0, -1.0) == dict.fromkeys(FOREIGN, -2.4)


def test_it_is_never_beyond_where_a_person_is_called():
    assert set(_ask_in(np.full(SMALLEST_FOREIGN, 4.0), -3.0, -1.0).values()) == {-1.0}


@pytest.mark.parametrize("doubts", [np.full(SMALLEST_FOREIGN - 1, 2.0), np.linspace(-5.0, 2.0, SMALLEST_FOREIGN), np.zeros(0)])
def test_too_few_or_a_lower_one_and_the_common_threshold_holds(doubts):
    assert _ask_in(doubts, -3.0, -1.0) == {}


def test_the_committed_thresholds_ask_in_every_language_before_they_escalate():
    for calibration in Triage.load(module.FOLDER).calibration.values():
        for language in ("ko", "fr", *FOREIGN):
            assert calibration.ask <= calibration.asks_at(language) <= calibration.escalate
