"""The citizen's page, and the same page as a plain notebook: for whoever must not be seen asking for help.

Every word that differs stands in the page itself, in ``data-plain`` beside the ordinary one, so that the server, which must send a page whose very
title is harmless, and the script, which changes the page in one tap and without a connection, cannot disagree.
"""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from core.settings import ROOT

PAGE = ROOT / "bot" / "static" / "chat.html"
#: Kept on the device, so that a reload, or the address typed by somebody else, shows a notebook too. The name says nothing.
COOKIE, MEMO = "skin", "memo"
KEPT_S = 180 * 24 * 3600
_TEXT = re.compile(r'(<(\w+)\b[^>]*\sdata-plain="([^"]*)"[^>]*>).*?(</\2>)', re.S)
_ATTRIBUTE = re.compile(r'\s(title|aria-label|placeholder|href)="[^"]*"(\s+data-plain-\1="([^"]*)")')


def disguised(page: str) -> str:
    """The page with every word exchanged for its harmless one. Pure."""
    page = page.replace('<html lang="ko">', '<html lang="ko" class="plain">')
    page = _TEXT.sub(r"\1\3\4", page)
    return _ATTRIBUTE.sub(r' \1="\3"\2', page)


def build_router(page: Path = PAGE) -> APIRouter:
    """``GET /``: ``?plain=1`` puts the notebook on, ``?plain=0`` takes it off."""
    router = APIRouter()
    ordinary = page.read_text(encoding="utf-8")
    plain = disguised(ordinary)

    @router.get("/", include_in_schema=False)
    async def chat(request: Request) -> HTMLResponse:
        wish = request.query_params.get("plain")
        is_plain = wish == "1" or (wish != "0" and request.cookies.get(COOKIE) == MEMO)
        response = HTMLResponse(plain if is_plain else ordinary)
        if wish == "1":
            response.set_cookie(COOKIE, MEMO, max_age=KEPT_S, path="/", samesite="lax")
        elif wish == "0":
            response.delete_cookie(COOKIE, path="/", samesite="lax")
        return response

    return router
