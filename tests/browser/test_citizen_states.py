"""What a citizen says without words, and both sides see of each other: the citizen's chat on a telephone beside the agent's desk."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from conversation import limits
from conversation import service as conversation
from conversation.schemas import ChannelLimits, TextUnit
from tests.browser.conftest import PATIENT_MS

pytestmark = pytest.mark.browser
#: When the button was pressed and when its request left, by the page's own clock: a busy machine may take long to press.
PRESSED_AND_SENT = """() => {
    const send = window.fetch;
    window.fetch = (...all) => { if (String(all[1] && all[1].body).includes('danger')) window.sentAt ??= performance.now(); return send(...all); };
    document.getElementById('danger').addEventListener('click', () => { window.pressedAt = performance.now(); }, true);
}"""


@pytest.mark.parametrize(("width", "dark"), [(360, False), (360, True), (768, False), (1440, True)])
async def test_cannot_speak_is_large_on_queue_and_card_and_stays_through_a_transfer(seat, citizen, picture, width, dark):
    desk, chat = await seat(dark=dark), await citizen(width=width, dark=dark)
    button = chat.page.get_by_role("button", name="말할 수 없어요")
    await button.click()
    await expect(chat.page.locator("#status")).to_contain_text("상담관에게 부탁하세요")
    await expect(chat.page.locator(".bubble.crisis")).to_contain_text("지금 글을 봐도 안전한가요?")
    await expect(chat.page.locator(".bubble.crisis a.tel")).to_have_count(0)
    await picture(chat.page, f"cannot-speak-citizen-{width}-{'dark' if dark else 'light'}")

    row = desk.page.locator("[data-case-id]").first
    await expect(row.locator(".mute")).to_have_text("말할 수 없음")
    await expect(row).to_contain_text("긴급")
    await desk.page.keyboard.press("j")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".mute-banner")).to_contain_text("글로만 물으세요")
    await expect(desk.page.locator(".handoff-card")).to_contain_text("‘말할 수 없어요’를 누름")
    await picture(desk.page, f"cannot-speak-desk-{'dark' if dark else 'light'}")
    await desk.page.keyboard.press("x")
    await expect(desk.page.locator(".mute-banner")).to_have_count(0)
    await expect(row.locator(".mute")).to_have_count(0)
    await desk.page.keyboard.press("x")
    await expect(desk.page.locator(".mute-banner")).to_have_count(1)
    assert desk.complaints == []
    assert chat.complaints == []


async def test_guidance_stands_beside_the_case_and_only_checked_numbers_can_be_called(seat, make_case, picture):
    chief = await seat("chaekim", "이책임", "agent", "supervisor")
    agent = await seat()
    case = await make_case("life_threat", "self_harm", summary="다 끝내고 싶어요", country="JP")
    page = agent.page
    await page.locator("[data-case-id]").wait_for()
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-guidance=self_harm]")).to_contain_text("지금 죽고 싶은 생각이 드세요?")
    await expect(page.locator("[data-guidance] a")).to_have_count(0)
    await picture(page, "guidance")
    await page.keyboard.press("g")
    doctors = page.locator("[data-target=emergency_doctors]")
    await expect(doctors).to_contain_text("확인 안 됨 — 걸 수 없습니다")
    await expect(page.locator(".targets a.tel")).to_have_count(0)
    await expect(page.locator("[data-check]")).to_have_count(0)
    await page.locator("[data-dialog=hand-on] [data-cancel]").click()

    await chief.page.locator(f"[data-case-id='{case.id}'] .main").click()
    await expect(chief.page.locator(".case-head")).to_contain_text("김하늘")
    await chief.page.keyboard.press("g")
    await chief.page.locator("[data-check=emergency_doctors]").click()
    await expect(chief.page.locator("[data-dialog=hand-on]")).to_have_count(0)

    await page.keyboard.press("g")
    await expect(doctors.locator("a.tel")).to_have_attribute("href", "tel:+82443200119")
    await expect(doctors).to_contain_text("이책임 확인")
    await page.locator("[data-field=said]").fill("오사카, 20대, 약을 먹었다고 함")
    await picture(page, "hand-on")
    await page.locator("[data-dialog=hand-on] [data-confirm]").click()
    await expect(page.locator(".handed-on")).to_contain_text("오사카, 20대, 약을 먹었다고 함")
    await expect(page.locator(".handed-on")).to_contain_text("119 응급의료상담")
    assert agent.complaints == []
    assert chief.complaints == []


async def test_each_side_sees_the_other_typing_and_how_far_the_words_have_come(seat, citizen, db, cipher, picture):
    desk, chat = await seat(), await citizen()
    await chat.page.locator("#danger").click()
    await desk.page.locator("[data-case-id]").wait_for()
    await desk.page.keyboard.press("j")
    await desk.page.keyboard.press("Enter")
    await expect(chat.page.locator("#status")).to_have_text("상담관이 연결되었습니다.")
    await expect(desk.page.locator(".transcript .line")).to_have_count(2)

    await chat.page.locator("#text").press_sequentially("저는 지금")
    await expect(desk.page.locator(".typing")).to_have_text("민원인이 입력 중…")
    await picture(desk.page, "typing-desk")
    await chat.page.keyboard.press("Enter")
    await expect(desk.page.locator(".transcript .line").last).to_contain_text("저는 지금")
    await expect(desk.page.locator(".typing")).to_have_text("")
    await expect(chat.page.locator(".bubble.citizen .meta").last).to_have_text("✓✓ 읽음")

    await desk.page.keyboard.press("r")
    await desk.page.locator("[data-composer]").press_sequentially("보고 있습니다")
    await expect(chat.page.locator("#status")).to_have_text("상담관이 입력 중…")
    await picture(chat.page, "typing-citizen")
    await desk.page.keyboard.press("Enter")
    await expect(chat.page.locator(".bubble.person").last).to_contain_text("보고 있습니다")
    await expect(chat.page.locator("#status")).to_have_text("")
    await expect(desk.page.locator(".line.own .read").last).to_have_text("✓✓ 민원인 읽음")

    # A page in the background has the words, and nobody has seen them.
    await chat.page.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.isHidden !== false, configurable: true })")
    await desk.page.locator("[data-composer]").press_sequentially("아직 계신가요?")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".line.own .read").last).to_have_text("✓ 전달됨")
    await chat.page.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    await expect(desk.page.locator(".line.own .read").last).to_have_text("✓✓ 민원인 읽음")

    # A page that is closed has nothing.
    await chat.context.close()
    await desk.page.locator("[data-composer]").press_sequentially("여보세요?")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".line.own .read").last).to_have_text("○ 보냄")
    assert desk.complaints == []


async def test_only_what_was_sent_is_marked_as_read(citizen, db):
    page = (await citizen()).page
    await page.fill("#text", "여권을 잃어버렸어요")
    await page.keyboard.press("Enter")
    marks = page.locator(".bubble.citizen .meta")
    await expect(marks).to_have_text(["✓ 받음"])
    await page.route("**/messages", lambda route: route.fulfill(status=400, json={"error": {"code": "too_long", "message": "너무 깁니다."}}))
    await page.fill("#text", "받아들여지지 않는 글")
    await page.keyboard.press("Enter")
    await expect(marks).to_have_text(["✓ 받음", "✕ 너무 깁니다."])
    await page.unroute("**/messages")
    await page.route("**/messages", lambda route: route.abort())
    await page.fill("#text", "아직 못 보낸 글")
    await page.keyboard.press("Enter")
    await expect(marks).to_have_text(["✓ 받음", "✕ 너무 깁니다.", "◔ 이 기기에 보관"])
    async with db.transaction() as tx:
        await conversation.mark_read(tx, await page.evaluate("JSON.parse(localStorage.gildongmu).id"), "person", 1)
    await expect(marks).to_have_text(["✓✓ 읽음", "✕ 너무 깁니다.", "◔ 이 기기에 보관"])


async def test_an_enter_that_comes_after_the_composition_it_has_ended_sends_at_once_and_only_then(citizen):
    """As Safari tells it: first the composition's end, then the key, with code 229 and no composition (WebKit bug 165004)."""
    chat = await citizen()
    page, text = chat.page, chat.page.locator("#text")
    keys = await chat.context.new_cdp_session(page)
    await page.focus("#text")
    said = page.locator(".bubble.citizen")
    await keys.send("Input.imeSetComposition", {"text": "여권", "selectionStart": 2, "selectionEnd": 2})
    await keys.send("Input.insertText", {"text": "여권"})
    enter = "new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true })"
    assert not await text.evaluate(f"(box) => box.dispatchEvent({enter})"), "the browser breaks the line besides"
    await expect(said).to_have_count(1)
    await expect(said).to_contain_text("여권")
    await keys.send("Input.imeSetComposition", {"text": "분", "selectionStart": 1, "selectionEnd": 1})
    await keys.send("Input.insertText", {"text": "분"})
    await page.wait_for_timeout(300)
    await expect(text).to_have_value("분")
    await expect(said).to_have_count(1)


