"""Which missions may be competent, in order, each with why and how sure. Pure: a function of a place, the tables and a day.

The country's outline and the table of districts decide. Distance only sorts where the tables say nothing, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from handoff.geography import distance_km, middle_of
from handoff.jurisdiction.records import REST, Box, Competence, Confidence, Kind
from handoff.jurisdiction.regions import Region, reach_m, regions_at
from handoff.missions import BY_DISTANCE, OF_STATE, Mission, hint_of, missions_for
from handoff.schemas import HOME, Certainty, CountryCandidate, MissionHint

AT_SEA = "바다·공해 — 가까운 공관, 관할 확인 필요"
NEAREST = "겸임 공관 미확인 — 거리 기준, 확인 필요"
NEAREST_TO_COUNTRY = "겸임 공관 미확인 — 이 나라에서 가까운 공관, 확인 필요"
GUESSED = "구역 추정 — 확인 필요"
TO_CHECK = "확인 필요"
#: How many stand in for a place that no table covers.
NEAREST_SHOWN = 3
_ORDER = {Confidence.OFFICIAL: 0, Confidence.RELAYED: 1, Confidence.BACKGROUND: 2}


@dataclass(frozen=True)
class Place:
    """Coordinates and how far off they may be."""

    lat: float
    lon: float
    radius_m: float | None = None


@dataclass(frozen=True)
class Known:
    """What is known of missions on a day."""

    missions: Sequence[Mission]
    competences: Sequence[Competence]
    on: date

    def rows(self, country: str, kind: Kind) -> list[Competence]:
        """The rows for a country that hold."""
        return [row for row in self.competences if row.country == country and row.kind is kind and row.holds(self.on)]

    def mission(self, name: str) -> Mission | None:
        """A mission of the directory."""
        return next((mission for mission in self.missions if mission.name == name), None)


def competent_missions(named: str | None, countries: Sequence[CountryCandidate], place: Place | None, known: Known) -> list[MissionHint]:
    """Candidates of the country that was named, then of every country in which the place may lie (both sides of a border and of a claim).

    A place in another country than the named one says nothing about the district there; whoever writes from Korea writes for someone else.
    """
    found = [candidate.country for candidate in countries]
    wanted = ([named] if named else []) + [country for country in found if country != named]
    hints: list[MissionHint] = []
    for country in wanted:
        hints += in_country(country, place if not found or country in found else None, known)
    if not hints and place is not None and not found:
        hints = _nearest(place, known, AT_SEA)
    if len(wanted) > 1:  # nobody has said, or the place contradicts: none of them is certain
        hints = [replace(hint, certainty=Certainty.CHECK) for hint in hints]
    return list({hint.name: hint for hint in reversed(hints)}.values())[::-1]


def in_country(country: str, place: Place | None, known: Known) -> list[MissionHint]:
    """Candidates within one country: by district, as its only mission, accredited from elsewhere, of its parent state, or by distance."""
    if country == HOME:
        return []
    if place is not None and (rows := known.rows(country, Kind.DISTRICT)):
        hints = _by_district(country, place, rows, known)
        if hints:
            return hints
    point = (place.lat, place.lon) if place else None
    own = missions_for(country, point, known.missions)
    if own and own[0].basis not in (OF_STATE,):
        return [replace(hint, certainty=_of_only(hint)) for hint in own] if len(own) == 1 else own
    accredited = [
        hint_of(mission, point, f"겸임 · {TO_CHECK}" if row.confidence is Confidence.BACKGROUND else "겸임", _certainty(row.confidence), row.source)
        for row in known.rows(country, Kind.ACCREDITATION)
        if (mission := known.mission(row.mission)) is not None
    ]
    if len(accredited) > 1:
        accredited = [replace(hint, certainty=Certainty.CHECK) for hint in accredited]
    if accredited or own:
        return accredited or own
    if place is not None:
        return _nearest(place, known, NEAREST)
    middle = middle_of(country)
    # Nobody has said where in the country, so the kilometres would say what nobody knows.
    return [replace(hint, distance_km=None) for hint in _nearest(Place(*middle), known, NEAREST_TO_COUNTRY)] if middle else []


def _of_only(hint: MissionHint) -> Certainty:
    return Certainty.CONFIRMED if hint.verified else Certainty.LIKELY


def _by_district(country: str, place: Place, rows: Sequence[Competence], known: Known) -> list[MissionHint]:
    named = {code for row in rows for code in row.regions}
    found: dict[str, tuple[Region, Competence]] = {}
    for region in regions_at(country, place.lat, place.lon, place.radius_m):
        code = region.code if region.code in named else REST
        for row in rows:
            if code in row.regions and (row.box is None or _beside(row.box, place)):
                found.setdefault(row.mission, (region, row))
    ordered = sorted(found.values(), key=lambda item: (item[0].distance_m, item[1].box is None, _ORDER[item[1].confidence]))
    hints = []
    for region, row in ordered:
        mission = known.mission(row.mission)
        if mission is not None:
            hints.append(hint_of(mission, (place.lat, place.lon), _basis(region, row, len(found)), _district_certainty(region, row, len(found)), row.source))
    return hints


def _basis(region: Region, row: Competence, competitors: int) -> str:
    words = [f"{region.name} 관할"]
    if region.is_guess:
        words.append(GUESSED)
    elif region.distance_m > 0:
        words.append("구역 경계 가까이")
    if row.note:
        words.append(row.note)
    if not region.is_guess and (row.confidence is Confidence.BACKGROUND or competitors > 1):
        words.append(TO_CHECK)
    return " · ".join(words)


def _district_certainty(region: Region, row: Competence, competitors: int) -> Certainty:
    if region.is_guess or region.distance_m > 0 or row.confidence is Confidence.BACKGROUND:
        return Certainty.CHECK
    return _certainty(row.confidence) if competitors == 1 else Certainty.LIKELY


def _certainty(confidence: Confidence) -> Certainty:
    return {Confidence.OFFICIAL: Certainty.CONFIRMED, Confidence.RELAYED: Certainty.LIKELY, Confidence.BACKGROUND: Certainty.CHECK}[confidence]


def _beside(box: Box, place: Place) -> bool:
    """Whether a place lies in a box or so near that nobody should say it does not."""
    south, west, north, east = box
    lat, lon = min(max(place.lat, south), north), min(max(place.lon, west), east)
    return distance_km(place.lat, place.lon, lat, lon) * 1000 <= (0.0 if (lat, lon) == (place.lat, place.lon) else reach_m(place.radius_m))


def _nearest(place: Place, known: Known, basis: str) -> list[MissionHint]:
    hints = [hint_of(mission, (place.lat, place.lon), basis, Certainty.CHECK) for mission in known.missions]
    return sorted(hints, key=lambda hint: hint.distance_km or 0.0)[:NEAREST_SHOWN]


def unknown_missions(rows: Iterable[Competence], missions: Iterable[Mission]) -> list[str]:
    """Names in the tables that the directory does not have: such rows would silently count for nothing."""
    names = {mission.name for mission in missions}
    return [name for name, _ in groupby(sorted(row.mission for row in rows)) if name not in names]


__all__ = ["AT_SEA", "BY_DISTANCE", "Known", "Place", "competent_missions", "in_country", "unknown_missions"]
