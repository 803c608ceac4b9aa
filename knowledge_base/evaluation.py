"""How well search and answers do on written questions, beside simpler ways of searching the same notices."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import bm25s
import numpy as np

from core.settings import ROOT
from knowledge_base.answer import Desk, answer
from knowledge_base.examples import Examples
from knowledge_base.glossary import Glossary
from knowledge_base.index import Index
from knowledge_base.schemas import Outcome
from knowledge_base.search import Question, Ranked, allowed_entries, rank
from knowledge_base.words import Analysing
from language.analysis import Analysis

QUESTIONS_FILE = ROOT / "data" / "eval" / "questions.jsonl"
#: Notices that nothing is learnt from and nobody is shown, in folders with questions about them: how we do on somebody else's.
COLLECTIONS = ROOT / "data" / "eval" / "collections"
DEPTH = 10
_UNTOLD = str.maketrans("", "", " ,\u00a0\n")


@dataclass(frozen=True)
class Case:
    """One written question with the notices that answer it; none: nothing in the notices does."""

    id: str
    text: str
    language: str
    country: str | None
    at: date | None
    expected: tuple[str, ...]
    past: bool
    split: str
    tags: tuple[str, ...] = ()
    kind: str = ""  # what a wrong answer may cost dearly: phone | alarm | ban | fee | deadline
    values: tuple[str, ...] = ()  # of such a question: any one of these must stand in a right answer


#: Rankings of further peers, by name. Handed in, since what runs other people's software lies above this package.
Others = Callable[[Index, Analysing, Sequence[Case], Sequence[Question]], dict[str, list[list[str]]]]


def load_cases(path: Path = QUESTIONS_FILE, split: str | None = None) -> list[Case]:
    """The questions of a file, of one split or of all."""
    cases = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.strip():
                continue
            row = json.loads(line)
            if split and row.get("split") != split:
                continue
            day = date.fromisoformat(row["at"]) if row.get("at") else None
            cases.append(
                Case(
                    row["id"],
                    row["text"],
                    row.get("lang", "ko"),
                    row.get("country"),
                    day,
                    tuple(row["expected"]),
                    bool(row.get("past")),
                    row.get("split", "test"),
                    tuple(row.get("tags", ())),
                    row.get("kind", ""),
                    tuple(row.get("values", ())),
                )
            )
    return cases


def questions_of(
    cases: Sequence[Case], analyser: Analysing, today: date, analyses: Sequence[Analysis] | None = None, *, are_known: bool = False
) -> list[Question]:
    """The cases analysed, in one batch unless somebody has done so; ``are_known``: they are examples themselves."""
    analyses = analyser.analyse([case.text for case in cases]) if analyses is None else analyses
    glossary, examples = Glossary.load(analyser), Examples.load(analyser)
    return [Question.of(a, today, case.at, case.country, glossary, examples, are_known) for case, a in zip(cases, analyses, strict=True)]


@dataclass(frozen=True)
class Figures:
    """Means over the questions that have an answer."""

    ndcg_at_10: float
    p_at_1: float
    mrr_at_10: float
    hit_at_5: float
    n: int

    def rounded(self) -> dict[str, float]:
        """For printing."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in self.__dict__.items()}


