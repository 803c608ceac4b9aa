"""Chromium, and the staff pages on a server of their own: the real application parts around the desk, without the models."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI, Request
from fastapi.staticfiles import StaticFiles
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from playwright.async_api import expect as expect_async
from playwright.sync_api import Browser as SyncBrowser
from playwright.sync_api import Page as SyncPage
from playwright.sync_api import expect as expect_sync
from playwright.sync_api import sync_playwright

from accounts import service as accounts
from accounts.routes import build_router as accounts_router
from accounts.schemas import COOKIE, Staff
from bot import errors
from bot.app import STAFF_POLICY, STATIC
from bot.channels.webchat.page import build_router as page_router
from bot.channels.webchat.routes import build_router as webchat_router
from bot.files.routes import build_router as files_router
from bot.limits import Limits
from bot.services import Services
from conversation import service as conversation
from core.db import Database
from core.events import EventHub
from core.ports import free_port
from core.settings import Settings
from handoff import service as handoff
from handoff.routes import build_router as locate_router
from handoff.schemas import Case
from handoff.soon import soon, warm
from knowledge_base.crisis_cards import CrisisCards
from tests.program import Program

ARGS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu", "--disable-component-update", "--no-first-run"]
ARGS += ["--autoplay-policy=no-user-gesture-required", "--disable-quic"]
PASSWORD = "긴-암호-문장-스물두-글자-이상"
#: How long something may take to appear on a machine that is busy with other things: no test says anything about speed by it.
PATIENT_MS = 30_000
expect_async.set_options(timeout=PATIENT_MS)
expect_sync.set_options(timeout=PATIENT_MS)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("Chromium is not installed")
    return path


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The whole program, as an operator starts it, with a data folder of its own; one for each file."""
    running = Program(tmp_path_factory.mktemp("program"))
    try:
        yield running.wait_ready()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[SyncBrowser]:
    """Chromium for the files that tell a story from beginning to end."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield launched
        launched.close()


def join(page: SyncPage, link: str, login: str, name: str) -> None:
    """Make an account through a one-time link, and sign in."""
    page.goto(link)
    page.fill("[name=login]", login)
    page.fill("[name=display_name]", name)
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.click("button[type=submit]")
    if "sign-in" in page.url:
        page.fill("[name=login]", login)
        page.fill("[name=password]", PASSWORD)
        page.click("button[type=submit]")


class StaffServer:
    """The staff pages in a thread with its own event loop and pool, as in the real process."""

    def __init__(self, dsn: str, cipher: Any, settings: Settings) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._dsn, self._cipher, self._settings = dsn, cipher, settings
        self._ready = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.db: Database | None = None
        self.search: Any = None  # a test that needs the models puts them here
        #: What the editors' page asks; a test that needs answers puts one here.
        self.knowledge: Any = None
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    def start(self) -> StaffServer:
        self._thread.start()
        assert self._ready.wait(30), "the staff server did not start"
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
            self._server.force_exit = True
        self._thread.join(10)

    async def _main(self) -> None:
        from handoff.board.page import mount as mount_board
        from handoff.desk.page import mount
        from knowledge_base.desk.page import mount as mount_kb

        self.loop = asyncio.get_running_loop()
        self.db = await Database.open(self._dsn, min_size=2, max_size=8)
        hub = EventHub(self.db)
        hub.start()
        app = FastAPI()
        errors.install(app)

        @app.middleware("http")
        async def headers(request: Request, call_next: Any) -> Any:
            response = await call_next(request)
            response.headers.setdefault("Content-Security-Policy", STAFF_POLICY.format(tiles=""))
            return response

        app.include_router(accounts_router(self.db, self._settings))
        services = Services(self._settings, self.db, self._cipher, hub, CrisisCards.load(hotline=self._settings.hotline))
        app.include_router(webchat_router(services, Limits(self._settings)))
        app.include_router(locate_router(self.db, self._cipher, self._settings))
        app.include_router(files_router(self.db, self._cipher))
        app.mount("/static", StaticFiles(directory=STATIC), name="static")
        app.include_router(page_router())

        mount_kb(app, self.db, self._cipher, self._settings, lambda: self.knowledge)
        mount_board(app, self.db)
        mount(app, self.db, self._cipher, hub, self._settings, lambda: self.search)
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="warning", timeout_graceful_shutdown=1))
        task = asyncio.create_task(self._server.serve())
        while not self._server.started and not task.done():
            await asyncio.sleep(0.02)
        self._ready.set()
        await task
        await hub.stop()
        await self.db.close()


@pytest.fixture(scope="session")
def staff_server(dsn: str, cipher: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaffServer]:
    """One server for all desk tests; what cards look up has been read, as the real process does before anybody needs it."""
    warm()
    # A look-up that is slow because the machine is busy is waited for: a card that goes without it is another test's (tests/unit/handoff/test_soon.py).
    with patch.dict(soon.__kwdefaults__, {"within_s": PATIENT_MS / 1000}):
        server = StaffServer(dsn, cipher, Settings(data_dir=tmp_path_factory.mktemp("staff"))).start()
        yield server
        server.stop()


@pytest_asyncio.fixture
async def desk_browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield browser
        await browser.close()


@dataclass
class Seat:
    """An agent at a desk, with everything the browser complained about or asked for."""

    staff: Staff
    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def seat(db: Database, staff_server: StaffServer, desk_browser: Browser):
    """``await seat("haneul", "김하늘", "agent")``: signed in, the desk open and live."""

    async def make(
        login: str = "haneul",
        name: str = "김하늘",
        *roles: str,
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        opened: bool = True,
    ) -> Seat:
        async with db.transaction() as tx:
            token = await accounts.invite(tx, roles or ("agent",))
        async with db.transaction() as tx:
            staff = await accounts.accept_invite(tx, token, login, name, PASSWORD)
        signed_in = await accounts.sign_in(db, login, PASSWORD, "127.0.0.1")
        context = await desk_browser.new_context(locale="ko-KR", viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
        await context.add_cookies([{"name": COOKIE, "value": signed_in.token, "url": staff_server.url}])
        page = await context.new_page()
        made = Seat(staff, page, context)
        page.on(
            "console",
            lambda message: made.complaints.append(f"{message.type}: {message.text}") if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: made.complaints.append(f"pageerror: {error}"))
        page.on("request", lambda request: made.asked.append(request.url))
        if opened:
            await page.goto(f"{staff_server.url}/desk")
            await page.wait_for_selector("body[data-link=live]", timeout=PATIENT_MS)
        return made

    return make


@pytest.fixture
def make_case(db: Database, cipher: Any):
    """A conversation with an open case, as the triage slot writes it."""

    async def make(
        severity: str = "life_threat",
        category: str = "confinement",
        *,
        summary: str = "문이 밖에서 잠겨 있어요",
        country: str | None = "KH",
        reason: str = "rule:locked_in,classifier",
    ) -> Case:
        async with db.transaction() as tx:
            conversation_id, _ = await conversation.start(tx, "webchat")
            return await handoff.open_or_raise(tx, cipher, conversation_id, severity, category, reason, summary=summary, country=country)

    return make


@dataclass
class Citizen:
    """A citizen's chat page on a telephone, with everything the browser complained about."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def citizen(staff_server: StaffServer, desk_browser: Browser):
    """``await citizen(width=360)``: the chat, opened; messages are not triaged here, buttons are."""

    async def make(*, width: int = 360, height: int = 740, dark: bool = False) -> Citizen:
        context = await desk_browser.new_context(locale="ko-KR", viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
        made = Citizen(await context.new_page(), context)
        made.page.on("console", lambda message: made.complaints.append(message.text) if message.type in ("error", "warning") else None)
        made.page.on("pageerror", lambda error: made.complaints.append(f"pageerror: {error}"))
        await made.page.goto(f"{staff_server.url}/")
        return made

    return make


@pytest.fixture
def picture():
    """``await picture(page, "name")``: a screenshot for whoever wants to look, where ``GILDONGMU_PICTURES`` names a folder."""

    async def take(page: Page, name: str) -> None:
        if folder := os.environ.get("GILDONGMU_PICTURES"):
            await page.screenshot(path=Path(folder) / f"{name}.png")

    return take
