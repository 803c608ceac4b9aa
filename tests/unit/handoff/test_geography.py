"""The places where people are held, or lost, and where a nearest-city table is wrong."""

from datetime import UTC, datetime

import pytest

from handoff.geography import coarse_cell, countries_at, distance_km, local_time, parent_of, time_zone_at


@pytest.mark.parametrize(
    ("name", "lat", "lon", "country"),
    [
        ("Bavet", 11.07, 106.13, "KH"),
        ("Moc Bai", 11.083, 106.18, "VN"),
        ("Poipet", 13.656, 102.57, "KH"),
        ("Aranyaprathet", 13.69, 102.50, "TH"),
        ("Golden Triangle zone", 20.36, 100.10, "LA"),
        ("Sop Ruak", 20.352, 100.078, "TH"),
        ("Tachileik", 20.455, 99.88, "MM"),
        ("Myawaddy", 16.689, 98.500, "MM"),
        ("KK Park", 16.64, 98.515, "MM"),
        ("Mae Sot", 16.713, 98.574, "TH"),
        ("Sihanoukville beach", 10.62, 103.52, "KH"),
        ("Basel", 47.558, 7.59, "CH"),
        ("Weil am Rhein", 47.593, 7.62, "DE"),
        ("Saint-Louis", 47.585, 7.555, "FR"),
        ("Niagara Falls, Ontario", 43.084, -79.085, "CA"),
        ("Niagara Falls, New York", 43.0945, -79.045, "US"),
        ("Tijuana", 32.525, -117.03, "MX"),
        ("San Ysidro", 32.552, -117.045, "US"),
        ("Ceuta", 35.889, -5.32, "ES"),
        ("Seoul", 37.5665, 126.978, "KR"),
        ("Tokyo", 35.68, 139.69, "JP"),
        ("Dokdo", 37.2411, 131.865, "KR"),
        ("Jeju", 33.5, 126.53, "KR"),
        ("Singapore", 1.29, 103.85, "SG"),
        ("Malé", 4.175, 73.51, "MV"),
        ("Nauru", -0.53, 166.93, "NR"),
        ("Funafuti", -8.52, 179.2, "TV"),
        ("Taveuni, beside the 180th meridian", -16.8, -179.98, "FJ"),
        ("Guam", 13.47, 144.75, "GU"),
        ("Saipan", 15.18, 145.75, "MP"),
        ("Boracay", 11.97, 121.92, "PH"),
        ("Macau", 22.198, 113.544, "MO"),
        ("Vatican", 41.9022, 12.4533, "VA"),
        ("Pristina", 42.66, 21.16, "XK"),
    ],
)
def test_country_of_a_place(name, lat, lon, country):
    assert countries_at(lat, lon, 30)[0].country == country, name
    assert countries_at(lat, lon, 30)[0].distance_m == 0


def test_far_from_any_border_there_is_one_candidate():
    assert [found.country for found in countries_at(37.5665, 126.978, 50)] == ["KR"]
    assert [found.country for found in countries_at(11.07, 106.13, 50)] == ["KH"]


def test_within_the_radius_all_candidates_are_named_nearest_first():
    assert [found.country for found in countries_at(20.36, 100.10, 3000)] == ["LA", "TH", "MM"]
    assert [found.country for found in countries_at(11.07, 106.13, 5000)] == ["KH", "VN"]
    assert {found.country for found in countries_at(47.58972, 7.58917, 20)} == {"CH", "DE", "FR"}


def test_an_exact_place_beside_the_line_still_names_both_sides():
    assert {found.country for found in countries_at(13.6617, 102.5497, 5)} == {"KH", "TH"}


def test_disputed_areas_name_both():
    assert {found.country for found in countries_at(45.0, 34.0, 20)} == {"RU", "UA"}
    assert "CY" in {found.country for found in countries_at(35.2, 33.3, 20)}


def test_high_seas_are_no_country():
    assert countries_at(30.0, -40.0, 50) == []


def test_a_useless_radius_does_not_list_the_world():
    assert len(countries_at(37.5665, 126.978, 5_000_000)) <= 2


def test_territories_know_their_state():
    assert parent_of("MO") == "CN"
    assert parent_of("KR") is None


def test_local_time_follows_the_zone():
    at = datetime(2026, 7, 1, 6, 12, tzinfo=UTC)
    assert time_zone_at(11.07, 106.13) == "Asia/Phnom_Penh"
    assert local_time("America/Santiago", at).strftime("%H:%M") == "02:12"
    assert local_time(None, at) is None


@pytest.mark.parametrize("lat", [0.0, 37.5, 60.0, 75.0, 84.0])
def test_cells_are_at_least_5_km_wide(lat):
    cell, lon, step = coarse_cell(lat, 10.0), 10.0, 0.0005
    low = high = lon
    while coarse_cell(lat, low - step) == cell:
        low -= step
    while coarse_cell(lat, high + step) == cell:
        high += step
    assert distance_km(lat, low, lat, high) >= 5


def test_cells_at_the_ends_of_the_earth():
    assert coarse_cell(90.0, 0.0)
    assert coarse_cell(-90.0, 180.0) == coarse_cell(-90.0, -180.0)
