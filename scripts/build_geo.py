"""Make ``data/geo/*.geojson`` out of two unpacked npm packages.

    npm pack @rapideditor/country-coder@5.6.1 world-atlas@2.0.2      (then unpack each)
    python scripts/build_geo.py <country-coder folder> <world-atlas folder>

``countries.geojson`` is for deciding in which country a point lies; ``base.geojson`` is only drawn.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from shapely import make_valid
from shapely.affinity import translate
from shapely.geometry import MultiLineString, MultiPolygon, Polygon, box, mapping, shape
from shapely.ops import linemerge, unary_union

OUT = Path(__file__).resolve().parents[1] / "data" / "geo"
#: Reserved codes that are no countries of their own: their parent's code is used.
NOT_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "FX", "IC", "TA"}
#: Who else holds a claim that an officer should see; the administering one comes from the source.
CLAIMED_BY = {"Crimea": ["UA"], "Northern Cyprus": ["CY"]}
COAST_TOLERANCE_DEG = 0.085
BORDER_TOLERANCE_DEG = 0.04
SMALLEST_ISLAND_DEG2 = 0.007
ANTARCTICA_SOUTH_OF = -60


def main(coder: Path, atlas: Path) -> None:
    """Write both files."""
    source = json.loads((coder / "src" / "data" / "borders.json").read_text())
    features = [_country(feature) for feature in source["features"] if feature["geometry"]]
    features = [feature for feature in features if feature["properties"]["country"]]
    _write("countries.geojson", features, decimals=4)

    land = unary_union(_topojson(atlas / "land-50m.json", "land")).simplify(COAST_TOLERANCE_DEG)
    land = MultiPolygon(
        [part for part in land.geoms if part.geom_type == "Polygon" and part.area > SMALLEST_ISLAND_DEG2 and part.centroid.y > ANTARCTICA_SOUTH_OF]
    )
    borders = _borders(features, land)
    _write(
        "base.geojson",
        [
            {"type": "Feature", "properties": {"layer": "land"}, "geometry": mapping(land)},
            {"type": "Feature", "properties": {"layer": "borders"}, "geometry": mapping(borders)},
        ],
        decimals=2,
    )


def _country(feature: dict[str, Any]) -> dict[str, Any]:
    found = feature["properties"]
    code, name = found.get("iso1A2"), found["nameEn"]
    country = code if code and code not in NOT_COUNTRIES else found.get("country") or (CLAIMED_BY.get(name) or [None])[0]
    properties: dict[str, Any] = {"country": country}
    if found.get("country") and found["country"] != country:
        properties["parent"] = found["country"]
    if name in CLAIMED_BY:
        properties["claimed_by"] = CLAIMED_BY[name]
    return {"type": "Feature", "properties": properties, "geometry": feature["geometry"]}


def _borders(features: list[dict[str, Any]], land: Any) -> MultiLineString:
    """Outlines of whole countries where they cross land: at sea the source's outlines are only generous frames."""
    parts: dict[str, list[Any]] = defaultdict(list)
    for feature in features:
        parts[feature["properties"]["country"]].append(shape(feature["geometry"]))
    outlines = unary_union([unary_union(found).boundary for found in parts.values()])
    on_land = linemerge(outlines.intersection(land.buffer(0.05)))
    lines = [line.simplify(BORDER_TOLERANCE_DEG) for line in getattr(on_land, "geoms", [on_land])]
    return MultiLineString([line for line in lines if line.length > BORDER_TOLERANCE_DEG])


def _unwrapped(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A ring that crosses the 180th meridian, drawn on past it instead of back around the world."""
    shift, line = 0.0, points[:1]
    for (before, _), (lon, lat) in pairwise(points):
        shift += 360.0 if lon - before < -180 else -360.0 if lon - before > 180 else 0.0
        line.append((lon + shift, lat))
    return line


def _within_world(polygon: Any) -> list[Any]:
    world = box(-180, -90, 180, 90)
    cuts = [translate(polygon, xoff=shift).intersection(world) for shift in (-360, 0, 360)]
    return [part for cut in cuts for part in getattr(cut, "geoms", [cut]) if part.area > 0]


def _topojson(path: Path, name: str) -> list[Any]:
    content = json.loads(path.read_text())
    (sx, sy), (tx, ty) = content["transform"]["scale"], content["transform"]["translate"]
    arcs = []
    for arc in content["arcs"]:
        x = y = 0
        line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((x * sx + tx, y * sy + ty))
        arcs.append(line)

    def ring(indices: list[int]) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for index in indices:
            arc = arcs[index] if index >= 0 else arcs[~index][::-1]
            points += arc[1:] if points else arc
        return points

    polygons: list[Any] = []
    for geometry in content["objects"][name]["geometries"]:
        for rings in [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]:
            shell, *holes = map(ring, rings)
            if len(shell) > 3:
                polygon = Polygon(_unwrapped(shell), [_unwrapped(hole) for hole in holes if len(hole) > 3])
                polygons.extend(_within_world(make_valid(polygon)))
    return polygons


def _write(name: str, features: list[dict[str, Any]], *, decimals: int) -> None:
    def rounded(value: Any) -> Any:
        return [rounded(item) for item in value] if isinstance(value, list | tuple) else round(value, decimals)

    for feature in features:
        feature["geometry"] = {"type": feature["geometry"]["type"], "coordinates": rounded(feature["geometry"]["coordinates"])}
    OUT.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(feature, separators=(",", ":")) for feature in features)
    text = '{"type":"FeatureCollection","features":[\n' + lines + "\n]}\n"
    (OUT / name).write_text(text)
    print(f"{name}: {len(features)} features, {len(text) / 1024:.0f} KB")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
