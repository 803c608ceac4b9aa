"""The chat on somebody else's page: whatever has become of our servers, the number to call is on the screen."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from playwright.async_api import Browser, Page, expect

from bot.app import STATIC
from core.errors import HOTLINE
from core.ports import free_port

pytestmark = pytest.mark.browser
EMBEDDING = """<!doctype html><html lang="ko"><title>재외동포 신문</title><body><h1>오늘의 소식</h1>
<p data-gildongmu-fallback>영사안전콜센터 <a href="tel:{hotline}">{hotline}</a></p>
<script src="{origin}/static/widget.js" defer></script></body></html>"""


@contextmanager
def serving(port: int, *, is_broken: bool = False, page: str = "") -> Any:
    """Our pages, a proxy that has nothing behind it, or somebody else's page; gone when the block ends."""
    app = FastAPI()
    if page:
        app.add_api_route("/", lambda: HTMLResponse(page), methods=["GET"])
    elif is_broken:
        app.add_api_route("/{path:path}", lambda path: Response("Bad Gateway", 502), methods=["GET"])
    else:
        app.mount("/static", StaticFiles(directory=STATIC), name="static")
        app.add_api_route("/", lambda: FileResponse(STATIC / "chat.html"), methods=["GET"])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@asynccontextmanager
async def a_page(browser: Browser, port: int) -> AsyncIterator[Page]:
    """Somebody else's page, at an address of its own, with the widget on it. Its shadow is opened so that it can be looked into."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.add_init_script(
        "const attach = Element.prototype.attachShadow; Element.prototype.attachShadow = function () { return attach.call(this, { mode: 'open' }); };"
    )
    theirs = free_port()
    with serving(theirs, page=EMBEDDING.format(hotline=HOTLINE, origin=f"http://127.0.0.1:{port}")):
        await page.goto(f"http://127.0.0.1:{theirs}/")
        yield page
    await context.close()


async def test_the_chat_opens_with_the_number_under_it(desk_browser: Browser) -> None:
    port = free_port()
    with serving(port):
        async with a_page(desk_browser, port) as page:
            await expect(page.locator("[data-gildongmu-fallback]")).to_be_hidden()
            await page.click("text=영사 상담")
            await expect(page.frame_locator("iframe").locator("#text")).to_be_visible()
            await expect(page.locator(f"a[href='tel:{HOTLINE}']:visible")).to_contain_text(HOTLINE)
            await expect(page.locator("[role=alert]")).to_be_hidden()
            await page.click("button:has-text('영사 상담')")
            await expect(page.locator("iframe")).to_be_hidden()


@pytest.mark.parametrize("is_broken", [False, True])
async def test_with_everything_of_ours_down_the_number_is_shown_and_the_chat_comes_back_by_itself(desk_browser: Browser, is_broken: bool) -> None:
    port = free_port()
    with serving(port):
        opened = a_page(desk_browser, port)
        page = await opened.__aenter__()
        await expect(page.locator("button:has-text('영사 상담')")).to_be_visible()
    if is_broken:
        with serving(port, is_broken=True):
            await _shows_the_number(page)
    else:
        await _shows_the_number(page)
    with serving(port):
        await expect(page.frame_locator("iframe").locator("#text")).to_be_visible()
        await expect(page.locator("[role=alert]")).to_be_hidden()
    await opened.__aexit__(None, None, None)


async def _shows_the_number(page: Page) -> None:
    await page.click("button:has-text('영사 상담')")
    await expect(page.locator("[role=alert]")).to_contain_text("전화하세요")
    await expect(page.locator(f"a[href='tel:{HOTLINE}']:visible")).to_contain_text(HOTLINE)
    await expect(page.locator("iframe")).to_be_hidden()


async def test_where_not_even_the_script_comes_the_pages_own_line_stays(desk_browser: Browser) -> None:
    async with a_page(desk_browser, free_port()) as page:
        await expect(page.locator(f"a[href='tel:{HOTLINE}']")).to_be_visible()
