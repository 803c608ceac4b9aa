"""A free call between the web chat and a desk in two real browsers with Chromium's own sound source: the voices flow both ways, and every end is told."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright, expect

from bot.headers import CITIZEN_POLICY, SecurityHeaders
from conversation import service as conversation
from core import db as database
from handoff import service as handoff
from tests.browser.conftest import ARGS

pytestmark = pytest.mark.browser

SOUND = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
#: Every connection that a page makes, for looking at what really flows.
WATCH = """
window.peers = [];
const Real = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Real { constructor(...args) { super(...args); window.peers.push(this); } };
"""
RECEIVED = """async () => {
  const peer = window.peers.at(-1);
  if (!peer || peer.connectionState === 'closed') return -1;
  return [...(await peer.getStats()).values()].filter((one) => one.type === 'inbound-rtp').reduce((sum, one) => sum + one.bytesReceived, 0);
}"""
#: How often the bell has sounded: each time of two tones.
TONES = """
window.tones = 0;
const tone = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { window.tones += 1; return tone.call(this); };
"""
REFUSED = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '%s'));"


@pytest_asyncio.fixture
async def desk_browser(chromium: str) -> AsyncIterator[Browser]:
    """Chromium with a sound source in the place of a microphone, which says yes when a page asks for it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=[*ARGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        )
        yield browser
        await browser.close()


async def as_in_the_program(context: BrowserContext) -> None:
    """The chat comes with the headers of the real program, whose policies say what may be asked for."""
    real = SecurityHeaders(lambda *_: None, citizen_policy=CITIZEN_POLICY.format(ancestors="'self'"), staff_policy="")  # type: ignore[arg-type]

    async def serve(route: Route) -> None:
        response = await route.fetch()
        added = {name.decode(): value.decode() for name, value in real.wanted("/")}
        await route.fulfill(response=response, headers={**response.headers, **added})

    await context.route(re.compile(r"^http://[^/]+/$"), serve)


class Chat:
    """A citizen's page, with the case of its conversation."""

    def __init__(self, page: Page, context: BrowserContext, conversation_id: str, case_id: int) -> None:
        self.page, self.context, self.conversation_id, self.case_id = page, context, conversation_id, case_id
        self.strip = page.locator("#calling")

    async def tab(self, url: str) -> Page:
        page = await self.context.new_page()
        await page.add_init_script(WATCH)
        await page.goto(url)
        return page


@pytest.fixture
def chat(db, cipher, desk_browser: Browser, staff_server):
    """``await chat()``: a chat whose case waits in the queue; ``script`` runs before the page's own."""

    async def make(severity: str = "urgent", script: str = "") -> Chat:
        async with db.transaction() as tx:
            conversation_id, token = await conversation.start(tx, "webchat")
            case = await handoff.open_or_raise(tx, cipher, conversation_id, severity, "illness_injury", "rule:x", summary="다쳤어요", country="KH")
        context = await desk_browser.new_context(locale="ko-KR", viewport={"width": 360, "height": 740})
        kept = json.dumps(json.dumps({"id": conversation_id, "token": token, "queue": []}))
        kept = f"if (!sessionStorage.told) {{ sessionStorage.told = 1; localStorage.setItem('gildongmu', {kept}); }}"
        await as_in_the_program(context)
        page = await context.new_page()
        await page.add_init_script(WATCH + kept + script)
        await page.goto(f"{staff_server.url}/")
        return Chat(page, context, conversation_id, case.id)

    return make


async def rows(db, statement: str, *args: Any) -> list[dict[str, Any]]:
    async with db.read() as connection:
        return await database.rows(connection, statement, *args)


async def watched(seat, *args: str, **more: Any):
    """A seat whose connections can be looked at."""
    made = await seat(*args, opened=False, **more)
    await made.page.add_init_script(WATCH)
    return made


