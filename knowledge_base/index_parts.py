"""What an index is made of, beside its segments: entries, statistics, and how a notice becomes a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge_base.notices import Force
from knowledge_base.passages import Passage
from knowledge_base.preparing import Cut, Prepared
from knowledge_base.schemas import OFFICIAL, Notice, NoticeKind
from knowledge_base.segment import Block, Sums, widened


@dataclass(frozen=True)
class Entry:
    """One official version of a notice in the index; its passages are rows ``first`` to ``last``, its title and words are at ``slot``."""

    notice: Notice
    force: Force
    passages: tuple[Passage, ...]
    first: int
    last: int
    slot: int


@dataclass(frozen=True)
class Statistics:
    """Mean and covariance of a set of vectors: the mean and spread of a query's scores over all of them, without scoring them."""

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def of(cls, sums: Sums) -> Statistics:
        """Of all that have been summed."""
        count = max(1, sums.count)
        mean = sums.total / count
        return cls(mean.astype(np.float32), (sums.square / count - np.outer(mean, mean)).astype(np.float32))

    def spread(self, query: np.ndarray) -> tuple[float, float]:
        """Mean and standard deviation of ``query @ vectors.T``."""
        return float(query @ self.mean), float(np.sqrt(max(float(query @ self.covariance @ query), 1e-8)))


@dataclass(frozen=True)
class Gone:
    """Slots of a segment whose versions are no longer there, and the sums over their rows and titles."""

    slots: np.ndarray
    sums: tuple[Sums, Sums]


def is_searched(notice: Notice) -> bool:
    """Whether citizens may be told what this says."""
    return notice.status in OFFICIAL and notice.content.kind is NoticeKind.NOTICE


def key_of(notice: Notice) -> tuple[str, int]:
    """What names a version."""
    return notice.id, notice.version


def same_text(one: Notice, other: Notice) -> bool:
    """Whether what was prepared for one serves the other."""
    return one.content.title == other.content.title and one.content.body == other.content.body


def blocks_of(cuts: Sequence[Cut], prepared: Mapping[str, Prepared], reference: np.ndarray | None) -> list[Block]:
    """What a segment takes of some notices; one without passages is found by its title."""
    known = [prepared[cut.key] for cut in cuts]
    vectors = [one.vectors for one in known if one.vectors is not None]
    matrices: list[np.ndarray | None] = [None] * len(known)
    if reference is not None and known and len(vectors) == len(known):
        every = widened(np.concatenate(vectors), reference)
        matrices = list(np.split(every, np.cumsum([len(own) for own in vectors])[:-1]))
    blocks = []
    for one, matrix in zip(known, matrices, strict=True):
        title, *passages = one.words
        if matrix is not None and not passages:
            matrix = np.concatenate([matrix, matrix])
        blocks.append(Block(title, passages or [title], matrix))
    return blocks


def same_countries(entries: Sequence[Entry]) -> list[int]:
    """A number for each entry; those with the same one are for the same countries."""
    numbers: dict[frozenset[str], int] = {}
    return [numbers.setdefault(frozenset(entry.notice.content.countries), len(numbers)) for entry in entries]


def countries_of(entries: Sequence[Entry]) -> tuple[list[tuple[str, ...]], np.ndarray]:
    """The different lists of countries that entries are for, and which of them is each entry's."""
    numbers: dict[tuple[str, ...], int] = {}
    own = [numbers.setdefault(entry.notice.content.countries, len(numbers)) for entry in entries]
    return list(numbers), np.array(own, dtype=np.int64)


def known_places(entries: Sequence[Entry], places: Mapping[str, int]) -> np.ndarray:
    """For each entry the place of its notice, or of the first that it replaces; -1 where none of them has one."""
    contents = [entry.notice.content for entry in entries]
    found = [next((places[name] for name in (content.id, *content.supersedes) if name in places), -1) for content in contents]
    return np.array(found, dtype=np.int64)
