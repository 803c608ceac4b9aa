"""The web application: citizens' pages, channels, the action route, health; in ``serve`` also the staff pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from handoff.desk.page import mount as mount_desk
from starlette.middleware.base import RequestResponseEndpoint

from accounts.routes import build_router as accounts_router
from actions.executor import build_router as actions_router
from bot import errors, health
from bot.channels.webchat.routes import build_router as webchat_router
from bot.limits import Limits
from bot.services import Services, Understanding
from bot.triage_slot import TriageSlot
from core import heartbeat
from core.crypto import load_cipher
from core.db import Database
from core.events import EventHub
from core.logging import get
from core.settings import Settings
from handoff.routes import build_router as locate_router
from knowledge_base.crisis_cards import CrisisCards
from knowledge_base.service import KnowledgeBase, seed

log = get(__name__)
STATIC = Path(__file__).parent / "static"
CITIZEN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
#: NiceGUI needs inline script and eval; the staff pages' policy allows that and nothing more.
STAFF_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: {tiles}; "
    "connect-src 'self' ws: wss:; font-src 'self' data:; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
STAFF_PATHS = ("/desk", "/kb", "/board", "/_nicegui", "/staff")


async def build_services(settings: Settings) -> Services:
    """Open what is quick: the database, the keys, the event hub."""
    db = await Database.open(settings.dsn(), min_size=2, max_size=12)
    return Services(settings, db, load_cipher(settings.resolved_key_file()), EventHub(db), CrisisCards.load(hotline=settings.hotline))


async def load_models(services: Services) -> None:
    """Load what takes seconds, outside the event loop, and say when it is there."""
    services.understanding = await asyncio.to_thread(Understanding.load)
    await seed(services.db, services.settings.environment)
    services.knowledge = await KnowledgeBase.open(services.db, services.understanding.analyser)
    services.loaded.set()


def build_app(services: Services, *, action_token: str = "", citizen_pages: bool = True) -> FastAPI:
    """The application on running services; the ``desk`` role leaves the citizens' side out."""
    settings = services.settings

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services.hub.start()
        tasks = [
            asyncio.create_task(_standby(services), name="standby"),
            asyncio.create_task(heartbeat.beat(services.db, "web", lambda: {"loaded": services.loaded.is_set()}), name="heartbeat"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(title="Gildongmu", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    errors.install(app)

    @app.middleware("http")
    async def headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        staff = request.url.path.startswith(STAFF_PATHS)
        policy = STAFF_POLICY.format(tiles=settings.tile_url.split("{")[0]) if staff else CITIZEN_POLICY.format(ancestors=settings.frame_ancestors)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        # Under "no-referrer" a browser sends "Origin: null" with a form, and the staff pages could not tell their own.
        response.headers.setdefault("Referrer-Policy", "same-origin" if staff else "no-referrer")
        response.headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(), microphone=()")
        if not request.url.path.startswith(("/static/", "/_nicegui")):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.include_router(health.build_router(services))
    app.include_router(accounts_router(services.db, settings))
    if citizen_pages:
        app.include_router(webchat_router(services, Limits(settings)))
        app.include_router(locate_router(services.db, services.cipher, settings))
        app.include_router(actions_router(lambda: services.knowledge, lambda: services.understanding and services.understanding.analyser, action_token))
        app.mount("/static", StaticFiles(directory=STATIC), name="static")

        @app.get("/", include_in_schema=False)
        async def page() -> FileResponse:
            return FileResponse(STATIC / "chat.html")

    mount_desk(app, services.db, services.cipher, services.hub, settings)
    return app


async def _standby(services: Services) -> None:
    """The web process triages what no worker has triaged in time, and keeps the index fresh."""
    await services.loaded.wait()
    slot = TriageSlot(services, "web-standby", services.settings.standby_triage_delay_ms)
    watches = [slot.run()]
    if services.knowledge is not None:
        watches.append(services.knowledge.watch())
    await asyncio.gather(*watches)
