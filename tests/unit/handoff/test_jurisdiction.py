"""Which mission is competent where people cross borders, are held, or live beside the line between two districts."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from handoff.geography import countries_at
from handoff.jurisdiction import competence
from handoff.jurisdiction.competence import Known, Place, competent_missions, unknown_missions
from handoff.jurisdiction.records import REST, Competence, Confidence, Kind, checked_box, read_files
from handoff.jurisdiction.regions import known_codes, regions_at
from handoff.missions import BY_DISTANCE, NO_PLACE, ONLY_ONE, missions_of
from handoff.schemas import Certainty
from knowledge_base.reference import read_missions

KNOWN = Known(missions_of(read_missions()), read_files(), date(2026, 11, 22))


def candidates(lat, lon, radius_m=20.0, named=None, known=KNOWN):
    return competent_missions(named, countries_at(lat, lon, radius_m), Place(lat, lon, radius_m), known)


@pytest.mark.parametrize(
    ("name", "lat", "lon", "mission"),
    [
        ("Bavet", 11.07, 106.13, "주캄보디아대사관"),  # the nearest city, and mission, are in Viet Nam
        ("Moc Bai", 11.10, 106.20, "주호치민총영사관"),
        ("Golden Triangle zone", 20.38, 100.13, "주라오스대사관"),
        ("Myawaddy", 16.67, 98.485, "주미얀마대사관"),
        ("Basel, old town", 47.556, 7.589, "주스위스대사관"),
        ("Weil am Rhein", 47.60, 7.62, "주프랑크푸르트총영사관"),
        ("Aachen", 50.776, 6.084, "주본분관"),
        ("Niagara Falls, Ontario", 43.070, -79.100, "주토론토총영사관"),
        ("Niagara Falls, New York", 43.095, -79.030, "주뉴욕총영사관"),
        ("Tijuana", 32.50, -117.00, "주멕시코대사관"),
        ("San Diego", 32.72, -117.16, "주로스앤젤레스총영사관"),
        ("Como", 45.80, 9.08, "주밀라노총영사관"),
        ("Ceuta", 35.889, -5.32, "주스페인대사관"),
        ("Melilla", 35.29, -2.94, "주스페인대사관"),
        ("Las Palmas", 28.10, -15.41, "주라스팔마스분관"),
        ("Nha Trang", 12.24, 109.19, "주호치민총영사관"),
        ("Phu Quoc", 10.22, 103.97, "주호치민총영사관"),
        ("Hoi An", 15.88, 108.33, "주다낭총영사관"),
        ("Boracay", 11.97, 121.92, "주세부분관"),
        ("Ubud", -8.51, 115.26, "주발리분관"),
        ("Kusatsu, Gunma", 36.62, 138.60, "주일본대사관"),
        ("Naha", 26.21, 127.68, "주후쿠오카총영사관"),
        ("Fresno, north of the line", 36.74, -119.78, "주샌프란시스코총영사관"),
        ("Bakersfield, south of the line", 35.37, -119.02, "주로스앤젤레스총영사관"),
        ("Dalian", 38.91, 121.60, "주다롄출장소"),
        ("Ottawa", 45.35, -75.75, "주캐나다대사관"),
        ("Guam", 13.47, 144.75, "주하갓냐출장소(괌)"),
        ("Saipan", 15.18, 145.75, "주하갓냐출장소(괌)"),
        ("San Juan, Puerto Rico", 18.45, -66.07, "주애틀랜타총영사관"),
        ("Macau", 22.19, 113.54, "주홍콩총영사관"),
        ("Malé", 4.175, 73.51, "주스리랑카대사관"),
        ("Malta", 35.90, 14.51, "주이탈리아대사관"),
        ("Foz do Iguaçu", -25.52, -54.57, "주상파울루총영사관"),
    ],
)
def test_first_candidate(name, lat, lon, mission):
    assert candidates(lat, lon)[0].name == mission, name


@pytest.mark.parametrize(
    ("name", "lat", "lon", "radius_m", "missions"),
    [
        ("Poipet, beside the line", 13.6617, 102.5497, 10, {"주태국대사관", "주시엠립분관", "주캄보디아대사관"}),
        ("Chiasso", 45.832, 9.031, 30, {"주스위스대사관", "주밀라노총영사관"}),
        ("Basel, corner of three countries", 47.58972, 7.58917, 20, {"주스위스대사관", "주프랑크푸르트총영사관", "주프랑스대사관"}),
        ("Aachen, corner of three countries", 50.7547, 6.0208, 30, {"주본분관", "주네덜란드대사관", "주벨기에·유럽연합대사관"}),
        ("Rainbow Bridge", 43.0900, -79.0677, 50, {"주토론토총영사관", "주뉴욕총영사관"}),
        ("San Ysidro", 32.5436, -117.0297, 50, {"주로스앤젤레스총영사관", "주멕시코대사관"}),
        ("Golden Triangle", 20.36, 100.10, 3000, {"주라오스대사관", "주태국대사관", "주미얀마대사관"}),
        ("Bavet, 5 km", 11.07, 106.13, 5000, {"주캄보디아대사관", "주호치민총영사관"}),
        ("Simferopol", 44.95, 34.10, 20, {"주러시아대사관", "주우크라이나대사관"}),
    ],
)
def test_at_a_border_and_in_a_disputed_area_both_sides_are_shown_and_none_is_certain(name, lat, lon, radius_m, missions):
    found = candidates(lat, lon, radius_m)
    assert missions <= {hint.name for hint in found}, name
    assert {hint.certainty for hint in found} == {Certainty.CHECK}


def test_an_official_district_far_from_every_line_is_certain():
    (hint,) = candidates(48.14, 11.58)  # München
    assert (hint.name, hint.certainty) == ("주프랑크푸르트총영사관", Certainty.CONFIRMED)
    assert hint.source.startswith("gutentagkorea")
    assert "확인 필요" not in hint.basis


def test_general_knowledge_is_never_certain():
    (hint,) = candidates(35.68, 139.45)  # Tokyo, west
    assert (hint.name, hint.certainty) == ("주일본대사관", Certainty.CHECK)
    assert "확인 필요" in hint.basis


def test_beside_the_line_between_two_districts_both_are_shown_the_containing_one_first():
    found = candidates(49.487, 8.462)  # Mannheim; Ludwigshafen is across the Rhine
    assert [hint.name for hint in found] == ["주프랑크푸르트총영사관", "주본분관"]
    assert Certainty.CONFIRMED not in {hint.certainty for hint in found}
    assert "경계 가까이" in found[1].basis


def test_a_division_for_which_the_table_names_two_missions_shows_both():
    assert {hint.name for hint in candidates(39.95, -75.16)} >= {"주뉴욕총영사관", "주필라델피아출장소"}
    assert {hint.name for hint in candidates(31.55, -97.15)} == {"주휴스턴총영사관", "주댈러스출장소"}  # Waco


def test_a_radius_that_covers_several_districts_names_them_all():
    names = {hint.name for hint in candidates(50.0, 8.27, 80_000)}  # a mobile cell somewhere about Mainz
    assert {"주본분관", "주프랑크푸르트총영사관"} <= names


def test_an_islet_in_no_outline_gets_the_nearest_district_of_its_country_as_a_guess():
    lat, lon = 10.80, 115.83  # Spratlys: a Chinese, Philippine or Vietnamese frame, far from any outline
    (region,) = regions_at("PH", lat, lon, 20)
    assert region.is_guess
    hints = competent_missions("PH", [], Place(lat, lon, 20), KNOWN)
    assert hints
    assert all(hint.country == "PH" for hint in hints)
    assert all(competence.GUESSED in hint.basis and hint.certainty is Certainty.CHECK for hint in hints)


def test_on_the_high_seas_the_nearest_missions_stand_in_and_say_so():
    found = candidates(30.0, -40.0)
    assert len(found) == competence.NEAREST_SHOWN
    assert {hint.basis for hint in found} == {competence.AT_SEA}


def test_at_sea_the_guess_that_somebody_writes_from_korea_hides_no_mission():
    assert candidates(30.0, -40.0, named="KR") == candidates(30.0, -40.0)


def test_a_country_without_any_row_falls_back_to_distance_marked():
    found = candidates(-3.38, 29.36)  # Bujumbura: no mission, no accreditation known
    assert found
    assert {hint.basis for hint in found} == {competence.NEAREST}


def test_two_accreditations_are_both_shown():
    assert {hint.name for hint in candidates(27.47, 89.64)} == {"주인도대사관", "주방글라데시대사관"}  # Thimphu


def test_from_home_nobody_is_competent_but_for_the_country_that_was_named():
    assert candidates(37.5665, 126.978) == []
    found = candidates(37.5665, 126.978, named="KH")
    assert {hint.name for hint in found} == {"주캄보디아대사관", "주시엠립분관"}
    assert {hint.basis for hint in found} == {NO_PLACE}


def test_the_named_country_comes_first_and_the_places_country_after_it():
    found = candidates(11.07, 106.13, named="VN")
    assert found[0].country == "VN"
    assert "주캄보디아대사관" in {hint.name for hint in found}


def test_without_a_place_a_single_mission_is_likely_and_several_are_unsorted():
    (hint,) = competent_missions("LA", [], None, KNOWN)
    assert (hint.basis, hint.certainty) == (ONLY_ONE, Certainty.LIKELY)
    assert {hint.basis for hint in competent_missions("US", [], None, KNOWN)} == {NO_PLACE}
    assert competent_missions(None, [], None, KNOWN) == []


def test_a_country_whose_districts_nobody_has_written_is_sorted_by_distance():
    bare = Known(KNOWN.missions, [], KNOWN.on)
    assert candidates(48.14, 11.58, known=bare)[0].basis == BY_DISTANCE


def row(mission, **values):
    return Competence(**({"kind": Kind.DISTRICT, "country": "DE", "mission": mission, "regions": ("DE-BY",), "box": None, "valid_from": None} | values))


def test_rows_count_only_on_their_days():
    common = {"valid_to": None, "confidence": Confidence.OFFICIAL, "source": "notice"}
    rows = [
        row("주독일대사관", **common | {"valid_to": date(2027, 1, 1)}),
        row("주프랑크푸르트총영사관", **common | {"valid_from": date(2027, 1, 1)}),
    ]
    before, after = (Known(KNOWN.missions, rows, day) for day in (date(2026, 12, 31), date(2027, 1, 1)))
    assert [hint.name for hint in candidates(48.14, 11.58, known=before)] == ["주독일대사관"]
    assert [hint.name for hint in candidates(48.14, 11.58, known=after)] == ["주프랑크푸르트총영사관"]


def test_every_mission_of_the_tables_is_in_the_directory():
    assert unknown_missions(KNOWN.competences, KNOWN.missions) == []
    assert unknown_missions([row("주없는대사관", valid_to=None, confidence=Confidence.OFFICIAL, source="x")], KNOWN.missions) == ["주없는대사관"]


def test_every_division_of_the_table_has_an_outline_and_every_country_with_several_missions_is_covered():
    rows = [one for one in KNOWN.competences if one.kind is Kind.DISTRICT]
    for one in rows:
        assert set(one.regions) <= known_codes(one.country) | {REST}, one
    several = {country for country, count in Counter(mission.country for mission in KNOWN.missions).items() if count > 1}
    assert several == {one.country for one in rows}
    assert all(known_codes(country) for country in several)


def test_only_what_the_notes_call_official_is_official():
    official = {one.mission for one in KNOWN.competences if one.confidence is Confidence.OFFICIAL}
    assert official == {"주독일대사관", "주프랑크푸르트총영사관", "주본분관", "주함부르크총영사관", "주미국대사관", "주칭다오총영사관"}


@pytest.mark.parametrize("values", [(1.0, 2.0, 0.0, 3.0), (1.0, 5.0, 2.0, 3.0), (-91.0, 0.0, 2.0, 3.0), (1.0, 2.0, 3.0)])
def test_a_box_that_is_none_is_refused(values):
    with pytest.raises(ValueError, match=r"box|values"):
        checked_box(values)


@pytest.mark.parametrize(("country", "near"), [("SS", "주우간다대사관"), ("ER", "주수단대사관"), ("XK", "주세르비아대사관"), ("KP", "주선양총영사관")])
def test_a_country_without_a_mission_that_is_only_named_shows_those_near_it(country, near):
    found = competent_missions(country, [], None, KNOWN)
    assert len(found) == competence.NEAREST_SHOWN
    assert near in {hint.name for hint in found}
    assert {(hint.certainty, hint.distance_km) for hint in found} == {(Certainty.CHECK, None)}


def test_korea_that_is_only_named_shows_nobody():
    assert competent_missions("KR", [], None, KNOWN) == []


def test_a_country_that_no_map_knows_shows_nobody():
    assert competent_missions("ZZ", [], None, KNOWN) == []
