"""The citizen's page, in a real browser, while PostgreSQL is away: the hotline shows, and nothing that was written is lost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from citizens import ROUTINE

from core.errors import HOTLINE
from tests.program import Program

pytestmark = pytest.mark.kill
#: How long something may take to appear on a machine that is busy with other things.
PATIENT_MS = 60_000


@contextlib.contextmanager
def frozen_database(program: Program) -> Iterator[None]:
    """PostgreSQL stops in its tracks, as on a disk that hangs, and goes on later."""
    servers = [process for process in program.tree() if process.name() == "postgres"]
    for process in servers:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield
    finally:
        for process in servers:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


@pytest.mark.browser
def test_without_its_database_the_page_shows_the_hotline(program: Program) -> None:
    api = pytest.importorskip("playwright.sync_api")
    chromium = next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), None)
    if chromium is None:
        pytest.skip("Chromium is not installed")
    program.wait_until("database", "understanding")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"])
        page = started.new_page()
        page.goto(program.url)
        page.fill("#text", ROUTINE[0])
        page.click("button.send")
        page.wait_for_selector(".bubble.bot >> nth=1", timeout=PATIENT_MS)
        hotline = page.locator("#hotline")
        assert not hotline.is_visible()
        with program.without_database():
            hotline.wait_for(state="visible", timeout=PATIENT_MS)  # without a word from the citizen: the stream ended
            assert HOTLINE in hotline.inner_text()
            page.fill("#text", "답을 못 받았어요")
            page.click("button.send")
            page.wait_for_selector("text=이 기기에 보관", timeout=PATIENT_MS)
            fresh = started.new_page()
            fresh.goto(program.url)
            fresh.fill("#text", "새로 왔어요")
            fresh.click("button.send")
            fresh.locator("#hotline").wait_for(state="visible", timeout=PATIENT_MS)
        page.wait_for_selector("text=답을 못 받았어요", timeout=PATIENT_MS)
        hotline.wait_for(state="hidden", timeout=PATIENT_MS)
        page.wait_for_selector(".bubble.citizen:has-text('답을 못 받았어요') >> text=✓", timeout=PATIENT_MS)
        assert page.locator(".bubble.citizen:has-text('답을 못 받았어요')").count() == 1
        with frozen_database(program):
            page.fill("#text", "아무 대답이 없어요")
            page.click("button.send")
            hotline.wait_for(state="visible", timeout=PATIENT_MS)  # nothing fails, nothing answers: the page stops waiting by itself
        page.wait_for_selector(".bubble.citizen:has-text('아무 대답이 없어요') >> text=✓", timeout=PATIENT_MS)
        assert page.locator(".bubble.citizen:has-text('아무 대답이 없어요')").count() == 1
        started.close()
