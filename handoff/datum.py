"""From the shifted coordinates that maps in mainland China use (GCJ-02) to WGS84.

The shift is a published approximation of a secret one, 50 to 700 m; undoing it is exact to about a metre. Outside China nothing is shifted.
"""

from __future__ import annotations

import math

#: Semi-major axis and squared eccentricity of the Krasovsky ellipsoid, on which the shift is defined.
_AXIS_M = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
_ROUNDS = 6


def to_wgs84(lat: float, lon: float, datum: str) -> tuple[float, float]:
    """Coordinates in WGS84; those of another datum than GCJ-02 come back as they are."""
    if datum != "GCJ02":
        return lat, lon
    guess_lat, guess_lon = lat, lon
    for _ in range(_ROUNDS):  # the shift hardly changes within its own length, so this closes in fast
        shifted_lat, shifted_lon = to_gcj02(guess_lat, guess_lon)
        guess_lat, guess_lon = guess_lat + lat - shifted_lat, guess_lon + lon - shifted_lon
    return guess_lat, guess_lon


def to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """Where a Chinese map puts a place."""
    if not (0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347):
        return lat, lon
    x, y = lon - 105.0, lat - 35.0
    common = 20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += 2 / 3 * (common + _waves(y, (20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30)))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += 2 / 3 * (common + _waves(x, (20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30)))
    phi = math.radians(lat)
    magic = 1 - _ECCENTRICITY2 * math.sin(phi) ** 2
    north_degrees = math.degrees(north * magic * math.sqrt(magic) / (_AXIS_M * (1 - _ECCENTRICITY2)))
    east_degrees = math.degrees(east * math.sqrt(magic) / (_AXIS_M * math.cos(phi)))
    return lat + north_degrees, lon + east_degrees


def _waves(value: float, *waves: tuple[float, float]) -> float:
    return sum(height * math.sin(value * frequency * math.pi) for height, frequency in waves)
