"""Map tiles for the desk through our own server, so that a tile server never sees who looks, and only where the operator has named one."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.db import Database
from core.errors import AppError
from core.logging import get
from handoff.desk.session import Session

log = get(__name__)
PATH = "/desk/tiles/{z}/{x}/{y}.png"
MAX_ZOOM = 18
MAX_BYTES = 500_000
TIMEOUT_S = 5.0
KEEP_S = 24 * 3600.0
TILES_KEPT = 500
#: What a picture begins with; nothing else of a foreign server is passed on from our address.
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def picture_type(body: bytes) -> str | None:
    """The media type of a picture by its first bytes."""
    return next((kind for start, kind in PICTURES.items() if body.startswith(start)), None)


class Tiles:
    """Fetches and keeps tiles of one server (``url`` with {z}, {x}, {y})."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._kept: OrderedDict[tuple[int, int, int], tuple[float, bytes]] = OrderedDict()

    async def tile(self, z: int, x: int, y: int) -> bytes | None:
        """A tile, or None when the server has none or does not answer."""
        if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
            return None
        known = self._kept.get((z, x, y))
        if known is not None and time.monotonic() - known[0] < KEEP_S:
            return known[1]
        try:
            async with asyncio.timeout(TIMEOUT_S), httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
                url = self._url.replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y)).replace("{s}", "a")
                response = await client.get(url)
                response.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            log.warning("tile_failed", error=type(error).__name__)
            return None
        body = response.content
        if len(body) > MAX_BYTES or picture_type(body) is None:
            return None
        self._kept[z, x, y] = (time.monotonic(), body)
        while len(self._kept) > TILES_KEPT:
            self._kept.popitem(last=False)
        return body


def build_router(db: Database, url: str) -> APIRouter:
    """``GET /desk/tiles/{z}/{x}/{y}.png`` for signed-in staff."""
    router = APIRouter()
    tiles = Tiles(url)

    @router.get(PATH, include_in_schema=False)
    async def tile(request: Request, z: int, x: int, y: int) -> Response:
        async with db.read() as connection:
            await Session.of(request).person(connection)
        body = await tiles.tile(z, x, y) if url else None
        if body is None:
            raise AppError("not_found")
        return Response(body, media_type=picture_type(body), headers={"Cache-Control": "private, max-age=86400"})

    return router
