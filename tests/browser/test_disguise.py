"""The page as a plain notebook, and lines that go: what somebody sees who takes the phone out of a hand."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, expect

from bot.channels.webchat.page import PAGE
from conversation import guarding
from conversation import service as conversation
from conversation.disguise import disguised
from conversation.schemas import AuthorKind, Body
from tests.browser.conftest import PATIENT_MS

pytestmark = pytest.mark.browser
TELLING = re.compile(r"상담|영사|위험|안전|공관|경찰|여권|여행경보|위치|말할 수 없|도움|신고|구조|외교")
SECRET = "문이 밖에서 잠겨 있어요"
#: Everything that eyes, a screen reader or the browser's own lists could show.
SEEN = """() => {
    const said = (node) => ['aria-label', 'title', 'placeholder', 'alt'].map((name) => node.getAttribute(name) || '').join(' ');
    const shown = [...document.body.querySelectorAll('*')].filter((node) => !['SCRIPT', 'NOSCRIPT'].includes(node.tagName));
    const folded = ['dialog', '#before'].map((name) => document.querySelector(name).textContent);
    return [document.title, document.body.innerText, ...shown.map(said), ...folded].join('\\n');
}"""


async def told(page: Page) -> list[str]:
    return TELLING.findall(await page.evaluate(SEEN))


async def written(page: Page, text: str = SECRET) -> str:
    await page.fill("#text", text)
    await page.keyboard.press("Enter")
    await expect(page.locator(".bubble.citizen .meta").last).to_contain_text("✓")
    return str(await page.evaluate("JSON.parse(localStorage.gildongmu).id"))


async def say(db, cipher, conversation_id: str, text: str) -> None:
    async with db.transaction() as tx:
        await conversation.reply(tx, cipher, conversation_id, AuthorKind.SYSTEM, Body(text), client_id=text)


@asynccontextmanager
async def shown(page: Page, text: str) -> AsyncIterator[None]:
    """What is done in the block brings these words onto the page, however soon they go again: the page itself looks out for them."""
    seen = asyncio.create_task(page.wait_for_selector(f"article.system:has-text('{text}')", timeout=PATIENT_MS))
    await asyncio.sleep(0)
    await page.evaluate("1")  # what the browser is told comes in order: it looks out by now
    yield
    await seen


@pytest.mark.parametrize("dark", [False, True])
async def test_one_tap_makes_it_a_notebook_and_a_reload_keeps_it(citizen, staff_server, db, picture, dark):
    chat = await citizen(dark=dark)
    page = chat.page
    await written(page)
    await picture(page, f"plain-before-{'dark' if dark else 'light'}")
    length = await page.evaluate("history.length")
    assert await told(page)
    await page.click("#plain")
    assert await page.title() == "메모"
    assert await told(page) == []
    assert SECRET not in await page.content()
    await picture(page, f"plain-{'dark' if dark else 'light'}")
    await page.reload()
    await expect(page.locator("#link")).to_have_text(re.compile("저장됨|새 메모"))
    assert await page.title() == "메모"
    assert await told(page) == []
    assert SECRET not in await page.content(), "what was wiped off does not come back"
    assert await page.evaluate("history.length") == length
    assert page.url == f"{staff_server.url}/"
    assert "svg" in str(await page.get_attribute("link[rel=icon]", "href"))
    assert chat.complaints == []


async def test_the_link_opens_a_notebook_before_any_script_has_run(citizen, staff_server):
    chat = await citizen()
    await chat.context.route("**/*.js", lambda route: route.abort())
    await chat.page.goto(f"{staff_server.url}/?plain=1")
    assert await chat.page.title() == "메모"
    assert await told(chat.page) == []
    await chat.context.unroute("**/*.js")
    await chat.page.goto(f"{staff_server.url}/?plain=1")
    await expect(chat.page.locator("#link")).to_have_text("새 메모")
    assert chat.page.url == f"{staff_server.url}/", "the address tells nothing either"
    other = await chat.context.new_page()
    await other.goto(f"{staff_server.url}/")
    assert await other.title() == "메모", "whoever types the address sees the notebook"
    await other.goto(f"{staff_server.url}/?plain=0")
    assert await other.title() == "영사 상담"


async def test_danger_place_and_keyboard_stay_within_reach(citizen, staff_server, db, cipher):
    chat = await citizen()
    page = chat.page
    await page.goto(f"{staff_server.url}/?plain=1")
    for name in ("중요", "조용히", "장소", "지우기", "닫기", "저장"):
        await expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    await expect(page.get_by_role("textbox", name="메모 입력")).to_be_visible()
    await expect(page.get_by_role("log", name="메모")).to_be_visible()
    await page.get_by_role("button", name="장소", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="장소")).to_be_visible()
    assert await told(page) == []
    await page.fill("#address", "강가 시장 앞")
    await page.click("#typed button")
    await page.get_by_role("button", name="중요", exact=True).click()
    await expect(page.locator(".bubble.crisis")).to_be_visible()
    async with db.read() as connection:
        row = await conversation.get(connection, await page.evaluate("JSON.parse(localStorage.gildongmu).id"))
        cases = await (await connection.execute("SELECT severity FROM cases WHERE conversation_id = %s", (row["id"],))).fetchall()
    assert [case["severity"] for case in cases] == ["life_threat"]
    assert row["guarded_why"] == guarding.DISGUISE
    assert await page.locator(".bubble a[href^='tel:']").count() == 0
    assert not re.search("경찰|구조|신고", await page.inner_text("#log"))


async def test_a_lost_line_still_shows_the_number_to_call_under_no_name(citizen, staff_server):
    chat = await citizen()
    await chat.page.goto(f"{staff_server.url}/?plain=1")
    await chat.context.set_offline(True)
    await chat.page.fill("#text", "x")
    await chat.page.keyboard.press("Enter")
    await expect(chat.page.locator("#hotline a")).to_be_visible()
    assert "+82-2-3210-0404" in await chat.page.inner_text("#hotline")
    assert await told(chat.page) == []
    await chat.context.set_offline(False)


async def test_quick_exit_takes_the_notebook_along(citizen, staff_server):
    chat = await citizen()
    await chat.page.goto(f"{staff_server.url}/?plain=1")
    await chat.page.click("#leave")
    await chat.page.wait_for_url("**/static/blank.html")
    assert await chat.context.cookies() == []


async def test_lines_of_a_guarded_conversation_go_by_themselves_and_stay_for_the_agent(citizen, staff_server, db, cipher, monkeypatch):
    monkeypatch.setattr(staff_server._settings, "vanish_after_s", 2)
    chat = await citizen()
    page = chat.page
    conversation_id = await written(page)
    await say(db, cipher, conversation_id, "네, 듣고 있어요")
    await expect(page.locator("article.system")).to_have_count(1)
    await page.wait_for_timeout(2500)
    await expect(page.locator("article.citizen")).to_have_count(1)  # as long as nobody reads along, nothing goes
    async with db.transaction() as tx:
        await guarding.mark(tx, conversation_id, guarding.AGENT)
    await expect(page.locator("article[data-seq]")).to_have_count(0)
    async with shown(page, "사진은 있으세요?"):
        await say(db, cipher, conversation_id, "사진은 있으세요?")
    await expect(page.locator("article.system")).to_have_count(0)
    await chat.context.set_offline(True)  # the line breaks and is taken up again
    await page.wait_for_timeout(500)
    await chat.context.set_offline(False)
    async with shown(page, "또 봐요"):
        await say(db, cipher, conversation_id, "또 봐요")
    assert SECRET not in await page.content()
    async with db.read() as connection:
        kept = [line.text for line in await conversation.transcript(connection, cipher, conversation_id)]
    assert kept == [SECRET, "네, 듣고 있어요", "사진은 있으세요?", "또 봐요"]


async def test_what_comes_onto_a_dark_screen_is_still_there_when_it_is_lit(citizen, staff_server, db, cipher, monkeypatch):
    monkeypatch.setattr(staff_server._settings, "vanish_after_s", 1)
    chat = await citizen()
    page = chat.page
    conversation_id = await written(page)
    async with db.transaction() as tx:
        await guarding.mark(tx, conversation_id, guarding.AGENT)
    await page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    await say(db, cipher, conversation_id, "아직 안 읽은 글")
    await expect(page.locator("article.system")).to_have_count(1)
    await page.wait_for_timeout(2000)
    await expect(page.locator("article.system")).to_have_count(1)
    await page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.locator("article.system")).to_have_count(0)


async def test_wiping_takes_everything_off_at_once_here_in_other_tabs_and_on_return(citizen, staff_server, db, cipher):
    chat = await citizen()
    page = chat.page
    conversation_id = await written(page)
    await say(db, cipher, conversation_id, "네")
    await expect(page.locator("article.system")).to_have_count(1)
    other = await chat.context.new_page()
    await other.goto(f"{staff_server.url}/")
    await expect(other.locator("article.citizen")).to_contain_text(SECRET)
    await page.click("#clear")
    await expect(page.locator("article[data-seq]")).to_have_count(0)
    await expect(other.locator("article[data-seq]")).to_have_count(0)
    await page.reload()
    await expect(page.locator("#link")).to_have_text("연결됨")
    await say(db, cipher, conversation_id, "새 글")
    await expect(page.locator("article[data-seq]")).to_have_count(1)
    assert SECRET not in await page.content()
    async with db.read() as connection:
        assert len(await conversation.transcript(connection, cipher, conversation_id)) == 3


async def test_wiped_while_offline_it_stays_away_when_the_line_is_back(citizen, staff_server, db, cipher):
    chat = await citizen()
    page = chat.page
    conversation_id = await written(page)
    await chat.context.set_offline(True)
    await page.fill("#text", "아직 못 보낸 글")
    await page.keyboard.press("Enter")
    await expect(page.locator(".bubble.citizen .meta").last).to_contain_text("보관")
    await page.click("#clear")
    await expect(page.locator("article[data-seq]")).to_have_count(0)
    await chat.context.set_offline(False)
    texts: list[str] = []
    async with asyncio.timeout(60):
        while len(texts) < 2:
            await page.wait_for_timeout(200)
            async with db.read() as connection:
                texts = [line.text for line in await conversation.transcript(connection, cipher, conversation_id)]
    assert texts == [SECRET, "아직 못 보낸 글"], "what was written reaches us all the same"
    await page.wait_for_timeout(1500)
    await page.reload()
    await expect(page.locator("#link")).to_have_text("연결됨")
    await page.wait_for_timeout(500)
    assert SECRET not in await page.content()
    assert "아직 못 보낸 글" not in await page.content()


async def test_wiped_between_the_acknowledgement_and_the_event_it_does_not_come_back(citizen, staff_server):
    chat = await citizen()
    page = chat.page
    await page.route("**/events", lambda route: route.abort())
    await written(page)
    await page.click("#plain")
    await page.unroute("**/events")
    await page.reload()
    await expect(page.locator("#link")).to_have_text("저장됨")
    await page.wait_for_timeout(500)
    assert SECRET not in await page.content()


async def test_what_was_said_to_them_and_is_not_shown_yet_is_not_wiped_with_their_own_lines_around_it(citizen, staff_server, db, cipher):
    chat = await citizen()
    page = chat.page
    await page.route("**/events*", lambda route: route.abort())
    conversation_id = await written(page)
    await say(db, cipher, conversation_id, "창문으로 가세요")
    await written(page, "아직 못 본 글")
    await page.click("#clear")
    await page.unroute("**/events*")
    await page.reload()
    await expect(page.locator(".bubble.system")).to_have_text(re.compile("창문으로 가세요"))
    content = await page.content()
    assert SECRET not in content
    assert "아직 못 본 글" not in content


async def test_wiped_before_it_was_sent_it_does_not_come_back_on_the_page_that_sends_it(citizen, staff_server, db, cipher):
    chat = await citizen()
    page = chat.page
    conversation_id = await written(page, "첫 글")
    await page.route("**/messages", lambda route: route.abort())
    await page.fill("#text", SECRET)
    await page.keyboard.press("Enter")
    await expect(page.locator(".bubble.citizen .meta").last).to_contain_text("보관")
    await page.click("#clear")
    await page.unroute("**/messages")

    async def later(route) -> None:
        await asyncio.sleep(1)  # sent when the server has heard already what was wiped
        await route.continue_()

    await page.route("**/messages", later)
    await page.reload()
    await page.evaluate("""() => {
        const log = document.getElementById('log');
        new MutationObserver(() => { window.seen = (window.seen || '') + log.textContent; }).observe(log, { childList: true });
    }""")
    await expect(page.locator("#link")).to_have_text("연결됨")
    await page.wait_for_function("!JSON.parse(localStorage.gildongmu).queue.length && !JSON.parse(localStorage.gildongmu).wiped")
    await page.wait_for_timeout(500)
    assert SECRET not in str(await page.evaluate("window.seen || ''")) + await page.content()
    await page.reload()
    await expect(page.locator("#link")).to_have_text("연결됨")
    await page.wait_for_timeout(500)
    assert SECRET not in await page.content()
    async with db.read() as connection:
        assert [line.text for line in await conversation.transcript(connection, cipher, conversation_id)] == ["첫 글", SECRET]


def test_the_page_that_the_server_sends_holds_no_telling_word_outside_its_attributes():
    page = re.sub(r'\sdata-[\w-]+="[^"]*"', "", disguised(PAGE.read_text(encoding="utf-8")))
    assert "<title>메모</title>" in page
    assert TELLING.findall(page) == []
