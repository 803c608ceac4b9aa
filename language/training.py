"""Training of triage with scikit-learn, over the encoder's plain and adapted vectors: reproducible from the seed, thresholds chosen on the `dev` voices."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from language import adapter, asked, corpus
from language import everyday as everyday_sentences
from language.adaptation import HEADS, URGENCIES
from language.analysis import Analyser, Analysis
from language.composed import compose
from language.corpus import Example
from language.features import letter_features, morpheme_features, stack
from language.linear import Features, Head, centred, features, load_heads, save_heads
from language.quiet_rules import QUIET
from language.rules import hits
from language.triage import CATEGORIES, FOLDER, HINT_MARGIN

STRENGTH = 10.0  # inverse regularisation; flat between 3 and 100
CATEGORY_STRENGTH = 3.0
# Where the thresholds stand on the dev voices. `ask`: the share of emergencies below it. `escalate`: the share of traps taken for danger.
MISSED = 0.005
ESCALATED_TRAPS = 0.075
ESCALATED_EVERYDAY = 0.004  # the same of real everyday sentences
ESCALATED_EMERGENCIES = 0.96  # never fewer than this, whatever the two above say
LIFE_THREAT_WEIGHT = 1.5
AUGMENTED_WEIGHT = 0.5
ASKED_WEIGHT = 2.0  # emergencies among twenty times as many questions in the same words
DIALOGUE_WEIGHT = 10.0  # what the dialogue serves by itself must reach it
# scikit-learn's gradient is a mean over some 80,000 rows: at 1e-3 it stops after ten steps of 140, and asks about half as many traps again.
TOLERANCE = 1e-5
SMALLEST_CLASS = 8
COMPOSED_SEED = 20261122
_WRITTEN_FROM_DEV = frozenset(name for name, *_ in QUIET)


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
    return weights * importance(examples)


def importance(examples: Sequence[Example]) -> np.ndarray:
    """What a mistake on each costs, beside an ordinary one."""
    return np.array([_importance(e) for e in examples])


def _importance(example: Example) -> float:
    if example.voice == asked.VOICE:
        return ASKED_WEIGHT
    return LIFE_THREAT_WEIGHT if example.urgency == "life_threat" else DIALOGUE_WEIGHT if corpus.DIALOGUE in example.tags else 1.0


def fit(x: Any, y: np.ndarray, weights: np.ndarray, strength: float = STRENGTH) -> Any:
    """A logistic regression of weighted rows, followed to its end."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=400, tol=TOLERANCE).fit(x, y, sample_weight=weights)


class TrainingData:
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


def _head(model: Any, dim: int) -> Head:
    return Head.from_coefficients(model.coef_.astype(np.float32), model.intercept_.astype(np.float32), dim)


def linear_heads(data: TrainingData) -> dict[str, Head]:
    """Heads over the plain vector, letters and morphemes."""
    examples = data.examples
    dim = len(data.mean)
    emergency = np.array([e.is_emergency for e in examples])
    heads: dict[str, Head] = {}
    for name, with_vectors in (("plain", True), ("blind", False)):
        x, weights, rows = data.joined(with_vectors)
        heads[name] = _head(fit(x, emergency[rows], weights), dim)
    x, weights, rows = data.joined(True)
    urgencies = np.array([str(e.urgency) for e in examples])[rows]
    for name, among in (("life_threat", ("life_threat", "urgent")), ("non_urgent", ("non_urgent", "none"))):
        inside = np.isin(urgencies, among)
        y = urgencies[inside] == name
        heads[name] = _head(fit(x[inside], y, np.where(y, (~y).sum() / max(y.sum(), 1), 1.0)), dim)
    heads["category"] = _category_head(data, x, rows, dim)
    return heads


def _category_head(data: TrainingData, x: Any, rows: np.ndarray, dim: int) -> Head:
    """A row for each category of the closed list; one the corpus lacks keeps a bias that never wins."""
    # Plain routine questions would teach only that nearly everything is "other".
    telling = np.array([e.is_trap or e.urgency != "none" for e in data.examples])[rows]
    x = x[telling]
    labels = np.array([CATEGORIES.index(e.category) for e in data.examples])[rows][telling]
    counts = np.bincount(labels, minlength=len(CATEGORIES))
    fitted = fit(x, labels, counts.mean() / counts[labels], CATEGORY_STRENGTH)
    head = _head(fitted, dim)
    order = {int(label): row for row, label in enumerate(fitted.classes_)}
    place = [order.get(i, -1) for i in range(len(CATEGORIES))]
    head = head.rows(place)
    bias = np.where(np.array(place) >= 0, head.bias, -1e4).astype(np.float32)
    return replace(head, bias=bias)


