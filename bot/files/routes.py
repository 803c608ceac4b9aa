"""``GET /files/{token}``: a file that an agent has sent, for the citizen or the messenger that shows it. ``/f/{token}``: the same where its address stands
in words: GET shows a page with a button and tells nothing, POST gives the file.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from conversation import guarding
from conversation.files import links, responses, service
from conversation.files.schemas import Content, Form
from core.clock import now
from core.crypto import Cipher
from core.db import Database
from core.errors import AppError

STATIC = Path(__file__).parents[1] / "static"
#: Neither page names us: whoever holds the telephone may open the address too.
PAGE, GONE = STATIC / "file.html", STATIC / "file_gone.html"
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def build_router(db: Database, cipher: Cipher) -> APIRouter:
    """The route."""
    router = APIRouter()

    @router.get(links.PATH + "{token}", include_in_schema=False)
    async def file(token: str) -> Response:
        named = links.read(cipher, token, now())
        found = await look(named)
        headers = responses.headers_of(found)
        # A messenger's own pages show it, not only ours.
        return Response(found.content, headers=headers | {"Cross-Origin-Resource-Policy": "cross-origin"})

    @router.get(links.OPENING_PATH + "{token}", include_in_schema=False)
    async def page(token: str) -> Response:
        try:
            await look(links.read_opening(cipher, token, now()))
        except AppError as error:
            return _gone(error)
        return FileResponse(PAGE, media_type="text/html", headers=HEADERS)

    @router.post(links.OPENING_PATH + "{token}", include_in_schema=False)
    async def opened(token: str) -> Response:
        try:
            found = await look(links.read_opening(cipher, token, now()))
        except AppError as error:
            return _gone(error)
        return Response(found.content, headers=responses.headers_of(found))

    async def look(named: tuple[int, Form] | None) -> Content:
        if named is None:
            raise AppError("not_found")
        async with db.transaction() as tx:
            found = await service.look(tx, cipher, *named)
            if await guarding.is_guarded(tx, found.file.conversation_id):
                raise AppError("not_found")
        return found

    return router


def _gone(error: AppError) -> Response:
    """The same whether its time is over, its conversation is guarded, or it never was."""
    if error.code != "not_found":
        raise error
    return HTMLResponse(GONE.read_bytes(), status_code=404, headers=HEADERS)
