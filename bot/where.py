"""Where a citizen is, as far as one message tells. Pure.

A country that is asked about is seldom the one where somebody is: whoever stands in Bangkok and asks about visas for Japan must not get Japan's police
when danger comes. So what says where somebody is stays known until something else says so; what merely names a country is a guess until then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.dialogue.reading import PLACE_AFTER, REJECTED_AFTER, REJECTED_BEFORE, Entity, is_bare
from handoff.schemas import HOME
from language.analysis import Analysis

#: Said after the place where somebody is; a bare "에서" says so only where no other place is named ("태국에서 베트남으로 가는 길") …
_NEAR = r"(?:\s*(?:국경|쪽|시내|공항|근처|호텔|어딘가))*"
_THERE_AFTER = re.compile(_NEAR + r"\s*(?:에\s?(?:있|와|왔|도착|갇|머물|살|체류)|으?로\s?끌려|に(?:い[まるて]|来|着|滞在))")
#: … or that it is one, which is also how a bare name answers which country is asked about …
_IS_AFTER = re.compile(_NEAR + r"\s*(?:인데|이?에요|이?예요|이야|입니다|임(?:\W|$)|です)")
#: … or before it.
_THERE_BEFORE = re.compile(
    r"(?:\b(?:i'?m|i\s+am|we'?re|we\s+are|currently|now|right\s+now|stuck|trapped|staying|arrived|here)\s+(?:here\s+)?(?:in|at)\s+(?:\w+\s+){0,2}"
    r"|(?:我|我们|我們|人|现在|現在)(?:正)?在|đang\s+(?:ở|bị\s+\w+\s+ở)\s+|\bestoy\s+(?:\w+\s+)?en\s+|\bje\s+suis\s+(?:\w+\s+)?(?:en|au|à|aux)\s+"
    r"|(?:я|мы|нахожусь|нахожимся)\s+(?:сейчас\s+)?(?:в|во|на)\s+)$",
    re.IGNORECASE,
)


#: What the page writes before a place that was typed into its dialog (``chat.js``).
_WRITTEN_HERE = re.compile(r"(?:제가 있는 곳|장소)\s?:")


@dataclass(frozen=True)
class Told:
    """The one country that a message names, whether it says that its writer is there, and whether it is nothing but the place's name."""

    country: str | None = None
    is_there: bool = False
    is_bare: bool = False


NOTHING = Told()


def told(analysis: Analysis | None, *, is_answer: bool = False) -> Told:
    """What a message tells. ``is_answer``: whoever is in danger has been asked where they are, so that a bare name says it.

    What is corrected away ("베트남 아니고 캄보디아예요") does not count; of several where nothing tells which, none does.
    """
    if analysis is None:
        return NOTHING
    text = analysis.normalised
    places = [Entity(found.kind, found.start, found.end, found.text, found.value, found.country) for found in analysis.entities if found.country]
    meant = [place for place in places if not REJECTED_AFTER.match(text, place.end) and not REJECTED_BEFORE.search(text[: place.start])]
    is_corrected = len(meant) < len(places)
    meant = [place for place in meant if place.country != HOME] or meant
    named = {place.country for place in meant}
    there = {place.country for place in meant if _is_there(text, place)} or {place.country for place in meant if _IS_AFTER.match(text, place.end)}
    country = (there if len(there) == 1 else named).pop() if 1 in (len(there), len(named)) else None
    if country is None:
        return NOTHING
    bare = is_bare(text, meant)
    is_there = (
        _WRITTEN_HERE.match(text) is not None
        or any(_is_there(text, place) for place in meant)
        or (not bare and any((_IS_AFTER.match(text, place.end) or PLACE_AFTER.match(text, place.end)) for place in meant))
        or (is_answer and (bare or is_corrected))
    )
    return Told(country, is_there and country != HOME, bare)


def _is_there(text: str, place: Entity) -> bool:
    return _THERE_AFTER.match(text, place.end) is not None or _THERE_BEFORE.search(text[: place.start]) is not None
