"""The search index in memory: passages, their vectors and words, and the days on which each notice holds.

An index is built whole and never changed, so readers need no lock; a reload builds the next one beside it and swaps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import bm25s
import faiss
import numpy as np

from core.settings import ROOT
from knowledge_base.notices import Force, force_table
from knowledge_base.passages import Passage, split_passages
from knowledge_base.schemas import OFFICIAL, Notice, NoticeKind
from knowledge_base.words import Analysing, words_of_texts

NO_VECTORS = "none"
MOST_CACHED_PERIODS = 64
_BATCH = 32
#: Questions that no notice answers. A passage that is near to many of them is near to everything, and is marked down for it.
NO_ANSWER_FILE = ROOT / "models" / "search" / "no_answer.txt"
HUB_NEIGHBOURS = 10
HUB_WEIGHT = 0.3
_PROBE = "길동무 색인 확인"


@dataclass(frozen=True)
class Prepared:
    """What is computed once for a text and kept: words and vectors of its title (first) and of each passage."""

    words: list[list[str]]
    vectors: np.ndarray | None


class PassageStore(Protocol):
    """Where prepared passages are kept between starts."""

    def get(self, keys: Sequence[str], encoder: str) -> dict[str, Prepared]:
        """Those that are known."""

    def put(self, prepared: dict[str, Prepared], encoder: str) -> None:
        """Keep these."""


@dataclass(frozen=True)
class Entry:
    """One official version of a notice in the index; its passages are rows ``first`` to ``last`` of the arrays."""

    notice: Notice
    force: Force
    passages: tuple[Passage, ...]
    first: int
    last: int
    words: frozenset[str]


@dataclass(frozen=True)
class Statistics:
    """Mean and covariance of a set of vectors: the mean and spread of a query's scores over all of them, without scoring them."""

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def of(cls, vectors: np.ndarray) -> Statistics:
        """Computed once when the index is built."""
        mean = vectors.mean(axis=0)
        centred = vectors - mean
        return cls(mean, (centred.T @ centred) / max(1, len(vectors)))

    def spread(self, query: np.ndarray) -> tuple[float, float]:
        """Mean and standard deviation of ``query @ vectors.T``."""
        return float(query @ self.mean), float(np.sqrt(max(float(query @ self.covariance @ query), 1e-8)))


def index_texts(notice: Notice, passages: Sequence[Passage]) -> list[str]:
    """What is encoded: the title alone, then each passage behind the title and its heading, since a sentence seldom names its subject."""
    title = notice.content.title
    return [title] + [f"{title}. {p.heading + ': ' if p.heading else ''}{p.text}" for p in passages]


def text_key(texts: Sequence[str]) -> str:
    """Names a prepared record; changes with the text and with the way it is cut."""
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()


def encoder_name(analyser: Analysing) -> str:
    """A fingerprint of the encoder in use, so that another model never reads this one's vectors."""
    try:
        vector = analyser.encode([_PROBE], kind="passage")[0]
    except Exception:  # noqa: BLE001 - whatever is wrong with the encoder, search goes on with words alone
        return NO_VECTORS
    return hashlib.sha256(np.round(vector, 2).astype(np.float32).tobytes()).hexdigest()[:16]


def reference_texts() -> list[str]:
    """The questions that no notice answers."""
    return [line.strip() for line in NO_ANSWER_FILE.read_text(encoding="utf-8").splitlines() if line.strip()]


def reference_key() -> str:
    """Names their vectors in a store."""
    return text_key(["questions without an answer", *reference_texts()])


