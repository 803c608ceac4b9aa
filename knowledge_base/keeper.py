"""Keeps a process's index equal to what the database holds: loaded once, then changed in place.

A notification names the notices that changed; whatever it does not name, or what was missed while the line was down, shows when a fingerprint of all
official versions is compared, which is done after every change, every reconnection and twice a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import itertools
from collections.abc import Collection, Iterable, Sequence

from core.db import Database
from core.errors import DatabaseUnavailable
from core.logging import get
from knowledge_base import repository
from knowledge_base.index import Index, IndexBuilder
from knowledge_base.preparing import NO_VECTORS, Cut, Prepared, encoder_name, prepare_cut, reference_key
from knowledge_base.schemas import Notice, NoticeContent, NoticeStatus
from knowledge_base.store import MemoryStore
from knowledge_base.words import Analysing

#: Notices whose words and vectors are fetched at a time, so that they never all lie in memory twice.
FETCHED = 500
#: Ids that are applied at a time.
APPLIED = 200
#: Texts of unpublished notices whose words and vectors are remembered for the next look.
SUPPOSED = 50

log = get(__name__)


class IndexKeeper:
    """The index of this process, and how it follows the database; ``index`` is swapped, never written to."""

    def __init__(self, db: Database | None, analyser: Analysing, index: Index | None = None, *, with_test_only: bool) -> None:
        self.index = index or Index()
        self._db = db
        self._analyser = analyser
        self._with_test_only = with_test_only
        self._encoder = ""
        self._prints: dict[tuple[str, int], int] = {}
        self._changing = asyncio.Lock()
        self._compaction: asyncio.Task[None] | None = None
        self._supposed: dict[str, Prepared] = {}

    async def load(self) -> None:
        """Take in everything that is official."""
        async with self._changing:
            self.index, self._prints = await self._loaded()
        await asyncio.to_thread(_give_back)
        log.info("index ready", notices=len(self.index.entries), passages=self.index.passages)

    async def _loaded(self) -> tuple[Index, dict[tuple[str, int], int]]:
        assert self._db is not None  # noqa: S101
        async with self._db.read() as connection:
            found = await repository.searched(connection, with_test_only=self._with_test_only)
        cuts = await asyncio.to_thread(lambda: [Cut.of(notice) for notice, _ in found])
        known = await self._prepared([])
        builder = IndexBuilder(cuts, known[reference_key()].vectors)
        for at in range(0, len(cuts), FETCHED):
            chunk = cuts[at : at + FETCHED]
            known = await self._prepared(chunk)
            await asyncio.to_thread(builder.add, chunk, known)
        return await asyncio.to_thread(builder.built), {(notice.id, notice.version): print_ for notice, print_ in found}

    async def refresh(self, ids: Collection[str] = ()) -> None:
        """Apply what changed for these notices, and whatever else differs from the database."""
        assert self._db is not None  # noqa: S101
        async with self._changing:
            await self._apply_all(ids)
            await self._apply_all(await self._stale())
        if self.index.wants_compaction and (self._compaction is None or self._compaction.done()):
            self._compaction = asyncio.create_task(self._compact(), name="index-compaction")

    async def close(self) -> None:
        """Wait for what is going on in the background."""
        if self._compaction is not None:
            await asyncio.gather(self._compaction, return_exceptions=True)

    async def _stale(self) -> set[str]:
        """Notices of which the database says otherwise than this process knows."""
        assert self._db is not None  # noqa: S101
        async with self._db.read() as connection:
            if await repository.fingerprint(connection, with_test_only=self._with_test_only) == (len(self._prints), sum(self._prints.values())):
                return set()
            current = await repository.prints(connection, with_test_only=self._with_test_only)
        return {key[0] for key in {*current, *self._prints} if current.get(key) != self._prints.get(key)}

    async def _apply_all(self, ids: Iterable[str]) -> None:
        for chunk in _batched(sorted(ids), APPLIED):
            try:
                await self._apply(chunk)
            except DatabaseUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - one odd notice must not keep out the others that came with it
                log.error("notices not indexed together", count=len(chunk), error=type(error).__name__)
                for one in chunk:
                    await self._apply_one(one)

    async def _apply_one(self, notice_id: str) -> None:
        try:
            await self._apply([notice_id])
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - as above; it stays stale, and the next comparison tries again
            log.error("notice not indexed", notice_id=notice_id, error=type(error).__name__)

    async def _apply(self, ids: Sequence[str]) -> None:
        assert self._db is not None  # noqa: S101
        async with self._db.read() as connection:
            found = await repository.searched(connection, with_test_only=self._with_test_only, ids=ids)
        changes: dict[str, list[Notice]] = {name: [] for name in ids}
        for notice, _ in found:
            changes[notice.id].append(notice)
        self.index = await self._changed(self.index, changes)
        self._prints = {key: value for key, value in self._prints.items() if key[0] not in changes}
        self._prints.update({(notice.id, notice.version): print_ for notice, print_ in found})

    async def _changed(self, index: Index, changes: dict[str, list[Notice]]) -> Index:
        cuts = [Cut.of(notice) for notice in index.missing(itertools.chain.from_iterable(changes.values()))]
        prepared = await self._prepared(cuts) if cuts else {}
        return await asyncio.to_thread(index.with_changes, changes, prepared)

    async def _compact(self) -> None:
        """Lay the index side by side while changes go on, then apply to it what they have brought meanwhile."""
        try:
            merged = await asyncio.to_thread(self.index.compacted)
            async with self._changing:
                self.index = await self._changed(merged, merged.changes_to(self.index))
            del merged
            await asyncio.to_thread(_give_back)
        except Exception as error:  # noqa: BLE001 - the edge of a background task: the index goes on as it is, and the next change tries again
            log.error("index not compacted", error=type(error).__name__)

    async def _prepared(self, cuts: Sequence[Cut]) -> dict[str, Prepared]:
        """Words and vectors from the database, computed only for texts that nobody has ever seen."""
        assert self._db is not None  # noqa: S101
        self._encoder = self._encoder or await asyncio.to_thread(encoder_name, self._analyser)
        # What every query is compared with comes with the first load only; the index keeps it.
        keys = {cut.key for cut in cuts} | (set() if cuts else {reference_key()})
        async with self._db.read() as connection:
            known = await repository.cached_passages(connection, list(keys), self._encoder)
        if missing := keys - set(known):
            # Of several processes that need the same, one computes and the others then find its work.
            async with self._db.transaction() as tx:
                await tx.execute("SELECT pg_advisory_xact_lock(hashtext('passage_cache'))")
                known |= await repository.cached_passages(tx, list(missing), self._encoder)
                store = MemoryStore(known if reference_key() in keys else {**known, reference_key(): Prepared([], None)})
                known, _ = await asyncio.to_thread(prepare_cut, cuts, self._analyser, store, self._encoder)
                await repository.cache_passages(tx, store.fresh, self._encoder)
        return known

    def supposing(self, content: NoticeContent) -> Index:
        """The index as if this text were published now, as the next version of its notice; encodes what is new in it, so call it in a thread."""
        index = self.index
        self._encoder = self._encoder or (NO_VECTORS if index.reference is None else encoder_name(self._analyser))
        version = max((entry.notice.version for entry in index.entries if entry.notice.id == content.id), default=0) + 1
        notice = Notice(content, version, NoticeStatus.PUBLISHED)
        cut = Cut.of(notice)
        store = MemoryStore({**self._supposed, reference_key(): Prepared([], None)})
        known, _ = prepare_cut([cut], self._analyser, store, self._encoder)
        self._supposed = dict([*self._supposed.items(), (cut.key, known[cut.key])][-SUPPOSED:])
        return index.with_notice(notice, known)


def _give_back() -> None:
    """Memory that loading needed goes back to the system; where the C library cannot do that, it stays with the process."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _batched(items: Sequence[str], size: int) -> Iterable[tuple[str, ...]]:
    for at in range(0, len(items), size):
        yield tuple(items[at : at + size])
