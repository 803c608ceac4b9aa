"""Fits what chooses the sentences of an answer, on questions for which somebody has marked the sentences that answer (``data/search/sentences.jsonl``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from knowledge_base.evaluation import Case
from knowledge_base.glossary import Glossary
from knowledge_base.index import Index, encoder_name, prepare
from knowledge_base.learning import DATA, read_notices
from knowledge_base.picking import PICKER_FILE, SIGNS, Picker, judged_places, signs_of_sentences
from knowledge_base.search import Question
from knowledge_base.store import MemoryStore
from knowledge_base.words import Analysing
from language.analysis import Analysis

SENTENCES = DATA / "sentences.jsonl"
RIDGE = 40.0
FOLDS = 5

#: A question's sentences: a row of signs each, and which of them answer.
Marked = tuple[np.ndarray, np.ndarray]


def marked_sentences(analyser: Analysing, cases: Sequence[Case], analyses: Mapping[str, Analysis], today: date) -> tuple[list[Marked], list[str]]:
    """The marked questions with the signs of their notice's sentences, and the notice of each; a mark whose words a notice no longer has is left out."""
    notices = read_notices(others=True)
    prepared, with_vectors = prepare(notices, analyser, MemoryStore(), encoder_name(analyser))
    index = Index.build(notices, prepared, with_vectors)
    glossary = Glossary.load(analyser)
    by_id = {case.id: case for case in cases}
    found: list[Marked] = []
    owners: list[str] = []
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        mark = json.loads(line)
        case, number = by_id[mark["id"]], index.by_id[mark["notice"]]
        question = Question.of(analyses[case.id], today, case.at, case.country, glossary)
        places = judged_places(index, number, question)
        right = np.array([index.entries[number].passages[k].text in mark["sentences"] for k in places])
        if right.any() and not right.all():
            found.append((signs_of_sentences(index, number, question, places), right))
            owners.append(mark["notice"])
    return found, owners


def learn(marked: Sequence[Marked], ridge: float = RIDGE) -> Picker:
    """Weights under which a right sentence is the likeliest of its notice (listwise logistic regression on standardised signs)."""
    from scipy.optimize import minimize

    spread = np.concatenate([rows for rows, _ in marked]).std(axis=0)
    spread[spread == 0] = 1.0
    scaled = [(rows / spread, right) for rows, right in marked]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = ridge * float(weights @ weights) / 2, ridge * weights
        for rows, right in scaled:
            scores = rows @ weights
            odds = np.exp(scores - scores.max())
            good = odds * right
            total -= float(np.log(good.sum() / odds.sum()))
            slope = slope + (odds / odds.sum()) @ rows - (good / good.sum()) @ rows
        return total, slope

    return Picker(minimize(loss, np.zeros(len(SIGNS)), jac=True, method="L-BFGS-B").x / spread)


def judged(marked: Sequence[Marked], owners: Sequence[str]) -> dict[str, float]:
    """How often the best, the best two and the best three sentences hold a right one, each notice judged by weights that have not seen it."""
    names = sorted(set(owners))
    part = np.array([names.index(name) % FOLDS for name in owners])
    ranks = []
    for fold in range(FOLDS):
        picker = learn([one for one, own in zip(marked, part, strict=True) if own != fold])
        for place in np.flatnonzero(part == fold).tolist():
            rows, right = marked[place]
            ranks.append(int(np.flatnonzero(right[np.argsort(-(rows @ picker.weights), kind="stable")])[0]))
    return {f"right_in_{many}": round(float(np.mean(np.array(ranks) < many)), 4) for many in (1, 2, 3)}


def fit_picker(analyser: Analysing, cases: Sequence[Case], analyses: Mapping[str, Analysis], today: date, folder: Path = PICKER_FILE.parent) -> Picker:
    """Fit on all marked questions and write ``picker.json``."""
    marked, owners = marked_sentences(analyser, cases, analyses, today)
    picker = learn(marked)
    about: dict[str, Any] = {"questions": len(marked), "notices": len(set(owners)), "unseen_notices": judged(marked, owners)}
    content = {"weights": {sign: round(float(v), 4) for sign, v in zip(SIGNS, picker.weights, strict=True)}, "fitted_on": about}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PICKER_FILE.name).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return picker
