"""Missions and local emergency numbers from the committed tables: candidates, until somebody has checked them."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

from core.settings import ROOT
from knowledge_base.schemas import EmergencyNumber

MISSIONS_FILE = ROOT / "data" / "missions.csv"
NUMBERS_FILE = ROOT / "data" / "emergency_numbers.csv"
MISSIONS_SOURCE = "seed: names from general knowledge, city-centre coordinates from GeoNames (CC BY 4.0); to be verified"
CHECK_HOLDS_DAYS = 180


def read_missions(path: Path = MISSIONS_FILE) -> list[dict[str, Any]]:
    """The mission seed; every row is unverified."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {
                "name": row["name"],
                "country": row["country"],
                "kind": row["kind"],
                "city": row["city"],
                "lat": float(row["lat"]),
                "lon": float(row["lon"]),
                "note": row["note"],
                "source": MISSIONS_SOURCE,
            }
            for row in csv.DictReader(file)
        ]


def read_numbers(path: Path = NUMBERS_FILE) -> list[EmergencyNumber]:
    """The candidates, as text: 000 stays 000."""
    with path.open(encoding="utf-8", newline="") as file:
        return [EmergencyNumber(row["country"], row["service"], row["number"]) for row in csv.DictReader(file)]


def is_dialable(number: EmergencyNumber, today: date) -> bool:
    """Whether a number may be offered to tap: it has a source, a checker, and was checked less than 180 days ago."""
    if not (number.source and number.checked_by and number.checked_at and number.number.strip()):
        return False
    return 0 <= (today - number.checked_at).days < CHECK_HOLDS_DAYS
