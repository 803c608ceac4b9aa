"""``POST /desk/drafts/{case}``: what stood in the reply box when its page went away; while a connection is lost nothing else can bring it here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from accounts.routes import check_same_origin
from conversation import service as conversation
from core.db import Database
from core.settings import Settings
from handoff.access import access_case
from handoff.calls.wire import content
from handoff.desk import drafts
from handoff.desk.conversation_pane import MAX_CHARS
from handoff.desk.session import Session

PATH = "/desk/drafts"


class DraftIn(BaseModel):
    """``client_id``: under which it was being sent, if it was; ``is_unsent``: the page knew of no connection."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_CHARS)]
    client_id: Annotated[str, Field(max_length=64)] = ""
    is_unsent: bool = False


def build_router(db: Database, settings: Settings) -> APIRouter:
    """The route."""
    router = APIRouter(include_in_schema=False)

    @router.post(PATH + "/{case_id}", status_code=204)
    async def keep(case_id: Annotated[int, Field(ge=1, le=2**53)], request: Request) -> Response:
        check_same_origin(request, settings.public_url)
        session, draft = Session.of(request), await content(request, DraftIn)
        async with db.transaction() as tx:
            staff = await session.staff(tx)
            row = await access_case(tx, case_id, staff)  # it may have gone back into the queue meanwhile
            # It may have been stored although its page never heard so: then it must not be sent once more.
            is_written = draft.client_id and await conversation.is_written(tx, row["conversation_id"], f"staff-{staff.id}-{draft.client_id}")
        if not is_written:
            drafts.keep(staff.id, row["conversation_id"], draft.text, is_unsent=draft.is_unsent)
        return Response(status_code=204)

    return router
