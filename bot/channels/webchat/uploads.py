"""Pictures and files from the web chat's page: the bytes alone, under a client id like any message, so that a repeat changes nothing.

It is refused before it is read where it can be, and never read beyond the limit. Words and the danger button have their own way and wait for none of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bot.limits import Limits
from bot.services import Services
from conversation import service as conversation
from conversation.files import service as files
from conversation.files.kinds import UPLOADS, Kind
from conversation.files.names import name_of
from conversation.files.service import checked_kind
from conversation.schemas import Accepted, Attachment, Inbound, InboundKind
from core.deadline import within
from core.errors import AppError
from core.metrics import INBOUND

CHANNEL = "webchat"
CLIENT_ID, NAME = "x-client-id", "x-file-name"
#: So long may one upload take, on the worst of links; then the page begins again.
UPLOAD_S = 170.0
#: Uploads in one process at the same time, each of which is held in memory.
AT_ONCE = 8
STORE_S = 20.0
_CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")


def add(router: APIRouter, prefix: str, services: Services, limits: Limits) -> None:
    """``POST …/conversations/{id}/files``."""
    room = asyncio.Semaphore(AT_ONCE)

    async def upload(request: Request) -> JSONResponse:
        conversation_id = request.path_params["conversation_id"]
        client_id = request.headers.get(CLIENT_ID, "")
        if not _CLIENT_ID.fullmatch(client_id):
            raise AppError("invalid_request", fields=["client_id"])
        token = bearer(request)
        async with services.db.read() as connection:
            row = await conversation.check_token(connection, conversation_id, token)
        limits.check_files(conversation_id)
        most = services.settings.file_max_mb * 1_000_000
        if room.locked():
            raise AppError("too_many_requests")
        async with room:
            content = await _read(request, most)
            kind = checked_kind(content)
            if kind not in UPLOADS:
                raise AppError("file_kind")
            inbound = _inbound(conversation_id, client_id, name_of(request.headers.get(NAME, "")), content, kind)
            accepted = await within(_store(services, inbound, token, content, kind), STORE_S)
        INBOUND.labels(channel=CHANNEL, kind=inbound.kind.value).inc()
        # A guarded citizen's page takes the line away at once: nobody who looks shall find that something was sent.
        return JSONResponse({"sequence": accepted.sequence, "stays": row["guarded_at"] is None}, status_code=202)

    router.add_route(f"{prefix}/conversations/{{conversation_id}}/files", upload, methods=["POST"])


def bearer(request: Request) -> str:
    """The conversation's token, from the header alone."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


async def _read(request: Request, most: int) -> bytes:
    """The body.

    Raises:
        AppError: ``file_over_limit``; reading ends as soon as it is too large, whatever the header said.
    """
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:18]) > most:
        raise AppError("file_over_limit")
    content = bytearray()
    try:
        async with asyncio.timeout(UPLOAD_S):
            async for chunk in request.stream():
                content += chunk
                if len(content) > most:
                    raise AppError("file_over_limit")
    except TimeoutError as error:
        raise AppError("too_many_requests", "the upload took too long") from error
    return bytes(content)


def _inbound(conversation_id: str, client_id: str, name: str, content: bytes, kind: Kind) -> Inbound:
    """The line. The digest is part of it, so that the same id with another file is told from a repeat."""
    words = "(사진)" if kind.name == "image" else f"(파일: {name})" if name else "(파일)"
    digest = hashlib.sha256(content).hexdigest()
    attachment = Attachment(kind.name, f"sha256:{digest}", name=name, size=len(content), media_type=kind.media_type)
    return Inbound(CHANNEL, f"{conversation_id}:{client_id}", conversation_id, InboundKind.FILE, text=words, attachments=(attachment,))


async def _store(services: Services, inbound: Inbound, token: str, content: bytes, kind: Kind) -> Accepted:
    settings, cipher, name = services.settings, services.cipher, inbound.attachments[0].name
    async with services.db.transaction() as tx:
        # Before the conversation is locked, since whoever is in danger in it needs that lock too.
        has_room = await files.has_room(tx, inbound.conversation_id, len(content), settings)
        accepted = await conversation.accept(tx, cipher, inbound, token=token)
        if not accepted.duplicate:
            if not has_room:
                raise AppError("files_full")
            await files.receive(tx, cipher, CHANNEL, inbound.conversation_id, accepted.message_id, content, kind, name, files.kept_for(settings))
    return accepted
