"""The tables of competence as records: who is responsible for which part of a country, since when, and who says so."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from core.settings import ROOT

DISTRICTS_FILE = ROOT / "data" / "geo" / "districts.csv"
ACCREDITATIONS_FILE = ROOT / "data" / "accreditations.csv"
#: In ``regions``: whatever the country's other rows do not name.
REST = "*"

Box = tuple[float, float, float, float]


class Kind(StrEnum):
    """Why a mission answers for a country."""

    DISTRICT = "district"  # a part of the country where the mission stands
    ACCREDITATION = "accreditation"  # 겸임: a country without a mission of its own


class Confidence(StrEnum):
    """Who says so."""

    OFFICIAL = "O"  # a mission's or the ministry's own text was seen
    RELAYED = "N"  # somebody relayed such a text
    BACKGROUND = "K"  # general knowledge: to be verified before anyone relies on it


@dataclass(frozen=True)
class Competence:
    """One row: this mission answers for these divisions (ISO 3166-2), inside ``box`` (south, west, north, east) where there is one.

    Two missions may be named for the same division: then both are shown, because nobody has verified where the line runs.
    """

    kind: Kind
    country: str
    mission: str
    regions: tuple[str, ...]
    box: Box | None
    valid_from: date | None
    valid_to: date | None
    confidence: Confidence
    source: str
    note: str = ""

    def holds(self, on: date) -> bool:
        """Whether the row counts on a day; without dates it always does."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)


def read_files(districts: Path = DISTRICTS_FILE, accreditations: Path = ACCREDITATIONS_FILE) -> list[Competence]:
    """The committed tables, with which a database starts."""
    return [*_read(districts, Kind.DISTRICT), *_read(accreditations, Kind.ACCREDITATION)]


def _read(path: Path, kind: Kind) -> Iterable[Competence]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            box = [float(part) for part in row.get("box", "").split(",") if part]
            yield Competence(
                kind=kind,
                country=row["country"],
                mission=row["mission"],
                regions=tuple(row.get("regions", REST).split()),
                box=checked_box(box),
                valid_from=_day(row["valid_from"]),
                valid_to=_day(row["valid_to"]),
                confidence=Confidence(row["confidence"]),
                source=row["source"],
                note=row["note"],
            )


def checked_box(values: Sequence[float]) -> Box | None:
    """Four corners in order, or none at all.

    Raises:
        ValueError: neither.
    """
    if not values:
        return None
    south, west, north, east = values
    if not (-90 <= south < north <= 90 and -180 <= west < east <= 180):
        raise ValueError(f"no box: {values}")
    return south, west, north, east


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
