"""Collections of notices that exist only to learn from, with what is asked of them: how an operator's own notices look on their first day.

What was learnt on our own notices alone judged foreign ones badly: of three collections that nothing was learnt from, one answer in seven was wrong. A third
of these questions are answered by none of their collection's notices, most of them near misses. Used where weights are fitted, never at run time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np

from knowledge_base import question_map
from knowledge_base.evaluation import Case, load_cases, questions_of
from knowledge_base.index import Index, encoder_name, prepare
from knowledge_base.ingest import read_path
from knowledge_base.learning import DATA, Bank, lines_of
from knowledge_base.preparing import Prepared
from knowledge_base.question_map import ANY_FILE, ANY_PASSES, QuestionMap
from knowledge_base.schemas import Notice, NoticeContent
from knowledge_base.search import Question
from knowledge_base.store import MemoryStore
from knowledge_base.words import Analysing

FOLDER = DATA / "practice"
#: Whatever judges a collection while something is fitted was learnt on the other parts.
PARTS = 4
SEED = 20261123
_NO_LETTER = re.compile(r"\W+")


@dataclass(frozen=True)
class Collection:
    """Notices that stand alone, and questions with the sentences that answer them, where somebody marked any."""

    name: str
    part: int
    notices: tuple[Notice, ...]
    index: Index
    cases: tuple[Case, ...]
    questions: tuple[Question, ...]
    marks: tuple[tuple[str, ...], ...]
    prepared: Mapping[str, Prepared] = field(repr=False)

    @property
    def asked(self) -> list[tuple[Case, Question]]:
        """Both sides together."""
        return list(zip(self.cases, self.questions, strict=True))

    def cut(self, size: int) -> list[Collection]:
        """Small collections of about so many of its notices, drawn by chance, what replaced one another together. Each with what is asked of its own, and as
        many of the other questions, which nothing there answers: signals are standardised over a collection, and mean something else in a small one.
        """
        line = lines_of(self.notices)
        draw = np.random.default_rng([SEED, size, len(self.cases)])
        lines = draw.permutation(sorted(set(line.values()))).tolist()
        return [self._of({name for name, own in line.items() if own in lines[at : at + size]}, draw) for at in range(0, len(lines), size)]

    def _of(self, names: set[str], draw: np.random.Generator) -> Collection:
        own = [k for k, case in enumerate(self.cases) if names & set(case.expected)]
        others = [k for k, case in enumerate(self.cases) if not names & set(case.expected)]
        kept = [*own, *draw.permutation(others)[: len(own)].tolist()]
        notices = tuple(notice for notice in self.notices if notice.id in names)
        return replace(
            self,
            notices=notices,
            index=Index.build(notices, self.prepared, self.index.passage_statistics is not None),
            cases=tuple(replace(self.cases[k], expected=tuple(name for name in self.cases[k].expected if name in names)) for k in kept),
            questions=tuple(self.questions[k] for k in kept),
            marks=tuple(self.marks[k] for k in kept),
        )

    def toward(self, known: QuestionMap) -> Collection:
        """The same with its questions turned by that map."""
        turned = [q if q.analysis.vector is None else replace(q, toward=known.apply(q.analysis.vector)) for q in self.questions]
        return replace(self, questions=tuple(turned))


def read_collection(folder: Path, analyser: Analysing, today: date, part: int = 0) -> Collection:
    """Its notices and questions, analysed."""
    notices = tuple(Notice(item) for item in read_path(folder / "notices.jsonl") if isinstance(item, NoticeContent))
    prepared, with_vectors = prepare(notices, analyser, MemoryStore(), encoder_name(analyser))
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    marks = {row["id"]: tuple(row.get("sentences", ())) for row in map(json.loads, lines)}
    cases = tuple(load_cases(folder / "questions.jsonl"))
    questions = tuple(questions_of(cases, analyser, today))
    return Collection(folder.name, part, notices, Index.build(notices, prepared, with_vectors), cases, questions, tuple(marks[c.id] for c in cases), prepared)


def read(analyser: Analysing, today: date, folder: Path = FOLDER) -> list[Collection]:
    """All of them, in parts of equal number."""
    folders = sorted(path.parent for path in folder.glob("*/questions.jsonl"))
    return [read_collection(path, analyser, today, number % PARTS) for number, path in enumerate(folders)]


def learn_map(collections: Sequence[Collection], analyser: Analysing, today: date, path: Path = ANY_FILE) -> list[Collection]:
    """Fit the map towards passages of any notice and write it; gives the collections back, each turned by a map that has not seen its part."""
    targets = [_Targets.of(one, analyser, today) for one in collections]
    _learn(targets).save(path)
    known = {part: _learn([t for t, one in zip(targets, collections, strict=True) if one.part != part]) for part in range(PARTS)}
    return [one.toward(known[one.part]) for one in collections]


@dataclass(frozen=True)
class _Targets:
    """A collection's passages; by question which of them are right, and which it is compared with."""

    passages: np.ndarray
    asked: np.ndarray
    right: np.ndarray
    compared: np.ndarray

    @classmethod
    def of(cls, collection: Collection, analyser: Analysing, today: date) -> _Targets:
        """The marked sentences are right, and the rest of their notice is neither right nor wrong; without a mark the whole notice is right."""
        bank = Bank.of(collection.notices)
        kept = [k for k, case in enumerate(collection.cases) if case.expected]
        right, compared = bank.targets([collection.cases[k] for k in kept], today)
        passages = [bare(text) for text in bank.texts]
        for row, k in enumerate(kept):
            wanted = [bare(mark) for mark in collection.marks[k]]
            marked = np.array([own and any(mark in text for mark in wanted) for own, text in zip(right[row], passages, strict=True)])
            if marked.any():
                compared[row] &= ~(right[row] & ~marked)
                right[row] = marked
        vectors = np.array([collection.questions[k].analysis.vector for k in kept])
        return cls(analyser.encode(bank.texts, kind="passage"), vectors, right, compared)


def _learn(targets: Sequence[_Targets]) -> QuestionMap:
    """Every question is compared with the passages of all collections; those of the others are wrong."""
    passages = np.concatenate([one.passages for one in targets])
    asked = np.concatenate([one.asked for one in targets])
    right = np.zeros((len(asked), len(passages)), dtype=bool)
    compared = np.ones_like(right)
    row = column = 0
    for one in targets:
        own = np.s_[row : row + len(one.asked), column : column + len(one.passages)]
        right[own], compared[own] = one.right, one.compared
        row, column = row + len(one.asked), column + len(one.passages)
    return question_map.learn(asked, passages, right, compared, passes=ANY_PASSES)


def bare(text: str) -> str:
    """Letters and digits alone: what marks and passages share, however bullets and tables were cut."""
    return _NO_LETTER.sub("", text)
