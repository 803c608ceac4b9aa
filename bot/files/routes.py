"""``GET /files/{token}``: a file that an agent has sent, for the citizen or the messenger that shows it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from conversation import guarding
from conversation.files import links, responses, service
from core.clock import now
from core.crypto import Cipher
from core.db import Database
from core.errors import AppError


def build_router(db: Database, cipher: Cipher) -> APIRouter:
    """The route."""
    router = APIRouter()

    @router.get(links.PATH + "{token}", include_in_schema=False)
    async def file(token: str) -> Response:
        named = links.read(cipher, token, now())
        if named is None:
            raise AppError("not_found")
        async with db.transaction() as tx:
            found = await service.look(tx, cipher, *named)
            if await guarding.is_guarded(tx, found.file.conversation_id):
                raise AppError("not_found")
        headers = responses.headers_of(found)
        # A messenger's own pages show it, not only ours.
        return Response(found.content, headers=headers | {"Cross-Origin-Resource-Policy": "cross-origin"})

    return router