def figures(rankings: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Figures:
    """Score (found, expected) pairs; every expected notice counts the same."""
    gains, firsts, reciprocal, fives = [], [], [], []
    for found, expected in rankings:
        wanted = set(expected)
        ideal = sum(1 / math.log2(k + 2) for k in range(min(len(wanted), DEPTH)))
        gains.append(sum(1 / math.log2(k + 2) for k, name in enumerate(found[:DEPTH]) if name in wanted) / ideal)
        firsts.append(float(bool(found) and found[0] in wanted))
        reciprocal.append(next((1 / (k + 1) for k, name in enumerate(found[:DEPTH]) if name in wanted), 0.0))
        fives.append(float(any(name in wanted for name in found[:5])))
    return Figures(_mean(gains), _mean(firsts), _mean(reciprocal), _mean(fives), len(gains))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def ours(desk: Desk, questions: Sequence[Question]) -> list[list[str]]:
    """Our rankings as ids."""
    return [[desk.index.entries[i].notice.id for i in _settled(desk, q).entries] for q in questions]


def _settled(desk: Desk, question: Question) -> Ranked:
    ranked = rank(desk.index, question, desk.weights, DEPTH)
    return desk.confidence.settle(desk.index, ranked).ranked if ranked.entries else ranked


def peers(index: Index, questions: Sequence[Question]) -> dict[str, list[list[str]]]:
    """Rankings of the simple ways, each over the same notices in force."""
    documents = [f"{e.notice.content.title} {e.notice.content.title} " + " ".join(p.text for p in e.passages) for e in index.entries]
    blank = bm25s.BM25(method="lucene", k1=1.2, b=0.5)
    blank.index([text.split() for text in documents], show_progress=False)
    vocabulary = {word for text in documents for word in text.split()}
    out: dict[str, list[list[str]]] = {name: [] for name in ("whitespace BM25", "Kiwi BM25", "dense", "RRF (Kiwi BM25 + dense)")}
    for question in questions:
        allowed = allowed_entries(index, question)
        known = [word for word in question.analysis.normalised.split() if word in vocabulary]
        by_blank = np.asarray(blank.get_scores(known)) if known else np.zeros(len(documents))
        by_kiwi = index.lexical(question.words)
        by_dense = np.zeros(len(documents))
        if index.query_vector(vector := question.analysis.vector) is not None:
            by_dense = np.array([(index.vectors_of(n) @ vector).max() for n in range(len(documents))])
        orders = [_order(scores, allowed) for scores in (by_blank, by_kiwi, by_dense)]
        merged = np.zeros(len(documents))
        for order in orders[1:]:
            for place, i in enumerate(order[:100]):
                merged[i] += 1 / (60 + place + 1)
        for name, order in zip(out, [*orders, _order(merged, allowed)], strict=True):
            out[name].append([index.entries[i].notice.id for i in order[:DEPTH]])
    return out


def _order(scores: np.ndarray, allowed: np.ndarray) -> list[int]:
    order = np.argsort(-scores, kind="stable")
    return [int(i) for i in order if allowed[i]]


def evaluate_search(others: Others | None = None) -> dict[str, Any]:
    """The table of ``docs/knowledge.md``, from the notices that come with the program."""
    from knowledge_base.service import KnowledgeBase
    from language.analysis import Analyser

    analyser = Analyser.load()
    base = KnowledgeBase.from_files(analyser, environment="development")
    scored = score_search(base.desk, analyser, base.today(), "test", others=others)
    return scored | {"foreign": _search_in_collections(base.desk, analyser, base.today()).rounded()}


def evaluate_answers() -> dict[str, Any]:
    """The same for answers."""
    from knowledge_base.service import KnowledgeBase
    from language.analysis import Analyser

    analyser = Analyser.load()
    base = KnowledgeBase.from_files(analyser, environment="development")
    scored = score_answers(base.desk, analyser, base.today(), "test")
    return scored | {"foreign": _answers_of_collections(base.desk, analyser, base.today())}


def _search_in_collections(desk: Desk, analyser: Analysing, today: date) -> Figures:
    """Our ranking of the notices of ``COLLECTIONS``, each collection alone in its index."""
    from knowledge_base.practice import read

    rankings: list[tuple[Sequence[str], Sequence[str]]] = []
    for one in read(analyser, today, COLLECTIONS):
        asked = [(case, question) for case, question in one.asked if case.expected]
        found = ours(replace(desk, index=one.index), [question for _, question in asked])
        rankings += zip(found, [case.expected for case, _ in asked], strict=True)
    return figures(rankings)


def _answers_of_collections(desk: Desk, analyser: Analysing, today: date) -> dict[str, Any]:
    """The figures of answers over all questions of ``COLLECTIONS``, each collection alone in its index: what nothing was learnt from and nobody had seen."""
    from knowledge_base.practice import read

    counted: Counter[str] = Counter()
    by_name: dict[str, dict[str, float]] = {}
    for one in read(analyser, today, COLLECTIONS):
        counts, _ = _count_answers(replace(desk, index=one.index), one.cases, one.questions, today)
        counted.update(counts)
        by_name[one.name] = _shares(counts)
    return {**_shares(counted), "by_collection": by_name}


def score_search(desk: Desk, analyser: Analysing, today: date, split: str, path: Path = QUESTIONS_FILE, others: Others | None = None) -> dict[str, Any]:
    """Our ranking beside its peers, by language and by time."""
    cases = [case for case in load_cases(path, split) if case.expected]
    questions = questions_of(cases, analyser, today)
    expected = [case.expected for case in cases]
    found = ours(desk, questions)
    total = figures(zip(found, expected, strict=True))
    beside = peers(desk.index, questions) | (others(desk.index, analyser, cases, questions) if others else {})
    return {
        **total.rounded(),
        "peers": {name: figures(zip(rows, expected, strict=True)).rounded() for name, rows in beside.items()},
        "by_language": _grouped(cases, found, lambda case: (case.language,)),
        "by_tag": _grouped(cases, found, lambda case: ("past" if case.past else "now", *case.tags, *((case.kind,) if case.kind else ()))),
    }


def _grouped(cases: Sequence[Case], found: Sequence[Sequence[str]], keys: Callable[[Case], Iterable[str]]) -> dict[str, dict[str, float]]:
    groups: dict[str, list[tuple[Sequence[str], Sequence[str]]]] = {}
    for case, row in zip(cases, found, strict=True):
        for key in dict.fromkeys(keys(case)):
            groups.setdefault(key, []).append((row, case.expected))
    return {name: figures(rows).rounded() for name, rows in sorted(groups.items())}


def _bare(text: str) -> str:
    return text.translate(_UNTOLD)


def has_value(case: Case, text: str) -> bool:
    """Whether an answer gives the number, level, sum or term that was asked for; spaces and commas do not count."""
    said = _bare(text)
    return any(_bare(value) in said for value in case.values)


def score_answers(desk: Desk, analyser: Analysing, today: date, split: str, path: Path = QUESTIONS_FILE) -> dict[str, Any]:
    """Answered from an expected notice or another, recognised as unanswerable, quoted as current though out of force.

    ``critical_wrong`` counts questions for a phone number, an alarm level, a ban, a fee or a deadline that were answered without the right value.
    ``unseen`` is the same as if nobody had ever asked about the notices: what an operator's own notices get on their first day.
    """
    cases = load_cases(path, split)
    questions = questions_of(cases, analyser, today)
    known, by_language = _score_answers(desk, cases, questions, today)
    unseen, _ = _score_answers(desk, cases, [replace(question, likeness={}) for question in questions], today)
    first_day = ("answered_right", "answered_wrong", "no_answer_recognised", "expired_quoted", "critical_wrong")
    return {**known, "unseen": {name: unseen[name] for name in first_day}, "by_language": by_language}


def _score_answers(desk: Desk, cases: Sequence[Case], questions: Sequence[Question], today: date) -> tuple[dict[str, float], dict[str, dict[str, int]]]:
    counts, by_language = _count_answers(desk, cases, questions, today)
    return _shares(counts), by_language


def _count_answers(desk: Desk, cases: Sequence[Case], questions: Sequence[Question], today: date) -> tuple[Counter[str], dict[str, dict[str, int]]]:
    counts: Counter[str] = Counter()
    by_language: dict[str, dict[str, int]] = {}
    for case, question in zip(cases, questions, strict=True):
        reply = answer(desk, question)
        counts["n"] += 1
        counts["unanswerable"] += not case.expected
        counts["critical"] += bool(case.kind)
        of_language = by_language.setdefault(case.language, {"right": 0, "wrong": 0, "n": 0})
        of_language["n"] += 1
        if reply.outcome is Outcome.ANSWERED:
            entry = desk.index.entries[desk.index.by_id[reply.notice_ids[0]]]
            counts["stale"] += not entry.force.on(today) and not (reply.source and reply.source.past)
            is_right = reply.notice_ids[0] in case.expected
            counts["right" if is_right else "wrong"] += 1
            of_language["right" if is_right else "wrong"] += 1
            if case.kind:
                counts["critical_right" if has_value(case, reply.text) else "critical_wrong"] += 1
        else:
            counts["clarified"] += reply.outcome is Outcome.CLARIFY
            counts["recognised"] += not case.expected
            counts["missed"] += bool(case.expected)
    return counts, by_language


def _shares(counts: Mapping[str, int]) -> dict[str, float]:
    answerable = max(1, counts["n"] - counts["unanswerable"])
    return {
        "answered_right": round(counts["right"] / answerable, 4),
        "answered_wrong": round(counts["wrong"] / max(1, counts["n"]), 4),
        "no_answer_recognised": round(counts["recognised"] / max(1, counts["unanswerable"]), 4),
        "not_answered_though_known": round(counts["missed"] / answerable, 4),
        "clarified": counts["clarified"],
        "expired_quoted": counts["stale"],
        "critical_wrong": counts["critical_wrong"],
        "critical_right": counts["critical_right"],
        "critical_n": counts["critical"],
        "n": counts["n"],
    }
