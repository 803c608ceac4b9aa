"""In which division of a country a place lies. Outlines stand for the countries that have several missions (``data/geo/README.md``)."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.settings import ROOT
from handoff.geography import KM_PER_DEGREE, MAX_RADIUS_M, distance_km

OUTLINES = ROOT / "data" / "geo" / "admin1.geojson"
#: How far off a line between two divisions may be: 16 whose course is known were 0.25 km off in the median, 4.1 km at worst (data/geo/README.md).
OUTLINE_ERROR_M = 4_500.0


@dataclass(frozen=True)
class Region:
    """A division that a place lies in (``distance_m`` 0) or near; ``is_guess``: the nearest one, because the place lies in none."""

    code: str
    name: str
    distance_m: float
    is_guess: bool = False


@dataclass(frozen=True)
class _Outlines:
    tree: Any
    shapes: list[Any]
    names: list[tuple[str, str]]


@lru_cache(maxsize=1)
def _outlines(path: Path = OUTLINES) -> dict[str, _Outlines]:
    import shapely
    from shapely.geometry import shape

    grouped: dict[str, tuple[list[Any], list[tuple[str, str]]]] = {}
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        found = feature["properties"]
        shapes, names = grouped.setdefault(found["country"], ([], []))
        shapes.append(shape(feature["geometry"]))
        names.append((found["code"], found["name_ko"] or found["name"]))
    return {country: _Outlines(shapely.STRtree(shapes), shapes, names) for country, (shapes, names) in grouped.items()}


def known_regions(country: str) -> dict[str, str]:
    """The divisions of a country that have an outline: code and name."""
    found = _outlines().get(country)
    return dict(found.names) if found else {}


def known_codes(country: str) -> frozenset[str]:
    """The codes of those divisions."""
    return frozenset(known_regions(country))


def reach_m(radius_m: float | None) -> float:
    """Within what distance of a place another division is still possible."""
    return min(max(radius_m or 0.0, OUTLINE_ERROR_M), MAX_RADIUS_M)


def regions_at(country: str, lat: float, lon: float, radius_m: float | None = None) -> list[Region]:
    """The divisions of a country that a place may lie in, nearest first; empty for a country without outlines.

    A beach, an island or a bank of the border river may lie in no outline although it lies in the country: then the nearest one *of that country*
    stands alone, as a guess.
    """
    from shapely.geometry import Point, box

    known = _outlines().get(country)
    if known is None:
        return []
    reach = reach_m(radius_m)
    point = Point(lon, lat)
    dy = reach / 1000 / KM_PER_DEGREE
    dx = dy / max(math.cos(math.radians(lat)), 0.01)
    near = [_region(known, int(index), point) for index in known.tree.query(box(lon - dx, lat - dy, lon + dx, lat + dy))]
    found = sorted((region for region in near if region.distance_m <= reach), key=lambda region: region.distance_m)
    if any(region.distance_m == 0 for region in found):
        return found
    if found:  # beside an outline, in none: which of the near ones is not known
        return [Region(region.code, region.name, region.distance_m, is_guess=True) for region in found]
    nearest = _region(known, int(known.tree.nearest(point)), point)
    return [Region(nearest.code, nearest.name, nearest.distance_m, is_guess=True)]


def _region(known: _Outlines, index: int, point: Any) -> Region:
    from shapely.ops import nearest_points

    code, name = known.names[index]
    outline = known.shapes[index]
    if outline.covers(point):
        return Region(code, name, 0.0)
    nearest, _ = nearest_points(outline, point)
    return Region(code, name, round(distance_km(point.y, point.x, nearest.y, nearest.x) * 1000, 1))
