"""Where a place that somebody typed may be: towns of an offline gazetteer, as candidates for a person to choose from, never a fix.

What follows the town ("리버사이드 근처", "bus terminal") is for the reader; no street is known here.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.settings import ROOT

GAZETTEER = ROOT / "data" / "geo" / "gazetteer.tsv"
MOST = 5
LONGEST_WORDS = 4
SHORTEST_LATIN = 4
MIN_RADIUS_M, MAX_RADIUS_M = 5_000.0, 30_000.0
#: A town of a million people reaches about 16 km from its middle.
RADIUS_M_PER_ROOT_OF_POPULATION = 16.0
_HANGUL = re.compile(r"[\uac00-\ud7a3 ]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
#: Writing in which a name is not set apart from what follows it.
_UNSPACED = re.compile(r"[\uac00-\ud7a3\u3040-\u30ff\u4e00-\u9fff]")
#: What may follow a Korean name of one or two syllables inside one word; longer names may be followed by anything.
_AFTER_SHORT = re.compile(
    r"(?:시내|시|공항|역|항|섬|근처|쪽|에서|에|의|은|는|이|가|로|으로|까지|부터|도)?(?![\uac00-\ud7a3])|(?:에서|시내|공항|근처|인데|이에요|예요|입니다)"
)


@dataclass(frozen=True)
class Town:
    """One row of the gazetteer."""

    id: int
    country: str
    lat: float
    lon: float
    population: int
    name: str
    korean: str = ""


@dataclass(frozen=True)
class Candidate:
    """A town that typed words may mean; ``matched`` are those words."""

    town: Town
    matched: str
    radius_m: float


@dataclass(frozen=True)
class NearTown:
    """The nearest town of the gazetteer, to speak of a place; it says nothing about country or mission, which outlines decide."""

    town: Town
    distance_km: float


@dataclass(frozen=True)
class _Gazetteer:
    towns: dict[int, Town]
    by_name: dict[str, list[int]]
    by_square: dict[tuple[int, int], list[Town]]


@lru_cache(maxsize=1)
def _gazetteer(path: Path = GAZETTEER) -> _Gazetteer:
    towns: dict[int, Town] = {}
    by_name: dict[str, list[int]] = defaultdict(list)
    by_square: dict[tuple[int, int], list[Town]] = defaultdict(list)
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                continue
            number, country, lat, lon, population, name, others = line.rstrip("\n").split("\t")
            spoken = next((one for one in others.split("|") if _HANGUL.fullmatch(one)), "")
            town = towns[int(number)] = Town(int(number), country, float(lat), float(lon), int(population), name, spoken)
            by_square[math.floor(town.lat), math.floor(town.lon)].append(town)
            for spelling in {plain(one) for one in (name, *filter(None, others.split("|")))}:
                if spelling:
                    by_name[spelling].append(town.id)
    return _Gazetteer(towns, dict(by_name), dict(by_square))


def plain(text: str) -> str:
    """Letters alone, without case, accents, spaces and signs, so that spellings meet ("Đà Nẵng" and "da nang", "코타 키나발루" and "코타키나발루")."""
    stripped = "".join(c for c in unicodedata.normalize("NFKD", text.casefold().replace("đ", "d")) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", re.sub(r"[\W\d_]", "", stripped))


def candidates(text: str, countries: Collection[str] = ()) -> list[Candidate]:
    """Towns that a text names, at most five: those of ``countries`` (what else is known of the case) first, then the largest."""
    known = _gazetteer()
    found: dict[int, str] = {}
    for words in _spans(text):
        for town_id in known.by_name.get(plain(words), ()):
            if len(words) > len(found.get(town_id, "")):
                found[town_id] = words
    longest = {words for words in found.values() if not any(words != other and words in other for other in found.values())}
    towns = [known.towns[town_id] for town_id, words in found.items() if words in longest]
    towns.sort(key=lambda town: (town.country not in countries, -_weight(found[town.id], town, text)))
    return [Candidate(town, found[town.id], radius_of(town)) for town in towns[:MOST]]


def candidate(text: str, town_id: int) -> Candidate | None:
    """One town that a text names; None when it does not name it, so that nobody can put a place that was never typed."""
    known = _gazetteer()
    spellings = [words for words in _spans(text) if town_id in known.by_name.get(plain(words), ())]
    if not spellings:
        return None
    town = known.towns[town_id]
    return Candidate(town, max(spellings, key=len), radius_of(town))


def towns_in(squares: Iterable[tuple[int, int]]) -> list[Town]:
    """The towns of some squares of one degree, each named by its southern and western edge."""
    known = _gazetteer().by_square
    return [town for square in squares for town in known.get(square, ())]


def radius_of(town: Town) -> float:
    """How far from its middle somebody in a town may be."""
    return round(min(max(RADIUS_M_PER_ROOT_OF_POPULATION * math.sqrt(town.population), MIN_RADIUS_M), MAX_RADIUS_M), -2)


def _weight(words: str, town: Town, text: str) -> float:
    """Large towns before small ones; in Korean the larger place is named first ("프놈펜 리버사이드")."""
    is_later = bool(_UNSPACED.search(text)) and not text.lstrip().startswith(words)
    return 2 * math.log10(town.population + 1) + len(words) / 2 - 2 * is_later


def _spans(text: str) -> Iterator[str]:
    """Every run of words that could be a name."""
    words = list(_WORD.finditer(unicodedata.normalize("NFC", text)))
    for first in range(len(words)):
        for last in range(first, min(first + LONGEST_WORDS, len(words))):
            span = text_of(words[first : last + 1])
            if _UNSPACED.search(words[last].group()):
                yield from _beginnings(text_of(words[first:last]), words[last].group())
            elif len(plain(span)) >= SHORTEST_LATIN or not plain(span).isascii() or len(words) == 1:
                yield span


def text_of(words: list[re.Match[str]]) -> str:
    """The words with one space between them."""
    return " ".join(word.group() for word in words)


def _beginnings(before: str, word: str) -> Iterator[str]:
    """A Korean word and its beginnings: particles and more stand behind the name ("프놈펜에서", "바벳국경")."""
    head = f"{before} " if before else ""
    for end in range(len(word), 0, -1):
        if len(plain(head)) + end > 2 or _AFTER_SHORT.match(word, end):
            yield head + word[:end]
