"""Fits the weights of the fusion and the threshold of abstention on the training questions, and writes them with a model card.

Run as ``python -m knowledge_base.fitting``; the same questions give the same numbers. The test split is never read here.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from core.settings import ROOT
from knowledge_base.confidence import SIGNS, signs_of
from knowledge_base.evaluation import Case, Figures, figures, load_cases, ours, questions_of
from knowledge_base.index import Index, reference_texts
from knowledge_base.search import Question, Weights, rank, with_weights
from knowledge_base.words import Analysing

FOLDER = ROOT / "models" / "search"
#: A wrong answer is as bad as this many right ones are good.
WRONG_COSTS = 3.0
GRID = {"title": (0.0, 0.15, 0.3, 0.5), "bm25": (0.25, 0.5, 0.75, 1.0), "glossary": (0.3, 0.6, 1.0), "bm25_foreign": (0.25, 0.5, 1.0)}
WORDS_ONLY_SIGNS = ("score", "coverage", "coverage_best", "glossary", "no_glossary", "margin", "lead", "few_words")


def fit_weights(index: Index, cases: Sequence[Case], questions: Sequence[Question], start: Weights) -> tuple[Weights, list[dict[str, Any]]]:
    """The best point of the grid by nDCG@10 + P@1; of near-equal ones, the middle of the plateau rather than its edge."""
    tried: list[tuple[float, Weights, Figures]] = []
    expected = [case.expected for case in cases]
    for values in itertools.product(*GRID.values()):
        weights = with_weights(start, **dict(zip(GRID, values, strict=True)))
        found = figures(zip(ours(index, questions, weights), expected, strict=True))
        tried.append((found.ndcg_at_10 + found.p_at_1, weights, found))
    best = max(score for score, _, _ in tried)
    plateau = [weights for score, weights, _ in tried if score >= best - 0.006]
    middle = {name: float(np.median([getattr(w, name) for w in plateau])) for name in GRID}
    chosen = with_weights(start, **middle)
    table = [{**{n: getattr(w, n) for n in GRID}, "ndcg_at_10": round(f.ndcg_at_10, 4), "p_at_1": round(f.p_at_1, 4)} for _, w, f in tried]
    return chosen, table


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


def _threshold(x: np.ndarray, y: np.ndarray, is_written: np.ndarray, folds: int = 10) -> float:
    """The score from which answering pays, when a wrong answer costs ``WRONG_COSTS`` right ones.

    Judged by models that have not seen the question, and on the written questions only: the extra ones without an answer are easy.
    Among scores that pay nearly the same, the middle one.
    """
    scores = np.zeros(len(y))
    for fold in range(folds):
        held = np.arange(len(y)) % folds == fold
        weights, bias = _logistic(x[~held], y[~held])
        scores[held] = 1 / (1 + np.exp(-(x[held] @ weights + bias)))
    scores, y = scores[is_written], y[is_written]
    candidates = np.unique(np.round(scores, 3))
    pays = np.array([y[scores >= t].sum() - WRONG_COSTS * (1 - y[scores >= t]).sum() for t in candidates])
    return float(np.median(candidates[pays >= pays.max() - 1]))


def fit_confidence(index: Index, cases: Sequence[Case], questions: Sequence[Question], weights: Weights) -> dict[str, Any]:
    """Logistic weights of the signs: right when the best notice is an expected one."""
    out: dict[str, Any] = {}
    extra_ids = {case.id for case in no_answer_cases()}
    for suffix, names, blind in (("", SIGNS, False), ("_words_only", WORDS_ONLY_SIGNS, True)):
        rows, right, written = [], [], []
        for case, question in zip(cases, questions, strict=True):
            if blind:
                question = _without_vector(question)
                if question.analysis.language != "ko":
                    continue
            ranked = rank(index, question, weights)
            if not ranked.entries:
                continue
            signs = signs_of(index, ranked)
            rows.append([signs[name] for name in names])
            right.append(float(index.entries[ranked.entries[0]].notice.id in case.expected))
            written.append(case.id not in extra_ids)
        x, y = np.array(rows), np.array(right)
        fitted, bias = _logistic(x, y)
        out[f"weights{suffix}"] = {name: round(float(v), 5) for name, v in zip(names, fitted, strict=True)}
        out[f"bias{suffix}"] = round(bias, 5)
        out[f"threshold{suffix}"] = round(_threshold(x, y, np.array(written)), 4)
    return out


def _without_vector(question: Question) -> Question:
    from dataclasses import replace

    return replace(question, analysis=replace(question.analysis, vector=None))


def no_answer_cases() -> list[Case]:
    """More questions that no notice answers."""
    return [Case(f"n{k}", text, "", None, None, (), False, "train") for k, text in enumerate(reference_texts())]


def fit(index: Index, analyser: Analysing, today: date, folder: Path = FOLDER) -> dict[str, Any]:
    """Fit everything and write ``weights.json`` and ``confidence.json``."""
    cases = load_cases(split="train")
    questions = questions_of(cases, analyser, today)
    known = [(c, q) for c, q in zip(cases, questions, strict=True) if c.expected]
    weights, table = fit_weights(index, [c for c, _ in known], [q for _, q in known], Weights())
    extra = no_answer_cases()
    # Interleaved, so that every fold of the calibration has both kinds.
    everything = sorted(zip([*cases, *extra], [*questions, *questions_of(extra, analyser, today)], strict=True), key=lambda pair: hash_of(pair[0].text))
    confidence = fit_confidence(index, [c for c, _ in everything], [q for _, q in everything], weights)
    folder.mkdir(parents=True, exist_ok=True)
    about = {"questions": len(cases), "with_answer": len(known), "without_answer": len(cases) - len(known) + len(extra), "notices": len(index.entries)}
    _write(folder / "weights.json", {"weights": asdict(weights), "fitted_on": about, "grid": table})
    _write(folder / "confidence.json", {**confidence, "wrong_costs": WRONG_COSTS, "fitted_on": about})
    return {"weights": asdict(weights), **confidence}


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
