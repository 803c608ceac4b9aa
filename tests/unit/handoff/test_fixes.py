"""A place is refused when impossible and doubted when unlikely."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import AppError
from handoff.fixes import checked_fix

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lat", "lon", "radius"),
    [
        (None, 106.1, 10),
        (11.0, None, 10),
        (90.0001, 0.0, 10),
        (-90.0001, 0.0, 10),
        (0.0, 180.0001, 10),
        (math.nan, 106.1, 10),
        (11.0, math.inf, 10),
        ("11.0", 106.1, 10),
        (True, 106.1, 10),
        ([11.0], 106.1, 10),
        (11.0, 106.1, -1),
        (11.0, 106.1, math.nan),
        (11.0, 106.1, math.inf),
        (11.0, 106.1, "5"),
        (11.0, 106.1, 1e12),
        pytest.param(10**400, 106.1, 10, id="a latitude that no float holds"),
        pytest.param(11.0, -(10**400), 10, id="a longitude that no float holds"),
        pytest.param(11.0, 106.1, 10**400, id="a radius that no float holds"),
    ],
)
def test_refused(lat, lon, radius):
    with pytest.raises(AppError) as caught:
        checked_fix(lat, lon, radius, now=NOW)
    assert caught.value.code == "location_out_of_range"


def test_unknown_datum_is_refused():
    with pytest.raises(AppError):
        checked_fix(31.2, 121.4, 10, now=NOW, datum="BD09")


@pytest.mark.parametrize(
    ("lat", "lon", "radius", "confidence"),
    [
        (11.07, 106.13, 18, "high"),
        (11, 106, 100, "high"),
        (11.07, 106.13, 101, "medium"),
        (11.07, 106.13, 0, "medium"),
        (11.07, 106.13, 5000, "low"),
        (11.07, 106.13, None, "low"),
        (0.0, 0.0, 10, "low"),
        (0.01, -0.02, 10, "low"),
        (90, 180, 10, "high"),
    ],
)
def test_confidence(lat, lon, radius, confidence):
    assert checked_fix(lat, lon, radius, now=NOW).confidence == confidence


@pytest.mark.parametrize(
    ("fixed_at", "kept", "confidence"),
    [
        (NOW - timedelta(seconds=40), True, "high"),
        ((NOW - timedelta(seconds=40)).isoformat(), True, "high"),
        (NOW + timedelta(seconds=60), False, "high"),
        (NOW + timedelta(hours=1), False, "low"),
        (NOW - timedelta(hours=1), True, "low"),
        ("2026-03-01T11:59:59", False, "low"),
        ("yesterday", False, "low"),
        ("0001-01-01T00:00:00+14:00", False, "low"),
        (None, False, "high"),
    ],
)
def test_a_wrong_clock_costs_confidence_never_the_place(fixed_at, kept, confidence):
    fix = checked_fix(11.07, 106.13, 18, now=NOW, fixed_at=fixed_at)
    assert fix.confidence == confidence
    assert fix.fixed_at.tzinfo is not None
    assert fix.fixed_at <= NOW
    assert (fix.fixed_at < NOW) is kept
