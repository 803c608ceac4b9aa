"""Fits the weights of the fusion and the threshold of abstention on the training questions, and writes them with a model card.

Run as ``python -m knowledge_base.fitting``; the same questions give the same numbers. The test split is never read here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from core.settings import ROOT
from knowledge_base import examples, question_map
from knowledge_base.confidence import KNOWN_SIGNS, SIGNS, case_of, signs_of
from knowledge_base.evaluation import Case, load_cases, questions_of
from knowledge_base.index import Index, reference_texts
from knowledge_base.learning import QUESTIONS, Bank
from knowledge_base.search import Question, Weights, allowed_entries, rank, signals, with_weights
from knowledge_base.words import Analysing

FOLDER = ROOT / "models" / "search"
#: The share of questions that may get an answer from a wrong notice. Those it is judged on are harder than others: each is one of the known questions without
#: its own vote. Of questions by other people about half as many go wrong.
WRONG = 0.05
#: What is fitted; the lexical part has a weight for Korean questions and one for others.
FITTED = ("dense", "title", "bm25", "bm25_foreign", "likeness", "learnt")
RIDGE = 1.0
FOLDS = 4
SIGNS_OF = {
    "known": tuple(sign for sign in SIGNS if sign != "is_known"),
    "unknown": tuple(sign for sign in SIGNS if sign not in KNOWN_SIGNS),
    "words_only": ("score", "coverage", "coverage_best", "glossary", "no_glossary", "margin", "lead", "few_words"),
}


@dataclass(frozen=True)
class _Listed:
    """A question's candidates: a row of signals each (in the order of ``FITTED``, what the country says added to every one), and which are right."""

    rows: np.ndarray
    is_right: np.ndarray


def _listed(index: Index, case: Case, question: Question, weights: Weights) -> _Listed:
    found = signals(index, question, allowed_entries(index, question), weights)
    is_korean = question.analysis.language == "ko"
    nothing = np.zeros(len(found.candidates))
    lexical = (found.bm25, nothing) if is_korean else (nothing, found.bm25)
    use = np.array([1.0, 1.0, float(is_korean), float(not is_korean), 1.0, 1.0])
    # As in `fuse`: the country's part is not weighed, so in units of the weights' sum it stands beside each signal.
    rows = np.stack([found.dense, found.title, *lexical, found.likeness, found.learnt], axis=1) + found.country[:, None] * use
    return _Listed(rows, np.array([index.entries[i].notice.id in case.expected for i in found.candidates]))


def fit_weights(index: Index, cases: Sequence[Case], questions: Sequence[Question], start: Weights) -> Weights:
    """Weights under which a right notice is the likeliest of a question's candidates (listwise logistic regression, none below zero)."""
    from scipy.optimize import minimize

    listed = [one for one in (_listed(index, c, q, start) for c, q in zip(cases, questions, strict=True)) if one.is_right.any()]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = RIDGE * float(weights @ weights) / 2, RIDGE * weights
        for one in listed:
            scores = one.rows @ weights
            odds = np.exp(scores - scores.max())
            right = odds * one.is_right
            total -= float(np.log(right.sum() / odds.sum()))
            slope = slope + (odds / odds.sum()) @ one.rows - (right / right.sum()) @ one.rows
        return total, slope

    found = minimize(loss, np.ones(len(FITTED)), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(FITTED)).x
    # Only their shares matter.
    return with_weights(start, **{name: round(float(v / found[0]), 4) for name, v in zip(FITTED, found, strict=True)})


def _logistic(x: np.ndarray, y: np.ndarray, strength: float = 10.0) -> tuple[np.ndarray, float]:
    """Weighted, ridge-penalised logistic regression by Newton's method on standardised columns."""
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    deviation[deviation == 0] = 1.0
    design = np.c_[(x - mean) / deviation, np.ones(len(x))]
    balance = np.where(y == 1, 0.5 / max(1, y.sum()), 0.5 / max(1, (1 - y).sum())) * len(y)
    beta = np.zeros(design.shape[1])
    penalty = np.diag([strength] * x.shape[1] + [0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ beta))
        step = np.linalg.solve((design * (balance * p * (1 - p))[:, None]).T @ design + penalty, design.T @ (balance * (y - p)) - penalty @ beta)
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    weights = beta[:-1] / deviation
    return weights, float(beta[-1] - (mean / deviation) @ beta[:-1])


def _threshold(x: np.ndarray, y: np.ndarray, folds: int = 10) -> float:
    """The probability from which at most ``WRONG`` of all questions get a wrong answer, judged by models that have not seen the question."""
    scores = np.zeros(len(y))
    for fold in range(folds):
        held = np.arange(len(y)) % folds == fold
        weights, bias = _logistic(x[~held], y[~held])
        scores[held] = 1 / (1 + np.exp(-(x[held] @ weights + bias)))
    order = np.argsort(-scores, kind="stable")
    wrong = np.cumsum(1 - y[order]) / len(y)
    enough = np.flatnonzero(wrong <= WRONG)
    return float(scores[order][enough[-1]]) if len(enough) else 1.0


