"""A page of which only a part has come, and a line that hangs: danger goes out all the same, or the number to call stands on the screen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect

from core.errors import HOTLINE
from core.ports import free_port
from tests.browser.test_widget import serving

pytestmark = pytest.mark.browser


class Server:
    """Stands in for the conversation's routes: what holds one of these words is never answered."""

    def __init__(self, hangs_at: str = "\0") -> None:
        self.hangs_at = hangs_at
        self.posted: list[str] = []
        self.dangers = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        body = route.request.post_data or ""
        if route.request.method == "POST" and route.request.url.endswith("/messages"):
            self.posted.append(body)
        if self.hangs_at in body:
            return
        if route.request.url.endswith("/conversations"):
            await route.fulfill(status=201, json={"conversation_id": "c1", "token": "t", "view": ""})
        elif "/events" in route.request.url:
            await route.fulfill(status=503)
        else:
            if '"danger":true' in body:
                self.dangers.set()
            await route.fulfill(status=202, json={"sequence": len(self.posted)})


async def opened(browser: Browser, port: int, server: Server, *lost: str) -> tuple[Any, list[str]]:
    """The chat on a telephone, without the files that were lost on the way."""
    page, errors = await (await browser.new_context(viewport={"width": 320, "height": 568})).new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.route("**/webchat/**", server)
    for name in lost:
        await page.route(f"**/static/{name}", lambda route: route.abort())
    await page.goto(f"http://127.0.0.1:{port}/")
    return page, errors


@pytest.mark.parametrize("lost", ["chat.js", "channel.js"])
async def test_where_the_code_does_not_come_the_number_does(desk_browser: Browser, lost: str) -> None:
    port = free_port()
    with serving(port):
        page, _ = await opened(desk_browser, port, Server(), lost)
        await expect(page.locator("#hotline a")).to_be_visible(timeout=15_000)
        await expect(page.locator("#hotline")).to_contain_text(HOTLINE)
        await page.context.close()


@pytest.mark.parametrize("lost", ["plain.js", "files.js", "exit.js"])
async def test_danger_does_not_need_the_code_of_the_notebook_or_of_pictures(desk_browser: Browser, lost: str) -> None:
    port, server = free_port(), Server()
    with serving(port):
        page, errors = await opened(desk_browser, port, server, lost)
        await page.locator("#danger").click()
        await asyncio.wait_for(server.dangers.wait(), 20)
        await expect(page.locator(".bubble.citizen .meta")).to_contain_text("받음")
        assert errors == []
        await page.context.close()


async def test_a_page_whose_code_has_come_shows_no_number_before_there_is_trouble(desk_browser: Browser) -> None:
    port = free_port()
    with serving(port):
        page, _ = await opened(desk_browser, port, Server())
        await expect(page.locator("html.ready")).to_be_attached()
        await expect(page.locator("#hotline")).to_be_hidden()
        await page.context.close()


@pytest.mark.parametrize(("hangs_at", "address"), [('"text":"안녕', "**/messages"), ('"language"', "**/conversations")], ids=["words", "opening"])
async def test_danger_does_not_wait_for_words_that_hang_on_their_way(desk_browser: Browser, hangs_at: str, address: str) -> None:
    """The line before it is given up at once, not after the ten seconds that a server has."""
    port, server = free_port(), Server(hangs_at)
    with serving(port):
        page, _ = await opened(desk_browser, port, server)
        await page.locator("#text").fill("안녕하세요")
        async with page.expect_request(address):
            await page.locator("#text").press("Enter")
        server.hangs_at = server.hangs_at if address == "**/messages" else "\0"
        await page.locator("#danger").click()
        await asyncio.wait_for(server.dangers.wait(), 8)
        await page.context.close()
