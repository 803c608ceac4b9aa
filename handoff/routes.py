"""The consented location page, ``/locate/{token}``, and the page where a caller types the six digits that open it, ``/locate``.

A GET has no effect: messengers open links before people do.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from conversation import disguise, guarding
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from core.settings import ROOT, Settings
from handoff import location
from handoff.fixes import checked_fix
from handoff.moves import lock_open_case
from handoff.phone import codes
from handoff.phone.schemas import Refused

CODE_PAGE = ROOT / "bot" / "static" / "code.html"
PAGE = ROOT / "bot" / "static" / "locate.html"
Model = TypeVar("Model", bound=BaseModel)
MAX_BODY_BYTES = 4096
MAX_TOKEN_CHARS = 100
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


class LocateIn(BaseModel):
    """What the page posts. Numbers are checked by ``checked_fix``, so that every wrong place gives the same answer."""

    model_config = ConfigDict(extra="ignore")

    action: Literal["consent", "fix", "typed", "stop"]
    device: str = Field(min_length=1, max_length=location.MAX_DEVICE_CHARS)
    lat: Any = None
    lon: Any = None
    accuracy_m: Any = None
    fixed_at: str | datetime | None = Field(None, union_mode="left_to_right")
    text: str = Field("", max_length=4000)
    plain: bool = False


class CodeIn(BaseModel):
    """What the page of the six digits posts."""

    model_config = ConfigDict(extra="ignore")

    code: str = Field(max_length=40)


def build_router(db: Database, cipher: Cipher, settings: Settings, *, page: Path = PAGE, code_page: Path = CODE_PAGE) -> APIRouter:
    """The routes of the location page."""
    router = APIRouter()
    place_page, digits_page = _Page(page), _Page(code_page)

    @router.get("/locate", response_model=None)
    async def ask_code(request: Request) -> Response:
        return digits_page.shown(request)

    @router.post("/locate", response_model=None)
    async def try_code(request: Request) -> Response:
        wish = await _read(request, CodeIn)
        async with db.transaction() as tx:
            result = await codes.redeem(tx, cipher, wish.code, request.client.host if request.client else "")
        if isinstance(result, Refused):  # the wrong try is committed by now
            raise AppError(result.code)
        return JSONResponse({"ok": True, "page": f"/locate/{result.token}"}, headers=HEADERS)

    @router.get("/locate/{token}", response_model=None)
    async def look(token: str, request: Request) -> Response:
        async with db.read() as connection:
            state = await location.open_link(connection, _token(token))
            is_guarded = await guarding.is_guarded(connection, state.conversation_id)
        return place_page.shown(request, must_hide=is_guarded)

    @router.post("/locate/{token}", response_model=None)
    async def send(token: str, request: Request) -> Response:
        token = _token(token)
        wish = await _read(request, LocateIn)
        async with db.transaction() as tx:
            content = await _act(tx, token, wish)
        return JSONResponse(content, headers=HEADERS)

    async def _act(tx: Connection, token: str, wish: LocateIn) -> dict[str, Any]:
        # The case before the conversation and its link, as everywhere: a card that gives the link out again holds them in this order.
        state = await location.open_link(tx, token)
        await lock_open_case(tx, state.conversation_id)
        if wish.plain:  # whoever hides the page expects that somebody looks at it
            await guarding.mark(tx, state.conversation_id, guarding.DISGUISE)
        if wish.action == "consent":
            await location.consent(tx, token, wish.device, location.CONSENT_PLAIN_LINK if wish.plain else location.CONSENT_LINK)
        elif wish.action == "fix":
            fix = checked_fix(wish.lat, wish.lon, wish.accuracy_m, now=clock_now(), fixed_at=wish.fixed_at, source="locate")
            await location.record_fix(tx, cipher, token, wish.device, fix)
        elif wish.action == "typed":
            await location.record_typed(tx, cipher, token, wish.device, wish.text)
        else:
            await location.stop(tx, token, wish.device)
        state = await location.open_link(tx, token)
        content = {"ok": True, "expires_at": state.expires_at.isoformat(), "ttl_hours": settings.location_ttl_hours}
        if guarding.may_tell_who_looked(is_guarded=await guarding.is_guarded(tx, state.conversation_id)):
            views = await location.views_for_citizen(tx, state.conversation_id)
            content |= {"views": len(views), "seen_by": sorted({view.who for view in views})}
        return content

    return router


class _Page:
    """A page of ours, ordinary and as a notebook."""

    def __init__(self, page: Path) -> None:
        self._ordinary = page.read_text(encoding="utf-8")
        self._plain = disguise.disguised(self._ordinary)

    def shown(self, request: Request, *, must_hide: bool = False) -> Response:
        """What this device gets: the notebook where it was put on, and wherever somebody may hold the person's phone."""
        response = HTMLResponse(self._plain if must_hide or disguise.is_wished(request) else self._ordinary, headers=HEADERS)
        disguise.remember(request, response)
        return response


def _token(raw: str) -> str:
    """What cannot be a token is looked up like any other and refused in the same words."""
    return raw if raw.isascii() and len(raw) <= MAX_TOKEN_CHARS else ""


async def _read(request: Request, model: type[Model]) -> Model:
    """The body, read no further than it may be long.

    Raises:
        AppError: ``cross_site``, ``too_long``, ``bad_json`` or ``invalid_request``.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise AppError("cross_site")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise AppError("too_long")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AppError("bad_json") from error
    try:
        wish = model.model_validate(content)
        "".join(value for value in wish.model_dump().values() if isinstance(value, str)).encode()
        return wish
    except (ValidationError, UnicodeEncodeError) as error:
        raise AppError("invalid_request", type(error).__name__) from error
