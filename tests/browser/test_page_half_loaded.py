"""A page of which only a part has come, and a line that hangs: danger goes out all the same, or the number to call stands on the screen."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect

from core.errors import HOTLINE
from core.ports import free_port
from tests.browser.test_widget import serving

pytestmark = pytest.mark.browser
#: The page's clock goes ten times as fast.
FASTER = "((wait) => { window.setTimeout = (then, ms, ...rest) => wait(then, ms / 10, ...rest); })(window.setTimeout);"


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


def line_of(seq: int, text: str) -> dict[str, Any]:
    return {"seq": seq, "kind": "message", "message": {"seq": seq, "author": "bot", "kind": "text", "text": text}}


class Deaf(Server):
    """No stream comes through at first, and the first question for news hangs."""

    polls = 0

    async def __call__(self, route: Route) -> None:
        if "after=" in route.request.url:
            self.polls += 1
            if self.polls > 1:
                await route.fulfill(json={"events": [line_of(1, "기다려 주세요.")] if "after=0" in route.request.url else []})
        elif route.request.url.endswith("/events") and self.polls > 1:
            await route.fulfill(content_type="text/event-stream", body=f"data: {json.dumps(line_of(2, '다시 이어졌습니다.'))}\n\n")
        else:
            await super().__call__(route)


async def test_a_question_for_news_that_hangs_is_given_up_and_the_stream_is_taken_up_again(desk_browser: Browser) -> None:
    port = free_port()
    with serving(port):
        page, errors = await opened(desk_browser, port, Deaf())
        await page.add_init_script(FASTER)
        await page.reload()
        await page.locator("#text").fill("안녕하세요")
        await page.locator("#text").press("Enter")
        for words in ("기다려 주세요.", "다시 이어졌습니다."):
            await expect(page.locator(".bubble.bot", has_text=words)).to_be_visible()
        assert errors == []
        await page.context.close()


class Over(Server):
    """The first conversation's stream stays open after the conversation has ended."""

    async def __call__(self, route: Route) -> None:
        if route.request.url.endswith("/conversations"):
            await route.fulfill(status=201, json={"conversation_id": "c2" if self.posted else "c1", "token": "t", "view": ""})
        elif route.request.url.endswith("/c1/messages") and self.posted:
            await route.fulfill(status=409, json={"error": {"code": "conversation_closed", "message": ""}})
        elif not route.request.url.endswith("/c1/events"):
            await super().__call__(route)


async def test_the_line_of_a_conversation_that_is_over_is_left_for_that_of_the_new_one(desk_browser: Browser) -> None:
    """At once, not after the forty seconds of a line that is silent."""
    port = free_port()
    with serving(port):
        page, errors = await opened(desk_browser, port, Over())
        async with page.expect_request("**/c1/events"):
            await page.locator("#text").fill("안녕하세요")
            await page.locator("#text").press("Enter")
        async with page.expect_request("**/c2/events", timeout=20_000):
            await page.locator("#text").fill("아직 계세요?")
            await page.locator("#text").press("Enter")
        assert errors == []
        await page.context.close()
