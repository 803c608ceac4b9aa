"""The web application: citizens' pages, channels, the action route, health; in ``serve`` also the staff pages."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles

from accounts.routes import build_router as accounts_router
from actions.executor import build_router as actions_router
from bot import errors, health
from bot.channels import registry
from bot.channels.door import Door
from bot.channels.health import for_board
from bot.channels.webchat.page import build_router as page_router
from bot.channels.webchat.routes import build_router as webchat_router
from bot.files.routes import build_router as files_router
from bot.headers import CITIZEN_POLICY, STAFF_POLICY, SecurityHeaders
from bot.limits import Limits
from bot.sandbox_band import SandboxBand
from bot.services import Services, Understanding
from bot.triage_slot import TriageSlot
from core import heartbeat
from core.crypto import load_cipher
from core.db import Database
from core.events import EventHub
from core.logging import get
from core.settings import Settings
from handoff.board.page import mount as mount_board
from handoff.desk.page import mount as mount_desk
from handoff.jurisdiction.service import seed as seed_jurisdiction
from handoff.records import jobs as record_jobs
from handoff.reviews import jobs as review_jobs
from handoff.routes import build_router as locate_router
from knowledge_base.crisis_cards import CrisisCards
from knowledge_base.desk.page import mount as mount_kb
from knowledge_base.editing.known import KnownQuestions
from knowledge_base.editing.seed import seed_questions
from knowledge_base.service import KnowledgeBase, seed
from knowledge_base.staff_texts import StaffSearch

log = get(__name__)
STATIC = Path(__file__).parent / "static"


async def build_services(settings: Settings) -> Services:
    """Open what is quick: the database, the keys, the event hub."""
    db = await Database.open(settings.dsn(), min_size=2, max_size=12)
    return Services(settings, db, load_cipher(settings.resolved_key_file()), EventHub(db), CrisisCards.load(hotline=settings.hotline))


async def load_models(services: Services) -> None:
    """Load what takes seconds, outside the event loop, and say when it is there."""
    understanding = services.understanding
    if understanding is None:
        understanding = services.understanding = await asyncio.to_thread(Understanding.load)
    await seed(services.db, services.settings.environment)
    await seed_jurisdiction(services.db)
    services.knowledge = await KnowledgeBase.open(services.db, understanding.analyser)
    # What has been loaded stays: the collector need not look through a million objects again and again.
    gc.collect()
    gc.freeze()
    services.loaded.set()
    try:
        await seed_questions(services.db, services.cipher, services.settings.environment)
    except Exception as error:  # noqa: BLE001  (questions for editors to try; the next start brings them)
        log.warning("test_questions_not_seeded", error=type(error).__name__)


def build_app(services: Services, *, action_token: str = "", citizen_pages: bool = True) -> FastAPI:
    """The application on running services; the ``desk`` role leaves the citizens' side out."""
    settings = services.settings
    channels = registry.configured(settings, services.db, services.cipher)
    registry.register_limits(channels)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services.hub.start()
        tasks = [
            asyncio.create_task(_standby(services), name="standby"),
            asyncio.create_task(review_jobs.watch_figures(services.db), name="review-figures"),
            asyncio.create_task(record_jobs.watch(services.db), name="retention-watch"),
            asyncio.create_task(heartbeat.beat(services.db, "web", lambda: {"loaded": services.loaded.is_set()}), name="heartbeat"),
        ]
        if citizen_pages:  # else nobody's words come in here, and how late we are is nobody's business
            tasks.append(asyncio.create_task(services.strain.watch(services.db), name="strain"))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, *(channel.close() for channel in channels.values()), return_exceptions=True)

    app = FastAPI(title="Gildongmu", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    errors.install(app)

    if settings.sandbox:
        app.add_middleware(SandboxBand, hotline=settings.hotline)
    app.add_middleware(
        SecurityHeaders,
        citizen_policy=CITIZEN_POLICY.format(ancestors=settings.frame_ancestors),
        staff_policy=STAFF_POLICY.format(tiles=""),
    )
    app.include_router(health.build_router(services))
    if citizen_pages:  # before all others: in a flood the way to each webhook counts
        door = Door(services, channels)
        for channel in channels.values():
            app.include_router(channel.routes(door))
    app.include_router(accounts_router(services.db, settings))
    if citizen_pages:
        app.include_router(webchat_router(services, Limits(settings)))
        app.include_router(locate_router(services.db, services.cipher, settings))
        app.include_router(files_router(services.db, services.cipher))
        app.include_router(_actions(services, action_token))
        app.mount("/static", StaticFiles(directory=STATIC), name="static")
        app.include_router(page_router())

    mount_kb(app, services.db, services.cipher, settings, lambda: services.knowledge)
    mount_board(app, services.db, for_board(settings, channels))
    mount_desk(app, services.db, services.cipher, services.hub, settings, _staff_search(services))
    return app


def build_action_app(services: Services, action_token: str) -> FastAPI:
    """The action route alone."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    errors.install(app)
    app.include_router(_actions(services, action_token))
    return app


def _staff_search(services: Services) -> Callable[[], StaffSearch | None]:
    """Search for the desks, made once the models are there."""
    made: list[StaffSearch] = []

    def search() -> StaffSearch | None:
        if not made and services.knowledge is not None and services.understanding is not None:
            made.append(StaffSearch(services.knowledge, services.understanding.analyser, services.understanding.analyse))
        return made[0] if made else None

    return search


def _actions(services: Services, token: str) -> APIRouter:
    return actions_router(lambda: services.knowledge, lambda: services.understanding and services.understanding.analyser, token)


async def _standby(services: Services) -> None:
    """The web process triages what no worker has triaged in time, and keeps the index fresh."""
    await services.loaded.wait()
    slot = TriageSlot(services, "web-standby", services.settings.standby_triage_delay_ms)
    watches = [slot.run()]
    if services.knowledge is not None:
        watches.append(services.knowledge.watch())
        watches.append(KnownQuestions(services.knowledge, services.db, services.cipher).watch())
    await asyncio.gather(*watches)
