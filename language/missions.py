"""Korean missions abroad, however they are called: 주태국 대사관, LA총영사관, 태국에 있는 한국대사관, Korean embassy in Hanoi."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from language.entity import Entity
from language.gazetteer import Place, names, names_in
from language.matcher import folded, is_hangul
from language.paths import RESOURCES

_OFFICE = re.compile("총영사관|영사관|대사관|대표사무소|대표부|분관|출장소|大使館|大使馆|總領事館|総領事館|总领事馆|領事館|领事馆")
_EMBASSIES = {"대사관", "大使館", "大使馆"}
_CONSULATES = {"총영사관", "영사관", "總領事館", "総領事館", "总领事馆", "領事館", "领事馆"}
# Between the place and the office: "태국에 있는 한국 대사관", "타이베이 대한민국 대표부".
_BETWEEN = re.compile(
    r"(?:[\s·ㆍ,]?\s?(?:유럽연합|EU))?(?:\s?(?:에|쪽에|에는)?\s?(?:있는|위치한|소재|주재)|\s?(?:의|の))?\s?(?:(?:대한민국|한국|우리나라|우리|韓国|韩国|大韓民国)\s?)?$"
)
_BETWEEN_CHARS = 18
_SHORT = {
    "미": "US",
    "일": "JP",
    "중": "CN",
    "영": "GB",
    "독": "DE",
    "불": "FR",
    "러": "RU",
    "태": "TH",
    "필": "PH",
    "베": "VN",
    "호": "AU",
    "몽": "MN",
    "싱": "SG",
    "이태": "IT",
    "말련": "MY",
}
_SHORT_NAME = re.compile(rf"(?<![가-힣])주\s?({'|'.join(_SHORT)})\s?(?:(?:대한민국|한국)\s?)?$")
_ENGLISH = re.compile(
    r"(?:(?:South )?Korean |Republic of Korea |ROK )?(embassy|consulate(?: general)?)(?: of (?:the )?(?:Republic of |South )?Korea)?,? (?:in|at) (?:the )?|"
    r"(?:South )?Korean (embassy|consulate(?: general)?) |(đại sứ quán|tổng lãnh sự quán|lãnh sự quán) hàn quốc (?:tại|ở) ",
    re.IGNORECASE,
)
_FRONT = re.compile(r"(?:(?:韩国|韓国|대한민국\s|한국\s)?(?:驻|駐|在)|(?<![가-힣])주\s?)$")
_FRONT_CHARS = 6


@dataclass(frozen=True, slots=True)
class Mission:
    """One row of the table."""

    name: str
    country: str
    kind: str
    city: str


@lru_cache(maxsize=1)
def table() -> tuple[Mission, ...]:
    """All missions, in the table's order."""
    lines = (RESOURCES / "missions.txt").read_text(encoding="utf-8").splitlines()
    return tuple(Mission(*line.split("\t")) for line in lines if line and not line.startswith("#"))


@lru_cache(maxsize=1)
def _by_city() -> dict[tuple[str, str], Mission]:
    """Missions by country and the city's name in the gazetteer."""
    known = names()
    found: dict[tuple[str, str], Mission] = {}
    for mission in table():
        bare = unicodedata.normalize("NFD", mission.city).encode("ascii", "ignore").decode()
        spelt = [mission.city, bare, bare.removesuffix(" City"), bare.split(" am ")[0], bare.split(" de ")[0], _stem(mission)]
        for spelling in spelt:
            place = known.get(folded(spelling))
            if place and place.kind == "city" and place.country == mission.country:
                found.setdefault((mission.country, place.name), mission)
    return found


def _stem(mission: Mission) -> str:
    return re.sub(r"\(.*", "", mission.name).removeprefix("주").removesuffix(mission.kind)


def mission_of(place: Place, office: str) -> Mission | None:
    """The mission that people mean by a place and a kind of office; loosely, since they call consulates embassies and the other way round."""
    rows = [m for m in table() if m.country == place.country]
    is_named = office in _EMBASSIES or office in _CONSULATES
    if place.kind == "city":
        there = _by_city().get((place.country, place.name))
        if there and (is_named or there.kind == office or {there.kind, office} == {"대표부", "대표사무소"}):
            return there
        if office not in _EMBASSIES and office != "영사관":
            return None
    embassy = next((m for m in rows if m.kind == "대사관"), None)
    consulates = [m for m in rows if m.kind == "총영사관"]
    if office in _EMBASSIES:
        return embassy or (rows[0] if len(rows) == 1 else None)
    if office in _CONSULATES:
        if len(consulates) == 1 and office != "영사관":
            return consulates[0]
        return embassy or (rows[0] if len(rows) == 1 else None)
    same = [m for m in rows if m.kind == office or {m.kind, office} == {"대표부", "대표사무소"}]
    return same[0] if len(same) == 1 else None


def is_in_no_seat(called: str, country: str | None) -> bool:
    """Whether a mission is called by a city in which that country has none of ours ("취리히 영사관"); the country's embassy is meant at best."""
    seats = {name for code, name in _by_city() if code == country}
    cities = {place.name for _, _, place in names_in(called) if place.kind == "city" and place.country == country}
    return bool(seats and cities) and not seats & cities


def missions(text: str) -> Iterator[Entity]:
    """Every mission in the text; a bare "대사관" is none."""
    offices = list(_OFFICE.finditer(text))
    if offices:
        named = list(names_in(text))
        for office in offices:
            found = _before(text, office.start(), office.group(), named)
            if found:
                start, mission = found
                yield Entity("mission", text[start : office.end()], mission.name, start, office.end(), mission.country)
    for match in _ENGLISH.finditer(text):
        kind = (match.group(1) or match.group(2) or match.group(3)).lower()
        office_name = "대사관" if kind.startswith(("embassy", "đại")) else "총영사관"
        following = [(start, end, place) for start, end, place in names_in(text[match.end() : match.end() + 40]) if start == 0]
        if following:
            _, size, place = max(following, key=lambda n: n[1])
            mission_found = mission_of(place, office_name)
            if mission_found:
                end = match.end() + size
                yield Entity("mission", text[match.start() : end], mission_found.name, match.start(), end, mission_found.country)


def _before(text: str, at: int, office: str, named: list[tuple[int, int, Place]]) -> tuple[int, Mission] | None:
    """The mission whose place is named before this office, and where it begins."""
    window = text[max(0, at - _BETWEEN_CHARS) : at]
    gap = _BETWEEN.search(window)
    place_end = at - len(window) + (gap.start() if gap else len(window))
    short = _SHORT_NAME.search(window)
    if short:
        mission = mission_of(Place("country", _SHORT[short.group(1)], ""), office)
        return (at - len(window) + short.start(), mission) if mission else None
    for start, end, place in sorted(named, key=lambda n: n[0]):
        if not (end == place_end or text[end:at].strip() == "") or place.country == "KR" or end > at:
            continue
        mission = mission_of(place, office)
        front = _FRONT.search(text[max(0, start - _FRONT_CHARS) : start])
        if mission is None:
            continue
        if front is None and start and is_hangul(text[start]) and is_hangul(text[start - 1]) and place.is_ambiguous:
            continue
        return start - (len(front.group()) if front else 0), mission
    return None
