"""``GET /desk/files/{case}/{file}/{form}``: a file of a case, for staff who may see the case."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from conversation.files.responses import headers_of
from conversation.files.schemas import Form
from core.crypto import Cipher
from core.db import Database
from core.errors import AppError
from handoff import files
from handoff.desk.session import Session

PATH = "/desk/files"


def build_router(db: Database, cipher: Cipher) -> APIRouter:
    """The route."""
    router = APIRouter()

    @router.get(PATH + "/{case_id}/{file_id}/{form}", include_in_schema=False)
    async def file(request: Request, case_id: str, file_id: str, form: str) -> Response:
        session = Session.of(request)
        async with db.transaction() as tx:
            staff = await session.person(tx)
            found = await files.look(tx, cipher, _number(case_id), _number(file_id), _form(form), staff, address=session.address)
        return Response(found.content, headers=headers_of(found))

    return router


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise AppError("not_found")
    return int(text)


def _form(text: str) -> Form:
    try:
        return Form(text)
    except ValueError as error:
        raise AppError("not_found") from error
