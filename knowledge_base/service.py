"""The knowledge base as the rest of the program sees it: search, answers and crisis cards, in memory and always up to date."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path

from core import clock
from core.db import Database
from core.errors import DatabaseUnavailable
from core.logging import get
from core.settings import ROOT, settings
from knowledge_base import publishing, reference, repository
from knowledge_base.answer import MAX_CHARS, Desk, answer
from knowledge_base.confidence import Confidence
from knowledge_base.country_facts import answering, facts
from knowledge_base.country_facts.service import NOTICE_AUTHOR
from knowledge_base.crisis_cards import CrisisCards
from knowledge_base.errors import NoticeError
from knowledge_base.glossary import Glossary
from knowledge_base.index import Index, Prepared, encoder_name, index_texts, prepare, reference_key, text_key
from knowledge_base.ingest import read_path
from knowledge_base.notices import today_in_seoul
from knowledge_base.passages import split_passages
from knowledge_base.schemas import Answer, CrisisCard, EmergencyNumber, Hit, Notice, RowResult
from knowledge_base.search import Question, Weights, hits, rank
from knowledge_base.staff_texts import StaffSearch as StaffSearch
from knowledge_base.staff_texts import Used as Used
from knowledge_base.staff_texts import canned_texts as canned_texts
from knowledge_base.store import FileStore, MemoryStore
from knowledge_base.words import Analysing
from language.analysis import Analysis
from language.paths import built_folder

NOTICES_FOLDER = ROOT / "data" / "notices"
CANNED_FOLDER = ROOT / "data" / "canned"
SEED_AUTHOR = "gildongmu"
RETRY_RELOAD_S = 1.0

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
        self._index = index
        self._cards = cards
        self._db = db
        self._environment = environment
        self._now = now
        self._glossary = Glossary.load(analyser)
        self._weights = Weights.load()
        self._confidence = Confidence.load()
        self._prepared: dict[str, Prepared] = {}
        self._encoder = ""
        self._reloading = asyncio.Lock()
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
        await base.reload()
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
        return Question.of(analysis, self.today(), at, country, self._glossary)

    def search(self, query: str | Analysis, at: date | None = None, country: str | None = None, limit: int = 10) -> list[Hit]:
        """The best notices that hold on the day asked about."""
        index = self._index
        return hits(index, rank(index, self.question(query, at, country), self._weights, limit))

    def answer(self, query: str | Analysis, at: date | None = None, country: str | None = None, max_chars: int = MAX_CHARS) -> Answer:
        """Answer from a country's row, quote the notice that answers, ask for what is missing, or abstain."""
        question = self.question(query, at, country)
        row = answering.answer(self._facts, question, self._now(), self._hotline, max_chars)
        return row or answer(Desk(self._index, self._weights, self._confidence), question, max_chars)

    def crisis_card(self, category: str | None, country: str | None = None, language: str = "ko") -> CrisisCard:
        """The approved card for a danger; the generic one when the category is unsure."""
        return self._cards.card(category, country, language, today=self.today())

    @property
    def size(self) -> int:
        """Official versions in the index."""
        return len(self._index.entries)

    @property
    def desk(self) -> Desk:
        """Index, weights and threshold as they stand, for evaluation."""
        return Desk(self._index, self._weights, self._confidence)

    async def reload(self) -> None:
        """Build the index anew from the database and swap it in; vectors are computed only for text never seen before."""
        if self._db is None:
            return
        async with self._reloading:
            async with self._db.read() as connection:
                notices = await repository.official(connection, with_test_only=self._environment != "production")
                numbers: list[EmergencyNumber] = await repository.numbers(connection)
            self._cards = self._cards.with_numbers(numbers)
            self._index = await self._build(notices)
        log.info("index ready", notices=len(notices), passages=len(self._index.owner))

    async def reload_facts(self) -> None:
        """Take the rows of countries as they stand now."""
        if self._db is None:
            return
        async with self._db.read() as connection:
            self._facts = await facts.load(connection)

    async def _build(self, notices: list[Notice]) -> Index:
        assert self._db is not None  # noqa: S101
        self._encoder = self._encoder or await asyncio.to_thread(encoder_name, self._analyser)
        keys = {text_key(index_texts(n, split_passages(n.content.body))) for n in notices} | {reference_key()}
        known = {key: value for key, value in self._prepared.items() if key in keys}
        unseen = list(keys - set(known))
        if unseen:
            async with self._db.read() as connection:
                known |= await repository.cached_passages(connection, unseen, self._encoder)
        if keys - set(known):
            # Of several processes that start together, one computes and the others then find its work.
            async with self._db.transaction() as tx:
                await tx.execute("SELECT pg_advisory_xact_lock(hashtext('passage_cache'))")
                known |= await repository.cached_passages(tx, list(keys - set(known)), self._encoder)
                store = MemoryStore(known)
                prepared, with_vectors = await asyncio.to_thread(prepare, notices, self._analyser, store, self._encoder)
                await repository.cache_passages(tx, store.fresh, self._encoder)
        else:
            prepared, with_vectors = await asyncio.to_thread(prepare, notices, self._analyser, MemoryStore(known), self._encoder)
        self._prepared = prepared
        return await asyncio.to_thread(Index.build, notices, prepared, with_vectors)

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

    async def watch(self) -> None:
        """Reload at each notification, and after each reconnection, since what was missed is unknown; for ever."""
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
                    log.error("index not rebuilt", error=type(error).__name__)

        async with asyncio.TaskGroup() as group:
            for changed, reload in pending.values():
                group.create_task(apply(changed, reload))
            async for channel, _ in self._db.listen(*pending):
                for name, (changed, _reload) in pending.items():
                    if channel in (name, ""):
                        changed.set()