async def opened(made, url: str, case_id: int | None = None) -> None:
    await made.page.goto(f"{url}/desk{f'?case={case_id}' if case_id else ''}")
    await made.page.wait_for_selector("body[data-link=live]")


async def flows(page: Page) -> None:
    """More and more of the other's voice arrives."""
    await page.wait_for_function(f"async () => await ({RECEIVED})() > 0")
    before = await page.evaluate(RECEIVED)
    await page.wait_for_function(f"async () => await ({RECEIVED})() > {before + 1000}")


async def owned(seat, chat, staff_server, db, script: str = ""):
    """An agent who has taken the chat's case, at an open desk."""
    talk, desk = await chat(script=script), await watched(seat)
    await opened(desk, staff_server.url)
    await desk.page.locator(f"[data-case-id='{talk.case_id}'] .main").first.click()
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".case-head")).to_contain_text("내 상담")
    await expect(talk.page.locator("#status")).to_contain_text("상담관이 연결되었습니다")
    return talk, desk


async def test_a_citizen_calls_the_agent_answers_by_key_and_both_hear(seat, chat, staff_server, db, picture):
    talk, desk = await owned(seat, chat, staff_server, db)
    complaints: list[str] = []
    talk.page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    await talk.page.click("#call")
    await expect(talk.strip).to_contain_text("전화를 걸고 있습니다")
    ring = desk.page.locator("[data-ring]")
    await expect(ring).to_contain_text(f"#{talk.case_id}")
    await desk.page.wait_for_function("document.title.includes('음성 통화')")
    await picture(desk.page, "call-rings")
    await desk.page.keyboard.press("w")
    await expect(talk.strip).to_contain_text("통화 중입니다")
    await expect(desk.page.locator("[data-call=talking]")).to_be_visible()
    await flows(talk.page)
    await flows(desk.page)
    await picture(talk.page, "call-citizen")
    await picture(desk.page, "call-desk")
    # The chat goes on while they speak.
    await talk.page.fill("#text", "통화하면서 씁니다")
    await talk.page.keyboard.press("Enter")
    await expect(desk.page.locator("body")).to_contain_text("통화하면서 씁니다")

    await desk.page.locator(".case-head").click()
    await desk.page.keyboard.press("z")
    await expect(talk.strip).to_be_hidden()
    await expect(talk.page.locator("article.call")).to_contain_text("음성 통화를 마쳤습니다")
    await expect(desk.page.locator("[data-call]")).to_have_attribute("data-call", "idle")
    await expect(desk.page.locator(".pending.is-call")).to_contain_text("민원인이 건 음성 통화")
    (row,) = await rows(db, "SELECT * FROM voice_calls")
    assert (row["started_by"], row["ended_by"], row["why"], row["staff_id"]) == ("citizen", "agent", "hung_up", desk.staff.id)
    assert row["started_at"] <= row["answered_at"] < row["ended_at"]
    assert await rows(db, "SELECT 1 FROM voice_signals") == []
    assert (desk.complaints, complaints) == ([], [])


async def ringing(talk, desk) -> None:
    await talk.page.click("#call")
    await expect(desk.page.locator("[data-ring]")).to_be_visible()


async def test_the_citizen_hangs_up_and_may_call_again(seat, chat, staff_server, db):
    talk, desk = await owned(seat, chat, staff_server, db)
    for _ in range(2):
        await ringing(talk, desk)
        await desk.page.locator("[data-action=call-accept]").click()
        await flows(talk.page)
        await talk.strip.get_by_text("끊기").click()
        await expect(desk.page.locator("[data-call]")).to_have_attribute("data-call", "idle")
        await expect(talk.strip).to_be_hidden()
    assert [row["ended_by"] for row in await rows(db, "SELECT ended_by FROM voice_calls")] == ["citizen", "citizen"]


