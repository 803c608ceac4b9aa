"""The editors' page in a browser, without the worker: colleagues, hostile words, a lost sign-in, readers, keys, missing answers, stale notices."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from core.clock import now
from core.db import Database
from knowledge_base.editing import misses
from knowledge_base.notices import today_in_seoul
from knowledge_base.service import KnowledgeBase
from tests.browser.conftest import PASSWORD

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{constructor.constructor("window.hacked=1")()}}'
#: Long enough for a machine that is busy with other things.
SLOW = 60_000


@pytest_asyncio.fixture
async def knowledge(db: Database, staff_server, analyser) -> AsyncIterator[KnowledgeBase]:
    """Search over what the database holds, in the staff server's own loop."""

    def there(work):
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, staff_server.loop))

    base = await there(KnowledgeBase.open(staff_server.db, analyser))
    staff_server.knowledge = base

    async def start():
        base.start()

    await there(start())
    yield base
    staff_server.knowledge = None
    await there(base.stop())


@pytest.fixture
def at_kb(seat, staff_server, knowledge):
    """``await at_kb("editor1", "최편집", "editor", path="/kb")``: signed in, the page open and filled."""

    async def make(*args, path: str = "/kb", **values):
        desk = await seat(*args, opened=False, **values)
        desk.page.set_default_timeout(SLOW)
        await desk.page.goto(f"{staff_server.url}{path}")
        await desk.page.wait_for_selector("body[data-kb=ready]")
        await desk.page.wait_for_selector("[data-filter=state]")
        return desk

    return make


async def rows(db, statement, *args):
    async with db.read() as connection:
        return await database.rows(connection, statement, *args)


async def write_new(page: Page, title: str, body: str) -> str:
    """A new notice, saved; its id."""
    await page.locator("[data-action=new]").click()
    await expect(page.locator(".notice-head h1")).to_have_text("새 공지", timeout=SLOW)
    await page.locator("[name=title]").fill(title)
    await page.locator("[name=body]").fill(body)
    await page.locator("[data-action=save]").click()
    await expect(page.locator(".notice-head")).to_contain_text("1판", timeout=SLOW)
    return str(await page.locator(".notice-form").get_attribute("data-notice"))


async def test_a_stale_save_keeps_every_word_and_hostile_strings_stay_strings(at_kb, staff_server, db):
    one = await at_kb("editor1", "최편집", "editor")
    page = one.page
    notice_id = await write_new(page, f"제목 {HOSTILE}", f"본문 {HOSTILE}\n\n[눌러](javascript:window.hacked=1) ![그림](http://example.invalid/a.png)")
    await page.locator("[data-new-question]").fill(f"질문 {HOSTILE}")
    await page.locator("[data-action=add-question]").click()
    await expect(page.locator("[data-question] strong")).to_have_text(f"질문 {HOSTILE}", timeout=SLOW)
    await page.locator(".rendered-body summary").click()
    await expect(page.locator(".rendered")).to_contain_text(HOSTILE[:20])

    two = await at_kb("editor2", "박편집", "editor", path=f"/kb/notice/{notice_id}")
    await expect(two.page.locator("[name=title]")).to_have_value(f"제목 {HOSTILE}", timeout=SLOW)
    await two.page.locator("[name=body]").fill("둘째 사람의 본문")
    await two.page.locator("[data-action=save]").click()
    await expect(two.page.locator(".notice-head")).to_contain_text("2판", timeout=SLOW)

    await page.locator("[name=body]").fill("첫째 사람의 본문")
    await page.locator("[data-action=save]").click()
    stale = page.locator("[data-stale]")
    await expect(stale).to_contain_text("박편집 님이 2판을 저장했습니다", timeout=SLOW)
    await expect(page.locator("[name=body]")).to_have_value("첫째 사람의 본문")
    assert [row["body"] for row in await rows(db, "SELECT body FROM notices WHERE id = %s AND version = 2", notice_id)] == ["둘째 사람의 본문"]
    assert len(await rows(db, "SELECT 1 FROM notices WHERE id = %s", notice_id)) == 2

    # Even a reload keeps them; then both texts are seen side by side, and the first goes on from there.
    await page.locator("[data-action=stale-diff]").click()
    dialog = page.locator("[data-dialog=diff]")
    await expect(dialog.locator("[data-field=body] del")).to_contain_text("둘째", timeout=SLOW)
    await expect(dialog.locator("[data-field=body] ins")).to_contain_text("첫째")
    await dialog.locator("[data-action=rebase]").click()
    await page.locator("[data-action=save]").click()
    await expect(page.locator(".notice-head")).to_contain_text("3판", timeout=SLOW)
    await expect(stale).to_have_count(0)
    found = await rows(db, "SELECT body, created_by FROM notices WHERE id = %s ORDER BY version", notice_id)
    assert [(row["body"], row["created_by"]) for row in found][1:] == [("둘째 사람의 본문", "editor2"), ("첫째 사람의 본문", "editor1")]

    # A file with a hostile name and hostile words.
    await page.locator("[data-tab=import]").click()
    name = "<img src=x onerror=window.hacked=1>.html"
    html = f"<html><body><h1>올린 글</h1><p>본문입니다. {HOSTILE}</p><script>window.hacked=1</script></body></html>".encode()
    await page.locator(".importer input[type=file]").set_input_files([{"name": name, "mimeType": "text/html", "buffer": html}])
    row = page.locator(".import-row")
    await expect(row).to_have_attribute("data-state", "taken", timeout=SLOW)
    await expect(row.locator(".file-name")).to_have_text(name)
    await row.locator("button.link").click()
    await page.locator(".inner-tab[data-tab=files]").click()
    await expect(page.locator(".file-link")).to_contain_text(name, timeout=SLOW)
    answer = await page.request.get(staff_server.url + str(await page.locator(".file-link").get_attribute("href")))
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/octet-stream"

    for desk in (one, two):
        assert await desk.page.evaluate("window.hacked") is None
        assert await desk.page.locator(".desk img, .desk script").count() == 0
        assert [url for url in desk.asked if "example.invalid" in url] == []
        assert desk.complaints == []


