"""``/desk/calls``: what a desk's page says in a call; the same as the citizen's page says on its side."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, Field

from accounts.routes import check_same_origin
from core.crypto import Cipher
from core.db import Database
from core.settings import Settings
from handoff.calls import service as calls
from handoff.calls.schemas import Joined, Party
from handoff.calls.wire import SCRIPT, EndIn, SignalIn, SyncIn, content, joined, shown
from handoff.desk.session import Session

PATH = "/desk/calls"


class StartIn(BaseModel):
    """The case whose citizen shall be rung."""

    case_id: Annotated[int, Field(ge=1, le=2**53)]


def build_router(db: Database, cipher: Cipher, settings: Settings) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)

    def entered(request: Request) -> Session:
        check_same_origin(request, settings.public_url)
        return Session.of(request)

    def answer(made: Joined) -> dict[str, Any]:
        return joined(settings, made) | {"case_id": made.case_id}

    @router.get(PATH + "/voice.js")
    async def script() -> FileResponse:
        return FileResponse(SCRIPT, media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    @router.post(PATH, status_code=201)
    async def start(request: Request) -> dict[str, Any]:
        session, wish = entered(request), await content(request, StartIn)
        async with db.transaction() as tx:
            staff = await session.staff(tx)
            return answer(await calls.start_by_agent(tx, cipher, wish.case_id, staff, is_on=settings.calls, address=session.address))

    @router.post(PATH + "/{call_id}/accept")
    async def accept(call_id: str, request: Request) -> dict[str, Any]:
        session = entered(request)
        async with db.transaction() as tx:
            return answer(await calls.answer_by_agent(tx, cipher, call_id, await session.staff(tx), address=session.address))

    @router.post(PATH + "/{call_id}/signals")
    async def signal(call_id: str, request: Request) -> JSONResponse:
        session, said = entered(request), await content(request, SignalIn)
        async with db.transaction() as tx:
            party = Party("agent", staff_id=(await session.staff(tx)).id, key=said.key)
            await calls.say(tx, cipher, call_id, party, said.n, said.kind, said.body)
        return JSONResponse({}, status_code=202)

    @router.post(PATH + "/{call_id}/sync")
    async def sync(call_id: str, request: Request) -> dict[str, Any]:
        session, known = entered(request), await content(request, SyncIn)
        async with db.transaction() as tx:
            party = Party("agent", staff_id=(await session.staff(tx)).id, key=known.key)
            return shown(await calls.sync(tx, cipher, call_id, party, known.after))

    @router.post(PATH + "/{call_id}/end", status_code=204)
    async def end(call_id: str, request: Request) -> Response:
        session, wish = entered(request), await content(request, EndIn)
        async with db.transaction() as tx:
            await calls.end(tx, cipher, call_id, Party("agent", staff_id=(await session.staff(tx)).id, key=wish.key), wish.why)
        return Response(status_code=204)

    @router.post(PATH + "/{call_id}/seen", status_code=204)
    async def seen(call_id: str, request: Request) -> Response:
        session = entered(request)
        async with db.transaction() as tx:
            await calls.see_missed(tx, call_id, await session.staff(tx))
        return Response(status_code=204)

    return router
