"""What staff who write to citizens take from the knowledge base: canned texts, quotes, notices that fit a message, and whether words still hold."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from core.db import Connection
from knowledge_base import canned, repository
from knowledge_base.answer import NEIGHBOUR_GAP, Desk
from knowledge_base.canned import Standing
from knowledge_base.confidence import signs_of
from knowledge_base.country_facts import repository as facts
from knowledge_base.schemas import Hit, NoticeKind
from knowledge_base.search import Question, hits, rank
from knowledge_base.words import Analysing, words_of_texts
from language.analysis import Analysis

if TYPE_CHECKING:
    from knowledge_base.service import KnowledgeBase

MOST_SUGGESTED = 3
MOST_FOUND = 8


@dataclass(frozen=True)
class Used:
    """A text that was put into a reply: whether it still holds is asked again when the reply is sent."""

    kind: NoticeKind
    id: str
    version: int | None  # of a canned text; a quoted notice is known by its id alone
    title: str
    lines: tuple[str, ...]
    quotes: tuple[str, ...] = ()  # notices that a canned text quotes

    def is_in(self, text: str) -> bool:
        """Whether anything of it is left in a text."""
        return any(line in text for line in self.lines)


async def canned_texts(connection: Connection, today: date, *, with_test_only: bool) -> list[Standing]:
    """Every canned text that stands, those that have run out included."""
    return canned.standing(await repository.official(connection, with_test_only=with_test_only, kind=NoticeKind.CANNED), today)


async def last_words(connection: Connection, ids: Iterable[str], today: date, *, with_test_only: bool) -> dict[str, Standing]:
    """What each of these notices says now, or said last; one that was never published, or was withdrawn, is missing."""
    wanted = sorted(set(ids))
    found = await repository.official_with_successors(connection, wanted, with_test_only=with_test_only) if wanted else []
    return canned.last_words(found, wanted, today)


async def checked_mission_phone(connection: Connection, mission: str) -> str:
    """A mission's number, only if somebody has checked the mission's row."""
    return await facts.checked_phone(connection, mission)


async def run_out(connection: Connection, used: Sequence[Used], today: date, *, with_test_only: bool) -> list[tuple[Used, str]]:
    """Which of these texts must not be sent without a second thought, and why."""
    if not used:
        return []
    texts = {one.id: one for one in await canned_texts(connection, today, with_test_only=with_test_only)} if any(u.version for u in used) else {}
    ids = {u.id for u in used if u.kind is NoticeKind.NOTICE} | {quoted for u in used for quoted in u.quotes}
    notices = await last_words(connection, ids, today, with_test_only=with_test_only)
    found = []
    for one in used:
        reasons = [_reason(one.title, texts.get(one.id), one.version)] if one.kind is NoticeKind.CANNED else []
        quoted = (one.id,) if one.kind is NoticeKind.NOTICE else one.quotes
        reasons += [canned.why_over(notices[q], "공지") if q in notices else f"공지 ‘{q}’: 더는 게시되어 있지 않습니다." for q in quoted]
        if said := " ".join(reason for reason in reasons if reason):
            found.append((one, said))
    return found


def _reason(title: str, now: Standing | None, version: int | None) -> str:
    if now is None:
        return f"정형문 ‘{title}’: 더는 쓰지 않는 정형문입니다."
    if now.version != version:
        return f"정형문 ‘{title}’: 그사이에 고쳐졌습니다. 다시 넣으세요."
    return canned.why_over(now, "정형문")


def suggest(desk: Desk, question: Question, most: int = MOST_SUGGESTED) -> list[Hit]:
    """The notices in force that may answer a message; none unless we are as sure of the best as the bot must be."""
    if question.period is not None or not question.analysis.normalised:
        return []
    ranked = rank(desk.index, question, desk.weights, most)
    if not ranked.entries:
        return []
    if not desk.confidence.is_enough(desk.confidence.probability(signs_of(desk.index, ranked), ranked.has_vectors), ranked.has_vectors):
        return []
    found = hits(desk.index, ranked)
    return [hit for hit in found if hit.in_force and hit.score > found[0].score - NEIGHBOUR_GAP / 2]


class StaffSearch:
    """Search for people who write replies, off the event loop; ``analyse`` is the process's one way to take a message apart."""

    def __init__(self, base: KnowledgeBase, analyser: Analysing, analyse: Callable[[Sequence[str]], Awaitable[list[Analysis]]]) -> None:
        self._base = base
        self._analyser = analyser
        self._analyse = analyse
        self._words: dict[tuple[str, int], frozenset[str]] = {}

    async def suggest(self, text: str, country: str | None) -> list[Hit]:
        """Up to three notices for a citizen's message."""
        (analysis,) = await self._analyse([text])
        return await asyncio.to_thread(lambda: suggest(self._base.desk, self._base.question(analysis, country=country)))

    async def find(self, query: str, country: str | None) -> list[Hit]:
        """Notices for what an agent has typed, past ones only where the words ask for the past."""
        (analysis,) = await self._analyse([query])
        return await asyncio.to_thread(lambda: self._base.search(analysis, country=country, limit=MOST_FOUND))

    async def canned(self, texts: Sequence[Standing], query: str) -> list[Standing]:
        """Canned texts that fit."""
        return await asyncio.to_thread(self._canned, texts, query)

    def _canned(self, texts: Sequence[Standing], query: str) -> list[Standing]:
        words: dict[str, frozenset[str]] = {}
        for one in texts:
            key = (one.id, one.version)
            if key not in self._words:
                whole = f"{one.content.title}\n{' '.join(one.content.topics)}\n{one.content.body}"
                self._words[key] = frozenset(words_of_texts(self._analyser, [whole])[0])
            words[one.id] = self._words[key]
        return canned.search(texts, query, words_of_texts(self._analyser, [query])[0] if query.strip() else (), words)