class Dev:
    """The sentences on which heads are mixed and thresholds are set: voices that wrote no training sentence and none of the test."""

    def __init__(self, analyser: Analyser, examples: Sequence[Example], mean: np.ndarray) -> None:
        self.examples = list(examples)
        analyses = analyser.analyse([e.text for e in self.examples])
        self.is_adapted = all(a.adapted is not None for a in analyses)
        self.features = [features(a.normalised, a.tokens, a.vector, mean, a.adapted) for a in analyses]
        self.emergency = np.array([e.is_emergency for e in self.examples])
        self.trap = np.array([e.is_trap for e in self.examples]) & ~self.emergency
        self.everyday = np.array([e.voice == corpus.ORDINARY for e in self.examples])
        # What a rule catches anyway needs no threshold; where the words are plain, a smaller doubt is enough.
        # The quiet families were written with these voices in view: credited here, they moved the thresholds so far that unseen voices lost twice as many.
        found = [[hit for hit in hits(a.normalised) if not hit.is_softened and hit.name not in _WRITTEN_FROM_DEV] for a in analyses]
        self.ruled = np.array([any(not hit.is_hint for hit in each) for each in found])
        self.plainly = np.array([any(hit.is_hint for hit in each) for each in found])

    def scores(self, head: Head, tier: str = "adapted") -> np.ndarray:
        """Raw scores (sentences, outputs) with what that tier knows."""
        return np.array([head.score(_seen(x, tier)) for x in self.features])


def _seen(x: Features, tier: str) -> Features:
    return Features(None if tier == "blind" else x.dense, x.letters, x.morphemes, x.adapted if tier == "adapted" else None)


def _mixed(first: Head, second: Head, dev: Dev, y: np.ndarray, among: np.ndarray) -> Head:
    """The sum of two one-output heads, weighted by a logistic regression on the dev sentences `among`."""
    from sklearn.linear_model import LogisticRegression

    x = np.hstack([dev.scores(first), dev.scores(second)])
    fitted = LogisticRegression(C=1e3, class_weight="balanced").fit(x[among], y[among])
    a, b = (max(float(c), 0.0) for c in fitted.coef_[0])
    mixed = first.scaled(a).plus(second.scaled(b))
    return replace(mixed, bias=mixed.bias + fitted.intercept_.astype(np.float32))


def _evened(first: Head, second: Head, dev: Dev) -> Head:
    """The sum of the adapted and the linear head, spread alike on dev: a fitted weight favours the surer one, and loses the quietest emergencies."""
    return first.scaled(1.0 / float(dev.scores(first).std())).plus(second.scaled(1.0 / float(dev.scores(second).std())))


def _mixed_category(first: Head, second: Head, dev: Dev) -> Head:
    """Two heads over the categories, weighed so that the dev emergencies' own are the likeliest: `category_words` counts in these units."""
    from scipy.optimize import minimize

    labels = np.array([CATEGORIES.index(e.category) for e in dev.examples])[dev.emergency]
    mine, other = dev.scores(first)[dev.emergency], dev.scores(second)[dev.emergency]

    def loss(weights: np.ndarray) -> float:
        logits = weights[0] * mine + weights[1] * other
        logits = logits - logits.max(axis=1, keepdims=True)
        return -float((logits[np.arange(len(labels)), labels] - np.log(np.exp(logits).sum(axis=1))).mean())

    a, b = (round(float(w), 2) for w in minimize(loss, [1.0, 1.0], bounds=[(0.05, 5.0)] * 2).x)
    return first.scaled(a).plus(second.scaled(b))


def mixed_heads(linear: dict[str, Head], dev: Dev, folder: Path = adapter.FOLDER) -> dict[str, Head]:
    """The linear heads joined with those trained over the adapted vector; a block that is missing at run time contributes nothing."""
    adapted, _ = load_heads(folder / HEADS)
    place = {str(u): i for i, u in enumerate(URGENCIES)}
    urgency = np.array([e.urgency for e in dev.examples])
    heads = dict(linear)
    heads["adapted"] = _evened(adapted["danger"], linear["plain"], dev)
    for name, other in (("life_threat", "urgent"), ("non_urgent", "none")):
        head = adapted["urgency"].rows([place[name]], minus=[place[other]])
        heads[name] = _mixed(head, linear[name], dev, urgency == name, np.isin(urgency, (name, other)))
    heads["category"] = _mixed_category(adapted["category"], linear["category"], dev)
    return heads


def _calibrate(scores: np.ndarray, dev: Dev) -> dict[str, float]:
    """Platt scaling and the two thresholds, from the dev voices' raw scores."""
    from scipy.stats.mstats import hdquantiles
    from sklearn.linear_model import LogisticRegression

    platt = LogisticRegression(C=1e6).fit(scores[:, None], dev.emergency)
    slope, offset = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    odds = slope * scores + offset
    # The lowest emergencies lie far apart: one of them as a threshold would move it by half a unit from fit to fit.
    # A weighted mean around it (Harrell and Davis 1982) moves less.
    lowest = np.where(dev.ruled, odds.max(), odds + HINT_MARGIN * dev.plainly)[dev.emergency]
    ask = float(hdquantiles(lowest, [MISSED])[0])
    wanted = [float(np.quantile(odds[dev.trap], 1 - ESCALATED_TRAPS))]
    if dev.everyday.any():
        wanted.append(float(np.quantile(odds[dev.everyday], 1 - ESCALATED_EVERYDAY)))
    most = float(np.quantile(odds[dev.emergency], 1 - ESCALATED_EMERGENCIES))
    return {"slope": slope, "offset": offset, "escalate": max(min(max(wanted), most), ask), "ask": ask}


