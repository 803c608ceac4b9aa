"""Which sentences of a notice answer a question: a logistic score of readable signs of each, learnt from labelled questions.

The signs know nothing of any particular notice, so what was learnt on some holds for others: nearness, shared words, what is asked and what is
given, place in the text. ``models/search/picker.json`` holds the weights; ``knowledge_base.fitting`` makes them from ``data/search/sentences.jsonl``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.settings import ROOT
from knowledge_base.aspects import ASPECTS, HEDGES, asked_aspects, given_aspects

if TYPE_CHECKING:
    from knowledge_base.index import Index
    from knowledge_base.search import Question

PICKER_FILE = ROOT / "models" / "search" / "picker.json"
#: Of a long document only so many sentences are looked at closely: the nearest ones.
MOST_JUDGED = 40
SIGNS = (
    "near",
    "share",
    "local",
    "grams",
    "number",
    "first",
    "last",
    "place",
    "row",
    "hedge",
    "length",
    *(f"gives_asked_{aspect.name}" for aspect in ASPECTS),
    *(f"gives_unasked_{aspect.name}" for aspect in ASPECTS),
    "alone_gives",
    "gives_asked",
)
_NUMBER = re.compile(r"\d[\d,]*")
_SPACE = re.compile(r"\s+")


@lru_cache(maxsize=16384)
def grams_of(text: str) -> frozenset[str]:
    """Its pairs of neighbouring letters, spaces left out: what survives missing spaces and typing errors."""
    bare = _SPACE.sub("", text.lower())
    return frozenset(bare[at : at + 2] for at in range(len(bare) - 1))


@lru_cache(maxsize=16384)
def _numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(text))


def judged_places(index: Index, number: int, question: Question) -> np.ndarray:
    """The sentences of an entry that are looked at, in reading order."""
    entry = index.entries[number]
    count = entry.last - entry.first
    if count <= MOST_JUDGED:
        return np.arange(count)
    query = index.query_vector(question.analysis.vector)
    if query is not None:
        scores = index.similarities(number, query)
    else:
        wanted = {*question.words, *question.other_words}
        scores = np.array([sum(index.idf(w) for w in wanted & set(index.passage_words[row])) for row in range(entry.first, entry.last)])
    return np.sort(np.argsort(-scores, kind="stable")[:MOST_JUDGED])


def signs_of_sentences(index: Index, number: int, question: Question, places: np.ndarray) -> np.ndarray:
    """A row of ``SIGNS`` for each of these sentences of an entry."""
    entry = index.entries[number]
    count = len(places)
    texts = [entry.passages[k].text for k in places]
    words = [set(index.passage_words[entry.first + k]) for k in places]
    asked = {*question.words, *question.other_words}
    # Words of the title say which notice, not which of its sentences; so do words that most of its sentences have.
    wanted = asked - set(index.title_words[number])
    total = sum(index.idf(word) for word in wanted) or 1.0
    common = Counter(word for own in words for word in own)
    share = [sum(index.idf(word) for word in wanted & own) / total for own in words]
    local = [sum(index.idf(word) * (1 - common[word] / count) for word in asked & own) / 5 for own in words]
    text = question.analysis.normalised
    pieces = grams_of(text) - grams_of(entry.notice.content.title)
    grams = [grams_of(own) for own in texts]
    frequent = Counter(gram for own in grams for gram in own)
    query = index.query_vector(question.analysis.vector)
    near = np.zeros(count)
    if query is not None:
        near = index.similarities(number, query)[places]
        near = (near - near.max()) * 10
    asks = np.array(asked_aspects(text))
    gives = np.array([given_aspects(own) for own in texts], dtype=bool)
    both = gives & asks
    numbers = _numbers(text)
    return np.column_stack(
        [
            near,
            share,
            local,
            [sum(1 - frequent[gram] / (count + 1) for gram in pieces & own) / 5 for own in grams],
            [float(bool(numbers & _numbers(own))) for own in texts],
            places == 0,
            places == len(entry.passages) - 1,
            places / max(1, len(entry.passages) - 1),
            [float(entry.passages[k].is_row) for k in places],
            [float(bool(HEDGES.search(own))) for own in texts],
            [min(2.0, len(own) / 100) for own in texts],
            both,
            gives & ~asks,
            (both / np.maximum(both.sum(axis=0), 1)).max(axis=1),
            both.any(axis=1),
        ]
    ).astype(np.float64)


@dataclass(frozen=True)
class Picker:
    """The learnt weights of the signs."""

    weights: np.ndarray

    @classmethod
    def load(cls, path: Path = PICKER_FILE) -> Picker:
        """The committed weights; a sign that the file does not know counts nothing."""
        stored: Mapping[str, float] = json.loads(path.read_text(encoding="utf-8"))["weights"]
        return cls(np.array([float(stored.get(sign, 0.0)) for sign in SIGNS]))

    def odds(self, index: Index, number: int, question: Question) -> tuple[np.ndarray, np.ndarray]:
        """Places of the sentences looked at, and how likely each is the one that answers; they add up to one."""
        places = judged_places(index, number, question)
        scores = signs_of_sentences(index, number, question, places) @ self.weights
        odds = np.exp(scores - scores.max())
        return places, odds / odds.sum()
