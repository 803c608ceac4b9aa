"""Names of countries and cities, with their ISO codes: CLDR's names, our aliases, and a quick look-up in running text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from language.paths import RESOURCES

# CLDR calls these territories; they are not places a citizen can be in.
_NOT_COUNTRIES = {"ZZ", "EU", "EZ", "UN", "XA", "XB", "QO"}
# English names that are far more often something else.
_ENGLISH_EXCLUDED = {"chad", "jersey", "georgia", "jordan", "niue", "nice", "mali", "guernsey", "man", "turkey"}
_ENGLISH = {
    "usa": "US", "u.s.a": "US", "u.s.": "US", "uk": "GB", "u.k.": "GB", "england": "GB", "scotland": "GB", "uae": "AE", "turkiye": "TR",
    "burma": "MM", "laos": "LA", "holland": "NL", "korea": "KR", "south korea": "KR", "russia": "RU", "vietnam": "VN", "viet nam": "VN",
    "czech republic": "CZ", "ivory coast": "CI", "hong kong": "HK", "macau": "MO", "america": "US", "macao": "MO", "palestine": "PS",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A name as written: country or city, its ISO code, the name to show, and whether it is also an ordinary word."""

    kind: str
    country: str
    name: str
    is_ambiguous: bool = False


def _lines(file: str) -> Iterator[tuple[str, list[str]]]:
    for line in (RESOURCES / file).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            code, *names = re.split(r"\s+(?=[~\uac00-\ud7a3])", line.strip())
            yield code, names


def _cldr(locale: str) -> dict[str, str]:
    from babel import Locale

    names = Locale(locale).territories
    return {code: re.sub(r"\s*[(（].*", "", name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES}


@lru_cache(maxsize=1)
def korean_names() -> dict[str, Place]:
    """Every Korean name (spaces removed) to its place."""
    names: dict[str, Place] = {}
    for code, name in _cldr("ko").items():
        names[name.replace(" ", "")] = Place("country", code, name)
    for code, aliases in _lines("countries.txt"):
        for alias in aliases:
            plain = alias.lstrip("~")
            names[plain] = Place("country", code, plain, alias.startswith("~"))
    for code, cities in _lines("cities.txt"):
        for city in cities:
            plain = city.split("=")[0].lstrip("~")
            if plain not in names or city.startswith("~"):
                names[plain] = Place("city", code, plain, city.startswith("~"))
    for short in ("괌",):
        names[short] = Place("country", "GU", short)
    return names


@lru_cache(maxsize=1)
def english_names() -> dict[str, Place]:
    """Every English name in lower case to its place."""
    names = {name.lower(): Place("country", code, name) for code, name in _cldr("en").items()}
    names |= {name: Place("country", code, name) for name, code in _ENGLISH.items()}
    for code, cities in _lines("cities.txt"):
        for city in cities:
            korean, _, english = city.partition("=")
            if english:
                names[english.lower()] = Place("city", code, korean.lstrip("~"))
    return {name: place for name, place in names.items() if name not in _ENGLISH_EXCLUDED}


@lru_cache(maxsize=1)
def east_asian_names() -> dict[str, Place]:
    """Japanese and Chinese names of countries (two characters or more)."""
    names: dict[str, Place] = {}
    for locale in ("zh", "ja", "zh_Hant"):
        for code, name in _cldr(locale).items():
            if len(name) >= 2:
                names.setdefault(name, Place("country", code, name))
    return names


@lru_cache(maxsize=1)
def _by_head() -> dict[str, list[str]]:
    """Names by their first character, longest first."""
    heads: dict[str, list[str]] = {}
    for name in {**east_asian_names(), **korean_names()}:
        heads.setdefault(name[0], []).append(name)
    return {head: sorted(found, key=len, reverse=True) for head, found in heads.items()}


@lru_cache(maxsize=1)
def _latin_pattern() -> re.Pattern[str]:
    names = sorted(english_names(), key=len, reverse=True)
    return re.compile(r"(?<![A-Za-z])(?:" + "|".join(map(re.escape, names)) + r")(?![A-Za-z])", re.IGNORECASE)


def names_in(text: str) -> Iterator[tuple[int, int, Place]]:
    """Every longest name at every position, without judging its context; Korean names may be written with spaces inside."""
    heads, korean, other = _by_head(), korean_names(), east_asian_names()
    at = 0
    while at < len(text):
        for name in heads.get(text[at], ()):
            if text.startswith(name, at):
                yield at, at + len(name), korean.get(name) or other[name]
                at += len(name) - 1
                break
        at += 1
    for match in _latin_pattern().finditer(text):
        yield match.start(), match.end(), english_names()[match.group().lower()]
