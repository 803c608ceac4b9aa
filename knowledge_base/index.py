"""The search index in memory: passages, their vectors and words, and the days on which each notice holds.

An index is never changed, so readers need no lock. A change makes another index that shares what stays the same: a large segment, a small one
with what has come since, and which notice each of their rows belongs to now. Everything that ranks (word weights, lengths, means, spreads,
days) is that of the notices it holds, so it ranks as one built from nothing does. ``compacted`` lays it side by side again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from knowledge_base.index_parts import Entry, Gone, Statistics, blocks_of, countries_of, is_searched, key_of, known_places, same_countries, same_text
from knowledge_base.notices import Force, force_table
from knowledge_base.preparing import NO_VECTORS, Cut, PassageStore, Prepared, encoder_name, index_texts, prepare, reference_key, reference_texts, text_key
from knowledge_base.schemas import Notice
from knowledge_base.segment import Block, Segment, SegmentBuilder, Sums, widened_query, width_of

__all__ = [
    "NO_VECTORS",
    "Entry",
    "Index",
    "PassageStore",
    "Prepared",
    "Statistics",
    "encoder_name",
    "index_texts",
    "is_searched",
    "prepare",
    "reference_key",
    "reference_texts",
    "text_key",
]

MOST_CACHED_PERIODS = 64
MOST_CACHED_WORDS = 2_000
K1, B = 1.2, 0.5
#: Rows that may gather beside the large segment, and dead ones in it, before the index ought to be laid side by side again.
SMALL_SEGMENT_ROWS = 256
MOST_SMALL_ROWS = 1280
#: Up to so many passages all are compared with a query at once, in single precision (13 MB); beyond, faiss keeps and scans them in half of that.
MOST_EXACT_ROWS = 8192
_NEVER = date.max.toordinal() + 1


class _Rows:
    """Lists of words by row or entry, whichever segment they are in."""

    def __init__(self, index: Index, *, titles: bool) -> None:
        self._index, self._titles = index, titles

    def __getitem__(self, at: int) -> list[str]:
        at = self._index.entries[at].slot if self._titles else at
        segment, place = self._index._locate(at, by_slot=self._titles)
        return segment.title_words[place] if self._titles else segment.passage_words[place]


class Index:
    """Everything a query needs."""

    def __init__(
        self, entries: Sequence[Entry] = (), segments: Sequence[Segment] = (), reference: np.ndarray | None = None, before: Index | None = None
    ) -> None:
        #: In the order of (id, version), whatever order they came in.
        self.entries = tuple(entries)
        self.segments = tuple(segments)
        self.reference = reference
        self.by_id = {entry.notice.id: number for number, entry in enumerate(self.entries)}
        slots = self._slots = np.array([entry.slot for entry in self.entries], dtype=np.int32)
        #: The first row of each entry, and the day (as an ordinal) from which it holds.
        self.first_rows = np.array([entry.first for entry in self.entries], dtype=np.int64)
        self.starts = np.array([entry.force.start.toordinal() for entry in self.entries], dtype=np.int32)
        self._count = np.array([entry.last - entry.first for entry in self.entries], dtype=np.int64)
        sizes = np.concatenate([np.zeros(0, dtype=np.int64), *(np.diff(segment.first) for segment in self.segments)])
        self._number = np.full(len(sizes), -1, dtype=np.int32)
        self._number[slots] = np.arange(len(slots), dtype=np.int32)
        #: Which entry a passage belongs to; -1 for the rows of what is no longer there.
        self.owner = np.repeat(self._number, sizes)
        self.passages = int(self._count.sum())
        self._ends = np.array([entry.force.end.toordinal() if entry.force.end else _NEVER for entry in self.entries], dtype=np.int32)
        lengths = np.concatenate([np.zeros(0, dtype=np.int32), *(segment.lengths for segment in self.segments)])[slots]
        self._weight_of_length = K1 * (1 - B + B * lengths / max(1.0, float(lengths.mean()) if len(lengths) else 1.0))
        self._gone, sums = self._left(before)
        self.passage_statistics = Statistics.of(sums[0]) if sums else None
        self.title_statistics = Statistics.of(sums[1]) if sums else None
        self.passage_words = _Rows(self, titles=False)
        self.title_words = _Rows(self, titles=True)
        self._known_words: dict[str, tuple[np.ndarray, np.ndarray, float]] = {}
        self._words: dict[int, frozenset[str]] = {}
        #: What ``picking`` has read of entries, what it took of the last question, and what it made of both.
        self.read: dict[int, Any] = {}
        self.last_asked: tuple[Any, Any] | None = None
        self.last_odds: tuple[Any, Any, dict[int, Any]] | None = None
        #: What ``search`` has found of pairs that may say the same thing.
        self.twins: dict[tuple[int, int, float, float], bool] = {}
        self._force_cache: dict[tuple[date, date], np.ndarray] = {}
        self._known: tuple[Mapping[str, int], np.ndarray] | None = None

    def _left(self, before: Index | None) -> tuple[Gone | None, tuple[Sums, Sums] | None]:
        """What is gone from the large segment, and the sums over all rows that are left.

        What was gone before stays so: only what is newly gone is summed.
        """
        gone: Gone | None = None
        joined: tuple[Sums, Sums] | None = None
        base = 0
        for place, segment in enumerate(self.segments):
            dead = self._number[base : base + segment.slots] < 0
            base += segment.slots
            known = before._gone if before is not None and place == 0 and before.segments and before.segments[0] is segment else None
            whole, lost = segment.sums, segment.sums_of(np.flatnonzero(dead & ~known.slots if known else dead))
            if whole is None or lost is None:
                return None, None
            if known:
                lost = (known.sums[0] + lost[0], known.sums[1] + lost[1])
            if place == 0:
                gone = Gone(dead, lost)
            own = (whole[0] - lost[0], whole[1] - lost[1])
            joined = own if joined is None else (joined[0] + own[0], joined[1] + own[1])
        return gone, joined

    @classmethod
    def build(cls, notices: Sequence[Notice], prepared: Mapping[str, Prepared], with_vectors: bool) -> Index:
        """Lay the prepared passages of the official notices side by side."""
        cuts = sorted((Cut.of(n) for n in notices if is_searched(n)), key=lambda cut: key_of(cut.notice))
        builder = IndexBuilder(cuts, prepared[reference_key()].vectors if with_vectors else None)
        builder.add(cuts, prepared)
        return builder.built()

    def with_changes(self, changes: Mapping[str, Sequence[Notice]], prepared: Mapping[str, Prepared]) -> Index:
        """The index where, for each of these ids, the given ones are all its versions (none takes the id out).

        ``prepared`` need only hold what the index has not got: see ``missing``.
        """
        given = {key_of(n): n for versions in changes.values() for n in versions if is_searched(n)}
        kept: dict[tuple[str, int], Entry] = {}
        touched = set(changes)
        for entry in self.entries:
            if entry.notice.id not in changes:
                kept[key_of(entry.notice)] = entry
                continue
            touched.update(entry.notice.content.supersedes)
            now = given.get(key_of(entry.notice))
            if now is not None and same_text(now, entry.notice):
                kept[key_of(now)] = replace(entry, notice=now)
        for notice in given.values():
            touched.update(notice.content.supersedes)
        fresh = [Cut.of(notice) for key, notice in given.items() if key not in kept]
        notices = [entry.notice for entry in kept.values()] + [cut.notice for cut in fresh]
        # When these hold depends on their own versions and on what supersedes them; nothing else can have moved.
        force = force_table(n for n in notices if n.id in touched or not touched.isdisjoint(n.content.supersedes))
        entries = {key: replace(entry, force=force[key]) if entry.notice.id in touched else entry for key, entry in kept.items()}
        segments = list(self.segments)
        reference = self.reference
        if reference is None and not self.segments and (marks := prepared.get(reference_key())) is not None and marks.vectors is not None:
            reference = marks.vectors.astype(np.float32)
        if fresh:
            segments = self._with_blocks(entries, fresh, blocks_of(fresh, prepared, reference), force)
        ordered = [entries[key] for key in sorted(entries)]
        return Index(ordered, segments, reference, self)

    def missing(self, notices: Iterable[Notice]) -> list[Notice]:
        """Those whose words and vectors ``with_changes`` would need."""
        known = {key_of(entry.notice): entry.notice for entry in self.entries}
        return [n for n in notices if is_searched(n) and (key_of(n) not in known or not same_text(n, known[key_of(n)]))]

    def with_notice(self, notice: Notice, prepared: Mapping[str, Prepared]) -> Index:
        """The index as if this version were official too."""
        own = [entry.notice for entry in self.entries if entry.notice.id == notice.id and entry.notice.version != notice.version]
        return self.with_changes({notice.id: [*own, notice]}, prepared)

    def _with_blocks(
        self, entries: dict[tuple[str, int], Entry], fresh: Sequence[Cut], blocks: Sequence[Block], force: Mapping[tuple[str, int], Force]
    ) -> list[Segment]:
        """The segments with the small one laid anew behind the large one; ``entries`` gets the new places."""
        large = self.segments[:1]
        slot_base, row_base = sum(s.slots for s in large), sum(s.rows for s in large)
        small = {key: entry for key, entry in entries.items() if entry.slot >= slot_base}
        segment = Segment.of([*(self.segments[1].block(entry.slot - slot_base) for entry in small.values()), *blocks])
        pieces = [(entry.notice, entry.force, entry.passages) for entry in small.values()]
        pieces += [(cut.notice, force[key_of(cut.notice)], cut.passages) for cut in fresh]
        for slot, (notice, span, passages) in enumerate(pieces):
            first = row_base + int(segment.first[slot])
            entries[key_of(notice)] = Entry(notice, span, passages, first, first + len(passages), slot_base + slot)
        return [*large, segment]

    @property
    def wants_compaction(self) -> bool:
        """Whether so much has gathered beside the large segment, or died in it, that queries and changes would feel it."""
        if not self.segments:
            return False
        base = self.segments[0].rows
        most = min(MOST_SMALL_ROWS, SMALL_SEGMENT_ROWS + base // 8)
        return sum(s.rows for s in self.segments[1:]) > most or len(self.owner) - self.passages > SMALL_SEGMENT_ROWS + base // 4

    def compacted(self) -> Index:
        """The same, laid side by side in one segment; takes a second or two at 60,000 passages, and belongs in a thread."""
        if not self.entries:
            return Index(reference=self.reference)
        width = 0 if self.segments[0].matrix is None else self.segments[0].matrix.shape[1]
        builder = SegmentBuilder(len(self.entries), self.passages, width)
        entries = []
        at = 0
        for slot, entry in enumerate(self.entries):
            segment, place = self._locate(entry.slot, by_slot=True)
            builder.add(segment.block(place))
            entries.append(replace(entry, first=at, last=(at := at + len(entry.passages)), slot=slot))
        return Index(entries, (builder.built(),), self.reference)

    def changes_to(self, other: Index) -> dict[str, list[Notice]]:
        """What ``with_changes`` needs to bring this index to hold what the other does."""
        ours, theirs = self._versions(), other._versions()
        return {name: list(theirs.get(name, ())) for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)}

    def _versions(self) -> dict[str, tuple[Notice, ...]]:
        found: dict[str, tuple[Notice, ...]] = {}
        for entry in self.entries:
            found[entry.notice.id] = (*found.get(entry.notice.id, ()), entry.notice)
        return found

    def _locate(self, at: int, *, by_slot: bool = False) -> tuple[Segment, int]:
        """The segment of a row (or slot), and its number within."""
        for segment in self.segments:
            size = segment.slots if by_slot else segment.rows
            if at < size:
                return segment, at
            at -= size
        raise IndexError(at)

    def words_of(self, number: int) -> frozenset[str]:
        """All words of an entry."""
        known = self._words.get(number)
        if known is None:
            entry = self.entries[number]
            own = [self.title_words[number], *(self.passage_words[row] for row in range(entry.first, entry.last))]
            known = frozenset(word for words in own for word in words)
            if len(self._words) >= MOST_CACHED_WORDS:
                self._words.clear()
            self._words[number] = known
        return known

    @property
    def unknown_idf(self) -> float:
        """Weight of a word that no notice has."""
        return float(np.log(1 + (len(self.entries) + 0.5) / 0.5))

    def idf(self, word: str) -> float:
        """How much a word tells; a word that stands in no notice tells most."""
        return self._word(word)[2]

    def _word(self, word: str) -> tuple[np.ndarray, np.ndarray, float]:
        """The entries that have a word, what it adds to the score of each, and the word's weight; the same words are asked again and again."""
        known = self._known_words.get(word)
        if known is None:
            numbers, counts = self._posted(word)
            weight = float(np.log(1 + (len(self.entries) - len(numbers) + 0.5) / (len(numbers) + 0.5)))
            known = (numbers, weight * counts / (counts + self._weight_of_length[numbers]), weight)
            if len(self._known_words) >= MOST_CACHED_WORDS:
                self._known_words.clear()
            self._known_words[word] = known
        return known

    def _posted(self, word: str) -> tuple[np.ndarray, np.ndarray]:
        """The entries that have a word, and how often."""
        numbers, counts = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.float32)]
        base = 0
        for segment in self.segments:
            slots, times = segment.posted(word)
            number = self._number[slots + base]
            alive = number >= 0
            numbers.append(number[alive])
            counts.append(times[alive])
            base += segment.slots
        return np.concatenate(numbers), np.concatenate(counts)

    def lexical(self, words: Sequence[str]) -> np.ndarray:
        """BM25 of each notice; a word said twice counts twice."""
        scores = np.zeros(len(self.entries))
        for word in words:
            numbers, added, _ = self._word(word)
            scores[numbers] += added
        return scores.astype(np.float32)

    def query_vector(self, vector: np.ndarray | None) -> np.ndarray | None:
        """A sentence vector as the index compares it, or None when there is nothing to compare."""
        if vector is None or self.passage_statistics is None or len(self.passage_statistics.mean) != width_of(len(vector)):
            return None
        return widened_query(np.asarray(vector, dtype=np.float32))

    def nearest(self, query: np.ndarray, allowed: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the passages nearest to the query among those whose notice is allowed, best first, and their scores."""
        mask = np.append(allowed, False)[self.owner]
        if self._exact is not None:
            found = np.flatnonzero(mask)
            values = (self._exact[0] @ query)[found]
            best = np.argsort(-values, kind="stable")[:limit]
            return found[best], values[best]
        rows, scores, base = [], [], 0
        for segment in self.segments:
            own = mask[base : base + segment.rows]
            found, values = segment.nearest(query, None if own.all() else own, min(limit, segment.rows))
            rows.append(found + base)
            scores.append(values)
            base += segment.rows
        if not rows:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        every, values = np.concatenate(rows), np.concatenate(scores)
        order = np.lexsort((every, -values))[:limit]
        return every[order], values[order]

    @cached_property
    def _exact(self) -> tuple[np.ndarray, np.ndarray] | None:
        """All widened vectors of passages and of titles in single precision, while they are few."""
        parts = [(s.matrix, s.titles) for s in self.segments if s.matrix is not None and s.titles is not None]
        if not parts or len(parts) != len(self.segments) or len(self.owner) > MOST_EXACT_ROWS:
            return None
        return np.concatenate([rows for rows, _ in parts]).astype(np.float32), np.concatenate([titles for _, titles in parts]).astype(np.float32)

    def _vectors(self, places: np.ndarray, *, by_slot: bool = False, columns: slice = slice(None)) -> np.ndarray:
        """Widened vectors of passages by row, or of titles by slot."""
        if self._exact is not None:
            return self._exact[by_slot][places, columns]
        sources = [(segment.titles, segment.slots) if by_slot else (segment.matrix, segment.rows) for segment in self.segments]
        first, size = sources[0] if sources else (None, 0)
        if first is None:
            return np.zeros((len(places), 0), dtype=np.float32)
        if len(sources) == 1:
            return first[places, columns].astype(np.float32)
        found = np.zeros((len(places), len(range(first.shape[1])[columns])), dtype=np.float32)
        base = 0
        for source, size in sources:
            own = np.flatnonzero((places >= base) & (places < base + size))
            if source is not None and len(own):
                found[own] = source[places[own] - base, columns]
            base += size
        return found

    def vectors_of(self, number: int) -> np.ndarray:
        """The sentence vectors of an entry's passages."""
        entry = self.entries[number]
        return self._vectors(np.arange(entry.first, entry.last), columns=slice(0 if self.reference is None else self.reference.shape[1]))

    def title_vector(self, number: int) -> np.ndarray:
        """The sentence vector of an entry's title."""
        return self._vectors(self._slots[[number]], by_slot=True, columns=slice(0 if self.reference is None else self.reference.shape[1]))[0]

    def similarities(self, number: int, query: np.ndarray) -> np.ndarray:
        """The query's scores with an entry's passages."""
        entry = self.entries[number]
        return np.asarray(self._vectors(np.arange(entry.first, entry.last)) @ query)

    def best_passages(self, numbers: np.ndarray, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each of these entries the row that is nearest to the query, and its score."""
        counts = self._count[numbers]
        offsets = np.cumsum(counts) - counts
        rows = np.arange(int(counts.sum())) + np.repeat(self.first_rows[numbers] - offsets, counts)
        # Many of few: all of them at once cost less than picking those out.
        scores = (self._exact[0] @ query)[rows] if self._exact is not None and 2 * len(rows) > len(self.owner) else self._vectors(rows) @ query
        if not len(numbers):
            return rows, scores
        best = np.maximum.reduceat(scores, offsets)
        places = np.flatnonzero(scores == np.repeat(best, counts))
        return rows[places[np.searchsorted(places, offsets)]], best

    def title_similarities(self, numbers: np.ndarray, query: np.ndarray) -> np.ndarray:
        """The query's scores with the titles of some entries."""
        return np.asarray(self._vectors(self._slots[numbers], by_slot=True) @ query)

    def owed(self, rows: np.ndarray) -> np.ndarray:
        """What the scores of passages are more than their cosines (nothing, or a negative number)."""
        if self.reference is None:
            return np.zeros(len(rows), dtype=np.float32)
        at = self.reference.shape[1]
        return np.asarray(self._vectors(rows, columns=slice(at, at + 2)).sum(axis=1))

    def in_force(self, first: date, last: date) -> np.ndarray:
        """Which entries held on any day of the period."""
        known = self._force_cache.get((first, last))
        if known is None:
            begin, end = first.toordinal(), last.toordinal()
            known = (self.starts <= end) & (begin < self._ends) & (self.starts < self._ends)
            if len(self._force_cache) >= MOST_CACHED_PERIODS:
                self._force_cache.clear()
            self._force_cache[first, last] = known
        return known

    def started_before(self, day: date) -> np.ndarray:
        """Which entries had begun before a day."""
        return np.asarray(self.starts < day.toordinal())

    @cached_property
    def same_countries(self) -> list[int]:
        """A number for each entry; those with the same one are for the same countries."""
        return same_countries(self.entries)

    @cached_property
    def countries(self) -> tuple[list[tuple[str, ...]], np.ndarray]:
        """The different lists of countries that entries are for, and which of them is each entry's."""
        return countries_of(self.entries)

    def known_places(self, places: Mapping[str, int]) -> np.ndarray:
        """What ``index_parts.known_places`` says of the entries; kept for the last ``places``."""
        known = self._known
        if known is None or known[0] is not places:
            known = self._known = (places, known_places(self.entries, places))
        return known[1]

    @cached_property
    def predecessors(self) -> dict[int, frozenset[int]]:
        """Of each entry that replaces others: those, those that they replaced, and so on. Two that one notice replaced at once say different things."""
        direct = {number: [self.by_id[old] for old in entry.notice.content.supersedes if old in self.by_id] for number, entry in enumerate(self.entries)}
        found: dict[int, frozenset[int]] = {}
        for number, olds in direct.items():
            seen, queue = {number}, list(olds)
            while queue:
                if (old := queue.pop()) not in seen:
                    seen.add(old)
                    queue.extend(direct[old])
            if len(seen) > 1:
                found[number] = frozenset(seen - {number})
        return found

    def is_in_line(self, one: int, other: int) -> bool:
        """Whether one of two entries replaced the other, at once or by way of others."""
        return other in self.predecessors.get(one, ()) or one in self.predecessors.get(other, ())


class IndexBuilder:
    """Builds an index of many notices without ever holding all that was prepared for them."""

    def __init__(self, cuts: Sequence[Cut], reference: np.ndarray | None) -> None:
        self.reference = None if reference is None else reference.astype(np.float32)
        width = 0 if self.reference is None else width_of(self.reference.shape[1])
        self._segment = SegmentBuilder(len(cuts), sum(len(cut.passages) for cut in cuts), width)
        self._force = force_table(cut.notice for cut in cuts)
        self._entries: list[Entry] = []
        self._at = 0

    def add(self, cuts: Sequence[Cut], prepared: Mapping[str, Prepared]) -> None:
        """The next notices, in the order of (id, version)."""
        for cut, block in zip(cuts, blocks_of(cuts, prepared, self.reference), strict=True):
            self._segment.add(block)
            count = len(cut.passages)
            self._entries.append(Entry(cut.notice, self._force[key_of(cut.notice)], cut.passages, self._at, self._at + count, len(self._entries)))
            self._at += count

    def built(self) -> Index:
        """The index."""
        if not self._entries:
            return Index(reference=self.reference)
        return Index(self._entries, (self._segment.built(),), self.reference)
