"""How sure we may be that the best notice answers the question: a calibrated logistic score of a few readable signs.

Fitted by ``knowledge_base.fitting`` on the training questions; ``models/search/confidence.json`` holds the numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.settings import ROOT
from knowledge_base.examples import NO_NOTICE
from knowledge_base.index import Entry, Index
from knowledge_base.search import Ranked, like_of

CONFIDENCE_FILE = ROOT / "models" / "search" / "confidence.json"
SIGNS = (
    "score",
    "cosine",
    "near_nothing",
    "coverage",
    "coverage_best",
    "glossary",
    "no_glossary",
    "margin",
    "lead",
    "vectors_agree",
    "words_agree",
    "foreign",
    "few_words",
    "likeness",
    "nearest_known",
    "nearest_nothing",
    "is_known",
    "known_agree",
    "learnt",
    "learnt_agree",
)
KNOWN_SIGNS = ("likeness", "nearest_known", "nearest_nothing", "is_known", "known_agree", "learnt", "learnt_agree")
_ITSELF = 0.9995


#: With known questions of the best notice, without any, and without sentence vectors at all: each has its own weights, since signs are missing.
CASES = ("known", "unknown", "words_only")


@dataclass(frozen=True)
class Scale:
    """Logistic weights of the signs, and the probability from which we answer."""

    weights: Mapping[str, float]
    bias: float
    threshold: float

    def probability(self, signs: Mapping[str, float]) -> float:
        """Between 0 and 1."""
        total = self.bias + sum(weight * signs[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@dataclass(frozen=True)
class Confidence:
    """A scale for each case of ``CASES``."""

    scales: Mapping[str, Scale]

    @classmethod
    def load(cls, path: Path = CONFIDENCE_FILE) -> Confidence:
        """The fitted numbers."""
        stored = json.loads(path.read_text(encoding="utf-8"))
        return cls({name: Scale(stored[name]["weights"], float(stored[name]["bias"]), float(stored[name]["threshold"])) for name in CASES})

    def judge(self, index: Index, ranked: Ranked) -> tuple[float, bool]:
        """How likely the best notice answers the question, and whether that is enough to say so."""
        signs = signs_of(index, ranked)
        scale = self.scales[case_of(signs, ranked.has_vectors)]
        probability = scale.probability(signs)
        return probability, probability >= scale.threshold


def case_of(signs: Mapping[str, float], has_vectors: bool) -> str:
    """Which scale fits what is known."""
    return "words_only" if not has_vectors else "known" if signs["is_known"] else "unknown"


def signs_of(index: Index, ranked: Ranked) -> dict[str, float]:
    """What speaks for and against the best notice of a ranking."""
    words = set(ranked.question.words)
    is_foreign = ranked.question.analysis.language != "ko"
    entry_words = index.words_of(ranked.entries[0])
    total = sum(index.idf(w) for w in words)
    coverage = sum(index.idf(w) for w in words & entry_words) / total if total and not is_foreign else 0.0
    best = set(index.passage_words[ranked.rows[0]]) | set(index.title_words[ranked.entries[0]])
    coverage_best = sum(index.idf(w) for w in words & best) / total if total and not is_foreign else 0.0
    others = set(ranked.question.other_words)
    others_total = sum(index.idf(w) for w in others)
    glossary = sum(index.idf(w) for w in others & entry_words) / others_total if others_total else 0.0
    rest = ranked.scores[-1] if len(ranked.scores) > 1 else ranked.scores[0]
    return {
        "score": ranked.scores[0],
        "cosine": ranked.cosines[0] * 10,
        "near_nothing": _near_nothing(index, ranked) * 10,
        "coverage": coverage,
        "coverage_best": coverage_best,
        "glossary": glossary,
        "no_glossary": float(not others),
        "margin": ranked.scores[0] - rest,
        "lead": ranked.scores[0] - ranked.scores[1] if len(ranked.scores) > 1 else 1.0,
        "vectors_agree": float(ranked.agrees[0]),
        "words_agree": float(ranked.agrees[1] and bool(words or others)),
        "foreign": float(is_foreign),
        "few_words": float(len(words) <= 1 and not is_foreign),
        **_known_questions(ranked, index.entries[ranked.entries[0]]),
    }


def _known_questions(ranked: Ranked, entry: Entry) -> dict[str, float]:
    """How near the question is to known ones of the best notice, and to those that no notice answers; nothing for a notice without any."""
    own, nothing = like_of(ranked.question, entry), ranked.question.likeness.get(NO_NOTICE)
    if own is None:
        return dict.fromkeys(KNOWN_SIGNS, 0.0)
    return {
        "likeness": own.score,
        "nearest_known": own.cosine * 10,
        "nearest_nothing": nothing.cosine * 10 if nothing else 0.0,
        "is_known": 1.0,
        "known_agree": float(ranked.agrees[2]),
        "learnt": ranked.learnt,
        "learnt_agree": float(ranked.agrees[3]),
    }


def _near_nothing(index: Index, ranked: Ranked) -> float:
    """How near the question is to questions that no notice answers."""
    vector = ranked.question.analysis.vector
    if vector is None or index.reference is None or not ranked.has_vectors or not len(index.reference):
        return 0.0
    near = np.sort(index.reference @ vector)
    # One of them asked word for word must not vouch for itself when the signs are fitted.
    return float(near[near < _ITSELF][-3:].mean())
