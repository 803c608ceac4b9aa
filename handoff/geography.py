"""In which country a place lies, and what time it is there. Outlines decide, never the nearest city: that is wrong at borders."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core.settings import ROOT
from handoff.schemas import CountryCandidate

OUTLINES = ROOT / "data" / "geo" / "countries.geojson"
BASE_MAP = ROOT / "data" / "geo" / "base.geojson"
EARTH_KM = 6371.0088
KM_PER_DEGREE = 111.195
#: How far off the outlines may be: at most 0.55 km at the border crossings measured (data/geo/README.md).
OUTLINE_ERROR_M = 600.0
#: A fix of more than this says nothing about the country beyond its centre; looking further would only list neighbours.
MAX_RADIUS_M = 100_000.0
CELL_DEGREES = 0.1


@dataclass(frozen=True)
class _Outlines:
    tree: Any
    shapes: list[Any]
    properties: list[dict[str, Any]]


@lru_cache(maxsize=1)
def _outlines(path: Path = OUTLINES) -> _Outlines:
    import shapely
    from shapely.geometry import shape

    features = json.loads(path.read_text())["features"]
    shapes = [shape(feature["geometry"]) for feature in features]
    for one in shapes:
        shapely.prepare(one)
    return _Outlines(shapely.STRtree(shapes), shapes, [feature["properties"] for feature in features])


def countries_at(lat: float, lon: float, radius_m: float | None = None) -> list[CountryCandidate]:
    """Every country that the place may be in, the one that contains its centre first; empty on the high seas.

    Near a border all that lie within the radius are named, and both sides of a claim: never one guess.
    """
    from shapely.geometry import Point, box

    known = _outlines()
    reach_m = min(max(radius_m or 0.0, OUTLINE_ERROR_M), MAX_RADIUS_M)
    found: dict[str, float] = {}
    for shift in (-360.0, 0.0, 360.0):  # a place beside the 180th meridian has neighbours on the other end of the map
        point = Point(lon + shift, lat)
        dy = reach_m / 1000 / KM_PER_DEGREE
        dx = dy / max(math.cos(math.radians(lat)), 0.01)
        for index in known.tree.query(box(point.x - dx, lat - dy, point.x + dx, lat + dy)):
            distance_m = _distance_m(known.shapes[index], point)
            if distance_m <= reach_m:
                for country in (known.properties[index]["country"], *known.properties[index].get("claimed_by", ())):
                    found[country] = min(distance_m, found.get(country, math.inf))
    ordered = sorted(found.items(), key=lambda item: item[1])
    return [CountryCandidate(country, round(distance_m)) for country, distance_m in ordered]


def middle_of(country: str) -> tuple[float, float] | None:
    """A point (lat, lon) inside the largest outline of a country: what is near it is near to somebody of whom nothing but the country is known."""
    known = _outlines()
    own = [shape for shape, properties in zip(known.shapes, known.properties, strict=True) if properties["country"] == country]
    if not own:
        return None
    point = max(own, key=lambda shape: shape.area).representative_point()
    return point.y, point.x


def _distance_m(outline: Any, point: Any) -> float:
    from shapely.ops import nearest_points

    if outline.covers(point):
        return 0.0
    nearest, _ = nearest_points(outline, point)
    return distance_km(point.y, point.x, nearest.y, nearest.x) * 1000


def parent_of(country: str) -> str | None:
    """The state that a territory with a code of its own belongs to (MO → CN)."""
    return _parents().get(country)


@lru_cache(maxsize=1)
def _parents() -> dict[str, str]:
    return {found["country"]: found["parent"] for found in _outlines().properties if "parent" in found}


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Along the sphere (haversine): within 0.6 % of the ellipsoid, enough to sort missions."""
    a, b = math.radians(lat), math.radians(other_lat)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def time_zone_at(lat: float, lon: float) -> str | None:
    """The IANA zone of a place."""
    from tzfpy import get_tz

    return get_tz(lon, lat) or None


def local_time(zone: str | None, at: datetime) -> datetime | None:
    """The wall clock there."""
    return at.astimezone(ZoneInfo(zone)) if zone else None


def coarse_cell(lat: float, lon: float) -> str:
    """The cell (≥ 5 km each way) that stands unencrypted beside a sealed place.

    A row of cells is 0.1° high (11 km); it is cut into as many columns as keep each at least as wide, fewer towards the poles.
    """
    row = math.floor((lat + 90) / CELL_DEGREES)
    middle = min(abs(row * CELL_DEGREES - 90), abs((row + 1) * CELL_DEGREES - 90))
    columns = max(1, math.floor(360 / CELL_DEGREES * math.cos(math.radians(min(middle, 90.0)))))
    column = math.floor(((lon + 180) % 360) / 360 * columns)
    return f"{row}:{column}"


def cell_bounds(cell: str) -> tuple[float, float, float, float]:
    """The corners of a cell of :func:`coarse_cell`: south, west, north, east in degrees."""
    row, column = (int(part) for part in cell.split(":"))
    middle = min(abs(row * CELL_DEGREES - 90), abs((row + 1) * CELL_DEGREES - 90))
    columns = max(1, math.floor(360 / CELL_DEGREES * math.cos(math.radians(min(middle, 90.0)))))
    south, west = row * CELL_DEGREES - 90, column * 360 / columns - 180
    return south, west, min(south + CELL_DEGREES, 90.0), west + 360 / columns
