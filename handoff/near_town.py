"""The town to name when one speaks of a place. It orients a reader: country and mission are decided by outlines and tables, never by it."""

from __future__ import annotations

import math
from collections.abc import Collection

from handoff.geocoding import NearTown, towns_in
from handoff.geography import distance_km

#: Farther away a town says nothing about where somebody is; less than a degree of latitude.
NEAR_KM = 100.0


def nearest_town(lat: float, lon: float, countries: Collection[str] = ()) -> NearTown | None:
    """The nearest town of the gazetteer, of ``countries`` (in which the place may lie) where they are known; None when none is near."""
    # A degree of longitude is short towards the poles: as many squares as reach the same distance, the whole circle at most.
    wide = min(180, math.ceil(1 / max(math.cos(math.radians(lat)), 0.005)))
    squares = {(math.floor(lat) + dy, (math.floor(lon) + dx + 180) % 360 - 180) for dy in (-1, 0, 1) for dx in range(-wide, wide + 1)}
    towns = [town for town in towns_in(squares) if not countries or town.country in countries]
    near = min((NearTown(town, distance_km(lat, lon, town.lat, town.lon)) for town in towns), key=lambda one: one.distance_km, default=None)
    return near if near is not None and near.distance_km <= NEAR_KM else None
