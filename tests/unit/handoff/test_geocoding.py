"""Typed places become candidates with coordinates; none is taken by itself."""

from __future__ import annotations

import pytest

from handoff.geocoding import MAX_RADIUS_M, MIN_RADIUS_M, MOST, candidate, candidates, plain
from handoff.geography import countries_at


@pytest.mark.parametrize(
    ("text", "country", "name"),
    [
        ("프놈펜 리버사이드 근처", "KH", "Phnom Penh"),
        ("Ubon Ratchathani bus terminal", "TH", "Ubon Ratchathani"),
        ("ubon ratchathani", "TH", "Ubon Ratchathani"),
        ("지금 바벳 국경 쪽이에요", "KH", "Bavet"),
        ("시아누크빌에서 갇혀 있어요", "KH", "Sihanoukville"),
        ("포이펫 카지노 옆", "KH", "Paoy Paet"),
        ("Thành phố Đà Nẵng, cầu Rồng", "VN", "Da Nang"),
        ("호찌민시 1군", "VN", "Ho Chi Minh City"),
        ("코타키나발루 공항", "MY", "Kota Kinabalu"),
        ("코타 키나발루 공항", "MY", "Kota Kinabalu"),
        ("大阪の難波", "JP", "Osaka"),
        ("Zürich HB", "CH", "Zürich"),
        ("zurich hauptbahnhof", "CH", "Zürich"),
    ],
)
def test_a_town_is_found_in_what_people_type(text, country, name):
    first = candidates(text)[0]
    assert (first.town.country, first.town.name) == (country, name)
    assert MIN_RADIUS_M <= first.radius_m <= MAX_RADIUS_M


def test_what_is_known_of_the_case_puts_its_country_first():
    assert candidates("Georgetown")[0].town.country != "MY"
    first = candidates("Georgetown", ["MY"])[0].town
    assert first.country == "MY"


def test_several_towns_of_one_name_are_all_offered_at_most_five():
    found = candidates("San Jose")
    assert 2 <= len(found) <= MOST
    assert len({item.town.id for item in found}) == len(found)


@pytest.mark.parametrize("text", ["", "   ", "3층 왼쪽 방", "모르겠어요 그냥 어두워요", "호텔 앞이에요", "12345", "🙂🙂", "‮<b>x</b>"])
def test_words_that_name_no_town_give_nothing(text):
    assert candidates(text) == []


def test_the_longer_name_hides_the_one_inside_it():
    assert {item.town.name for item in candidates("New York City")} == {"New York City"}


def test_only_what_was_typed_can_be_chosen():
    town = candidates("프놈펜 리버사이드")[0].town
    assert candidate("프놈펜 리버사이드", town.id).town == town
    assert candidate("방콕", town.id) is None
    assert candidate("프놈펜", 1) is None


def test_a_larger_town_has_a_larger_radius():
    assert candidates("프놈펜")[0].radius_m > candidates("바벳")[0].radius_m


def test_the_towns_lie_in_the_country_that_they_name():
    for text in ("프놈펜", "Bavet", "포이펫", "Ubon Ratchathani", "Basel", "Tijuana", "Ceuta", "Aachen", "Como", "Niagara Falls"):
        for item in candidates(text):
            found = {one.country for one in countries_at(item.town.lat, item.town.lon, 2000)}
            assert item.town.country in found, (text, item.town)


def test_spellings_meet():
    assert plain("Đà Nẵng") == plain("da nang") == "danang"
    assert plain("코타 키나발루") == "코타키나발루"
