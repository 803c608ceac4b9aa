"""The citizen's page, ``GET /``, ordinary or as a plain notebook (``conversation.disguise``)."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from conversation import disguise
from core.settings import ROOT

PAGE = ROOT / "bot" / "static" / "chat.html"


def build_router(page: Path = PAGE) -> APIRouter:
    """``GET /``: ``?plain=1`` puts the notebook on, ``?plain=0`` takes it off."""
    router = APIRouter()
    ordinary = page.read_text(encoding="utf-8")
    plain = disguise.disguised(ordinary)

    @router.get("/", include_in_schema=False)
    async def chat(request: Request) -> HTMLResponse:
        response = HTMLResponse(plain if disguise.is_wished(request) else ordinary)
        disguise.remember(request, response)
        return response

    return router
