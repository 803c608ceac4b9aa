from handoff import missions
from handoff.missions import Mission, missions_for

KNOWN = (
    Mission("주캄보디아대사관", "KH", 11.56, 104.92, False),
    Mission("주중국대사관", "CN", 39.9, 116.4, False),
    Mission("주광저우총영사관", "CN", 23.1, 113.3, True),
    Mission("주홍콩총영사관", "HK", 22.3, 114.2, False),
)


def test_only_mission_of_a_country():
    (hint,) = missions_for("KH", (11.07, 106.13), KNOWN)
    assert (hint.name, hint.basis) == ("주캄보디아대사관", missions.ONLY_ONE)
    assert 130 < hint.distance_km < 150


def test_several_are_sorted_by_distance_and_say_that_distance_decides_nothing():
    hints = missions_for("CN", (22.6, 114.0), KNOWN)
    assert [hint.name for hint in hints] == ["주광저우총영사관", "주중국대사관"]
    assert {hint.basis for hint in hints} == {missions.BY_DISTANCE}
    assert [hint.verified for hint in hints] == [True, False]


def test_territory_without_a_mission_gets_its_states():
    hints = missions_for("MO", (22.198, 113.544), KNOWN)
    assert hints[0].name == "주홍콩총영사관"
    assert hints[0].basis == missions.OF_STATE


def test_without_a_place_nothing_is_measured():
    assert [hint.distance_km for hint in missions_for("CN", None, KNOWN)] == [None, None]
    assert missions_for(None, (0.0, 0.0), KNOWN) == []
    assert missions_for("TV", (-8.52, 179.2), KNOWN) == []
