"""The knowledge base as the rest of the program sees it: search, answers and crisis cards, in memory and always up to date."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from pathlib import Path

import numpy as np

from core import clock
from core.db import Database
from core.errors import DatabaseUnavailable
from core.logging import get
from core.settings import ROOT, settings
from knowledge_base import publishing, reference, repository
from knowledge_base import staff_texts as staff_texts
from knowledge_base.answer import MAX_CHARS, Desk, answer
from knowledge_base.confidence import RANKED, Confidence
from knowledge_base.country_facts import answering, facts
from knowledge_base.country_facts.service import NOTICE_AUTHOR
from knowledge_base.crisis_cards import CrisisCards
from knowledge_base.errors import NoticeError
from knowledge_base.examples import Examples
from knowledge_base.glossary import Glossary
from knowledge_base.index import Index, encoder_name, prepare
from knowledge_base.ingest import read_path
from knowledge_base.keeper import IndexKeeper
from knowledge_base.notices import today_in_seoul
from knowledge_base.schemas import Answer, CrisisCard, Hit, Notice, NoticeContent, Outcome, RowResult
from knowledge_base.search import Question, Weights, hits, rank
from knowledge_base.store import FileStore
from knowledge_base.words import Analysing
from language.analysis import Analysis
from language.paths import built_folder

NOTICES_FOLDER = ROOT / "data" / "notices"
CANNED_FOLDER = ROOT / "data" / "canned"
SEED_AUTHOR = "gildongmu"
RETRY_RELOAD_S = 1.0
COMPARE_S = 30.0

log = get(__name__)


async def seed(db: Database, environment: str | None = None) -> list[RowResult]:
    """Fill an empty database: missions and candidate numbers always, the notices and canned texts of this repository in development.

    Safe to repeat: unchanged notices change nothing, and once anybody has brought or edited a notice, ours keep out of the way.
    """
    environment = environment or settings().environment
    async with db.transaction() as tx:
        await repository.save_missions(tx, reference.read_missions())
        await repository.save_numbers(tx, reference.read_numbers())
        is_untouched = await repository.count_not_by(tx, SEED_AUTHOR, NOTICE_AUTHOR) == 0  # the ministry's drafts are nobody's word yet
    if environment == "production" or not is_untouched:
        return []
    ours = itertools.chain(read_path(NOTICES_FOLDER), read_path(CANNED_FOLDER))
    return [result async for result in publishing.import_published(db, ours, SEED_AUTHOR, environment)]


class KnowledgeBase:
    """Answers in memory; one instance a process. Methods that read are synchronous and safe from several threads."""

    def __init__(
        self,
        analyser: Analysing,
        index: Index,
        cards: CrisisCards,
        *,
        db: Database | None = None,
        environment: str = "development",
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._analyser = analyser
        self._keeper = IndexKeeper(db, analyser, index, with_test_only=environment != "production")
        self._cards = cards
        self._db = db
        self._environment = environment
        self._now = now
        self._glossary = Glossary.load(analyser)
        self._examples = self._shipped_examples = Examples.load(analyser)
        self._weights = Weights.load()
        self._confidence = Confidence.load()
        self._named: set[str] = set()  # notices that a notification named and that are not looked at yet
        self._task: asyncio.Task[None] | None = None
        self._facts = facts.Facts()
        self._hotline = settings().hotline

    @classmethod
    async def open(
        cls,
        db: Database,
        analyser: Analysing,
        *,
        environment: str | None = None,
        cards: CrisisCards | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> KnowledgeBase:
        """Load everything that is published; call ``start`` to follow changes.

        Raises:
            StartError: the crisis cards cannot be used.
        """
        loaded = cards or CrisisCards.load(hotline=settings().hotline)
        base = cls(analyser, Index(), loaded, db=db, environment=environment or settings().environment, now=now)
        await base._keeper.load()
        await base._reload_numbers()
        await base.reload_facts()
        return base

    @classmethod
    def from_files(
        cls,
        analyser: Analysing,
        folder: Path = NOTICES_FOLDER,
        *,
        environment: str | None = None,
        now: Callable[[], datetime] = clock.now,
        cache: Path | None = None,
    ) -> KnowledgeBase:
        """Without any database, from the notices of a folder; their vectors are kept in a file beside the built models."""
        environment = environment or settings().environment
        found = [item for item in read_path(folder) if not isinstance(item, NoticeError)]
        notices = [Notice(content) for content in found if environment != "production" or not content.test_only]
        store = FileStore(cache or built_folder() / "passages")
        encoder = encoder_name(analyser)
        prepared, with_vectors = prepare(notices, analyser, store, encoder)
        store.save(encoder, list(prepared))
        index = Index.build(notices, prepared, with_vectors)
        return cls(analyser, index, CrisisCards.load(hotline=settings().hotline), environment=environment, now=now)

    def today(self) -> date:
        """The ministry's day."""
        return today_in_seoul(self._now())

    def question(self, query: str | Analysis, at: date | None = None, country: str | None = None) -> Question:
        """A query with its words, countries and days; a text is analysed here, an analysis is taken as it is."""
        analysis = self._analyser.analyse([query])[0] if isinstance(query, str) else query
        return Question.of(analysis, self.today(), at, country, self._glossary, self._examples)

    def search(self, query: str | Analysis, at: date | None = None, country: str | None = None, limit: int = 10, desk: Desk | None = None) -> list[Hit]:
        """The best notices that hold on the day asked about; ``desk`` is what ``supposing`` gave."""
        asked_of = desk or self.desk
        ranked = rank(asked_of.index, self.question(query, at, country), self._weights, max(limit, RANKED))
        return hits(asked_of.index, self._confidence.settle(asked_of.index, ranked).ranked if ranked.entries else ranked)[:limit]

    def answer(self, query: str | Analysis, at: date | None = None, country: str | None = None, max_chars: int = MAX_CHARS, desk: Desk | None = None) -> Answer:
        """Answer from a country's row, quote the notice that answers, ask for what is missing, or abstain; ``desk`` is what ``supposing`` gave."""
        return self.reply(self.question(query, at, country), max_chars, desk)

    def reply(self, question: Question, max_chars: int = MAX_CHARS, desk: Desk | None = None) -> Answer:
        """The same for a question that is made already, as of its own days."""
        row = answering.answer(self._facts, question, self._now(), self._hotline, max_chars)
        if row is not None:
            return row
        found = answer(desk or self.desk, question, max_chars)
        if found.outcome is not Outcome.ABSTAIN:
            return found
        return answering.unknown_alarm(question, self._hotline) or found

    def crisis_card(self, category: str | None, country: str | None = None, language: str = "ko") -> CrisisCard:
        """The approved card for a danger; the generic one when the category is unsure."""
        return self._cards.card(category, country, language, today=self.today())

    def know(self, asked: Mapping[str, np.ndarray]) -> None:
        """Take these vectors of editors' questions, by notice, as known questions; they replace those that were taken before."""
        self._examples = self._shipped_examples.with_own(asked)

    @property
    def size(self) -> int:
        """Official versions in the index."""
        return len(self._keeper.index.entries)

    @property
    def desk(self) -> Desk:
        """Index, weights and threshold as they stand."""
        return Desk(self._keeper.index, self._weights, self._confidence)

    def supposing(self, content: NoticeContent) -> Desk:
        """The desk as if this text were published now; what is new in it is encoded here, so call it in a thread."""
        return Desk(self._keeper.supposing(content), self._weights, self._confidence)

    async def reload(self) -> None:
        """Bring index and local numbers to what the database holds; only what has changed is looked at."""
        if self._db is None:
            return
        named, self._named = self._named, set()
        await self._keeper.refresh(named)
        await self._reload_numbers()

    async def _reload_numbers(self) -> None:
        assert self._db is not None  # noqa: S101
        async with self._db.read() as connection:
            self._cards = self._cards.with_numbers(await repository.numbers(connection))

    async def reload_facts(self) -> None:
        """Take the rows of countries as they stand now."""
        if self._db is None:
            return
        async with self._db.read() as connection:
            self._facts = await facts.load(connection)

    def start(self) -> None:
        """Follow publications in the background."""
        self._task = asyncio.create_task(self.watch(), name="knowledge-base")

    async def stop(self) -> None:
        """Stop following."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._keeper.close()

    async def watch(self) -> None:
        """Follow each notification, and compare after each reconnection and now and then, since what was missed is unknown; for ever."""
        if self._db is None:
            return
        pending = {repository.CHANNEL: (asyncio.Event(), self.reload), facts.CHANNEL: (asyncio.Event(), self.reload_facts)}

        async def apply(changed: asyncio.Event, reload: Callable[[], Awaitable[None]]) -> None:
            while True:
                await changed.wait()
                changed.clear()
                try:
                    await reload()
                except DatabaseUnavailable:
                    # What is in memory goes on answering until the database is back.
                    await asyncio.sleep(RETRY_RELOAD_S)
                    changed.set()
                except Exception as error:  # noqa: BLE001 - the edge of a background task: one odd notice must not end all updates
                    log.error("index not brought up to date", error=type(error).__name__)

        async def compare(changed: asyncio.Event) -> None:
            while True:
                await asyncio.sleep(COMPARE_S)
                changed.set()

        async with asyncio.TaskGroup() as group:
            for changed, reload in pending.values():
                group.create_task(apply(changed, reload))
            group.create_task(compare(pending[repository.CHANNEL][0]))
            async for channel, payload in self._db.listen(*pending):
                if channel == repository.CHANNEL:
                    self._named |= repository.announced(payload)
                for name, (changed, _reload) in pending.items():
                    if channel in (name, ""):
                        changed.set()