def prepare(
    notices: Sequence[Notice], analyser: Analysing, store: PassageStore, encoder: str, progress: Callable[[int, int], None] | None = None
) -> tuple[dict[str, Prepared], bool]:
    """Prepared passages of all notices by key, from the store where it has them; and whether they carry vectors.

    ``encoder`` is what ``encoder_name`` says.
    """
    wanted = {text_key(texts): texts for texts in (index_texts(n, split_passages(n.content.body)) for n in notices)}
    own = reference_key()
    known = store.get([*wanted, own], encoder)
    if own not in known:
        texts = reference_texts()
        vectors = None if encoder == NO_VECTORS else analyser.encode(texts, kind="query").astype(np.float16)
        known[own] = Prepared([[] for _ in texts], vectors)
        store.put({own: known[own]}, encoder)
    missing = [key for key in wanted if key not in known]
    for at in range(0, len(missing), _BATCH):
        fresh: dict[str, Prepared] = {}
        for key in missing[at : at + _BATCH]:
            texts = wanted[key]
            vectors = None if encoder == NO_VECTORS else analyser.encode(texts, kind="passage").astype(np.float16)
            title, *passages = texts
            fresh[key] = Prepared(words_of_texts(analyser, [title, *(text[len(title) + 2 :] for text in passages)]), vectors)
        store.put(fresh, encoder)
        known.update(fresh)
        if progress:
            progress(min(at + _BATCH, len(missing)), len(missing))
    return known, encoder != NO_VECTORS


def _marked_down(vectors: np.ndarray | None, reference: np.ndarray | None) -> np.ndarray | None:
    """The vectors with one more column, so that the inner product with (query, 1) is the cosine less what the row owes to its hubness."""
    if vectors is None:
        return None
    hubness = np.zeros(len(vectors), dtype=np.float32)
    if reference is not None and len(reference):
        near = min(HUB_NEIGHBOURS, len(reference))
        hubness = np.sort(vectors @ reference.T, axis=1)[:, -near:].mean(axis=1)
    return np.ascontiguousarray(np.c_[vectors, -HUB_WEIGHT * hubness], dtype=np.float32)


