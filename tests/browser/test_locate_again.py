"""The location link opened a second time on the same telephone: a messenger opens it in a new window each time, and it is still the same person's."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Route, expect

from bot.app import STATIC
from core.ports import free_port
from tests.browser.test_widget import serving

pytestmark = pytest.mark.browser


async def test_a_second_window_of_the_same_telephone_is_the_same_device(desk_browser: Browser) -> None:
    port, devices = free_port(), []
    context = await desk_browser.new_context(permissions=["geolocation"], geolocation={"latitude": 11.07, "longitude": 106.13, "accuracy": 20})

    async def locate(route: Route) -> None:
        if route.request.method == "GET":
            await route.fulfill(body=Path(STATIC / "locate.html").read_text(encoding="utf-8"), content_type="text/html; charset=utf-8")
            return
        devices.append(route.request.post_data_json["device"])
        await route.fulfill(json={"views": 0})

    await context.route("**/locate/**", locate)
    with serving(port):
        for _ in range(2):
            page = await context.new_page()
            await page.goto(f"http://127.0.0.1:{port}/locate/token")
            await page.locator("#share").click()
            await expect(page.locator("#sharing")).to_be_visible()
            await page.close()
    await context.close()
    assert len(set(devices)) == 1, devices