async def test_what_was_typed_survives_a_lost_sign_in_and_nothing_is_half_saved(at_kb, db):
    desk = await at_kb("editor1", "최편집", "editor")
    page = desk.page
    # What was never saved is still there after a reload of the tab.
    await page.locator("[data-action=new]").click()
    await page.locator("[name=title]").fill("처음 제목")
    await page.locator("[name=body]").fill("처음 본문")
    await page.wait_for_url(re.compile("/kb/new/"))
    await page.reload()
    await expect(page.locator("[name=body]")).to_have_value("처음 본문", timeout=SLOW)
    assert await rows(db, "SELECT 1 FROM notices") == []
    await page.locator("[data-action=save]").click()
    await expect(page.locator(".notice-head")).to_contain_text("1판", timeout=SLOW)
    notice_id = str(await page.locator(".notice-form").get_attribute("data-notice"))

    await page.locator("[name=body]").fill("고치던 본문")
    async with db.transaction() as tx:
        await database.run(tx, "DELETE FROM staff_sessions")
    await page.locator("[data-action=save]").click()
    await page.wait_for_url(re.compile("/staff/sign-in"))
    assert [row["body"] for row in await rows(db, "SELECT body FROM notices WHERE id = %s", notice_id)] == ["처음 본문"]
    await page.fill("[name=login]", "editor1")
    await page.fill("[name=password]", PASSWORD)
    await page.click("button[type=submit]")
    await expect(page.locator("[name=body]")).to_have_value("고치던 본문", timeout=SLOW)
    await expect(page.locator(".restored")).to_be_visible()


async def test_readers_read_and_others_sign_in(at_kb, seat, staff_server, db):
    editor = await at_kb("editor1", "최편집", "editor")
    notice_id = await write_new(editor.page, "읽을 공지", "읽을 본문")
    agent = await at_kb("haneul", "김하늘", "agent", path=f"/kb/notice/{notice_id}")
    page = agent.page
    await expect(page.locator("[name=title]")).to_have_value("읽을 공지", timeout=SLOW)
    await expect(page.locator("[name=title]")).to_have_attribute("readonly", "")
    await expect(page.locator("[data-action=save], [data-action=publish], [data-action=new], [data-new-question]")).to_have_count(0)
    await expect(page.locator("[data-tab=import], [data-tab=unanswered]")).to_have_count(0)
    for address in ("/desk", "/desk/reviews"):
        await expect(page.locator(f"a.nav[href='{address}']")).to_be_visible()
    refused = await page.request.post(f"{staff_server.url}/kb/import?name=a.html", data=b"<html>", headers={"Sec-Fetch-Site": "same-origin"})
    assert refused.status == 403
    foreign = await editor.page.request.post(f"{staff_server.url}/kb/import?name=a.html", data=b"<html>", headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign.status, (await foreign.json())["error"]["code"]) == (403, "cross_site")
    large = await editor.page.request.post(f"{staff_server.url}/kb/import?name=a.html", data=b"x" * 20_000_001, headers={"Sec-Fetch-Site": "same-origin"})
    assert (large.status, (await large.json())["error"]["code"]) == (413, "file_too_large")
    assert await rows(db, "SELECT 1 FROM attachment_files") == []
    stranger = await page.context.browser.new_context()
    outside = await stranger.new_page()
    await outside.goto(f"{staff_server.url}/kb/notice/{notice_id}")
    assert "/staff/sign-in" in outside.url
    for path in ("/kb/file?notice=a&version=1&sha256=" + "0" * 64, "/kb/file?notice=a&version=-1&sha256=x"):
        assert (await outside.request.get(staff_server.url + path)).status == 401
        assert (await editor.page.request.get(staff_server.url + path)).status == 404
    await stranger.close()