def dev_examples(examples: Sequence[Example], everyday: Path | None) -> list[Example]:
    """What heads are joined and thresholds set on: the `dev` part of these, and real everyday sentences."""
    return [e for e in examples if e.split == "dev"] + everyday_sentences.examples(everyday, "dev")


def training_examples(examples: Sequence[Example], data_dir: Path, everyday: Path | None) -> list[Example]:
    """What a model learns of these: their `train` part and longer messages made of it, sentences of the dialogue data, real everyday ones, and questions to
    the knowledge base."""
    written = [e for e in examples if e.split == "train"]
    ordinary = [*corpus.ordinary(data_dir.parent / "nlu"), *everyday_sentences.examples(everyday), *asked.learnt(data_dir.parent)]
    return [*written, *compose(written, COMPOSED_SEED), *ordinary]


def train_triage(
    data_dir: Path = corpus.FOLDER,
    out_dir: Path = FOLDER,
    seed: int = 20260101,
    analyser: Analyser | None = None,
    everyday: Path | None = None,
    more: Path | None = None,
    progress: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Train on the `train` part (and real everyday sentences, where a path to them is given; and the lines of `more`, labelled in use), set thresholds on
    `dev`, write arrays, thresholds and the model card, and return the evaluation on `test`.

    :raises ValueError: `more` has a line that is none of a corpus.
    """
    from language.evaluation import evaluate_triage
    from language.model_card import save_figures

    started = time.monotonic()
    np.random.seed(seed)  # lbfgs draws nothing; this is for whatever a later solver draws
    analyser = analyser or Analyser.load()
    labelled = corpus.read_file(more) if more is not None else []
    examples = [*corpus.read(data_dir), *labelled]
    progress(f"triage: analysing {len(examples)} sentences")
    data = TrainingData(analyser, training_examples(examples, data_dir, everyday))
    dev = Dev(analyser, dev_examples(examples, everyday), data.mean)
    progress(f"triage: fitting after {time.monotonic() - started:.0f} s")
    heads = linear_heads(data)
    tiers = ["plain", "blind"]
    if dev.is_adapted:
        heads = mixed_heads(heads, dev)
        tiers.insert(0, "adapted")
    out_dir.mkdir(parents=True, exist_ok=True)
    save_heads(out_dir / "triage.npz", heads, data.mean)
    written = sum(e.voice != corpus.ORDINARY for e in data.examples)
    saved: dict[str, Any] = {"seed": seed, "corpus": corpus_digest(data_dir), "trained_on": written, "ordinary": len(data.examples) - written}
    saved |= {"everyday": len(everyday_sentences.examples(everyday)), "dev": len(dev.examples), "adapter": adapter.digest() if dev.is_adapted else ""}
    saved |= {"from_use": len(labelled)} if labelled else {}
    saved["calibration"] = {name: _calibrate(dev.scores(heads[name], name)[:, 0], dev) for name in tiers}
    (out_dir / "thresholds.json").write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")
    report = evaluate_triage(data_dir, out_dir, analyser=analyser, everyday=everyday, progress=lambda _: None)
    save_figures(out_dir, "triage", report)
    progress(f"triage: trained in {time.monotonic() - started:.0f} s")
    return report


def set_thresholds(
    data_dir: Path = corpus.FOLDER,
    out_dir: Path = FOLDER,
    analyser: Analyser | None = None,
    everyday: Path | None = None,
    progress: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Thresholds anew on the `dev` part for the heads as they are, the figures on `test` with them: what a change of rules asks for, and no fitting.

    :raises ValueError: the heads belong to another corpus or adapter, or were set with other everyday sentences, and have to be trained.
    """
    from language.evaluation import evaluate_triage
    from language.model_card import save_figures

    analyser = analyser or Analyser.load()
    path = out_dir / "thresholds.json"
    saved = json.loads(path.read_text(encoding="utf-8"))
    heads, mean = load_heads(out_dir / "triage.npz")
    examples = dev_examples(corpus.read(data_dir), everyday)
    tiers = list(saved["calibration"])
    found = (corpus_digest(data_dir), adapter.digest() if "adapted" in tiers else "", len(examples))
    if found != (saved["corpus"], saved["adapter"], saved["dev"]):
        raise ValueError(f"the heads belong to other data: {found}")
    dev = Dev(analyser, examples, mean)
    saved["calibration"] = {name: _calibrate(dev.scores(heads[name], name)[:, 0], dev) for name in tiers}
    path.write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")
    progress(f"triage: thresholds {saved['calibration']}")
    report = evaluate_triage(data_dir, out_dir, analyser=analyser, everyday=everyday, progress=lambda _: None)
    save_figures(out_dir, "triage", report)
    return report


def corpus_digest(folder: Path) -> str:
    """The corpus that the artefacts belong to."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.jsonl")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
