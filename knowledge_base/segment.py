"""A part of the index: passages of some versions laid side by side, never changed once built.

Vectors are kept once, in half precision, inside faiss, where they are also read from. Words are numbers in flat arrays: per passage, and per
word the notices that have it. At 60,000 passages that is 55 MB instead of 250 with lists of words and two copies of the vectors.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import faiss
import numpy as np

HUB_NEIGHBOURS = 10
HUB_WEIGHT = 0.3
#: The kernels of faiss take sixteen numbers at a time; any other width falls back to slow ones.
_STEP = 16
_CHUNK = 2048
#: From this share of rows that are allowed on the nearest of all are looked for, so many times more as that share makes likely to be needed.
LEAST_SHARE, SPARE = 0.4, 1.3
# One query is one thread's work; further threads would only wait for it, and spin while they do.
faiss.omp_set_num_threads(1)


@dataclass(frozen=True)
class Block:
    """One version, as a segment takes it; ``matrix`` holds the title's vector and then each passage's, as ``widened`` makes them."""

    title_words: Sequence[str]
    passage_words: Sequence[Sequence[str]]
    matrix: np.ndarray | None


def width_of(dimensions: int) -> int:
    """Columns of a widened vector."""
    return -(-(dimensions + 2) // _STEP) * _STEP


def widened(vectors: np.ndarray, reference: np.ndarray | None) -> np.ndarray:
    """The vectors in half precision with further columns, so that the inner product with a widened query is the cosine less what the row owes to its hubness.

    What it owes stands in two columns, the second holding what half precision takes from the first: together they are as exact as before.
    """
    count, dimensions = vectors.shape
    wide = np.zeros((count, width_of(dimensions)), dtype=np.float16)
    wide[:, :dimensions] = vectors
    if reference is not None and len(reference) and count:
        near = min(HUB_NEIGHBOURS, len(reference))
        cosines = vectors.astype(np.float32) @ reference.T
        owed = -HUB_WEIGHT * np.partition(cosines, -near, axis=1)[:, -near:].mean(axis=1)
        wide[:, dimensions] = owed
        wide[:, dimensions + 1] = owed - wide[:, dimensions].astype(np.float32)
    return wide


def widened_query(vector: np.ndarray) -> np.ndarray:
    """A sentence's vector as rows are compared with it."""
    wide = np.zeros(width_of(len(vector)), dtype=np.float32)
    wide[: len(vector)] = vector
    wide[len(vector) : len(vector) + 2] = 1.0
    return wide


@dataclass(frozen=True)
class Sums:
    """Of a set of rows: how many, their sum, and the sum of their outer products; sets can be joined and taken away."""

    count: int
    total: np.ndarray
    square: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> Sums:
        """Of half-precision rows, in pieces that need little room."""
        total, square = np.zeros(rows.shape[1]), np.zeros((rows.shape[1], rows.shape[1]))
        for at in range(0, len(rows), _CHUNK):
            piece = rows[at : at + _CHUNK].astype(np.float32)
            total += piece.sum(axis=0, dtype=np.float64)
            square += piece.T @ piece
        return cls(len(rows), total, square)

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.count + other.count, self.total + other.total, self.square + other.square)

    def __sub__(self, other: Sums) -> Sums:
        return Sums(self.count - other.count, self.total - other.total, self.square - other.square)


class Words:
    """Lists of words in flat arrays."""

    def __init__(self, starts: np.ndarray, numbers: np.ndarray, names: Sequence[str]) -> None:
        self._starts, self._numbers, self._names = starts, numbers, names

    def __getitem__(self, at: int) -> list[str]:
        return [self._names[n] for n in self._numbers[self._starts[at] : self._starts[at + 1]]]