def fit_confidence(index: Index, cases: Sequence[Case], questions: Sequence[Question], weights: Weights) -> dict[str, Any]:
    """Logistic weights of the signs: right when the best notice is an expected one. Each scale sees the questions as if only that much were known."""
    out: dict[str, Any] = {}
    as_if: dict[str, Callable[[Question], Question]] = {"known": lambda q: q, "unknown": _without_known, "words_only": _without_vector}
    for name, seen in as_if.items():
        rows, right = [], []
        for case, question in zip(cases, questions, strict=True):
            question = seen(question)
            if name == "words_only" and question.analysis.language != "ko":
                continue
            ranked = rank(index, question, weights)
            if not ranked.entries:
                continue
            signs = signs_of(index, ranked)
            if case_of(signs, ranked.has_vectors) != name:
                continue
            rows.append([signs[sign] for sign in SIGNS_OF[name]])
            right.append(float(index.entries[ranked.entries[0]].notice.id in case.expected))
        x, y = np.array(rows), np.array(right)
        fitted, bias = _logistic(x, y)
        out[name] = {
            "weights": {sign: round(float(v), 5) for sign, v in zip(SIGNS_OF[name], fitted, strict=True)},
            "bias": round(bias, 5),
            "threshold": round(_threshold(x, y), 4),
            "n": len(y),
        }
    return out


def _without_known(question: Question) -> Question:
    return replace(question, likeness={})


def _without_vector(question: Question) -> Question:
    return replace(question, analysis=replace(question.analysis, vector=None), likeness={})


def no_answer_cases() -> list[Case]:
    """More questions that no notice answers."""
    return [Case(f"n{k}", text, "", None, None, (), False, "train") for k, text in enumerate(reference_texts())]


def fit(index: Index, analyser: Analysing, today: date, folder: Path = FOLDER) -> dict[str, Any]:
    """Fit everything and write ``weights.json`` and ``confidence.json``."""
    count = write_examples(index, analyser, examples.FILE)
    own = [case for case in load_cases(QUESTIONS) if case.expected and case.expected[0] in index.by_id]
    # The known questions as questions: each without its own vote, and turned by a map that was learnt without it.
    own_questions = learn_map(index, analyser, own, questions_of(own, analyser, today, are_known=True), today)
    cases = load_cases(split="train")
    questions = questions_of(cases, analyser, today)
    known = [(c, q) for c, q in zip(cases, questions, strict=True) if c.expected]
    weights = fit_weights(index, [c for c, _ in known], [q for _, q in known], Weights())
    nothing = [*no_answer_cases(), *(case for case in load_cases(QUESTIONS) if not case.expected)]
    everything = [*zip(cases, questions, strict=True), *zip(own, own_questions, strict=True)]
    everything += zip(nothing, questions_of(nothing, analyser, today, are_known=True), strict=True)
    # Interleaved, so that every fold of the calibration has all kinds.
    everything.sort(key=lambda pair: hash_of(pair[0].text))
    confidence = fit_confidence(index, [c for c, _ in everything], [q for _, q in everything], weights)
    folder.mkdir(parents=True, exist_ok=True)
    about = {"examples": count, "questions": len(cases), "with_answer": len(known), "calibrated_on": len(everything), "notices": len(index.entries)}
    _write(folder / "weights.json", {"weights": asdict(weights), "fitted_on": about})
    _write(folder / "confidence.json", {**confidence, "wrong": WRONG, "fitted_on": about})
    return {"weights": asdict(weights), **confidence}


def write_examples(index: Index, analyser: Analysing, path: Path) -> int:
    """The questions that are known to belong to the notices of the index, and those to none, with their vectors; how many."""
    everything = load_cases(QUESTIONS)
    asked = [(case.expected[0], case.text) for case in everything if case.expected and case.expected[0] in index.by_id]
    asked += [(examples.NO_NOTICE, case.text) for case in everything if not case.expected]
    examples.save(asked, analyser, path)
    return len(asked)


def learn_map(index: Index, analyser: Analysing, cases: Sequence[Case], questions: Sequence[Question], today: date) -> list[Question]:
    """Fit the question map on these known questions and write it; gives them back, each turned by a map that has not seen it."""
    bank = Bank.of([entry.notice for entry in index.entries])
    passages = analyser.encode(bank.texts, kind="passage")
    asked = np.array([question.analysis.vector for question in questions])
    right, compared = bank.targets(cases, today)
    question_map.learn(asked, passages, right, compared).save()
    turned: dict[int, np.ndarray] = {}
    part = np.array([hash_of(case.text) % FOLDS for case in cases])
    for fold in range(FOLDS):
        others = part != fold
        known = question_map.learn(asked[others], passages, right[others], compared[others])
        turned.update(zip(np.flatnonzero(~others).tolist(), known.apply(asked[~others]), strict=True))
    return [replace(question, turned=turned[place]) for place, question in enumerate(questions)]


def hash_of(text: str) -> int:
    """A fixed order that has nothing to do with the questions' own."""
    import hashlib

    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Fit on the notices that come with the program."""
    from core import clock
    from knowledge_base.index import encoder_name, prepare
    from knowledge_base.ingest import read_path
    from knowledge_base.notices import today_in_seoul
    from knowledge_base.schemas import Notice, NoticeContent
    from knowledge_base.store import MemoryStore
    from language.analysis import Analyser

    analyser = Analyser.load()
    notices = [Notice(item) for item in read_path(ROOT / "data" / "notices") if isinstance(item, NoticeContent)]
    prepared, with_vectors = prepare(notices, analyser, MemoryStore(), encoder_name(analyser))
    print(json.dumps(fit(Index.build(notices, prepared, with_vectors), analyser, today_in_seoul(clock.now())), ensure_ascii=False))


if __name__ == "__main__":
    main()
