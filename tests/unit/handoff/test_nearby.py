"""The service around the corner is asked for a wide box, never for the place; a broken answer is no answer."""

from __future__ import annotations

import re

import pytest

from handoff.geography import cell_bounds, coarse_cell, distance_km
from handoff.nearby import Nearby, query_of, spots_of

PLACES = [(11.0632, 106.1356), (0.0, 0.0), (-33.86785, 151.20732), (69.65, 18.96), (89.99, 10.0), (-89.99, -170.0), (51.5, -0.1), (35.0, 179.99)]


@pytest.mark.parametrize(("lat", "lon"), PLACES)
def test_the_bounds_of_a_cell_contain_the_place_and_are_at_least_5_km_wide(lat, lon):
    south, west, north, east = cell_bounds(coarse_cell(lat, lon))
    assert south <= lat <= north
    assert west <= lon <= east
    assert distance_km(south, west, north, west) >= 5
    if abs(lat) < 89:
        assert distance_km(lat, west, lat, east) >= 5


@pytest.mark.parametrize(("lat", "lon"), PLACES)
def test_the_query_is_the_same_all_over_a_cell(lat, lon):
    south, west, north, east = cell_bounds(coarse_cell(lat, lon))
    other = ((south + north) / 2, (west + east) / 2)
    assert query_of(coarse_cell(*other), 6) == query_of(coarse_cell(lat, lon), 6)
    assert f"{lat:.4f}" not in query_of(coarse_cell(lat, lon), 6) or lat in (0.0, 51.5, 35.0)
    for box in re.findall(r"\(([-\d.,]+)\)", query_of(coarse_cell(lat, lon), 6)):
        s, w, n, e = (float(part) for part in box.split(","))
        assert -90 <= s < n <= 90
        assert -180 <= w < e <= 180
        assert distance_km(s, w, n, w) >= 5


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "x",
        {},
        {"elements": None},
        {"elements": [None, 3, {"tags": None}, {"tags": {"amenity": "hospital"}}]},
        {"elements": [{"lat": "11", "lon": 106, "tags": {"amenity": "hospital", "name": "A"}}]},
        {"elements": [{"lat": 911, "lon": 106, "tags": {"amenity": "hospital", "name": "A"}}]},
        {"elements": [{"lat": True, "lon": 1, "tags": {"amenity": "hospital", "name": "A"}}]},
        {"elements": [{"center": [1, 2], "tags": {"amenity": "hospital", "name": "A"}}]},
        {"elements": [{"lat": 1, "lon": 2, "tags": {"amenity": "hospital", "name": 5}}]},
    ],
)
def test_a_strange_answer_gives_nothing(content):
    assert spots_of(content) == ()


def test_points_and_centres_of_areas_are_both_read_with_the_name_that_staff_can_read():
    content = {
        "elements": [
            {"lat": 11.06, "lon": 106.13, "tags": {"amenity": "police", "name": "ប៉ូលិស", "name:en": "Bavet Police"}},
            {"center": {"lat": 11.07, "lon": 106.14}, "tags": {"amenity": "hospital", "name": "H", "name:ko": "바벳 병원"}},
            {"lat": 11.56, "lon": 104.91, "tags": {"office": "diplomatic", "country": "KR", "name": "Embassy of Korea"}},
        ]
    }
    assert [(kind, name) for kind, name, _, _ in spots_of(content)] == [("police", "Bavet Police"), ("hospital", "바벳 병원"), ("mission", "Embassy of Korea")]


async def test_without_an_address_nothing_is_asked():
    assert (await Nearby("", 6).around(11.0, 106.0)).state == "off"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/api", "not an address", "http://[::bad/"])
async def test_a_service_that_is_not_there_is_a_failure_not_an_exception(url):
    assert (await Nearby(url, 2).around(11.0, 106.0)).state == "failed"
