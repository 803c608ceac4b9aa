"""Every failure of a route in the one JSON shape; nothing of the program's inside is shown."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from psycopg.errors import DataError
from starlette.exceptions import HTTPException

from conversation import disguise
from core.db import UNAVAILABLE
from core.errors import CATALOGUE, HOTLINE, AppError, error_body
from core.logging import get

log = get(__name__)
PAGE = """<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>안내</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/static/chat.css"></head>
<body><main><h1>{message}</h1><p><a href="/">상담 창으로 가기</a></p>
<p class="hotline">위험하면 전화하세요. <a href="tel:{hotline}">영사안전콜센터 {hotline}</a></p></main></body></html>"""
#: The same for a device that hides us: no name, no word of what went wrong, and still a number to call.
PLAIN_PAGE = """<!doctype html>
<html lang="ko" class="plain"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>메모</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/static/chat.css"></head>
<body><main><h1>메모를 열 수 없습니다.</h1><p><a href="/">처음으로</a></p>
<p class="hotline"><a href="tel:{hotline}">{hotline}</a></p></main></body></html>"""
BY_STATUS = {404: "not_found", 405: "method_not_allowed", 401: "bad_token", 403: "forbidden", 413: "too_long"}


def install(app: FastAPI) -> None:
    """Register the handlers on the application."""

    @app.exception_handler(AppError)
    async def expected(request: Request, error: AppError) -> Response:
        return answer(request, error.code, extra=error.extra)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        return answer(request, BY_STATUS.get(error.status_code, "invalid_request"), error.status_code)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return answer(request, "invalid_request")

    @app.exception_handler(DataError)
    async def data(request: Request, error: DataError) -> Response:
        log.warning("data_error", path=request.scope.get("route_path", ""), error=type(error).__name__)
        return answer(request, "invalid_request")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        if isinstance(error, UNAVAILABLE):
            return answer(request, "database_unavailable")
        log.error("unexpected", error=type(error).__name__, exc_info=error)
        return answer(request, "internal")


def answer(request: Request, code: str, status: int | None = None, extra: dict[str, Any] | None = None) -> Response:
    """The error of a code: JSON for programs; for a person whose browser opened the address, a page that says what to do and whom to call."""
    kind = CATALOGUE[code]
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        page = PLAIN_PAGE if disguise.is_wished(request) else PAGE
        return HTMLResponse(page.format(message=escape(kind.korean), hotline=HOTLINE), status_code=status or kind.status)
    return JSONResponse(error_body(kind, **(extra or {})), status_code=status or kind.status)
