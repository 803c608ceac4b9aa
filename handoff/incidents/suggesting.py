"""Which open cases look like one event: same kind, same country or neighbouring cells, close in time. A person decides; nothing is grouped by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from handoff.incidents.schemas import Suggestion

#: Longer than this apart, two alarms of a country are no longer "the same hour".
WITHIN = timedelta(hours=3)
#: So many in one country; fewer where their places are neighbours.
AT_LEAST, AT_LEAST_NEAR = 5, 3
#: Neighbouring rows of cells are 11 km high; two of them each way is a city.
NEAR_ROWS, NEAR_COLUMNS = 2, 2


@dataclass(frozen=True)
class Loose:
    """An open case of no incident, as far as grouping must know it."""

    case_id: int
    category: str
    country: str | None
    cell: str | None
    opened_at: datetime


def suggest(loose: Iterable[Loose], known: Iterable[tuple[int, str, str | None]] = ()) -> list[Suggestion]:
    """Groups of cases that a person should look at, the largest first; ``known`` are the open incidents (id, category, country).

    Where an incident of the kind and country is open, every single case is suggested for it. ``other`` says nothing of what happened, so such cases are
    grouped only by their places.
    """
    incidents = {(category, country): incident for incident, category, country in known}
    kinds: dict[tuple[str, str | None], list[Loose]] = defaultdict(list)
    for case in loose:
        kinds[case.category, case.country].append(case)
    found: list[Suggestion] = []
    for (category, country), cases in kinds.items():
        cases.sort(key=lambda one: (one.opened_at, one.case_id))
        incident = incidents.get((category, country))
        if incident is not None:
            found.append(_group(category, country, cases, near=False, incident_id=incident))
            continue
        left = cases
        for run in _near(cases):
            found.append(_group(category, country, run, near=True))
            left = [one for one in left if one not in run]
        if category != "other" and country is not None:
            found.extend(_group(category, country, run, near=False) for run in _close_in_time(left, AT_LEAST))
    return sorted(found, key=lambda one: (-len(one.case_ids), one.since))


def _group(category: str, country: str | None, cases: list[Loose], *, near: bool, incident_id: int | None = None) -> Suggestion:
    return Suggestion(category, country, tuple(sorted(one.case_id for one in cases)), cases[0].opened_at, near, incident_id)


def _close_in_time(cases: list[Loose], at_least: int) -> list[list[Loose]]:
    """Runs in which each case follows the one before within ``WITHIN``."""
    runs: list[list[Loose]] = []
    for case in cases:
        if runs and case.opened_at - runs[-1][-1].opened_at <= WITHIN:
            runs[-1].append(case)
        else:
            runs.append([case])
    return [run for run in runs if len(run) >= at_least]


def _near(cases: list[Loose]) -> list[list[Loose]]:
    """Runs of cases whose cells hang together."""
    groups: list[list[Loose]] = []
    for case in cases:
        if case.cell is None:
            continue
        touching = [group for group in groups if any(_are_neighbours(case.cell, one.cell or "") for one in group)]
        groups = [group for group in groups if group not in touching] + [[*(one for group in touching for one in group), case]]
    ordered = [sorted(group, key=lambda one: (one.opened_at, one.case_id)) for group in groups]
    return [run for group in ordered for run in _close_in_time(group, AT_LEAST_NEAR)]


def _are_neighbours(one: str, other: str) -> bool:
    """Cells of ``geography.coarse_cell``; across the 180th meridian two are taken for far apart, and a person groups them by hand."""
    row, column = (int(part) for part in one.split(":"))
    other_row, other_column = (int(part) for part in other.split(":"))
    # The number of columns changes slowly from row to row: close to the poles neighbours may be missed, never far places joined.
    return abs(row - other_row) <= NEAR_ROWS and abs(column - other_column) <= NEAR_COLUMNS
