"""The one form of a place, checked where it enters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from core.errors import AppError

Confidence = Literal["high", "medium", "low"]
DATUMS = ("WGS84", "GCJ02")
#: The farthest that two points of the earth lie apart; degrees and metres beyond it are none, however many digits somebody writes.
MAX_RADIUS_M = 20_040_000.0
#: Where devices put themselves when they know nothing (0, 0), and within what distance a place there is doubted.
NULL_ISLAND_DEGREES = 0.05
GOOD_RADIUS_M = 100.0
POOR_RADIUS_M = 2_000.0
#: Within this radius somebody can be found: what statistics call exact.
EXACT_M = 50.0
#: A clock may run this far ahead of ours, and a cached place be this old, before the time is doubted.
CLOCK_AHEAD = timedelta(minutes=2)
STALE = timedelta(minutes=10)


@dataclass(frozen=True)
class GeoFix:
    """A place in degrees, with how sure it is. Build it with :func:`checked_fix`."""

    lat: float
    lon: float
    radius_m: float | None
    confidence: Confidence
    method: str
    datum: str
    fixed_at: datetime
    source: str


def checked_fix(
    lat: Any,
    lon: Any,
    radius_m: Any = None,
    *,
    now: datetime,
    fixed_at: datetime | str | None = None,
    method: str = "device",
    datum: str = "WGS84",
    source: str = "",
) -> GeoFix:
    """A place as it came in, refused when impossible, doubted when unlikely.

    Raises:
        AppError: ``location_out_of_range``.
    """
    latitude, longitude = _degrees(lat, 90), _degrees(lon, 180)
    radius = None if radius_m is None else _number(radius_m)
    if datum not in DATUMS or (radius is not None and radius < 0):
        raise AppError("location_out_of_range")
    moment, time_is_sure = _moment(fixed_at, now)
    return GeoFix(latitude, longitude, radius, _confidence(latitude, longitude, radius, time_is_sure), method, datum, moment, source)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_RADIUS_M:
        raise AppError("location_out_of_range")
    return float(value)


def _degrees(value: Any, limit: int) -> float:
    number = _number(value)
    if not -limit <= number <= limit:
        raise AppError("location_out_of_range")
    return number


def _moment(fixed_at: datetime | str | None, now: datetime) -> tuple[datetime, bool]:
    """When the device was there. A clock that is wrong costs confidence, never the place."""
    if isinstance(fixed_at, str):
        try:
            fixed_at = datetime.fromisoformat(fixed_at)
        except ValueError:
            return now, False
    if fixed_at is None:
        return now, True
    if fixed_at.tzinfo is None:
        return now, False
    try:
        moment = fixed_at.astimezone(UTC)
    except OverflowError:
        return now, False
    if moment > now + CLOCK_AHEAD:
        return now, False
    return min(moment, now), now - moment <= STALE


def _confidence(lat: float, lon: float, radius: float | None, time_is_sure: bool) -> Confidence:
    nowhere = abs(lat) < NULL_ISLAND_DEGREES and abs(lon) < NULL_ISLAND_DEGREES
    if nowhere or radius is None or radius > POOR_RADIUS_M or not time_is_sure:
        return "low"
    return "high" if 0 < radius <= GOOD_RADIUS_M else "medium"
