"""Names of countries, cities, islands and regions, with their ISO codes: CLDR's names, our own lists, and a quick look-up in running text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from language.matcher import Matcher, folded, is_hangul, is_latin, spellings
from language.paths import RESOURCES

# CLDR calls these territories; they are no places, or parts of countries with a code that ISO only reserves.
NOT_COUNTRIES = {"ZZ", "EU", "EZ", "UN", "XA", "XB", "QO", "IC", "EA", "AC", "TA", "DG", "CP", "CQ"}
# Names that are more often something else: they need a word before them that speaks of a place, and a capital letter where there are any.
_AMBIGUOUS = {"chad", "jersey", "georgia", "jordan", "niue", "mali", "guernsey", "isle of man", "turkey", "pháp", "nga", "ý", "anh", "mỹ", "đức", "úc"}
# CLDR's names of regions that no list of ours has, and which are words or parts of words.
_EXCLUDED = {"man", "ấn", "áo", "síp", "séc", "bỉ", "pê-ru"}


@dataclass(frozen=True, slots=True)
class Place:
    """A name as written: country or city, its ISO code, the name to show, whether it is also an ordinary word, and whether it needs capitals."""

    kind: str
    country: str
    name: str
    is_ambiguous: bool = False
    is_capital: bool = False


def _lines(file: str) -> Iterator[tuple[str, list[str]]]:
    for line in (RESOURCES / file).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            code, *names = re.split(r"\s+(?=[~\uac00-\ud7a3])", line.strip())
            yield code, names


def _add(names: dict[str, Place], place: Place, written: str) -> None:
    is_ambiguous, is_capital = written.startswith("~"), written.startswith("!")
    for spelling in spellings(written.lstrip("~!")):
        names[folded(spelling)] = replace(place, is_ambiguous=is_ambiguous, is_capital=is_capital)


def _cldr(locale: str) -> dict[str, str]:
    from babel import Locale

    names = Locale.parse(locale).territories
    return {code: re.sub(r"\s*[(（].*", "", name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES}


def _cldr_names(locale: str, shortest: int) -> dict[str, Place]:
    found = {folded(name): Place("country", code, name) for code, name in _cldr(locale).items() if len(name) >= shortest}
    return {name: replace(place, is_ambiguous=name in _AMBIGUOUS) for name, place in found.items() if name not in _EXCLUDED}


@lru_cache(maxsize=1)
def names() -> dict[str, Place]:
    """Every name, folded, to its place; later sources win, and our own lists over CLDR's."""
    found: dict[str, Place] = {}
    for locale in ("vi", "zh_Hant", "ja", "zh", "en"):
        found |= _cldr_names(locale, 2)
    for code, name in _cldr("ko").items():
        _add(found, Place("country", code, name), name.replace(" ", "_"))
    for code, written in _lines("countries.txt"):
        for entry in written:
            korean, _, others = entry.partition("=")
            for name in (korean, *others.split("/")):
                if name:
                    _add(found, Place("country", code, korean.lstrip("~").replace("_", " ")), name)
    countries = {name for name, place in found.items() if place.kind == "country" and is_hangul(name[0])}
    for code, written in _lines("cities.txt"):
        for entry in written:
            korean, _, others = entry.partition("=")
            spelt = korean.split("/")
            place = Place("city", code, spelt[0].lstrip("~").replace("_", " "))
            for name in (*spelt, *others.split("/")):
                if name and folded(name.lstrip("~!")) not in countries:
                    _add(found, place, name)
    return found


def korean_names() -> dict[str, Place]:
    """The names that are written in Hangul."""
    return {name: place for name, place in names().items() if is_hangul(name[0])}


@lru_cache(maxsize=1)
def _matcher() -> Matcher[Place]:
    return Matcher(names())


def names_in(text: str) -> Iterator[tuple[int, int, Place]]:
    """The longest name at every position, without judging its context beyond capitals; several may overlap."""
    for start, end, place in _matcher().find(folded(text)):
        if place.is_capital and not text[start:end].isupper() and not _touches_hangul(text, start, end):
            continue
        if place.is_ambiguous and is_latin(text[start]) and not text[start].isupper():
            continue
        yield start, end, place


def _touches_hangul(text: str, start: int, end: int) -> bool:
    after = text[end : end + 2].lstrip()[:1]
    return bool(after) and is_hangul(after)
