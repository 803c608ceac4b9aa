"""Fits the weights of the fusion and the threshold of abstention on the training questions, and writes them with a model card.

Run as ``python -m knowledge_base.fitting``; the same questions give the same numbers. The test split is never read here.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from core.settings import ROOT
from knowledge_base import examples, practice, question_map
from knowledge_base.answer import Desk, may_quote, must_be_sure
from knowledge_base.confidence import KNOWN_SIGNS, MOST_JUDGED, READ_SIGNS, SIGNS, VECTOR_SIGNS, Confidence, case_of, signs_of
from knowledge_base.evaluation import Case, load_cases, questions_of
from knowledge_base.fitting_judge import NETS, Pairs, learn_judge
from knowledge_base.fitting_picker import fit_picker
from knowledge_base.forest import Forest, grow
from knowledge_base.index import Index, reference_texts
from knowledge_base.judge import Judge
from knowledge_base.learning import CRITICAL, QUESTIONS, Bank, lines_of
from knowledge_base.practice import Collection
from knowledge_base.search import Question, Weights, allowed_entries, rank, signals, with_weights
from knowledge_base.words import Analysing
from language.analysis import Analysis

FOLDER = ROOT / "models" / "search"
#: The share of questions that may get an answer from a wrong notice, and of those whose wrong answer costs dearly. Those it is judged on are harder than
#: others: each is one of the known questions without its own vote, judged by trees that know nothing of its notice. Of questions by other people a
#: third as many go wrong. For notices that nobody has asked about it is less, or what no notice answers would be answered too often.
WRONG = {"known": 0.08, "unknown": 0.05, "words_only": 0.04}
WRONG_VALUE = {"known": 0.03, "unknown": 0.018, "words_only": 0.02}
#: And the share of those that no notice answers which may be answered all the same.
NOTHING = {"known": 0.07, "unknown": 0.1, "words_only": 0.06}
#: What is fitted; the lexical part has a weight for Korean questions and one for others.
FITTED = ("dense", "title", "bm25", "bm25_foreign", "likeness", "learnt")
RIDGE = 1.0
FOLDS = 4
#: Collections are cut into pieces of so many notices, by turns, and every third piece is learnt from: with all of them large collections are judged worse.
SMALL, PIECES = (1, 3, 10), 3
SEED = 20261122
SIGNS_OF = {
    "known": tuple(sign for sign in SIGNS if sign not in (*READ_SIGNS, "is_known")),
    "unknown": tuple(sign for sign in SIGNS if sign not in KNOWN_SIGNS),
    "words_only": tuple(sign for sign in SIGNS if sign not in (*VECTOR_SIGNS, *READ_SIGNS, "foreign")),
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


@dataclass(frozen=True)
class _Judged:
    """The first few notices of many questions, a row of signs each; ``question`` says whose they are."""

    rows: np.ndarray
    is_right: np.ndarray
    question: np.ndarray
    #: All questions about a notice are in one fold, so that what is judged was learnt on other notices.
    fold: np.ndarray
    #: Whether the checks of ``knowledge_base.consistency`` let it be quoted.
    passes: np.ndarray
    is_critical: np.ndarray
    has_answer: np.ndarray

    @classmethod
    def together(cls, several: Sequence[_Judged]) -> _Judged:
        """All of them in one, whose questions are not the same."""
        first, *_ = several
        if len(several) == 1:
            return first
        before = np.cumsum([0, *(int(one.question.max(initial=-1)) + 1 for one in several[:-1])])
        moved = [replace(one, question=one.question + start) for one, start in zip(several, before, strict=True)]
        rows, right, question, fold, passes, critical, answered = (np.concatenate([getattr(one, name) for one in moved]) for name in _ARRAYS)
        return cls(rows, right, question, fold, passes, critical, answered)

    def forest(self, without: int | None = None) -> Forest:
        """Trees grown on all of them but that fold's."""
        of = np.ones(len(self.rows), dtype=bool) if without is None else self.fold != without
        return grow(self.rows[of], self.is_right[of], SEED)


_ARRAYS = ("rows", "is_right", "question", "fold", "passes", "is_critical", "has_answer")


def _judged(desk: Desk, asked: Sequence[tuple[Case, Question]], name: str, part: int | None = None) -> _Judged:
    """``part``: the fold of all of them; without it that of each one's notice."""
    index = desk.index
    rows: list[list[float]] = []
    about: list[tuple[bool, int, int, bool, bool, bool]] = []
    for number, (case, question) in enumerate(asked):
        ranked = rank(index, question, desk.weights)
        is_critical = must_be_sure(question)
        for place in range(min(MOST_JUDGED, len(ranked.entries))):
            signs = signs_of(index, ranked, desk.confidence.picker, desk.confidence.judge, place)
            if case_of(signs, ranked.has_vectors) == name:
                rows.append([signs[sign] for sign in SIGNS_OF[name]])
                is_right = index.entries[ranked.entries[place]].notice.id in case.expected
                fold = hash_of(case.expected[0] if case.expected else case.text) % FOLDS if part is None else part
                about.append((is_right, number, fold, may_quote(desk, ranked.led_by(place)), is_critical, bool(case.expected)))
    # Of a collection whose notices no longer hold nothing is judged.
    columns: list[np.ndarray] = [np.array([one[k] for one in about], dtype=kind) for k, kind in enumerate((bool, int, int, bool, bool, bool))]
    right, owner, folds, passes, critical, answered = columns
    return _Judged(np.array(rows).reshape(len(rows), len(SIGNS_OF[name])), right, owner, folds, passes, critical, answered)


