"""Hospitals, police and missions around a place, out of an OpenStreetMap service (Overpass) where the operator has named one.

The service never learns the place: it is asked for the coarse cell (at least 5 km each way) and its surroundings; distances are computed here.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeGuard

import httpx

from core.logging import get
from handoff.geography import cell_bounds, coarse_cell, distance_km

log = get(__name__)
#: Beyond each side of the cell, so that whoever stands at its edge finds what lies across it: about 5.5 km.
MARGIN_DEG = 0.05
MAX_BYTES = 5_000_000
MAX_ANSWERS = 400
KEEP_S = 24 * 3600.0
#: After a failure the service is left alone for this long.
RETRY_S = 30.0
CELLS_KEPT = 500
EACH_KIND = 3
KINDS = {"hospital": "병원", "police": "경찰서", "mission": "한국 공관"}


@dataclass(frozen=True)
class Spot:
    """Something on the map; ``distance_km`` is from the place that was asked about."""

    kind: str
    name: str
    lat: float
    lon: float
    distance_km: float


@dataclass(frozen=True)
class Around:
    """What was found: ``off`` without a service, ``failed`` when it did not answer, else ``found``."""

    state: str
    spots: tuple[Spot, ...] = ()


@dataclass(frozen=True)
class _Known:
    at: float
    found: tuple[tuple[str, str, float, float], ...] | None


def query_of(cell: str, timeout_s: int) -> str:
    """What is asked: nothing in it is finer than the cell."""
    south, west, north, east = cell_bounds(cell)
    box = f"{max(south - MARGIN_DEG, -90):.4f},{max(west - MARGIN_DEG, -180):.4f},{min(north + MARGIN_DEG, 90):.4f},{min(east + MARGIN_DEG, 180):.4f}"
    return (
        f"[out:json][timeout:{timeout_s}][maxsize:16777216];("
        f'nwr["amenity"~"^(hospital|police)$"]({box});nwr["office"="diplomatic"]["country"="KR"]({box});'
        f'nwr["amenity"="embassy"]["country"="KR"]({box}););out center tags {MAX_ANSWERS};'
    )


def spots_of(content: Any) -> tuple[tuple[str, str, float, float], ...]:
    """Kind, name and coordinates of whatever in an answer can be used; the rest is passed over."""
    found = []
    elements = content.get("elements") if isinstance(content, dict) else None
    for element in elements[:MAX_ANSWERS] if isinstance(elements, list) else ():
        tags = element.get("tags") if isinstance(element, dict) else None
        if not isinstance(tags, dict):
            continue
        centre = element if "lat" in element else element.get("center")
        lat, lon = (centre.get("lat"), centre.get("lon")) if isinstance(centre, dict) else (None, None)
        name = tags.get("name:ko") or tags.get("name:en") or tags.get("name")
        kind = tags.get("amenity") if tags.get("amenity") in ("hospital", "police") else "mission"
        if not isinstance(name, str) or not _is_degree(lat, 90) or not _is_degree(lon, 180):
            continue
        found.append((str(kind), name[:120], float(lat), float(lon)))
    return tuple(found)


def _is_degree(value: Any, limit: int) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -limit <= value <= limit


class Nearby:
    """One service, its answers kept in memory by cell."""

    def __init__(self, url: str, timeout_s: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._clock = clock
        self._known: dict[str, _Known] = {}

    async def around(self, lat: float, lon: float) -> Around:
        """The nearest of each kind around a place in WGS84; never an exception, a card must open without it."""
        if not self._url:
            return Around("off")
        found = await self._of_cell(coarse_cell(lat, lon))
        if found is None:
            return Around("failed")
        spots = sorted((Spot(kind, name, y, x, round(distance_km(lat, lon, y, x), 1)) for kind, name, y, x in found), key=lambda spot: spot.distance_km)
        return Around("found", tuple(spot for kind in KINDS for spot in [one for one in spots if one.kind == kind][:EACH_KIND]))

    async def _of_cell(self, cell: str) -> tuple[tuple[str, str, float, float], ...] | None:
        known = self._known.get(cell)
        if known is not None and self._clock() - known.at < (KEEP_S if known.found is not None else RETRY_S):
            return known.found
        found = await self._ask(cell)
        while len(self._known) >= CELLS_KEPT:
            del self._known[next(iter(self._known))]
        self._known[cell] = _Known(self._clock(), found)
        return found

    async def _ask(self, cell: str) -> tuple[tuple[str, str, float, float], ...] | None:
        try:
            # The limit of each phase does not stop a server that drips; the outer one does.
            async with asyncio.timeout(self._timeout_s), httpx.AsyncClient(timeout=self._timeout_s, follow_redirects=False) as client:
                return spots_of(json.loads(await self._read(client, cell)))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, RecursionError) as error:
            log.warning("nearby_failed", error=type(error).__name__)
            return None

    async def _read(self, client: httpx.AsyncClient, cell: str) -> bytes:
        async with client.stream("POST", self._url, data={"data": query_of(cell, self._timeout_s)}) as response:
            response.raise_for_status()
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MAX_BYTES:
                    raise ValueError("the answer is too large")
            return bytes(body)