class Segment:
    """Blocks by slot; a block's passages are rows ``first[slot]`` to ``first[slot + 1]``."""

    def __init__(self, blocks: SegmentBuilder) -> None:
        self.first = np.frombuffer(blocks.first, dtype=np.int32)
        self.slots = len(self.first) - 1
        self.rows = int(self.first[-1])
        self.scan, self.matrix, self.titles = blocks.scan, blocks.matrix, blocks.titles
        names = list(blocks.vocabulary)
        self._vocabulary = blocks.vocabulary
        self.passage_words = Words(np.frombuffer(blocks.row_starts, dtype=np.int32), np.frombuffer(blocks.row_words, dtype=np.int32), names)
        self.title_words = Words(np.frombuffer(blocks.title_starts, dtype=np.int32), np.frombuffer(blocks.title_words, dtype=np.int32), names)
        self.lengths = np.frombuffer(blocks.lengths, dtype=np.int32)
        slots = np.repeat(np.arange(self.slots, dtype=np.int64), self.lengths)
        pairs, counts = np.unique(np.frombuffer(blocks.document_words, dtype=np.int32).astype(np.int64) * max(1, self.slots) + slots, return_counts=True)
        self._posted_slots = (pairs % max(1, self.slots)).astype(np.int32)
        self._posted_counts = counts.astype(np.float32)
        self._posted_at = np.searchsorted(pairs, np.arange(len(names) + 1, dtype=np.int64) * max(1, self.slots)).astype(np.int32)

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> Segment:
        """Lay blocks side by side."""
        has_vectors = bool(blocks) and all(block.matrix is not None for block in blocks)
        width = blocks[0].matrix.shape[1] if has_vectors and blocks[0].matrix is not None else 0
        builder = SegmentBuilder(len(blocks), sum(len(block.passage_words) for block in blocks), width)
        for block in blocks:
            builder.add(block)
        return builder.built()

    def block(self, slot: int) -> Block:
        """What was laid down there, for another segment."""
        rows = range(self.first[slot], self.first[slot + 1])
        matrix = None
        if self.matrix is not None and self.titles is not None:
            matrix = np.concatenate([self.titles[slot : slot + 1], self.matrix[rows.start : rows.stop]])
        return Block(self.title_words[slot], [self.passage_words[row] for row in rows], matrix)

    def posted(self, word: str) -> tuple[np.ndarray, np.ndarray]:
        """The slots that have a word, and how often."""
        number = self._vocabulary.get(word)
        if number is None:
            return self._posted_slots[:0], self._posted_counts[:0]
        span = slice(self._posted_at[number], self._posted_at[number + 1])
        return self._posted_slots[span], self._posted_counts[span]

    @cached_property
    def sums(self) -> tuple[Sums, Sums] | None:
        """Of all passages and of all titles."""
        return None if self.matrix is None or self.titles is None else (Sums.of(self.matrix), Sums.of(self.titles))

    def sums_of(self, slots: np.ndarray) -> tuple[Sums, Sums] | None:
        """The same of some blocks."""
        if self.matrix is None or self.titles is None:
            return None
        rows = np.concatenate([np.zeros(0, dtype=np.int64), *(np.arange(self.first[s], self.first[s + 1]) for s in slots)])
        return Sums.of(self.matrix[rows]), Sums.of(self.titles[slots])

    def nearest(self, query: np.ndarray, allowed: np.ndarray | None, limit: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows nearest to a widened query, best first, and their scores; None allows every row."""
        if self.scan is None or not self.rows or limit < 1:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        if allowed is None:
            scores, rows = self.scan.search(query[None], min(limit, self.rows))
            return rows[0], scores[0]
        share = float(allowed.mean())
        if share >= LEAST_SHARE:
            # Asking faiss of each row whether it is allowed takes as long as comparing it: more are found, and those that are not are struck out.
            scores, rows = self.scan.search(query[None], min(self.rows, int(SPARE * limit / share)))
            found = allowed[rows[0]]
            if found.sum() >= min(limit, share * self.rows):
                return rows[0][found][:limit], scores[0][found][:limit]
        bitmap = np.packbits(allowed, bitorder="little")
        selector = faiss.IDSelectorBitmap(self.rows, faiss.swig_ptr(bitmap))
        scores, rows = self.scan.search(query[None], limit, params=faiss.SearchParameters(sel=selector))  # type: ignore[call-arg]
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]


class SegmentBuilder:
    """Takes blocks one by one; the sizes are told beforehand, so that vectors are written where they stay."""

    def __init__(self, slots: int, rows: int, width: int) -> None:
        self.first, self.lengths, self.document_words = array("i", [0]), array("i"), array("i")
        self.row_starts, self.row_words = array("i", [0]), array("i")
        self.title_starts, self.title_words = array("i", [0]), array("i")
        self.vocabulary: dict[str, int] = {}
        self.scan: faiss.IndexScalarQuantizer | None = None
        self.matrix: np.ndarray | None = None
        self.titles: np.ndarray | None = None
        if width and rows:
            self.scan = faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
            self.scan.codes.resize(rows * width * 2)
            self.scan.ntotal = rows
            self.matrix = faiss.rev_swig_ptr(self.scan.codes.data(), rows * width * 2).view(np.float16).reshape(rows, width)
            self.titles = np.zeros((slots, width), dtype=np.float16)

    def add(self, block: Block) -> None:
        """The next slot."""
        slot, row = len(self.lengths), self.first[-1]
        if self.matrix is not None and self.titles is not None and block.matrix is not None:
            self.titles[slot] = block.matrix[0]
            self.matrix[row : row + len(block.passage_words)] = block.matrix[1:]
        title = self._numbers(block.title_words)
        self.title_words.extend(title)
        self.title_starts.append(len(self.title_words))
        # The title counts twice: it is what the author says the notice is about.
        document = array("i", title + title)
        for words in block.passage_words:
            numbers = self._numbers(words)
            document.extend(numbers)
            self.row_words.extend(numbers)
            self.row_starts.append(len(self.row_words))
        document = document or array("i", self._numbers(["-"]))
        self.document_words.extend(document)
        self.lengths.append(len(document))
        self.first.append(row + len(block.passage_words))

    def _numbers(self, words: Sequence[str]) -> list[int]:
        known = self.vocabulary
        return [known.setdefault(word, len(known)) for word in words]

    def built(self) -> Segment:
        """The segment; the builder is used up."""
        return Segment(self)