async def test_the_composer_counts_as_the_channel_does(seat, make_case, db):
    async def few(_connection, _row):
        return ChannelLimits(20, TextUnit.UTF8, messages_left=1)

    limits.register("wechat", few)
    try:
        case = await make_case("urgent", "robbery_theft")
        async with db.transaction() as tx:
            await tx.execute("UPDATE conversations SET channel = 'wechat' WHERE id = %s", (case.conversation_id,))
        desk = await seat()
        await desk.page.locator("[data-case-id]").wait_for()
        await desk.page.keyboard.press("j")
        await desk.page.keyboard.press("Enter")
        foot = desk.page.locator(".composer .foot")
        await expect(foot).to_contain_text("보낼 수 있는 글 1개")
        await expect(foot).to_contain_text("남은 글 20바이트")
        await desk.page.keyboard.press("r")
        await desk.page.locator("[data-composer]").press_sequentially("도움")
        await expect(foot).to_contain_text("남은 글 14바이트")
        await desk.page.locator("[data-composer]").press_sequentially("을 드리겠습니다")
        await expect(foot).to_contain_text("2개로 나뉘어 감")
        assert desk.complaints == []
    finally:
        limits._known.pop("wechat")


async def test_the_danger_button_does_not_wait_for_the_next_try_of_a_line_that_was_refused_for_now(citizen):
    chat = await citizen()
    refused: list[str] = []

    async def too_many(route: Route) -> None:
        if "danger" in (route.request.post_data_json or {}):
            await route.continue_()
        else:
            refused.append(route.request.url)
            await route.fulfill(status=429, json={"error": {"code": "too_many_requests", "message": ""}})

    await chat.page.route("**/messages", too_many)
    await chat.page.fill("#text", "여권을 잃어버렸어요")
    await chat.page.keyboard.press("Enter")
    async with asyncio.timeout(20):
        while len(refused) < 4:  # the next try comes after four seconds
            await asyncio.sleep(0.02)
    await chat.page.evaluate(PRESSED_AND_SENT)
    async with chat.page.expect_request(lambda request: "danger" in (request.post_data or ""), timeout=PATIENT_MS):
        await chat.page.click("#danger")
    assert await chat.page.evaluate("window.sentAt - window.pressedAt") < 2_000


