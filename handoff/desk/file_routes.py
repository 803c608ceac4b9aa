"""``GET /desk/files/{case}/{file}/{form}``: a file of a case, for staff who may see the case; ``POST /desk/files/{case}``: one for its citizen."""

from __future__ import annotations

import asyncio
import re

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from accounts.routes import check_same_origin
from conversation.files.names import name_of
from conversation.files.responses import headers_of
from conversation.files.schemas import Form
from core.crypto import Cipher
from core.db import Database
from core.errors import AppError
from core.settings import Settings
from handoff import files
from handoff.desk.actions import Actions
from handoff.desk.session import Session

PATH = "/desk/files"
UPLOAD_S = 120.0
_CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")


def build_router(db: Database, cipher: Cipher, settings: Settings) -> APIRouter:
    """The routes."""
    router = APIRouter()

    @router.get(PATH + "/{case_id}/{file_id}/{form}", include_in_schema=False)
    async def file(request: Request, case_id: str, file_id: str, form: str) -> Response:
        session = Session.of(request)
        async with db.transaction() as tx:
            staff = await session.person(tx)
            found = await files.look(tx, cipher, _number(case_id), _number(file_id), _form(form), staff, address=session.address)
        return Response(found.content, headers=headers_of(found))

    @router.post(PATH + "/{case_id}", include_in_schema=False)
    async def send(request: Request, case_id: str) -> JSONResponse:
        check_same_origin(request, settings.public_url)
        session = Session.of(request)
        async with db.read() as connection:  # nothing is read into memory for somebody who is not signed in
            await session.staff(connection)
        client_id = request.headers.get("x-client-id", "")
        if not _CLIENT_ID.fullmatch(client_id):
            raise AppError("invalid_request", fields=["client_id"])
        content = await _read(request, settings.file_max_mb * 1_000_000)
        do = Actions(db, cipher, session, settings.public_url or str(request.base_url)).files
        return JSONResponse({"seq": await do.send(_number(case_id), content, name_of(request.headers.get("x-file-name", "")), client_id)})

    return router


async def _read(request: Request, most: int) -> bytes:
    """The body; reading ends as soon as it is too large."""
    content = bytearray()
    async with asyncio.timeout(UPLOAD_S):
        async for chunk in request.stream():
            content += chunk
            if len(content) > most:
                raise AppError("file_over_limit")
    return bytes(content)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise AppError("not_found")
    return int(text)


def _form(text: str) -> Form:
    try:
        return Form(text)
    except ValueError as error:
        raise AppError("not_found") from error
