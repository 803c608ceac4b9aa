"""Every failure of a route in the one JSON shape; nothing of the program's inside is shown."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg.errors import DataError
from starlette.exceptions import HTTPException

from core.db import UNAVAILABLE
from core.errors import CATALOGUE, AppError, error_body
from core.logging import get

log = get(__name__)
BY_STATUS = {404: "not_found", 405: "method_not_allowed", 401: "bad_token", 403: "forbidden", 413: "too_long"}


def install(app: FastAPI) -> None:
    """Register the handlers on the application."""

    @app.exception_handler(AppError)
    async def expected(request: Request, error: AppError) -> JSONResponse:
        return JSONResponse(error.body(), status_code=error.kind.status)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        return answer(BY_STATUS.get(error.status_code, "invalid_request"), error.status_code)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return answer("invalid_request")

    @app.exception_handler(DataError)
    async def data(request: Request, error: DataError) -> JSONResponse:
        log.warning("data_error", path=request.scope.get("route_path", ""), error=type(error).__name__)
        return answer("invalid_request")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        if isinstance(error, UNAVAILABLE):
            return answer("database_unavailable")
        log.error("unexpected", error=type(error).__name__, exc_info=error)
        return answer("internal")


def answer(code: str, status: int | None = None) -> JSONResponse:
    """The error of a code."""
    kind = CATALOGUE[code]
    return JSONResponse(error_body(kind), status_code=status or kind.status)
