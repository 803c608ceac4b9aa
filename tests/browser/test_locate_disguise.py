"""The pages of the place as a notebook: what a captor sees who takes the phone while a place is sent."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from conversation import guarding
from conversation import service as conversation
from core import db as database
from handoff import location
from tests.browser.test_disguise import TELLING

pytestmark = pytest.mark.browser
#: Everything that eyes, a screen reader or the browser's own lists could show, folded parts included.
SEEN = """() => {
    const said = (node) => ['aria-label', 'title', 'placeholder', 'alt'].map((name) => node.getAttribute(name) || '').join(' ');
    const shown = [...document.body.querySelectorAll('*')].filter((node) => !['SCRIPT', 'NOSCRIPT'].includes(node.tagName));
    return [document.title, document.body.innerText, document.querySelector('details')?.textContent || '', ...shown.map(said)].join('\\n');
}"""


@pytest.fixture
async def link(db, staff_server):
    """The address of a page that asks for the place, and whose it is."""
    async with db.transaction() as tx:
        conversation_id, _ = await conversation.start(tx, "webchat")
        token = await location.request_link(tx, conversation_id, None)
    return f"{staff_server.url}/locate/{token}", conversation_id


@pytest.fixture
async def phone(desk_browser):
    context = await desk_browser.new_context(
        locale="ko-KR",
        viewport={"width": 360, "height": 740},
        permissions=["geolocation"],
        geolocation={"latitude": 11.07, "longitude": 106.13, "accuracy": 18},
    )
    yield context
    await context.close()


async def test_in_a_guarded_conversation_the_page_of_the_place_is_a_notebook_by_itself(phone, link, db, picture):
    url, conversation_id = link
    async with db.transaction() as tx:
        await guarding.mark(tx, conversation_id, guarding.CATEGORY)
    page = await phone.new_page()
    await page.goto(url)
    assert await page.title() == "메모"
    assert TELLING.findall(await page.evaluate(SEEN)) == []
    await page.click("#share")
    await expect(page.locator("#accuracy")).to_have_text("넣었습니다. 약 18 m")
    await picture(page, "locate-plain")
    assert TELLING.findall(await page.evaluate(SEEN)) == []
    await page.click("summary")
    await page.fill("#address", "강가 시장 앞")
    await page.keyboard.press("Enter")
    await expect(page.locator("#status")).to_have_text("넣었습니다.")
    await page.click("#stop")
    await expect(page.locator("#status")).to_have_text("멈췄습니다.")
    assert TELLING.findall(await page.evaluate(SEEN)) == []
    async with db.read() as connection:
        (given,) = await database.rows(connection, "SELECT text_version FROM location_consents")
        assert given["text_version"] == location.CONSENT_PLAIN_LINK
        assert len(await database.rows(connection, "SELECT 1 FROM geo_fixes")) == 2


async def test_a_device_with_the_notebook_on_has_it_here_too_and_who_sends_from_it_is_guarded(phone, link, db, staff_server):
    url, conversation_id = link
    page = await phone.new_page()
    await page.goto(url)
    assert await page.title() == "위치 보내기"
    await page.goto(f"{url}?plain=1")
    assert page.url == url, "the address tells nothing"
    await page.reload()
    assert await page.title() == "메모"
    await page.click("#share")
    await expect(page.locator("#accuracy")).to_contain_text("넣었습니다")
    async with db.read() as connection:
        assert (await conversation.get(connection, conversation_id))["guarded_why"] == guarding.DISGUISE
    await page.goto(f"{staff_server.url}/locate")
    assert await page.title() == "메모"
    await page.fill("#code", "123456")
    await page.keyboard.press("Enter")
    await expect(page.locator("#status")).to_have_text("맞지 않거나 열 수 없습니다.")
    assert TELLING.findall(await page.evaluate(SEEN)) == []
    await page.goto(f"{staff_server.url}/locate/a-link-that-is-over")
    assert await page.title() == "메모"
    seen = await page.evaluate(SEEN)
    assert TELLING.findall(seen) == []
    assert "+82-2-3210-0404" in seen


async def test_what_the_server_refuses_is_said_in_harmless_words(phone, link, db):
    url, conversation_id = link
    async with db.transaction() as tx:
        await guarding.mark(tx, conversation_id, guarding.AGENT)
    page = await phone.new_page()
    await page.goto(url)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE location_links SET expires_at = now()")
    await page.click("#share")
    await expect(page.locator("#status")).to_contain_text("넣지 못했습니다")
    assert TELLING.findall(await page.evaluate(SEEN)) == []
