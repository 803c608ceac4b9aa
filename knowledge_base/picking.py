"""Which sentences of a notice answer a question: a logistic score of readable signs of each, learnt from labelled questions.

The signs know nothing of any particular notice, so what was learnt on some holds for others: nearness, shared words, what is asked and what is
given, place in the text. ``models/search/picker.json`` holds the weights; ``knowledge_base.fitting`` makes them from ``data/search/sentences.jsonl``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import fsum
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
_ASKED, _UNASKED = slice(11, 11 + len(ASPECTS)), slice(11 + len(ASPECTS), 11 + 2 * len(ASPECTS))
#: What was read of so many entries is kept until the index changes.
MOST_KEPT = 1024
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
    asked = asked_of(index, question)
    if asked.query is not None:
        scores = index.similarities(number, asked.query)
    else:
        scores = np.array([asked.weight(asked.all_words.intersection(index.passage_words[row])) for row in range(entry.first, entry.last)])
    return np.sort(np.argsort(-scores, kind="stable")[:MOST_JUDGED])


@dataclass(frozen=True)
class Asked:
    """What of a question is compared with sentences and notices."""

    words: frozenset[str]
    other_words: frozenset[str]
    all_words: frozenset[str]
    #: How much each of them tells.
    idf: Mapping[str, float]
    grams: frozenset[str]
    numbers: frozenset[str]
    aspects: np.ndarray
    query: np.ndarray | None

    def weight(self, words: Iterable[str]) -> float:
        """How much some of its words tell together; exactly rounded, since sets come in another order in every process."""
        return fsum([self.idf[word] for word in words])


def asked_of(index: Index, question: Question) -> Asked:
    """Kept until the next question: several notices are judged for one."""
    last = index.last_asked
    if last is None or last[0] is not question:
        words, other_words, text = frozenset(question.words), frozenset(question.other_words), question.analysis.normalised
        idf = {word: index.idf(word) for word in words | other_words}
        query = index.query_vector(question.analysis.vector)
        asked = Asked(words, other_words, words | other_words, idf, grams_of(text), _numbers(text), np.array(asked_aspects(text)), query)
        last = index.last_asked = (question, asked)
    return last[1]


def signs_of_sentences(index: Index, number: int, question: Question, places: np.ndarray) -> np.ndarray:
    """A row of ``SIGNS`` for each of these sentences of an entry."""
    read, count, asked = _read(index, number, places), len(places), asked_of(index, question)
    # Words of the title say which notice, not which of its sentences; so do words that most of its sentences have.
    wanted = asked.all_words - read.title_words
    total = asked.weight(wanted) or 1.0
    rarity = {word: idf * (1 - read.common[word] / count) for word, idf in asked.idf.items()}
    pieces = asked.grams - read.title_grams
    both = read.gives & asked.aspects
    signs = read.signs.copy()
    if asked.query is not None:
        near = index.similarities(number, asked.query)[places]
        signs[:, 0] = (near - near.max()) * 10
    signs[:, 1] = [asked.weight(wanted & own) / total for own in read.words]
    signs[:, 2] = [fsum([rarity[word] for word in own & asked.all_words]) / 5 for own in read.words]
    signs[:, 3] = [fsum([1 - read.frequent[gram] / (count + 1) for gram in pieces & own]) / 5 for own in read.grams]
    if asked.numbers:
        signs[:, 4] = [bool(asked.numbers & own) for own in read.numbers]
    signs[:, _ASKED] = both
    signs[:, _UNASKED] = read.gives > both
    signs[:, -2] = (read.alone * asked.aspects).max(axis=1)
    signs[:, -1] = both.any(axis=1)
    return signs


@dataclass(frozen=True)
class _Read:
    """Sentences of an entry, and what can be said of them before anything is asked."""

    places: np.ndarray
    title_words: frozenset[str]
    title_grams: frozenset[str]
    words: list[frozenset[str]]
    common: Counter[str]
    grams: list[frozenset[str]]
    frequent: Counter[str]
    numbers: list[frozenset[str]]
    gives: np.ndarray
    #: The same, shared among all sentences that give it.
    alone: np.ndarray
    #: A row of ``SIGNS`` for each, those that depend on the question left at nothing.
    signs: np.ndarray


def _read(index: Index, number: int, places: np.ndarray) -> _Read:
    known = index.read.get(number)
    if known is not None and np.array_equal(known.places, places):
        return known
    entry = index.entries[number]
    last = len(entry.passages) - 1
    texts = [entry.passages[k].text for k in places]
    words = [frozenset(index.passage_words[entry.first + k]) for k in places]
    grams = [grams_of(own) for own in texts]
    gives = np.array([given_aspects(own) for own in texts], dtype=bool)
    signs = np.zeros((len(places), len(SIGNS)))
    signs[:, 5:11] = [
        (k == 0, k == last, k / max(1, last), entry.passages[k].is_row, bool(HEDGES.search(own)), min(2.0, len(own) / 100))
        for k, own in zip(places, texts, strict=True)
    ]
    found = _Read(
        places,
        frozenset(index.title_words[number]),
        grams_of(entry.notice.content.title),
        words,
        Counter(word for own in words for word in own),
        grams,
        Counter(gram for own in grams for gram in own),
        [_numbers(own) for own in texts],
        gives,
        gives / np.maximum(gives.sum(axis=0), 1),
        signs,
    )
    if len(index.read) >= MOST_KEPT:
        index.read.clear()
    index.read[number] = found
    return found


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
        """Places of the sentences looked at, and how likely each is the one that answers; they add up to one.

        Kept until the next question: what is judged is quoted a moment later.
        """
        last = index.last_odds
        if last is None or last[0] is not question or last[1] is not self:
            last = index.last_odds = (question, self, {})
        known = last[2].get(number)
        if known is None:
            known = last[2][number] = self._odds(index, number, question)
        return known

    def _odds(self, index: Index, number: int, question: Question) -> tuple[np.ndarray, np.ndarray]:
        places = judged_places(index, number, question)
        scores = signs_of_sentences(index, number, question, places) @ self.weights
        odds = np.exp(scores - scores.max())
        return places, odds / odds.sum()
