"""``/healthz`` (alive), ``/readyz`` (can answer; which part is degraded), ``/metrics``."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.services import Services
from core import heartbeat
from core.deadline import within
from core.errors import HOTLINE, DatabaseUnavailable

#: A load balancer asks often and waits little.
READY_S = 3.0


async def _living(services: Services) -> list[dict[str, Any]]:
    async with services.db.read() as connection:
        return await heartbeat.living(connection)


def build_router(services: Services) -> APIRouter:
    """The three routes that operators and load balancers ask."""
    router = APIRouter()

    @router.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz", response_model=None)
    async def ready() -> JSONResponse:
        parts: dict[str, Any] = {"understanding": services.loaded.is_set()}
        try:
            processes = await within(_living(services), READY_S)
            parts["database"] = True
            workers = [p for p in processes if p["role"] == "worker"]
            parts["worker"] = bool(workers)
            parts["dialogue"] = any(p["state"].get("dialogue") for p in workers)
        except DatabaseUnavailable:
            parts |= {"database": False, "worker": False, "dialogue": False}
        # Without Rasa, search answers; without a worker, this process still triages: degraded, yet able to help.
        able = bool(parts["database"] and parts["understanding"])
        status = "ready" if able and parts["worker"] and parts["dialogue"] else "degraded" if able else "unable"
        return JSONResponse({"status": status, "parts": parts, "hotline": HOTLINE}, status_code=200 if able else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
