"""Training of triage with scikit-learn: reproducible from the seed, thresholds chosen on voices held out of each fold."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from language import corpus
from language.analysis import Analyser, Analysis
from language.corpus import Example
from language.features import letter_features, morpheme_features, stack
from language.linear import Head, centred, save_heads
from language.triage import CATEGORIES, FOLDER

FOLDS = 5
STRENGTH = 10.0  # inverse regularisation; flat between 3 and 30
CATEGORY_STRENGTH = 3.0
# Where the thresholds stand, measured on voices that the fold has not seen. Recall goes first; traps pay for it.
ESCALATED_RECALL = 0.83
CAUGHT_RECALL = 0.93
LIFE_THREAT_WEIGHT = 1.5
AUGMENTED_WEIGHT = 0.5
SMALLEST_CLASS = 8


def vectors_of(analyses: Sequence[Analysis]) -> np.ndarray:
    """Their vectors as one matrix; training without the encoder would be another model."""
    vectors = [a.vector for a in analyses if a.vector is not None]
    if len(vectors) != len(analyses):
        raise RuntimeError("training needs the encoder")
    return np.array(vectors)


def feature_matrix(analyses: Sequence[Analysis], mean: np.ndarray, with_vectors: bool = True) -> Any:
    """Rows of (dense, letters, morphemes)."""
    from scipy.sparse import csr_matrix, hstack

    vectors = vectors_of(analyses)
    dense = centred(vectors, mean) if with_vectors else np.zeros_like(vectors)
    letters = stack([letter_features(a.normalised) for a in analyses])
    morphemes = stack([morpheme_features(a.tokens) for a in analyses])
    return hstack([csr_matrix(dense), letters, morphemes]).tocsr()


def _weights(examples: Sequence[Example]) -> np.ndarray:
    """Emergencies and the rest weigh the same within each voice, so that a style is not taken for danger."""
    weights = np.ones(len(examples))
    voices = np.array([e.voice for e in examples])
    emergency = np.array([e.is_emergency for e in examples])
    for voice in sorted(set(voices)):
        total = int((voices == voice).sum())
        for label in (True, False):
            chosen = (voices == voice) & (emergency == label)
            weights[chosen] = total / (2 * max(int(chosen.sum()), SMALLEST_CLASS))
    return weights * np.array([LIFE_THREAT_WEIGHT if e.urgency == "life_threat" else 1.0 for e in examples])


def _fit(x: Any, y: np.ndarray, weights: np.ndarray, strength: float = STRENGTH, steps: int = 200) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=steps, tol=1e-3).fit(x, y, sample_weight=weights)


def _groups(examples: Sequence[Example]) -> np.ndarray:
    """Folds hold out whole voices; a language that only one voice writes is held out by category instead, or it would be unknown."""
    return np.array([_group(i, e) for i, e in enumerate(examples)])


def _group(place: int, example: Example) -> str:
    if example.voice == corpus.ORDINARY:
        return f"{example.voice}/{place % 10}"
    return example.voice if example.lang == "ko" else f"{example.voice}/{example.category}"


class _Data:
    """Training sentences and, for Korean ones, a copy without spaces."""

    def __init__(self, analyser: Analyser, examples: Sequence[Example]) -> None:
        self.examples = list(examples)
        self.analyses = analyser.analyse([e.text for e in self.examples])
        self.source = [i for i, e in enumerate(self.examples) if e.lang == "ko" and " " in e.text and e.voice != corpus.ORDINARY]
        self.copies = analyser.analyse([self.examples[i].text.replace(" ", "") for i in self.source])
        self.mean = vectors_of(self.analyses).mean(axis=0)
        self.weights = _weights(self.examples)

    def joined(self, with_vectors: bool) -> tuple[Any, np.ndarray, np.ndarray]:
        """Matrix, weights, and for each row the index of its example; the copies come last."""
        from scipy.sparse import vstack

        x = vstack([feature_matrix(self.analyses, self.mean, with_vectors), feature_matrix(self.copies, self.mean, with_vectors)]).tocsr()
        source = np.array(self.source, dtype=int)
        rows = np.concatenate([np.arange(len(self.examples)), source])
        weights = np.concatenate([self.weights, AUGMENTED_WEIGHT * self.weights[source]])
        return x, weights, rows


def _held_out(x: Any, y: np.ndarray, weights: np.ndarray, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The raw score of each example by a model that has seen neither its voice nor its copy."""
    from sklearn.model_selection import GroupKFold

    n = len(groups)
    scores = np.zeros(n)
    for known, unknown in GroupKFold(FOLDS).split(np.zeros(n), groups=groups):
        inside = np.isin(rows, known)
        model = _fit(x[inside], y[rows][inside], weights[inside])
        scores[unknown] = model.decision_function(x[unknown])
    return scores


