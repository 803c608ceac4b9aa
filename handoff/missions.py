"""Which missions may be competent. Districts within a country are not known here yet, so distance only sorts, and says so."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.settings import ROOT
from handoff.geography import distance_km, parent_of
from handoff.schemas import MissionHint

DIRECTORY = ROOT / "data" / "missions.csv"
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


@lru_cache(maxsize=4)
def directory(path: Path = DIRECTORY) -> tuple[Mission, ...]:
    """The missions of ``data/missions.csv``; nothing when the file is not there."""
    if not path.exists():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as file:
        return tuple(
            Mission(
                row["embassy_kor_nm"],
                row["country_iso_alp2"],
                float(row["embassy_lat"]),
                float(row["embassy_lng"]),
                (row.get("verified") or "").strip().lower() in ("1", "true", "yes", "y"),
            )
            for row in csv.DictReader(file)
        )


def missions_for(country: str | None, point: tuple[float, float] | None, missions: tuple[Mission, ...] | None = None) -> list[MissionHint]:
    """Candidates for a place (lat, lon) in a country: the only one, or all by distance; a territory without one gets its state's."""
    if country is None:
        return []
    known = directory() if missions is None else missions
    own = [mission for mission in known if mission.country == country]
    if len(own) == 1:
        return [_hint(own[0], point, ONLY_ONE)]
    basis = BY_DISTANCE if point else NO_PLACE
    if not own and (state := parent_of(country)):
        own = [mission for mission in known if state in (mission.country, parent_of(mission.country))]
        basis = OF_STATE
    hints = [_hint(mission, point, basis) for mission in own]
    return sorted(hints, key=lambda hint: (hint.distance_km is None, hint.distance_km or 0.0))


def _hint(mission: Mission, point: tuple[float, float] | None, basis: str) -> MissionHint:
    distance = round(distance_km(*point, mission.lat, mission.lon), 1) if point else None
    return MissionHint(mission.name, mission.country, distance, mission.verified, basis)
