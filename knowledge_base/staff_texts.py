"""What staff who write to citizens take from the knowledge base: canned texts, quotes, notices that fit a message, and whether words still hold."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from core.db import Connection
from knowledge_base import canned, phrases, repository
from knowledge_base.answer import NEIGHBOUR_GAP, Desk
from knowledge_base.canned import CaseFacts, Standing
from knowledge_base.confidence import RANKED
from knowledge_base.country_facts import repository as facts_repository
from knowledge_base.notices import Force
from knowledge_base.schemas import Hit, NoticeContent, NoticeKind
from knowledge_base.search import Question, hits, rank
from knowledge_base.slots import quoted_ids
from knowledge_base.words import Analysing, words_of_texts
from language.analysis import Analysis

if TYPE_CHECKING:
    from knowledge_base.service import KnowledgeBase

MOST_SUGGESTED = 3
MOST_FOUND = 8
#: What stands for the case while an editor looks at a text.
EXAMPLE_CASE, EXAMPLE_MISSION, EXAMPLE_PHONE = 1024, "[관할 공관 이름]", "[확인된 공관 전화]"
#: A sentence shorter than this (a greeting, a number) does not tell where it comes from.
TELLING_CHARS = 8
_SENTENCES = re.compile(r"(?<=[.?!])\s+|\n")


@dataclass(frozen=True)
class Used:
    """A text that was put into a reply: whether it still holds is asked again when the reply is sent."""

    kind: NoticeKind
    id: str
    version: int | None  # of a canned text; a quoted notice is known by its id alone
    title: str
    sentences: tuple[str, ...]
    quotes: tuple[str, ...] = ()  # notices that a canned text quotes

    def is_in(self, text: str) -> bool:
        """Whether any sentence of it is left in a text."""
        return any(sentence in text for sentence in self.sentences)


@dataclass(frozen=True)
class Offered:
    """A text that may be put into a reply, as it would stand there."""

    used: Used
    detail: str  # shortcut, or day and source, for the eye
    text: str
    problems: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Names the offer between browser and server."""
        return f"{self.used.kind}:{self.used.id}"


def _sentences(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _SENTENCES.split(text) if len(part.strip()) >= TELLING_CHARS)


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
    return await facts_repository.checked_phone(connection, mission)


async def offer_canned(connection: Connection, search: StaffSearch | None, query: str, facts: CaseFacts, *, with_test_only: bool) -> list[Offered]:
    """The canned texts that fit what was typed, filled for one case; without ``search`` (models still loading) they are found by letters."""
    texts = await canned_texts(connection, facts.today, with_test_only=with_test_only)
    found = await search.canned(texts, query) if search is not None else canned.search(texts, query)
    notices = await last_words(connection, (quoted for one in found for quoted in one.quotes), facts.today, with_test_only=with_test_only)
    return [_offer_canned(one, canned.fill(one, facts, notices)) for one in found]


def _offer_canned(one: Standing, filled: canned.Filled) -> Offered:
    used = Used(NoticeKind.CANNED, one.id, one.version, one.content.title, _sentences(filled.text), one.quotes)
    return Offered(used, f"/{one.content.shortcut}" if one.content.shortcut else "", filled.text, filled.problems, filled.stale)


def offer_notices(found: Iterable[Hit]) -> list[Offered]:
    """Quotes of the notices that search found."""
    return [_offer_notice(hit) for hit in found]


def _offer_notice(hit: Hit) -> Offered:
    text = canned.quote_hit(hit)
    state = "유효" if hit.in_force else "지난 공지"
    test = ["시험용"] if hit.test_only and "시험용" not in hit.source else []
    marks = [state, f"{phrases.korean_date(hit.effective_from)} 시행", hit.source, *test]
    stale = () if hit.in_force else ("지난 공지입니다." if hit.until is None else f"지난 공지입니다: {phrases.korean_date(hit.until)}부터 유효하지 않습니다.",)
    return Offered(Used(NoticeKind.NOTICE, hit.notice_id, None, hit.title, _sentences(text)), " · ".join(m for m in marks if m), text, (), stale)


def left_open(text: str) -> tuple[str, ...]:
    """Variables that still stand in a reply: nobody sends a citizen a pair of braces."""
    return canned.left_open(text)


async def preview_canned(connection: Connection, content: NoticeContent, today: date, hotline: str, *, with_test_only: bool) -> canned.Filled:
    """A canned text as it would stand in a reply to an example case: what quotes notices and names the service is real, the case is made up."""
    notices = await last_words(connection, quoted_ids(content.body), today, with_test_only=with_test_only)
    standing = Standing(content, 0, Force(content.effective_from, None))
    return canned.fill(standing, CaseFacts(EXAMPLE_CASE, today, hotline, EXAMPLE_MISSION, EXAMPLE_PHONE), notices)


async def run_out(connection: Connection, used: Sequence[Used], today: date, *, with_test_only: bool) -> list[tuple[Used, str]]:
    """Which of these texts must not be sent without a second thought, and why."""
    if not used:
        return []
    has_canned = any(one.kind is NoticeKind.CANNED for one in used)
    texts = {one.id: one for one in await canned_texts(connection, today, with_test_only=with_test_only)} if has_canned else {}
    ids = {one.id for one in used if one.kind is NoticeKind.NOTICE} | {quoted for one in used for quoted in one.quotes}
    notices = await last_words(connection, ids, today, with_test_only=with_test_only)
    found = []
    for one in used:
        reasons = [_why_not(one, texts.get(one.id))] if one.kind is NoticeKind.CANNED else []
        quoted = (one.id,) if one.kind is NoticeKind.NOTICE else one.quotes
        reasons += [canned.why_over(notices[q], "공지") if q in notices else f"공지 ‘{q}’: 더는 게시되어 있지 않습니다." for q in quoted]
        if said := " ".join(reason for reason in reasons if reason):
            found.append((one, said))
    return found


def _why_not(one: Used, now: Standing | None) -> str:
    if now is None:
        return f"정형문 ‘{one.title}’: 더는 쓰지 않는 정형문입니다."
    if now.version != one.version:
        return f"정형문 ‘{one.title}’: 그사이에 고쳐졌습니다. 새것으로 다시 넣으세요."
    return canned.why_over(now, "정형문")


def suggest(desk: Desk, question: Question, most: int = MOST_SUGGESTED) -> list[Hit]:
    """The notices in force that may answer a message; none unless we are as sure of the best as the bot must be."""
    if question.period is not None or not question.analysis.normalised:
        return []
    ranked = rank(desk.index, question, desk.weights, RANKED)
    if not ranked.entries:
        return []
    settled = desk.confidence.settle(desk.index, ranked)
    if not settled.is_enough:
        return []
    found = hits(desk.index, settled.ranked)[:most]
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
        """Canned texts that fit, found by their dictionary words too."""
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