async def test_what_was_written_in_two_tabs_without_a_line_is_sent_by_the_one_that_is_left(citizen, staff_server):
    chat = await citizen()
    other = await chat.context.new_page()
    await other.goto(f"{staff_server.url}/")
    await chat.context.set_offline(True)
    for page, words in ((chat.page, "문이 잠겼어요"), (other, "여기는 3층이에요")):
        await page.fill("#text", words)
        await page.keyboard.press("Enter")
        await expect(page.locator(".bubble.citizen .meta")).to_contain_text("보관")
    await chat.page.close()
    await chat.context.set_offline(False)
    await expect(other.locator(".bubble.citizen .meta")).to_have_text([re.compile("받음"), re.compile(":")])
    await expect(other.locator(".bubble.citizen")).to_contain_text(["여기는 3층이에요", "문이 잠겼어요"])
    assert await other.evaluate("JSON.parse(localStorage.gildongmu).queue") == []


async def test_a_second_tab_goes_on_in_the_conversation_of_the_first(citizen, staff_server):
    chat = await citizen()
    other = await chat.context.new_page()
    await other.goto(f"{staff_server.url}/")
    for page, words in ((chat.page, "문이 잠겼어요"), (other, "여기는 3층이에요")):
        await page.fill("#text", words)
        await page.keyboard.press("Enter")
        await expect(page.locator(".bubble.citizen", has_text=words)).to_contain_text("받음")
    for page in (chat.page, other):
        await expect(page.locator(".bubble.citizen")).to_have_count(2)
    assert chat.complaints == []