async def test_the_keyboard_alone_finds_opens_and_saves(at_kb):
    desk = await at_kb("editor1", "최편집", "editor")
    page = desk.page
    for title in ("둘째 공지", "첫째 공지"):
        await write_new(page, title, "본문")
    await page.reload()
    await page.wait_for_selector(".kb-list [data-entry] >> nth=1")
    await page.locator("body").press("/")
    await expect(page.locator("[data-search]")).to_be_focused()
    await page.keyboard.type("둘째")
    await expect(page.locator(".kb-list [data-entry]")).to_have_count(1, timeout=SLOW)
    for name, some, none in (("kind", "notice", "canned"), ("state", "draft", "in_force"), ("country", "-", "-"), ("due", "", "overdue")):
        if none != some:
            await page.locator(f"[data-filter={name}]").select_option(none)
            await expect(page.locator(".kb-list [data-entry]")).to_have_count(0, timeout=SLOW)
        await page.locator(f"[data-filter={name}]").select_option(some)
        await expect(page.locator(".kb-list [data-entry]")).to_have_count(1, timeout=SLOW)
    await page.locator(".brand").click()
    await page.keyboard.press("j")
    await expect(page.locator(".kb-list [data-entry]")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("[name=title]")).to_have_value("둘째 공지", timeout=SLOW)
    await page.locator("[name=title]").press("End")
    await page.keyboard.type(" 고침")
    await page.keyboard.press("Control+s")
    await expect(page.locator(".notice-head")).to_contain_text("2판", timeout=SLOW)
    await expect(page.locator(".kb-list [data-entry]")).to_contain_text("둘째 공지 고침", timeout=SLOW)
    assert desk.complaints == []


@pytest.fixture
def missed(db, cipher):
    """``await missed("…", "…")``: questions that the bot did not answer, as a turn writes them down."""
    number = iter(range(10_000))

    async def make(*texts):
        for text in texts:
            async with db.transaction() as tx:
                conversation_id, _ = await conversation.start(tx, "webchat")
                done = await conversation.accept(tx, cipher, Inbound("webchat", f"miss-{next(number)}", conversation_id, InboundKind.TEXT, text=text))
                miss = misses.Miss(conversation_id, done.message_id, misses.safe_text(text), "ko", None, score=0.1)
                await misses.keep(tx, cipher, [miss])

    return make


async def test_questions_without_an_answer_become_a_draft_with_one_press(at_kb, missed, db):
    await missed("고슴도치 데리고 비행기 탈 수 있나요?", "고슴도치랑 같이 비행기 타도 되나요? 제 번호는 010-1234-5678", "외국 나가서 한국 예능 보는 법")
    desk = await at_kb("editor1", "최편집", "editor")
    page = desk.page
    assert await rows(db, "SELECT 1 FROM access_log WHERE action = 'unanswered.view'") == []
    await page.locator(".kb-tab[data-tab=unanswered]").click()
    groups = page.locator("[data-group]")
    await expect(groups).to_have_count(2, timeout=SLOW)
    first = groups.first
    await expect(first.locator("[data-group-count]")).to_have_text("2번")
    await expect(first).to_contain_text("고슴도치")
    await expect(page.locator(".view-unanswered")).not_to_contain_text("1234-5678")
    assert len(await rows(db, "SELECT 1 FROM access_log WHERE action = 'unanswered.view'")) == 1

    await groups.nth(1).locator("[data-action=dismiss]").click()
    await expect(groups).to_have_count(1, timeout=SLOW)
    await groups.first.locator("[data-action=draft-from]").click()
    await expect(page.locator("[name=title]")).to_have_value("(제목을 적어 주세요)", timeout=SLOW)
    await expect(page.locator("[data-question]")).to_have_count(2, timeout=SLOW)
    await page.locator(".kb-tab[data-tab=unanswered]").click()
    await expect(page.locator(".view-unanswered")).to_contain_text("기다리는 질문이 없습니다", timeout=SLOW)
    assert desk.complaints == []


async def test_a_notice_past_its_review_day_stands_on_the_board_and_is_renewed(at_kb, db):
    desk = await at_kb("editor1", "최편집", "editor")
    page = desk.page
    notice_id = await write_new(page, "검토할 공지", "본문")
    await page.locator("[data-action=publish]").click()
    await expect(page.locator("[data-dialog=publish]")).to_contain_text("시험 질문이 없습니다", timeout=SLOW)
    await page.locator("[data-dialog=publish] [data-confirm]").click()
    await expect(page.locator(".notice-head .state.is-in_force")).to_be_visible(timeout=SLOW)
    yesterday = today_in_seoul(now()) - timedelta(days=1)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE notices SET review_by = %s WHERE id = %s", yesterday, notice_id)
    await page.locator(".kb-tab[data-tab=freshness]").click()
    overdue = page.locator("[data-list=overdue]")
    await expect(overdue.locator("[data-entry]")).to_contain_text("1일 지남", timeout=SLOW)
    await overdue.locator("[data-entry]").click()
    await expect(page.locator(".notice-head .state.is-overdue")).to_contain_text("검토 기한 지남", timeout=SLOW)
    await page.locator("[data-action=renew]").click()
    await page.locator("[data-dialog=renew] [data-confirm]").click()
    await expect(page.locator(".notice-head .state.is-in_force")).to_be_visible(timeout=SLOW)
    [row] = await rows(db, "SELECT review_by FROM notices WHERE id = %s", notice_id)
    assert row["review_by"] > today_in_seoul(now())
    assert desk.complaints == []