async def test_while_typing_the_bell_takes_neither_focus_nor_letters(seat, chat, staff_server, db):
    talk, desk = await owned(seat, chat, staff_server, db)
    box = desk.page.locator("textarea[data-composer], [data-composer] textarea").first
    await box.click()
    await box.press_sequentially("wd")
    await ringing(talk, desk)
    await box.press_sequentially("wd")
    await expect(box).to_have_value("wdwd")
    await expect(box).to_be_focused()
    await expect(desk.page.locator("[data-ring]")).to_be_visible()
    await desk.page.locator("[data-action=call-decline]").click()
    await expect(talk.strip).to_contain_text("지금 통화할 수 없습니다")
    await expect(talk.strip.locator("a.tel")).to_have_attribute("href", "tel:+82-2-3210-0404")


async def test_of_two_tabs_of_one_agent_the_second_takes_it_and_closing_it_ends_the_call(seat, chat, staff_server, db):
    talk, desk = await owned(seat, chat, staff_server, db)
    second = await desk.context.new_page()
    await second.add_init_script(WATCH)
    await second.goto(f"{staff_server.url}/desk")
    await second.wait_for_selector("body[data-link=live]")
    await ringing(talk, desk)
    await second.locator("[data-action=call-accept]").click()
    await flows(talk.page)
    await flows(second)
    await expect(desk.page.locator("[data-ring]")).to_have_count(0)
    await expect(desk.page.locator("[data-elsewhere]")).to_contain_text("다른 창에서 통화 중")
    # Sound may come through before the page has heard that it is connected.
    await expect(talk.strip).to_contain_text("통화 중입니다")
    await second.close(run_before_unload=True)
    await expect(talk.strip).to_contain_text("상대가 화면을 닫았습니다")
    await expect(desk.page.locator("[data-elsewhere]")).to_have_count(0)
    assert [row["why"] for row in await rows(db, "SELECT why FROM voice_calls")] == ["left"]


async def test_a_page_that_begins_anew_shows_how_it_stands(seat, chat, staff_server, db):
    talk, desk = await owned(seat, chat, staff_server, db)
    await ringing(talk, desk)
    await desk.page.reload()
    await expect(desk.page.locator("[data-ring]")).to_be_visible()
    await desk.page.locator("[data-action=call-accept]").click()
    await flows(talk.page)
    other = await talk.tab(staff_server.url)
    await expect(other.locator("#calling")).to_contain_text("다른 창에서 통화 중입니다")
    await talk.page.reload()
    await expect(desk.page.locator("[data-call-problem]")).to_contain_text("민원인이 화면을 닫았습니다")
    await expect(talk.page.locator("article.call")).to_contain_text("음성 통화를 마쳤습니다")
    await expect(other.locator("#calling")).to_be_hidden()


async def test_the_agent_calls_back_and_one_of_the_citizens_tabs_answers(seat, chat, staff_server, db):
    talk, desk = await owned(seat, chat, staff_server, db)
    other = await talk.tab(staff_server.url)
    await desk.page.keyboard.press("f")
    await expect(talk.strip).to_contain_text("상담관이 전화를 걸었습니다")
    await other.locator("#calling").get_by_text("받기").click()
    await flows(other)
    await flows(desk.page)
    await expect(talk.strip).to_contain_text("다른 창에서 통화 중입니다")
    await desk.page.keyboard.press("z")
    await expect(other.locator("#calling")).to_be_hidden()
    await desk.page.keyboard.press("f")
    await talk.strip.get_by_text("거절").click()
    await expect(desk.page.locator("[data-call-problem]")).to_contain_text("거절했습니다")
    await expect(talk.page.locator("article.call").last).to_contain_text("상담관의 부재중 전화")


async def quiet(page: Page) -> None:
    """The bell, which sounds every two seconds, does not."""
    await expect(page.locator("html.plain")).to_be_attached()
    before = await page.evaluate("window.tones")
    await page.wait_for_timeout(4500)
    assert await page.evaluate("window.tones") == before


