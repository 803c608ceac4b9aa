"""A phone put back in a hand after quick exit shows nothing: not on the device, not by going back, not in another tab, not on the line."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from playwright.async_api import Page, TimeoutError, expect

from conversation import guarding, proof
from conversation import service as conversation
from core.clock import now

pytestmark = pytest.mark.browser
SECRET = "문이 밖에서 잠겨 있어요"
#: What a page could leave on a device, in one look.
LEFT = """async () => ({
    local: { ...localStorage }, session: { ...sessionStorage }, cookies: document.cookie, names: window.name,
    caches: await caches.keys(), workers: (await navigator.serviceWorker.getRegistrations()).length,
    databases: (await indexedDB.databases()).length })"""
NOTHING: dict[str, Any] = {"local": {}, "session": {}, "cookies": "", "names": "", "caches": [], "workers": 0, "databases": 0}


async def _written(page: Page) -> None:
    """A conversation with something on the device: a token, a line that is received, one that is half written, and things that a later page may keep."""
    await page.fill("#text", SECRET)
    await page.keyboard.press("Enter")
    await expect(page.locator(".bubble.citizen .meta")).to_have_text("✓ 받음")
    await page.fill("#text", "반쯤 쓴 글")
    await page.evaluate("async () => { sessionStorage.device = '1'; await (await caches.open('kept')).put('/static/x', new Response('words')); }")
    assert "token" in await page.evaluate("localStorage.gildongmu")


async def _by_button(page: Page) -> None:
    await page.click("#leave")


async def _by_two_escapes(page: Page) -> None:
    for _ in range(5):  # a busy machine may let more than a second pass between the two: pressed again, as a hand would
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        with contextlib.suppress(TimeoutError):
            await page.wait_for_url("**/static/blank.html", timeout=6000)
            return


@pytest.mark.parametrize("leave", [_by_button, _by_two_escapes])
async def test_a_phone_put_back_in_hand_after_quick_exit_shows_nothing(citizen, staff_server, leave):
    chat = await citizen()
    page = chat.page
    await page.goto("about:blank")
    await page.goto(f"{staff_server.url}/")
    await _written(page)
    length = await page.evaluate("history.length")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await leave(page)
    await page.wait_for_url("**/static/blank.html")
    assert await page.inner_text("body") == ""
    assert await page.evaluate(LEFT) == NOTHING
    assert await page.evaluate("history.length") == length  # the entry was replaced, not followed by another
    await page.wait_for_timeout(1500)
    away, lines = f"{staff_server.url}/webchat/v1/away", [url for url in asked if "/webchat/" in url]
    assert lines[lines.index(away) :] == [away]  # no line is taken up again

    await page.go_back()
    assert page.url == "about:blank" or SECRET not in await page.inner_text("body")
    await page.go_forward()
    assert SECRET not in await page.content()
    await page.goto(f"{staff_server.url}/")
    await expect(page.locator("#link")).to_have_text("준비됨")
    assert await page.locator("article.citizen").count() == 0
    assert await page.input_value("#text") == ""
    assert await page.evaluate("localStorage.length") == 0
    assert chat.complaints == []


async def test_one_escape_only_closes_what_is_open(citizen):
    chat = await citizen()
    await chat.page.click("#place")
    await chat.page.keyboard.press("Escape")
    await expect(chat.page.locator("#placing")).to_be_hidden()
    await chat.page.wait_for_timeout(1100)
    await chat.page.keyboard.press("Escape")
    await expect(chat.page.locator("#form")).to_be_visible()


async def _in_two_tabs(citizen, staff_server):
    """A citizen, and a second tab of the same browser that shows the same conversation."""
    chat = await citizen()
    await _written(chat.page)
    other = await chat.context.new_page()
    await other.goto(f"{staff_server.url}/")
    await expect(other.locator("article.citizen")).to_contain_text(SECRET)
    return chat, other


async def test_what_is_left_in_one_tab_is_left_in_the_other(citizen, staff_server):
    chat, other = await _in_two_tabs(citizen, staff_server)
    await chat.page.click("#leave")
    await other.wait_for_url("**/static/blank.html")
    assert await other.evaluate(LEFT) == NOTHING


async def test_leaving_while_offline_empties_the_page_the_device_and_the_queue(citizen, staff_server):
    chat = await citizen()
    await _written(chat.page)
    await chat.context.set_offline(True)
    await chat.page.fill("#text", SECRET)
    await chat.page.keyboard.press("Enter")
    await expect(chat.page.locator(".bubble.citizen .meta").last).to_contain_text("보관")
    await chat.page.click("#leave")
    await chat.page.wait_for_url("about:blank")
    assert await chat.page.inner_text("body") == ""
    await chat.context.set_offline(False)
    # Nobody but the page itself could wipe the device: no answer of the server's came.
    await chat.page.goto(f"{staff_server.url}/static/blank.html")
    assert await chat.page.evaluate(LEFT) == NOTHING


async def test_what_is_left_in_one_tab_without_a_line_is_left_in_the_other(citizen, staff_server):
    chat, other = await _in_two_tabs(citizen, staff_server)
    await chat.context.set_offline(True)
    await chat.page.click("#leave")
    await other.wait_for_url("about:blank")
    assert await other.inner_text("body") == ""


async def test_a_page_from_the_browsers_memory_leaves_again(citizen):
    chat = await citizen()
    await _written(chat.page)
    await chat.page.route("**/webchat/v1/away", lambda route: route.fulfill(status=204))  # nothing comes: the page stays where it is
    await chat.page.click("#leave")
    await expect(chat.page.locator("body > *")).to_have_count(0)
    assert await chat.page.title() == "\u200b"
    await chat.page.unroute("**/webchat/v1/away")
    await chat.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    await chat.page.wait_for_url("**/static/blank.html")


async def test_the_page_of_the_six_digits_has_the_exit_too(citizen, staff_server):
    chat = await citizen()
    await chat.page.goto(f"{staff_server.url}/locate")
    await chat.page.fill("#code", "123456")
    await _by_two_escapes(chat.page)
    await chat.page.wait_for_url("**/static/blank.html")


async def test_the_operator_names_the_page_that_quick_exit_leads_to(citizen, staff_server, monkeypatch):
    monkeypatch.setattr(staff_server._settings, "quick_exit_url", f"{staff_server.url}/healthz-is-not-here?weather")
    chat = await citizen()
    await chat.page.click("#leave")
    await chat.page.wait_for_url("**/healthz-is-not-here?weather")


async def test_coming_back_to_a_guarded_conversation_is_a_blank_chat_until_it_is_proved_anew(citizen, staff_server, db, cipher):
    chat = await citizen()
    page = chat.page
    await _written(page)
    conversation_id = await page.evaluate("JSON.parse(localStorage.gildongmu).id")
    async with db.transaction() as tx:
        await guarding.mark(tx, conversation_id, guarding.CATEGORY)
    await expect(page.locator("article.citizen")).to_have_count(1)  # nothing changes before the eyes of whoever looks on
    await page.reload()
    await expect(page.locator("#link")).to_have_text("연결됨")
    await page.wait_for_timeout(500)
    assert SECRET not in await page.content()

    await page.click("#earlier")
    await page.fill("#proof", "000000")
    await page.keyboard.press("Enter")
    await expect(page.locator("#status")).to_contain_text("맞지 않거나")
    async with db.transaction() as tx:
        digits = await proof.issue_digits(tx, cipher, await conversation.get(tx, conversation_id), now())
    await page.fill("#proof", digits)
    await page.keyboard.press("Enter")
    await expect(page.locator("article.citizen")).to_contain_text(SECRET)
    await expect(page.locator("#before")).to_be_hidden()
    await expect(page.locator("article.citizen")).to_have_count(1)
    assert await page.input_value("#proof") == ""
    assert [complaint for complaint in chat.complaints if "422" not in complaint] == []


async def test_a_new_visitor_has_the_same_way_back_and_the_same_answer(citizen):
    chat = await citizen()
    await chat.page.click("#earlier")
    await chat.page.fill("#proof", "000000")
    await chat.page.keyboard.press("Enter")
    await expect(chat.page.locator("#status")).to_have_text("맞지 않거나 기한이 지났습니다. 다시 확인해 주세요.")
