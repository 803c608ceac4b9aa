"""Free calls from the web chat's page: begin, answer, say how the page is reached, hang up. Words and the danger button never wait here."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from bot.channels.webchat.uploads import bearer
from bot.limits import Limits
from bot.services import Services
from conversation import service as conversation
from core.deadline import within
from handoff.calls import service as calls
from handoff.calls.schemas import Joined, Party
from handoff.calls.wire import SCRIPT, EndIn, SignalIn, SyncIn, content, joined, shown


def add(router: APIRouter, prefix: str, services: Services, limits: Limits) -> None:
    """``…/conversations/{id}/calls`` and what follows it, and the script of both sides."""
    at = "/conversations/{conversation_id}/calls"
    settings, cipher = services.settings, services.cipher

    @router.get("/voice.js", include_in_schema=False)
    async def script() -> FileResponse:
        return FileResponse(SCRIPT, media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    @router.post(at, status_code=201)
    async def start(conversation_id: str, request: Request) -> dict[str, Any]:
        limits.check_conversation(conversation_id)

        async def ring() -> Joined:
            async with services.db.transaction() as tx:
                return await calls.start_by_citizen(tx, cipher, conversation_id, bearer(request), is_on=settings.calls)

        return joined(settings, await within(ring()))

    @router.post(at + "/{call_id}/accept")
    async def accept(conversation_id: str, call_id: str, request: Request) -> dict[str, Any]:
        async with services.db.transaction() as tx:
            return joined(settings, await calls.answer_by_citizen(tx, cipher, conversation_id, bearer(request), call_id))

    @router.post(at + "/{call_id}/signals", status_code=202)
    async def signal(conversation_id: str, call_id: str, request: Request) -> JSONResponse:
        said = await content(request, SignalIn)
        async with services.db.transaction() as tx:
            await conversation.check_token(tx, conversation_id, bearer(request))
            await calls.say(tx, cipher, call_id, Party("citizen", conversation_id, key=said.key), said.n, said.kind, said.body)
        return JSONResponse({}, status_code=202)

    @router.post(at + "/{call_id}/sync")
    async def sync(conversation_id: str, call_id: str, request: Request) -> dict[str, Any]:
        known = await content(request, SyncIn)
        async with services.db.transaction() as tx:
            await conversation.check_token(tx, conversation_id, bearer(request))
            return shown(await calls.sync(tx, cipher, call_id, Party("citizen", conversation_id, key=known.key), known.after))

    @router.post(at + "/{call_id}/end", status_code=204)
    async def end(conversation_id: str, call_id: str, request: Request) -> Response:
        wish = await content(request, EndIn)
        async with services.db.transaction() as tx:
            await conversation.check_token(tx, conversation_id, bearer(request))
            await calls.end(tx, cipher, call_id, Party("citizen", conversation_id, key=wish.key), wish.why)
        return Response(status_code=204)