async def test_a_bell_that_rings_is_silent_once_the_page_is_a_notebook(seat, chat, staff_server, db):
    talk, desk = await owned(seat, chat, staff_server, db, TONES)
    await desk.page.keyboard.press("f")
    await expect(talk.strip).to_contain_text("상담관이 전화를 걸었습니다")
    await talk.page.wait_for_function("window.tones > 0")
    await talk.page.click("#plain")
    await quiet(talk.page)


async def test_a_notebook_does_not_ring_for_a_call_whose_code_was_still_on_its_way(seat, chat, staff_server, db):
    talk, desk = await owned(seat, chat, staff_server, db, TONES)
    held: asyncio.Future[Route] = asyncio.get_running_loop().create_future()
    await talk.page.route("**/static/call.js", lambda route: held.set_result(route))
    await desk.page.keyboard.press("f")
    code = await held
    await talk.page.click("#plain")
    await code.continue_()
    await talk.page.wait_for_function("Boolean(window.Call)")
    await quiet(talk.page)


async def test_a_missed_call_waits_for_the_agent(seat, chat, staff_server, db):
    talk, desk = await owned(seat, chat, staff_server, db)
    await ringing(talk, desk)
    await talk.strip.get_by_text("끊기").click()
    missed = desk.page.locator("[data-missed]")
    await expect(missed).to_contain_text("부재중 통화")
    await desk.page.reload()
    await missed.locator("button").click()
    await expect(missed).to_have_count(0)
    await expect(desk.page.locator(".pending", has_text="부재중")).to_be_visible()


async def test_an_emergency_that_waits_is_taken_by_answering(seat, chat, staff_server, db):
    talk, desk = await chat("life_threat"), await watched(seat)
    await opened(desk, staff_server.url)
    await talk.page.evaluate("document.getElementById('call').hidden = false")  # the crisis card does this; nothing is triaged here
    await ringing(talk, desk)
    await desk.page.locator("[data-action=call-accept]").click()
    await flows(talk.page)
    await expect(desk.page.locator(".case-head")).to_contain_text("내 상담")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (REFUSED % "NotAllowedError", "마이크 사용이 거부되었습니다"),
        (REFUSED % "NotFoundError", "마이크를 찾지 못했습니다"),
        (REFUSED % "NotReadableError", "다른 앱의 통화"),
        ("delete window.RTCPeerConnection;", "이 브라우저에서는 통화할 수 없습니다"),
        ("RTCPeerConnection.prototype.createOffer = () => Promise.reject(new Error());", "잇지 못했습니다"),
    ],
    ids=["refused", "no microphone", "busy", "no WebRTC", "no way between them"],
)
async def test_whatever_fails_says_what_to_do_and_the_number(seat, chat, staff_server, db, script, words):
    talk, desk = await chat(script=script), await watched(seat)
    await opened(desk, staff_server.url)
    await desk.page.locator(f"[data-case-id='{talk.case_id}'] .main").first.click()
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".case-head")).to_contain_text("내 상담")
    await talk.page.click("#call")
    if "createOffer" in script:
        await desk.page.locator("[data-action=call-accept]").click()
        await expect(desk.page.locator("[data-call-problem]")).to_contain_text("잇지 못했습니다")
    await expect(talk.strip).to_contain_text(words)
    await expect(talk.strip.locator("a.tel")).to_have_text("영사안전콜센터 +82-2-3210-0404")
    await expect(desk.page.locator("[data-ring]")).to_have_count(0)
    # The chat is as it was.
    await talk.page.fill("#text", "글은 됩니다")
    await talk.page.keyboard.press("Enter")
    await expect(desk.page.locator("body")).to_contain_text("글은 됩니다")


async def test_refused_while_the_bot_has_it_the_number_is_said(chat):
    talk = await chat("non_urgent")
    await talk.page.evaluate("document.getElementById('call').hidden = false")
    await talk.page.click("#call")
    await expect(talk.strip).to_contain_text("+82-2-3210-0404 로 전화하세요")
    await expect(talk.strip.locator("a.tel")).to_be_visible()
