"""What changes if this is published: all test questions of all notices, asked of the index as it is and of the one that would be."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from core.crypto import Cipher
from core.db import Database
from knowledge_base.answer import Desk
from knowledge_base.editing import questions
from knowledge_base.editing.schemas import ChangedAnswer, Said, TestQuestion, WhatIf
from knowledge_base.editing.understood import understood
from knowledge_base.index import Index
from knowledge_base.schemas import Answer, NoticeContent
from knowledge_base.search import Question
from knowledge_base.service import KnowledgeBase


@dataclass(frozen=True)
class Tried:
    """A test question with its answer as things stand, and whether its own notice gives it."""

    question: TestQuestion
    said: Said
    right: bool


async def what_if(db: Database, cipher: Cipher, base: KnowledgeBase, content: NoticeContent) -> WhatIf:
    """Answer every test question now and as if this text were published; stored or not, it is not touched."""
    async with db.read() as connection:
        asked = await questions.of_all(connection, cipher)
    return await asyncio.to_thread(forecast, base, asked, content)


async def tried(db: Database, cipher: Cipher, base: KnowledgeBase, notice_id: str | None = None) -> list[Tried]:
    """The active test questions, of one notice or of all, with their answers as things stand."""
    async with db.read() as connection:
        asked = await questions.of_all(connection, cipher)
    return await asyncio.to_thread(_tried, base, asked, notice_id)


def _tried(base: KnowledgeBase, everything: Sequence[TestQuestion], notice_id: str | None) -> list[Tried]:
    known, desk = _understood(base, everything), base.desk
    asked = [one for one in everything if notice_id in (None, one.notice_id)]
    heirs = Heirs(desk.index)
    said = answers(base, desk, on_day(base, known, asked, base.today()))
    return [Tried(one, answer, heirs.gives(answer, one.notice_id)) for one, answer in zip(asked, said, strict=True)]


def forecast(base: KnowledgeBase, asked: Sequence[TestQuestion], content: NoticeContent) -> WhatIf:
    """The questions whose answer would change; blocks for as long as it takes."""
    known, day = _understood(base, asked), max(base.today(), content.effective_from)
    before, after = base.desk, base.supposing(content)
    heirs_before, heirs_after = Heirs(before.index), Heirs(after.index)
    changed, missed = [], []
    right_before = right_after = 0
    posed = on_day(base, known, asked, day)
    for one, old, new in zip(asked, answers(base, before, posed), answers(base, after, posed), strict=True):
        was_right, is_right = heirs_before.gives(old, one.notice_id), heirs_after.gives(new, one.notice_id)
        right_before += was_right
        right_after += is_right
        if old != new:
            changed.append(ChangedAnswer(one, old, new, was_right, is_right))
        if one.notice_id == content.id and not is_right:
            missed.append(one)
    order = {"worse": 0, "still_wrong": 1, "other_words": 2, "better": 3}
    changed.sort(key=lambda change: (order[change.verdict], change.question.notice_id != content.id, change.question.id))
    return WhatIf(day, tuple(changed), len(asked), right_before, right_after, tuple(missed))


def _understood(base: KnowledgeBase, everything: Sequence[TestQuestion]) -> dict[Hashable, Question]:
    return understood(base, "test", {one.id: one.text for one in everything})


def on_day(base: KnowledgeBase, known: Mapping[Hashable, Question], asked: Sequence[TestQuestion], day: date) -> list[Question]:
    """The questions as they would be asked on a day."""
    found = [base.question(known[one.id].analysis, country=one.country) for one in asked]
    # On that day it will be today: what has begun by then is not a thing of the future, nor what ended before one of the present.
    return [question if question.today == day else replace(question, today=day, day=day) for question in found]


def answers(base: KnowledgeBase, desk: Desk, asked: Sequence[Question]) -> list[Said]:
    """What each question is told from the given index."""
    return [_said(base.reply(question, desk=desk)) for question in asked]


def _said(answer: Answer) -> Said:
    notice_id = answer.notice_ids[0] if answer.notice_ids else ""
    title = answer.source.title if answer.source else ""
    return Said(str(answer.outcome), notice_id, title, answer.text)


class Heirs:
    """Which notices have taken another's place: they answer its test questions as rightly as it did itself."""

    def __init__(self, index: Index) -> None:
        self._replaced_by: dict[str, set[str]] = {}
        for entry in index.entries:
            for old in entry.notice.content.supersedes:
                self._replaced_by.setdefault(old, set()).add(entry.notice.id)

    def of(self, notice_id: str) -> Collection[str]:
        """The notice and all that followed it."""
        found, queue = {notice_id}, [notice_id]
        while queue:
            for heir in self._replaced_by.get(queue.pop(), ()):
                if heir not in found:
                    found.add(heir)
                    queue.append(heir)
        return found

    def gives(self, said: Said, notice_id: str) -> bool:
        """Whether an answer is quoted from the notice that is expected to give it, or from its heir."""
        return said.outcome == "answered" and said.notice_id in self.of(notice_id)