class Index:
    """Everything a query needs, as arrays."""

    def __init__(
        self,
        entries: Sequence[Entry] = (),
        vectors: np.ndarray | None = None,
        titles: np.ndarray | None = None,
        words: Sequence[list[str]] = (),
        reference: np.ndarray | None = None,
    ) -> None:
        self.entries = tuple(entries)
        self.by_id = {e.notice.id: i for i, e in sorted(enumerate(self.entries), key=lambda pair: pair[1].notice.version)}
        self.reference = reference
        self.vectors = vectors = _marked_down(vectors, reference)
        self.titles = titles = _marked_down(titles, reference)
        #: Which entry a passage belongs to.
        self.owner = np.repeat(np.arange(len(entries)), [e.last - e.first for e in entries]).astype(np.int64)
        self._faiss: faiss.IndexFlatIP | None = None
        self.passage_statistics: Statistics | None = None
        self.title_statistics: Statistics | None = None
        if vectors is not None and titles is not None and len(vectors):
            self._faiss = faiss.IndexFlatIP(vectors.shape[1])
            self._faiss.add(vectors)
            self.passage_statistics = Statistics.of(vectors)
            self.title_statistics = Statistics.of(titles)
        self.title_words: list[list[str]] = []
        self.passage_words: list[list[str]] = list(words)
        self._bm25: bm25s.BM25 | None = None
        self._idf: dict[str, float] = {}
        self._force_cache: dict[tuple[date, date], np.ndarray] = {}

    @classmethod
    def build(cls, notices: Sequence[Notice], prepared: dict[str, Prepared], with_vectors: bool) -> Index:
        """Lay the prepared passages of the official notices side by side."""
        official = sorted((n for n in notices if n.status in OFFICIAL and n.content.kind is NoticeKind.NOTICE), key=lambda n: (n.id, n.version))
        force = force_table(official)
        entries: list[Entry] = []
        rows: list[np.ndarray] = []
        titles: list[np.ndarray] = []
        words: list[list[str]] = []
        title_words: list[list[str]] = []
        at = 0
        for notice in official:
            passages = split_passages(notice.content.body) or [Passage(notice.content.title)]
            texts = index_texts(notice, split_passages(notice.content.body))
            known = prepared[text_key(texts)]
            own_words = known.words[1:] or [known.words[0]]
            if with_vectors and known.vectors is not None:
                matrix = known.vectors.astype(np.float32)
                titles.append(matrix[0])
                rows.append(matrix[1:] if len(matrix) > 1 else matrix[:1])
            title_words.append(known.words[0])
            words.extend(own_words)
            everything = frozenset(word for group in known.words for word in group)
            entries.append(Entry(notice, force[notice.id, notice.version], tuple(passages), at, at + len(passages), everything))
            at += len(passages)
        index = cls(
            entries,
            np.ascontiguousarray(np.concatenate(rows)) if rows else None,
            np.stack(titles) if titles else None,
            words,
            None if (marks := prepared[reference_key()].vectors) is None else marks.astype(np.float32),
        )
        index._index_words(title_words)
        return index

    def _index_words(self, title_words: list[list[str]]) -> None:
        self.title_words = title_words
        if not self.entries:
            return
        documents = []
        for number, entry in enumerate(self.entries):
            body = [word for row in range(entry.first, entry.last) for word in self.passage_words[row]]
            # The title counts twice: it is what the author says the notice is about.
            documents.append([*title_words[number], *title_words[number], *body] or ["-"])
        self._bm25 = bm25s.BM25(method="lucene", k1=1.2, b=0.5)
        self._bm25.index(documents, show_progress=False)
        count = len(documents)
        frequency: dict[str, int] = {}
        for document in documents:
            for word in set(document):
                frequency[word] = frequency.get(word, 0) + 1
        self._idf = {word: float(np.log(1 + (count - n + 0.5) / (n + 0.5))) for word, n in frequency.items()}

    @property
    def unknown_idf(self) -> float:
        """Weight of a word that no notice has."""
        return float(np.log(1 + (len(self.entries) + 0.5) / 0.5))

    def idf(self, word: str) -> float:
        """How much a word tells; a word that stands in no notice tells most."""
        return self._idf.get(word, self.unknown_idf)

    def lexical(self, words: Sequence[str]) -> np.ndarray:
        """BM25 of each notice."""
        known = [word for word in words if word in self._idf]
        if self._bm25 is None or not known:
            return np.zeros(len(self.entries), dtype=np.float32)
        return np.asarray(self._bm25.get_scores(known), dtype=np.float32)

    def query_vector(self, vector: np.ndarray | None) -> np.ndarray | None:
        """A sentence vector as the index compares it, or None when there is nothing to compare."""
        if vector is None or self.vectors is None or len(vector) != self.vectors.shape[1] - 1:
            return None
        return np.append(vector, 1.0).astype(np.float32)

    def nearest(self, query: np.ndarray, allowed: np.ndarray, limit: int) -> np.ndarray:
        """Rows of the passages nearest to the query among those whose notice is allowed."""
        if self._faiss is None:
            return np.empty(0, dtype=np.int64)
        limit = min(limit, len(self.owner))
        if allowed.all():
            _, rows = self._faiss.search(query[None], limit)
        else:
            bitmap = np.packbits(allowed[self.owner], bitorder="little")
            selector = faiss.IDSelectorBitmap(len(self.owner), faiss.swig_ptr(bitmap))
            _, rows = self._faiss.search(query[None], limit, params=faiss.SearchParameters(sel=selector))  # type: ignore[call-arg]
        found = rows[0]
        return found[found >= 0]

    def in_force(self, first: date, last: date) -> np.ndarray:
        """Which entries held on any day of the period."""
        known = self._force_cache.get((first, last))
        if known is None:
            known = np.array([e.force.within(first, last) for e in self.entries], dtype=bool)
            if len(self._force_cache) >= MOST_CACHED_PERIODS:
                self._force_cache.clear()
            self._force_cache[first, last] = known
        return known