def _calibrate(scores: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Platt scaling and thresholds from held-out scores."""
    from sklearn.linear_model import LogisticRegression

    platt = LogisticRegression(C=1e6).fit(scores[:, None], y)
    slope, offset = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    danger = np.sort(slope * scores[y] + offset)
    return {
        "slope": slope,
        "offset": offset,
        "escalate": float(np.quantile(danger, 1 - ESCALATED_RECALL)),
        "ask": float(np.quantile(danger, 1 - CAUGHT_RECALL)),
    }


def _head(model: Any, dim: int) -> Head:
    return Head.from_coefficients(model.coef_.astype(np.float32), model.intercept_.astype(np.float32), dim)


def _fit_heads(data: _Data) -> tuple[dict[str, Head], dict[str, dict[str, float]]]:
    examples = data.examples
    dim = len(data.mean)
    emergency = np.array([e.is_emergency for e in examples])
    groups = _groups(examples)
    heads: dict[str, Head] = {}
    calibration: dict[str, dict[str, float]] = {}
    for name, with_vectors in (("emergency", True), ("blind", False)):
        x, weights, rows = data.joined(with_vectors)
        calibration[name] = _calibrate(_held_out(x, emergency, weights, rows, groups), emergency)
        heads[name] = _head(_fit(x, emergency[rows], weights), dim)
    x, weights, rows = data.joined(True)
    urgencies = np.array([str(e.urgency) for e in examples])[rows]
    for name, among in (("life_threat", ("life_threat", "urgent")), ("non_urgent", ("non_urgent", "none"))):
        inside = np.isin(urgencies, among)
        y = urgencies[inside] == name
        heads[name] = _head(_fit(x[inside], y, np.where(y, (~y).sum() / max(y.sum(), 1), 1.0)), dim)
    heads["category"] = _category_head(data, x, rows, dim)
    return heads, calibration


def _category_head(data: _Data, x: Any, rows: np.ndarray, dim: int) -> Head:
    """A row for each category of the closed list; one the corpus lacks keeps a bias that never wins."""
    # Plain routine questions would teach only that nearly everything is "other".
    telling = np.array([e.is_trap or e.urgency != "none" for e in data.examples])[rows]
    x = x[telling]
    labels = np.array([CATEGORIES.index(e.category) for e in data.examples])[rows][telling]
    counts = np.bincount(labels, minlength=len(CATEGORIES))
    fitted = _fit(x, labels, counts.mean() / counts[labels], CATEGORY_STRENGTH, steps=60)
    head = _head(fitted, dim)
    order = {int(label): row for row, label in enumerate(fitted.classes_)}
    place = [order.get(i, -1) for i in range(len(CATEGORIES))]
    bias = np.where(np.array(place) >= 0, head.bias[place], -1e4).astype(np.float32)
    return Head(head.dense[place], head.letters[place], head.morphemes[place], bias)


def train_triage(
    data_dir: Path = corpus.FOLDER,
    out_dir: Path = FOLDER,
    seed: int = 20260101,
    analyser: Analyser | None = None,
    progress: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Train on the `train` split, write arrays, thresholds and the model card, and return the evaluation."""
    from language.evaluation import evaluate_triage
    from language.model_card import write_card

    started = time.monotonic()
    np.random.seed(seed)  # lbfgs and the folds draw nothing; this is for whatever a later solver draws
    analyser = analyser or Analyser.load()
    examples = corpus.read(data_dir)
    progress(f"triage: analysing {len(examples)} sentences")
    data = _Data(analyser, [e for e in examples if e.split == "train"] + corpus.ordinary(data_dir.parent / "nlu"))
    progress(f"triage: fitting after {time.monotonic() - started:.0f} s")
    heads, calibration = _fit_heads(data)
    out_dir.mkdir(parents=True, exist_ok=True)
    save_heads(out_dir / "triage.npz", heads, data.mean)
    written = sum(e.voice != corpus.ORDINARY for e in data.examples)
    saved: dict[str, Any] = {"seed": seed, "corpus": corpus_digest(data_dir), "trained_on": written, "ordinary": len(data.examples) - written}
    saved["calibration"] = calibration
    (out_dir / "thresholds.json").write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")
    report = evaluate_triage(data_dir, out_dir, analyser=analyser, progress=lambda _: None)
    write_card(out_dir / "MODEL_CARD.md", report, saved)
    progress(f"triage: trained in {time.monotonic() - started:.0f} s")
    return report


def corpus_digest(folder: Path) -> str:
    """The corpus that the artefacts belong to."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.jsonl")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