def _judged_of(desk: Desk, collections: Sequence[Collection], name: str) -> list[_Judged]:
    return [_judged(replace(desk, index=one.index), one.asked, name, one.part) for one in collections]


@dataclass(frozen=True)
class _Best:
    """Of each question the likeliest notice, the likeliest first."""

    odds: np.ndarray
    is_right: np.ndarray
    passes: np.ndarray
    is_critical: np.ndarray
    has_answer: np.ndarray

    def threshold(self, of: np.ndarray, wrong: float) -> float:
        """The probability from which at most this share of these questions gets a wrong answer."""
        share = np.cumsum(~self.is_right[of] & self.passes[of]) / max(1, int(of.sum()))
        enough = np.flatnonzero(share <= wrong)
        return float(self.odds[of][enough[-1]]) if len(enough) else 1.0

    def threshold_of_nothing(self, of: np.ndarray, most: float) -> float:
        """The probability from which at most this share of all questions that no notice answers is answered, of these questions."""
        share = np.cumsum((~self.has_answer & self.passes)[of]) / max(1, int((~self.has_answer).sum()))
        enough = np.flatnonzero(share <= most)
        return float(self.odds[of][enough[-1]]) if len(enough) else 1.0

    def figures(self, threshold: float, value_threshold: float) -> dict[str, float]:
        """What these thresholds do."""
        has_answer = self.has_answer
        said = self.passes & (self.odds >= np.where(self.is_critical, value_threshold, threshold))
        return {
            "answered_right": round(float((said & self.is_right).sum() / max(1, has_answer.sum())), 4),
            "answered_wrong": round(float((said & ~self.is_right).mean()), 4),
            "no_answer_recognised": round(float((~said)[~has_answer].mean()), 4),
            "critical_wrong": round(float((said & ~self.is_right)[self.is_critical].mean()), 4),
        }


def _best(judged: _Judged, learnt: _Judged) -> _Best:
    """Judged by trees that have seen no question about the notice, or of its collection; ``learnt``: what trees are grown on."""
    odds = np.zeros(len(judged.rows))
    for fold in range(FOLDS):
        held = judged.fold == fold
        odds[held] = learnt.forest(without=fold).probabilities(judged.rows[held])
    order = np.lexsort((-odds, judged.question))
    best = order[np.r_[True, judged.question[order][1:] != judged.question[order][:-1]]]
    best = best[np.argsort(-odds[best], kind="stable")]
    return _Best(odds[best], judged.is_right[best], judged.passes[best], judged.is_critical[best], judged.has_answer[best])


def fit_confidence(desk: Desk, asked: Sequence[tuple[Case, Question]], collections: Sequence[Collection], folder: Path) -> dict[str, Any]:
    """Trees over the signs: whether a notice is an expected one. Each scale sees the questions as if only that much were known; the one for notices that
    nobody has asked about learns from the collections as well.
    """
    out: dict[str, Any] = {}
    trees: dict[str, np.ndarray] = {}
    as_if: dict[str, Callable[[Question], Question]] = {"known": lambda q: q, "unknown": _without_known, "words_only": _without_vector}
    for name, seen in as_if.items():
        own = [(c, seen(q)) for c, q in asked if name != "words_only" or q.analysis.language == "ko"]
        others = collections if name == "unknown" else ()
        judged = _Judged.together([_judged(desk, own, name), *_judged_of(desk, others, name)])
        # Grown on small collections too; thresholds are set without those, most of whose questions nothing answers.
        small = [piece for one, size in zip(others, itertools.cycle(SMALL)) for piece in one.cut(size)[::PIECES]]
        learnt = _Judged.together([judged, *_judged_of(desk, small, name)])
        trees |= learnt.forest().arrays(name)
        best = _best(judged, learnt)
        has_answer = best.has_answer
        value = best.threshold(best.is_critical, WRONG_VALUE[name])
        spent = float((~has_answer & best.passes & best.is_critical & (best.odds >= value)).sum() / max(1, (~has_answer).sum()))
        general = max(best.threshold(~best.is_critical, WRONG[name]), best.threshold_of_nothing(~best.is_critical, NOTHING[name] - spent))
        held_out = best.figures(general, value)
        out[name] = {
            "signs": list(SIGNS_OF[name]),
            "threshold": round(general, 4),
            "value_threshold": round(value, 4),
            "n": len(best.odds),
            "held_out_by_notice": held_out,
        }
    np.savez_compressed(folder / "confidence.npz", **trees)  # type: ignore[arg-type]
    return out


