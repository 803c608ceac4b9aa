"""Which cases are suggested as one event: a table of places, kinds and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from handoff.geography import coarse_cell
from handoff.incidents.suggesting import Loose, suggest

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
TOKYO, OSAKA = (35.68, 139.76), (34.69, 135.50)


def cases(count, *, category="natural_disaster", country="JP", place=None, every_min=5, first=1, start_min=0):
    cell = coarse_cell(*place) if place else None
    return [Loose(first + n, category, country, cell, START + timedelta(minutes=start_min + n * every_min)) for n in range(count)]


def ids(found):
    return [one.case_ids for one in found]


def test_five_of_a_kind_from_a_country_within_hours():
    assert ids(suggest(cases(5))) == [(1, 2, 3, 4, 5)]
    assert suggest(cases(4)) == []


@pytest.mark.parametrize(("every_min", "is_one"), [(180, True), (181, False)])
def test_a_pause_of_more_than_three_hours_ends_it(every_min, is_one):
    assert bool(suggest(cases(5, every_min=every_min))) is is_one


def test_three_from_neighbouring_places_are_enough_and_far_ones_are_not():
    near = [*cases(2, place=TOKYO), *cases(1, place=(35.70, 139.90), first=3)]
    assert [(one.case_ids, one.near) for one in suggest(near)] == [((1, 2, 3), True)]
    assert suggest([*cases(2, place=TOKYO), *cases(1, place=OSAKA, first=3)]) == []


def test_a_place_and_a_country_make_two_suggestions_and_no_case_is_in_both():
    found = suggest([*cases(3, place=TOKYO), *cases(5, first=10)])
    assert sorted(ids(found)) == [(1, 2, 3), (10, 11, 12, 13, 14)]


def test_cells_hang_together_through_one_between_them():
    west, middle, east = ((35.68, 139.76 + step * 0.22) for step in range(3))
    chain = [*cases(1, place=west), *cases(1, place=east, first=2), *cases(1, place=middle, first=3)]
    assert ids(suggest(chain)) == [(1, 2, 3)]


def test_other_kinds_and_unknown_places_are_not_mixed():
    assert suggest([*cases(3), *cases(3, category="assault", first=5), *cases(3, country="TH", first=9)]) == []
    assert suggest(cases(9, category="other")) == []
    assert suggest(cases(9, country=None)) == []
    assert ids(suggest(cases(3, category="other", country=None, place=TOKYO))) == [(1, 2, 3)]


def test_an_open_incident_of_the_kind_and_country_takes_even_one():
    found = suggest(cases(1), [(7, "natural_disaster", "JP")])
    assert [(one.case_ids, one.incident_id) for one in found] == [((1,), 7)]
    assert suggest(cases(1), [(7, "natural_disaster", "TH")]) == []


def test_the_largest_comes_first():
    found = suggest([*cases(5, country="TH"), *cases(8, first=20)])
    assert [len(one.case_ids) for one in found] == [8, 5]
