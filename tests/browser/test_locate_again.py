"""The place sent once more: the location link opened a second time on the same telephone, and a page whose sending was stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from bot.app import STATIC
from core.ports import free_port
from tests.browser.test_widget import serving

pytestmark = pytest.mark.browser
#: A telephone's own search for the place, as the page asks for it: what it finds is told by hand.
SEARCHES = """
window.searches = new Map();
Object.defineProperty(navigator, 'geolocation', { value: {
  watchPosition(found, failed) { const id = ++window.last || (window.last = 1); window.searches.set(id, { found, failed }); return id; },
  clearWatch(id) { window.searches.delete(id); },
} });
const each = (then) => [...window.searches.values()].forEach(then);
window.fail = () => each(({ failed }) => failed({ code: 3 }));
window.find = () => each(({ found }) => found({ coords: { latitude: 11.07, longitude: 106.13, accuracy: 20 }, timestamp: Date.now() }));
"""


class Server:
    """Stands in for the routes of a link: refuses places that nobody has agreed to send."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.has_consent = False
        self.held: list[Route] | None = None

    async def __call__(self, route: Route) -> None:
        if route.request.method == "GET":
            await route.fulfill(body=Path(STATIC / "locate.html").read_text(encoding="utf-8"), content_type="text/html; charset=utf-8")
            return
        content = route.request.post_data_json
        self.posted.append(content)
        if content["action"] in ("consent", "stop"):
            self.has_consent = content["action"] == "consent"
        elif not self.has_consent:
            await route.fulfill(status=422, json={"error": {"code": "consent_required", "message": "위치를 보내려면 먼저 동의해 주세요."}})
            return
        if content["action"] == "fix" and self.held is not None:
            self.held.append(route)
        else:
            await route.fulfill(json={"views": 0})


@pytest.fixture
async def phone(desk_browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await desk_browser.new_context(permissions=["geolocation"], geolocation={"latitude": 11.07, "longitude": 106.13, "accuracy": 20})
    yield context
    await context.close()


async def opened(phone: BrowserContext, port: int, script: str = "") -> Page:
    page = await phone.new_page()
    await page.add_init_script(script)
    await page.goto(f"http://127.0.0.1:{port}/locate/token")
    return page


async def test_a_second_window_of_the_same_telephone_is_the_same_device(phone: BrowserContext) -> None:
    """A messenger opens the link in a new window each time, and it is still the same person's."""
    port, server = free_port(), Server()
    await phone.route("**/locate/**", server)
    with serving(port):
        for _ in range(2):
            page = await opened(phone, port)
            await page.locator("#share").click()
            await expect(page.locator("#sharing")).to_be_visible()
            await page.close()
    assert len({content["device"] for content in server.posted}) == 1, server.posted


async def test_after_stopping_a_place_may_be_written_or_sent_again_with_a_new_consent(phone: BrowserContext) -> None:
    port, server = free_port(), Server()
    await phone.route("**/locate/**", server)
    with serving(port):
        page = await opened(phone, port)
        await page.click("#share")
        await page.click("#stop")
        await expect(page.locator("#status")).to_have_text("위치 보내기를 멈췄습니다.")
        await expect(page.locator("#sharing")).to_be_hidden()
        await page.click("summary")
        await page.fill("#address", "강가 시장 앞")
        await page.keyboard.press("Enter")
        await expect(page.locator("#status")).to_have_text("알려 주신 장소를 전했습니다.")
        await page.click("#share")
        await expect(page.locator("#sharing")).to_be_visible()


async def test_pressed_again_after_an_error_it_searches_once_and_stopping_ends_it(phone: BrowserContext) -> None:
    port, server = free_port(), Server()
    await phone.route("**/locate/**", server)
    with serving(port):
        page = await opened(phone, port, SEARCHES)
        for _ in range(2):
            await page.click("#share")
            await page.wait_for_function("window.searches.size")
            await page.evaluate("window.fail()")
            await expect(page.locator("#status")).to_contain_text("시간이 오래 걸립니다")
        await page.click("#share")
        await expect(page.locator("#status")).to_contain_text("찾고 있습니다")
        await page.wait_for_function("window.last === 3")
        assert await page.evaluate("window.searches.size") == 1
        await page.evaluate("window.find()")
        await expect(page.locator("#sharing")).to_be_visible()
        await page.click("#stop")
        await expect(page.locator("#sharing")).to_be_hidden()
        assert await page.evaluate("window.searches.size") == 0


async def test_an_answer_that_comes_after_stopping_does_not_say_that_it_sends(phone: BrowserContext) -> None:
    port, server = free_port(), Server()
    await phone.route("**/locate/**", server)
    with serving(port):
        page = await opened(phone, port, SEARCHES)
        await page.click("#share")
        await page.wait_for_function("window.searches.size")
        await page.evaluate("window.find()")
        await expect(page.locator("#sharing")).to_be_visible()
        server.held = []
        async with page.expect_request(lambda request: "fix" in (request.post_data or "")):
            await page.evaluate("window.find()")
        await page.click("#stop")
        await expect(page.locator("#status")).to_have_text("위치 보내기를 멈췄습니다.")
        async with page.expect_response("**/locate/**"):
            await server.held.pop().fulfill(json={"views": 0})
        await page.wait_for_timeout(200)
        await expect(page.locator("#sharing")).to_be_hidden()
        await expect(page.locator("#status")).to_have_text("위치 보내기를 멈췄습니다.")
