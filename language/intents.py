"""The intents of the dialogue data as plain arrays, for the stateless `ask` and for turns when Rasa does not answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from language import corpus
from language.analysis import Analyser, Analysis
from language.linear import Head, features, load_heads, save_heads
from language.paths import MODELS, ROOT

FOLDER = MODELS / "intents"
NLU = ROOT / "data" / "nlu"
STRENGTH = 5.0


class IntentModel:
    """Multinomial logistic regression over the encoder's vector and hashed n-grams."""

    def __init__(self, head: Head, mean: np.ndarray, intents: list[str]) -> None:
        self.head = head
        self.mean = mean
        self.intents = intents

    @classmethod
    def load(cls, folder: Path = FOLDER) -> IntentModel:
        """Read `intents.npz` and `intents.json`."""
        heads, mean = load_heads(folder / "intents.npz")
        saved = json.loads((folder / "intents.json").read_text(encoding="utf-8"))
        return cls(heads["intent"], mean, list(saved["intents"]))

    def ranking(self, analysis: Analysis) -> list[tuple[str, float]]:
        """All intents with their probability, most probable first."""
        logits = self.head.score(features(analysis.normalised, analysis.tokens, analysis.vector, self.mean))
        odds = np.exp(logits - logits.max())
        shares = odds / odds.sum()
        return [(self.intents[i], float(shares[i])) for i in np.argsort(-shares)]

    def predict(self, analysis: Analysis) -> tuple[str, float]:
        """The most probable intent and its probability."""
        return self.ranking(analysis)[0]


def train_intents(
    nlu_dir: Path = NLU,
    out_dir: Path = FOLDER,
    seed: int = 20260101,
    analyser: Analyser | None = None,
    progress: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Train from Rasa's `data/nlu/*.yml`; returns cross-validated accuracy, by intent."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    from language.training import feature_matrix, vectors_of

    analyser = analyser or Analyser.load()
    pairs = list(dict.fromkeys(corpus.read_nlu(nlu_dir)))
    analyses = analyser.analyse([text for _, text in pairs])
    mean = vectors_of(analyses).mean(axis=0)
    x = feature_matrix(analyses, mean)
    y = np.array([intent for intent, _ in pairs])
    model = LogisticRegression(C=STRENGTH, max_iter=100, tol=1e-3, class_weight="balanced")
    folds = StratifiedKFold(4, shuffle=True, random_state=seed)
    guessed = cross_val_predict(model, x, y, cv=folds)
    report = {
        "examples": len(y),
        "intents": len(set(y)),
        "accuracy": round(float((guessed == y).mean()), 4),
        "by_intent": {str(i): round(float((guessed[y == i] == i).mean()), 3) for i in sorted(set(y))},
    }
    model.fit(x, y)
    out_dir.mkdir(parents=True, exist_ok=True)
    head = Head.from_coefficients(model.coef_.astype(np.float32), model.intercept_.astype(np.float32), len(mean))
    save_heads(out_dir / "intents.npz", {"intent": head}, mean)
    saved = {"intents": [str(c) for c in model.classes_], "seed": seed, "cross_validation": report}
    (out_dir / "intents.json").write_text(json.dumps(saved, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    progress(json.dumps(report, ensure_ascii=False))
    return report
