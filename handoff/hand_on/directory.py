"""Who helps further, read from ``data/hand_on_targets.csv``, and which of their numbers may be called. Pure."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import StartError
from core.settings import ROOT
from language.categories import Category

FILE = ROOT / "data" / "hand_on_targets.csv"
#: A number that was right half a year ago may be somebody else's now.
CHECK_HOLDS = timedelta(days=180)


@dataclass(frozen=True)
class Target:
    """A row of the file: a candidate until somebody has checked its number."""

    key: str
    label: str
    number: str
    categories: frozenset[str]
    note: str
    source: str
    source_date: date | None


@dataclass(frozen=True)
class Listed:
    """A target as it stands now. ``is_callable``: its number was checked by somebody, and not too long ago."""

    target: Target
    number: str
    source: str
    entered_by: int | None
    checked_by: str
    checked_at: datetime | None
    is_callable: bool


def read(path: Path = FILE) -> dict[str, Target]:
    """The file's targets by key.

    Raises:
        StartError: a key stands twice, a category is unknown, or a number has no source.
    """
    found: dict[str, Target] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            categories = frozenset(row["categories"].split())
            bad = row["key"] in found or not row["label"] or not categories <= {str(one) for one in Category} or (row["number"] and not row["source"])
            if bad:
                raise StartError(f"The row {row['key']!r} of {path.name} stands twice, names an unknown category, or has a number without a source.")
            day = date.fromisoformat(row["source_date"]) if row["source_date"] else None
            found[row["key"]] = Target(row["key"], row["label"], row["number"], categories, row["note"], row["source"], day)
    return found


@lru_cache(maxsize=1)
def targets() -> dict[str, Target]:
    """The committed targets."""
    return read()


def listed(target: Target, row: Mapping[str, Any] | None, now: datetime) -> Listed:
    """How a target stands, given what supervisors have entered or checked of it.

    A check of the file's number ends when the file names another; a number that a supervisor has entered stands before the file's.
    """
    is_of_file = row is not None and row["entered_by"] is None
    if row is None or (is_of_file and row["number"] != target.number):
        return Listed(target, target.number, target.source, None, "", None, False)
    checked_at = row["checked_at"]
    fresh = checked_at is not None and timedelta(0) <= now - checked_at < CHECK_HOLDS
    return Listed(target, row["number"], row["source"], row["entered_by"], row["checked_name"] or "", checked_at, bool(row["number"]) and fresh)


def in_order(known: Sequence[Listed], category: str, wanted: Sequence[str] = ()) -> list[Listed]:
    """Those named by the category's guidance first, then those of the category, then the rest; as in the file within each."""
    places = {key: place for place, key in enumerate(wanted)}

    def key(one: Listed) -> tuple[int, int]:
        if one.target.key in places:
            return 0, places[one.target.key]
        return (1, 0) if category in one.target.categories else (2, 0)

    return sorted(known, key=key)
