"""Write ``language/resources/missions.txt`` from ``data/missions.csv``: ``language`` reads nothing outside its own folder. Run it after a change of the table.

python scripts/build_missions.py
"""

from __future__ import annotations

import csv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = "# Made by scripts/build_missions.py from data/missions.csv: name, ISO code, kind, city, with tabs between.\n"


def content() -> str:
    """What the file should hold."""
    with (ROOT / "data" / "missions.csv").open(encoding="utf-8", newline="") as file:
        return HEAD + "".join("\t".join((row["name"], row["country"], row["kind"], row["city"])) + "\n" for row in csv.DictReader(file))


if __name__ == "__main__":
    (ROOT / "language" / "resources" / "missions.txt").write_text(content(), encoding="utf-8")
