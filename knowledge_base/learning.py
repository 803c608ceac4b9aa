"""What is learnt from written questions: which passages are right for each, and which it is compared with. Used where weights are fitted, never at run time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from core.settings import ROOT
from knowledge_base.evaluation import Case
from knowledge_base.index import index_texts
from knowledge_base.ingest import read_path
from knowledge_base.notices import Force, force_table
from knowledge_base.passages import split_passages
from knowledge_base.past import asked_period
from knowledge_base.schemas import Notice, NoticeContent
from language.normalise import normalise

DATA = ROOT / "data" / "search"
#: Written questions with their notices, by others than those who wrote what is fitted on (`train` of data/eval) and measured with (`test`).
QUESTIONS = DATA / "questions.jsonl"
#: Questions for a sum, a number to call, a level, a ban or a term, by somebody else, a third of them without an answer; nobody's known questions.
CRITICAL = DATA / "critical.jsonl"
#: Notices of other subjects, only to learn from or to measure with: nobody is ever shown one.
OTHER_NOTICES = DATA / "other_notices.jsonl"
OTHER = "x-"  # how their ids begin


@dataclass(frozen=True)
class Bank:
    """All passages that a question is compared with; arrays are parallel to ``texts`` (owner) or ``notices`` (force, line)."""

    notices: tuple[Notice, ...]
    texts: tuple[str, ...]
    owner: np.ndarray
    force: tuple[Force, ...]
    line: np.ndarray  # notices that replaced one another share a number

    @classmethod
    def of(cls, notices: Sequence[Notice]) -> Bank:
        """Cut as the index does, the title as a passage of its own."""
        table = force_table(notices)
        texts: list[str] = []
        owner: list[int] = []
        for number, notice in enumerate(notices):
            own = index_texts(notice, split_passages(notice.content.body))
            texts += own
            owner += [number] * len(own)
        place = {notice.id: number for number, notice in enumerate(notices)}
        line = lines_of(notices)
        numbers = np.array([place[line[notice.id]] for notice in notices])
        return cls(tuple(notices), tuple(texts), np.array(owner), tuple(table[n.id, n.version] for n in notices), numbers)

    def allowed(self, case: Case, today: date) -> np.ndarray:
        """Which notices a question may be answered from, by its time."""
        period = asked_period(normalise(case.text), today, case.language)
        if period is None:
            return np.array([force.on(today) for force in self.force])
        if period.first is None or period.last is None:
            return np.array([not force.on(today) and force.start < today for force in self.force])
        return np.array([force.within(period.first, period.last) for force in self.force])

    def targets(self, cases: Sequence[Case], today: date) -> tuple[np.ndarray, np.ndarray]:
        """For each question its right passages, and those that it is compared with: (questions, passages) each.

        What stands in the same line of succession as a right notice says nearly the same of another time, and is neither right nor wrong.
        """
        place = {notice.id: number for number, notice in enumerate(self.notices)}
        right = np.zeros((len(cases), len(self.texts)), dtype=bool)
        compared = np.zeros_like(right)
        for row, case in enumerate(cases):
            numbers = [place[name] for name in case.expected if name in place]
            open_to = self.allowed(case, today)
            open_to[np.isin(self.line, self.line[numbers])] = False
            open_to[numbers] = True
            right[row] = np.isin(self.owner, numbers)
            compared[row] = open_to[self.owner]
        return right, compared

    def first(self, scores: np.ndarray, compared: np.ndarray, cases: Sequence[Case]) -> float:
        """Share of questions whose nearest passage belongs to a right notice."""
        place = np.where(compared, scores, -np.inf).argmax(axis=1)
        return float(np.mean([self.notices[self.owner[p]].id in case.expected for p, case in zip(place, cases, strict=True)]))


def lines_of(notices: Sequence[Notice]) -> dict[str, str]:
    """By notice the one that stands for all that replaced one another with it."""
    line = {notice.id: notice.id for notice in notices}
    for notice in notices:
        for older in notice.content.supersedes:
            if older in line:
                gone, kept = line[older], line[notice.id]
                line = {name: kept if own == gone else own for name, own in line.items()}
    return line


def read_notices(*, others: bool) -> list[Notice]:
    """The notices that come with the program, and on request those written only to learn from."""
    found = [*read_path(ROOT / "data" / "notices"), *(read_path(OTHER_NOTICES) if others else ())]
    return [Notice(item) for item in found if isinstance(item, NoticeContent)]
