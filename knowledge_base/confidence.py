"""How sure we may be that the best notice answers the question: a calibrated logistic score of a few readable signs.

Fitted by ``knowledge_base.fitting`` on the training questions; ``models/search/confidence.json`` holds the numbers.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.settings import ROOT
from knowledge_base.index import Index
from knowledge_base.search import Ranked

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
)
_ITSELF = 0.9995


@dataclass(frozen=True)
class Confidence:
    """Weights of the signs, with and without sentence vectors, and the threshold below which we abstain."""

    weights: dict[str, float]
    bias: float
    threshold: float
    weights_words_only: dict[str, float]
    bias_words_only: float
    threshold_words_only: float

    @classmethod
    def load(cls, path: Path = CONFIDENCE_FILE) -> Confidence:
        """The fitted numbers."""
        stored = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            stored["weights"],
            float(stored["bias"]),
            float(stored["threshold"]),
            stored["weights_words_only"],
            float(stored["bias_words_only"]),
            float(stored["threshold_words_only"]),
        )

    def probability(self, signs: dict[str, float], has_vectors: bool) -> float:
        """Between 0 and 1."""
        weights, bias = (self.weights, self.bias) if has_vectors else (self.weights_words_only, self.bias_words_only)
        total = bias + sum(weights[name] * signs[name] for name in weights)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))

    def is_enough(self, probability: float, has_vectors: bool) -> bool:
        """Whether to answer."""
        return probability >= (self.threshold if has_vectors else self.threshold_words_only)


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
    }


def _near_nothing(index: Index, ranked: Ranked) -> float:
    """How near the question is to questions that no notice answers."""
    vector = ranked.question.analysis.vector
    if vector is None or index.reference is None or not ranked.has_vectors or not len(index.reference):
        return 0.0
    near = np.sort(index.reference @ vector)
    # One of them asked word for word must not vouch for itself when the signs are fitted.
    return float(near[near < _ITSELF][-3:].mean())
