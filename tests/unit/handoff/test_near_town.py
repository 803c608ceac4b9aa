"""The town that is named beside a place; it orients, and never says in which country somebody is."""

from __future__ import annotations

import pytest

from handoff.near_town import NEAR_KM, nearest_town


@pytest.mark.parametrize(
    ("lat", "lon", "countries", "name"),
    [
        (11.5564, 104.9282, ["KH"], "Phnom Penh"),
        (11.0712, 106.1334, ["KH"], "Bavet"),
        (47.5580, 7.5890, ["CH", "DE", "FR"], "Basel"),
        (78.2200, 15.6000, ["SJ"], "Longyearbyen"),
        (-16.8000, 179.9900, ["FJ"], "Savusavu"),
        (-16.8000, -179.9900, ["FJ"], "Savusavu"),  # across the 180th meridian
    ],
)
def test_the_town_of_a_place(lat, lon, countries, name):
    assert nearest_town(lat, lon, countries).town.name == name


def test_of_two_sides_of_a_border_the_side_on_which_the_place_may_lie():
    assert nearest_town(32.5430, -117.0310, ["MX"]).town.country == "MX"
    assert nearest_town(32.5430, -117.0310, ["US"]).town.country == "US"


def test_on_the_high_seas_and_at_the_pole_there_is_none():
    assert nearest_town(0.0, -150.0) is None
    assert nearest_town(90.0, 0.0) is None
    assert nearest_town(-90.0, 180.0) is None


def test_nothing_beyond_its_reach():
    found = nearest_town(-17.7, 178.9)
    assert found is not None
    assert found.distance_km < NEAR_KM