def _without_known(question: Question) -> Question:
    return replace(question, likeness={})


def _without_vector(question: Question) -> Question:
    return replace(question, analysis=replace(question.analysis, vector=None), likeness={}, toward=None)


def no_answer_cases() -> list[Case]:
    """More questions that no notice answers."""
    return [Case(f"n{k}", text, "", None, None, (), False, "train") for k, text in enumerate(reference_texts())]


def fit(index: Index, analyser: Analysing, today: date, folder: Path = FOLDER) -> dict[str, Any]:
    """Fit everything and write ``weights.json`` and ``confidence.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    known_cases = load_cases(QUESTIONS)
    # Analysed once: the known questions are examples, and questions of their own.
    analyses = dict(zip((case.id for case in known_cases), analyser.analyse([case.text for case in known_cases]), strict=True))
    count = write_examples(index, analyser, known_cases, analyses, examples.FILE)
    collections = practice.learn_map(practice.read(analyser, today), analyser, today)
    picker = fit_picker(analyser, known_cases, analyses, today, folder)
    own = [case for case in known_cases if case.expected and case.expected[0] in index.by_id]
    # The known questions as questions: each without its own vote, and turned by a map that was learnt without it.
    own_questions = learn_map(index, analyser, own, questions_of(own, analyser, today, [analyses[c.id] for c in own], are_known=True), today)
    cases = [*load_cases(split="train"), *load_cases(CRITICAL)]
    questions = questions_of(cases, analyser, today)
    known = [(c, q) for c, q in zip(cases, questions, strict=True) if c.expected]
    weights = fit_weights(index, [c for c, _ in known], [q for _, q in known], Weights())
    nothing = [case for case in known_cases if not case.expected]
    reference = no_answer_cases()
    everything = [*zip(cases, questions, strict=True), *zip(own, own_questions, strict=True)]
    everything += zip(nothing, questions_of(nothing, analyser, today, [analyses[c.id] for c in nothing], are_known=True), strict=True)
    everything += zip(reference, questions_of(reference, analyser, today, are_known=True), strict=True)
    # Interleaved, so that every fold of the calibration has all kinds.
    everything.sort(key=lambda pair: hash_of(pair[0].text))
    judge = fit_judge(Desk(index, weights, Confidence({}, picker)), everything, collections)
    confidence = fit_confidence(Desk(index, weights, Confidence({}, picker, judge)), everything, collections, folder)
    about = {"examples": count, "questions": len(cases), "with_answer": len(known), "calibrated_on": len(everything), "notices": len(index.entries)}
    about |= {"collections": len(collections), "asked_of_collections": sum(len(one.cases) for one in collections)}
    _write(folder / "weights.json", {"weights": asdict(weights), "fitted_on": about})
    _write(folder / "confidence.json", {**confidence, "wrong": WRONG, "wrong_value": WRONG_VALUE, "nothing": NOTHING, "fitted_on": about})
    return {"weights": asdict(weights), **confidence}


def fit_judge(desk: Desk, asked: Sequence[tuple[Case, Question]], collections: Sequence[Collection]) -> Judge:
    """Learn from these questions and write ``judge.npz``; what it says of a notice comes from a network that has seen none of its line or collection."""
    own = {name: hash_of(line) % NETS for name, line in lines_of([entry.notice for entry in desk.index.entries]).items()}
    others = {notice.id: hash_of(one.name) % NETS for one in collections for notice in one.notices}
    pairs = [Pairs.of(desk, asked, own), *(Pairs.of(replace(desk, index=one.index), one.asked, others) for one in collections)]
    learn_judge(Pairs.together(pairs), own).save()
    judge = Judge.load()
    if judge is None:
        raise FileNotFoundError("the judge that was just written")
    # Collections are no part of what is written: nobody is ever shown one.
    return replace(judge, part_of={**own, **others})


def write_examples(index: Index, analyser: Analysing, cases: Sequence[Case], analyses: Mapping[str, Analysis], path: Path) -> int:
    """The questions that are known to belong to the notices of the index, and those to none, with their vectors; how many."""
    asked = [(case.expected[0], case) for case in cases if case.expected and case.expected[0] in index.by_id]
    asked += [(examples.NO_NOTICE, case) for case in cases if not case.expected]
    examples.save([(name, case.text, np.asarray(analyses[case.id].vector)) for name, case in asked], analyser, path)
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
    from threadpoolctl import threadpool_limits

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
    # Several threads add up in an order of their own: the question map, and whatever is fitted on what it turns, would depend on the machine.
    with threadpool_limits(1):
        fitted = fit(Index.build(notices, prepared, with_vectors), analyser, today_in_seoul(clock.now()))
    print(json.dumps(fitted, ensure_ascii=False))


if __name__ == "__main__":
    main()
