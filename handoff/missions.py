"""The directory of missions, and what it alone can say: the only one of a country, or all of them by distance, which decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from handoff.geography import distance_km, parent_of
from handoff.schemas import Certainty, MissionHint

ONLY_ONE = "이 나라의 유일한 공관"
BY_DISTANCE = "거리 기준 — 관할 확인 필요"
OF_STATE = "소속 국가의 공관 — 관할 확인 필요"
NO_PLACE = "위치 미상 — 관할 확인 필요"


@dataclass(frozen=True)
class Mission:
    """One line of the directory."""

    name: str
    country: str
    lat: float
    lon: float
    verified: bool


def missions_of(rows: Iterable[dict[str, Any]]) -> list[Mission]:
    """The directory as the knowledge base keeps it."""
    return [Mission(row["name"], row["country"], row["lat"], row["lon"], bool(row.get("verified"))) for row in rows]


def missions_for(country: str | None, point: tuple[float, float] | None, known: Iterable[Mission]) -> list[MissionHint]:
    """Candidates for a place (lat, lon) in a country: the only one, or all by distance; a territory without one gets its state's."""
    if country is None:
        return []
    known = list(known)
    own = [mission for mission in known if mission.country == country]
    if len(own) == 1:
        return [hint_of(own[0], point, ONLY_ONE)]
    basis = BY_DISTANCE if point else NO_PLACE
    if not own and (state := parent_of(country)):
        own = [mission for mission in known if state in (mission.country, parent_of(mission.country))]
        basis = OF_STATE
    hints = [hint_of(mission, point, basis) for mission in own]
    return sorted(hints, key=lambda hint: (hint.distance_km is None, hint.distance_km or 0.0))


def hint_of(mission: Mission, point: tuple[float, float] | None, basis: str, certainty: Certainty = Certainty.CHECK, source: str = "") -> MissionHint:
    """A mission as a candidate, with its distance from a place (lat, lon)."""
    distance = round(distance_km(*point, mission.lat, mission.lon), 1) if point else None
    return MissionHint(mission.name, mission.country, distance, mission.verified, basis, certainty, source)
