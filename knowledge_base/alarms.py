"""The notice that tells the alarm of the country asked about: the country's own, else a list that names it. Needs no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from knowledge_base.conditions import is_of_alarm
from knowledge_base.country_facts.phrases import country_name
from knowledge_base.index import Entry, Index
from knowledge_base.kinds import KINDS
from knowledge_base.search import Ranked

_LEVEL = next(kind.gives for kind in KINDS if kind.name == "level")
_STATES_IT = re.compile(r"여행금지(?:로|입니다|국|지역)|여행경보.{0,20}[1-4]단계(?:입니다|로)")
#: What may stand behind a country's name in a sentence; "수단" is not "남수단", "콩고" is not "콩고민주공화국".
_PARTICLES = "은|는|이|가|을|를|과|와|의|에|도|로|및|등|처럼|에서|이랑|이나|나|입니다|까지|부터"


def led_by_its_own(index: Index, ranked: Ranked, places: Sequence[str]) -> Ranked | None:
    """The ranking with the notice in front that tells the alarm of all these countries; None: none in force does."""
    holds = index.in_force(ranked.question.day, ranked.question.day)
    rank_of = {number: place for place, number in enumerate(ranked.entries)}
    found = [
        (not set(places) <= set(entry.notice.content.countries), rank_of.get(number, len(rank_of)), -entry.force.start.toordinal(), number)
        for number, entry in enumerate(index.entries)
        if holds[number] and _speaks_of(entry, places)
    ]
    if not found:
        return None
    number = min(found)[-1]
    if number in rank_of:
        return ranked.led_by(rank_of[number])
    entries = (number, *ranked.entries[:-1])
    return replace(ranked, entries=entries, rows=(index.entries[number].first, *ranked.rows[:-1]))


def tells(entry: Entry, places: Sequence[str], quotes: Sequence[str]) -> bool:
    """Whether a level, of which a ban is the highest, is among the sentences; in a list, beside the country's name."""
    is_own = set(places) <= set(entry.notice.content.countries)
    return any(_LEVEL.search(quote) and (is_own or all(_name(place).search(quote) for place in places)) for quote in quotes)


def stated_at(entry: Entry, texts: Sequence[str]) -> int | None:
    """Which of a country's alarm notice's sentences says that it holds; None where none does, or it is another notice."""
    if not entry.notice.content.countries or not is_of_alarm(entry.notice.content):
        return None
    return next((at for at, said in enumerate(texts) if _STATES_IT.search(said)), None)


def _speaks_of(entry: Entry, places: Sequence[str]) -> bool:
    content = entry.notice.content
    if not is_of_alarm(content):
        return False
    return set(places) <= set(content.countries) if content.countries else all(_name(place).search(content.body) for place in places)


@lru_cache(maxsize=512)
def _name(country: str) -> re.Pattern[str]:
    """A country's Korean name as a whole word."""
    return re.compile(rf"(?<![가-힣]){re.escape(country_name(country, 'ko'))}(?=[^가-힣]|$|(?:{_PARTICLES})(?![가-힣]))")
