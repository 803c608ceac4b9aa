"""What an agent puts into a reply by keyboard: canned texts, notices, suggestions; and what stops before it goes out."""

from __future__ import annotations

import asyncio
import re

import pytest
import pytest_asyncio
from playwright.async_api import expect

from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from knowledge_base import publishing
from knowledge_base.notices import parse_record
from knowledge_base.service import KnowledgeBase
from knowledge_base.staff_texts import StaffSearch

pytestmark = pytest.mark.browser

CANNED = {"published_at": "2026-01-10", "review_by": "2099-01-01", "kind": "canned"}
GREETING = {**CANNED, "id": "c1", "title": "상담 시작 인사", "shortcut": "인사", "body": "안녕하세요. 영사 상담관입니다. 접수 번호는 {접수 번호}입니다."}
LOST = {**CANNED, "id": "c2", "title": "여권을 잃어버렸을 때", "shortcut": "여권", "body": "먼저 아래 안내를 읽어 주세요.\n{공지: lost}"}
MISSION = {**CANNED, "id": "c3", "title": "관할 공관 알리기", "shortcut": "공관", "body": "맡는 공관은 {공관 이름}입니다."}
OLD = {**CANNED, "id": "c4", "title": "옛 창구 안내", "shortcut": "창구", "body": "창구는 오전에만 문을 엽니다.", "review_by": "2026-01-31"}
HOSTILE = '<img src=x onerror="window.hacked=1"> {{7*7}}'
NOTICE = {
    "id": "lost",
    "title": "해외에서 여권을 잃어버렸을 때 분실 신고",
    "body": f"해외에서 여권을 잃어버리면 가까운 대사관에 분실 신고를 하십시오.\n\n여권을 다시 만들려면 사진 1장과 신분증이 필요합니다.\n\n`{HOSTILE}`",
    "published_at": "2026-02-01",
    "source": "외교부",
    "source_url": "https://example.org/lost",
}
OTHERS = [
    {"id": f"n{i}", "title": title, "body": body, "published_at": "2026-02-01", "source": "외교부"}
    for i, (title, body) in enumerate(
        [
            ("운전면허 영문 증명", "해외에서 차를 운전하려면 국제운전면허증을 가져가십시오."),
            ("병역 국외여행허가", "병역 의무자는 국외여행허가를 받아야 합니다."),
            ("반려동물 검역", "반려동물과 여행하려면 검역 증명서를 준비하십시오."),
        ]
    )
]


@pytest.fixture
def bring(db):
    async def brought(*records):
        results = [r async for r in publishing.import_published(db, [parse_record(record) for record in records], "test", "development")]
        assert {r.outcome for r in results} == {"imported"}, results

    return brought


@pytest.fixture
def write(db, cipher):
    """``await write(case, "…", "none")``: a line of the citizen, and what triage says of it (nothing: it has not spoken yet)."""
    number = iter(range(10_000))

    async def make(case, text, urgency=None, action="none"):
        async with db.transaction() as tx:
            done = await conversation.accept(tx, cipher, Inbound("webchat", f"texts-{next(number)}", case.conversation_id, InboundKind.TEXT, text=text))
            if urgency:
                await database.run(
                    tx, "UPDATE inbox SET urgency = %s, action = %s, triage_state = 'done' WHERE message_id = %s", urgency, action, done.message_id
                )
        return done.message_id

    return make


@pytest_asyncio.fixture
async def search(db, staff_server, analyser, bring):
    """Real search over a few notices, in the staff server."""
    await bring(NOTICE, *OTHERS)
    base = await KnowledgeBase.open(db, analyser, environment="development")

    async def analyse(texts):
        return await asyncio.to_thread(analyser.analyse, list(texts))

    staff_server.search = StaffSearch(base, analyser, analyse)
    yield staff_server.search
    staff_server.search = None


@pytest.fixture
def at_the_desk(seat, make_case):
    """A desk with one claimed case and the caret in the reply box."""

    async def make(severity="non_urgent", country=None, **options):
        desk = await seat(**options)
        case = await make_case(severity, "robbery_theft", summary="여권을 잃어버렸어요", country=country)
        await desk.page.locator(f"[data-case-id='{case.id}'] .main").click()
        await desk.page.locator("[data-action=take]").click()
        await expect(desk.page.locator("[data-composer]")).to_be_visible()
        await desk.page.keyboard.press("r")
        await expect(desk.page.locator("[data-composer]")).to_be_focused()
        return desk, case

    return make


def box(page):
    return page.locator("[data-composer]")


def options(page):
    return page.locator(".text-panel [role=option]")


def quoted_after(words):
    """What stands in the box: the words, then one sentence of the notice between its title with the day and its link."""
    sentences = "|".join(re.escape(line) for line in NOTICE["body"].split("\n\n")[:2])
    return re.compile(f"^{re.escape(words)}\n「{NOTICE['title']}」 \\(2026년 2월 1일 시행\\)\n({sentences})\nhttps://example\\.org/lost$")


async def sent(db):
    async with db.read() as connection:
        return len(await database.rows(connection, "SELECT 1 FROM messages WHERE author_kind = 'agent'"))


async def test_a_canned_text_is_found_filled_corrected_and_sent_by_keyboard_alone(at_the_desk, bring, db):
    await bring(NOTICE, GREETING, LOST, MISSION, OLD)
    desk, case = await at_the_desk()
    page = desk.page
    await page.keyboard.type("네. /")
    await expect(options(page)).to_have_count(4)
    await expect(box(page)).to_be_focused()
    await expect(options(page).last).to_contain_text("기한 지남")
    await page.keyboard.press("ArrowDown")
    await expect(options(page).nth(1)).to_have_attribute("aria-selected", "true")
    selected = await options(page).nth(1).get_attribute("id")
    await expect(box(page)).to_have_attribute("aria-activedescendant", selected)
    await page.keyboard.type("인사")
    await expect(options(page)).to_have_count(1)
    await expect(page.locator(".text-panel .preview")).to_contain_text(f"접수 번호는 #{case.id}입니다.")
    await page.keyboard.press("Enter")
    await expect(box(page)).to_have_value(f"네. 안녕하세요. 영사 상담관입니다. 접수 번호는 #{case.id}입니다.")
    await expect(page.locator(".text-panel")).to_have_count(0)
    assert await sent(db) == 0
    await page.keyboard.type(" 말씀해 주세요.")
    await page.keyboard.press("Enter")
    await expect(page.locator(".line.own .words")).to_have_text(f"네. 안녕하세요. 영사 상담관입니다. 접수 번호는 #{case.id}입니다. 말씀해 주세요.")

    await expect(box(page)).to_have_value("")  # the line can be on the page before the box hears that it is written

    # A live quote; whatever stands in a notice is text, and taking it back is Ctrl+Z.
    await page.keyboard.type("/여권")
    await expect(options(page)).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(box(page)).to_have_value(
        "먼저 아래 안내를 읽어 주세요.\n「해외에서 여권을 잃어버렸을 때 분실 신고」 (2026년 2월 1일 시행)\n"
        "해외에서 여권을 잃어버리면 가까운 대사관에 분실 신고를 하십시오.\n여권을 다시 만들려면 사진 1장과 신분증이 필요합니다.\n"
        "{{7*7}}\nhttps://example.org/lost"
    )
    await page.keyboard.press("Control+z")
    await expect(box(page)).to_have_value("/여권")
    assert await page.evaluate("window.hacked") is None
    assert desk.complaints == []


async def test_slashes_that_ask_for_nothing_and_escape(at_the_desk, bring):
    await bring(GREETING)
    desk, _ = await at_the_desk()
    page = desk.page
    await page.keyboard.type("24/7 https://example.org")
    await expect(page.locator(".text-panel")).to_have_count(0)
    await page.keyboard.type(" /인")
    await expect(options(page)).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(page.locator(".text-panel")).to_have_count(0)
    await expect(box(page)).to_be_focused()
    await expect(box(page)).to_have_value("24/7 https://example.org /인")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("/없는말")
    await expect(page.locator(".text-panel .empty")).to_contain_text("맞는 것이 없습니다")
    await page.keyboard.press("Enter")  # closes the picker and sends nothing
    await expect(page.locator(".text-panel")).to_have_count(0)
    await expect(page.locator(".line.own")).to_have_count(0)
    # From the desk itself, without the box: the same key.
    await page.keyboard.press("Control+a")
    await page.keyboard.press("Delete")
    await page.keyboard.press("Escape")
    await expect(box(page)).not_to_be_focused()
    await page.keyboard.press("/")
    await expect(options(page)).to_have_count(1)
    await expect(box(page)).to_be_focused()
    # There it was a key and no word: it does not go to the citizen with the next reply.
    await page.keyboard.press("Escape")
    await expect(page.locator(".text-panel")).to_have_count(0)
    await expect(box(page)).to_have_value("")


async def test_the_picker_while_hangul_is_composed(at_the_desk, bring, db):
    await bring(GREETING, MISSION)
    desk, case = await at_the_desk()
    page = desk.page
    cdp = await desk.context.new_cdp_session(page)

    async def compose(*steps):
        for step in steps:
            await cdp.send("Input.imeSetComposition", {"text": step, "selectionStart": len(step), "selectionEnd": len(step)})

    async def pressed_while_composing(code):
        await cdp.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Process", "code": code, "windowsVirtualKeyCode": 229})

    await page.keyboard.type("/")
    await expect(options(page)).to_have_count(2)
    await compose("ㅅ")  # an initial consonant already narrows
    await expect(options(page)).to_have_count(1)
    await expect(options(page).first).to_contain_text("인사")
    await compose("ㅇ", "이", "인")  # so does a syllable that is not whole yet
    await expect(options(page)).to_have_count(1)
    await cdp.send("Input.insertText", {"text": "인"})
    await compose("ㅅ", "사")
    await pressed_while_composing("Enter")
    await expect(page.locator(".text-panel")).to_have_count(1)  # the syllable is not whole yet
    await cdp.send("Input.insertText", {"text": "사"})
    await expect(box(page)).to_have_value(f"안녕하세요. 영사 상담관입니다. 접수 번호는 #{case.id}입니다.")
    # A browser that reports the Enter once more breaks no line and sends nothing.
    await page.wait_for_timeout(300)
    assert await sent(db) == 0
    await expect(box(page)).to_have_value(f"안녕하세요. 영사 상담관입니다. 접수 번호는 #{case.id}입니다.")


async def test_a_place_that_could_not_be_filled_stops_the_reply_with_a_sentence(at_the_desk, bring, db):
    await bring(MISSION)
    desk, _ = await at_the_desk()
    page = desk.page
    await page.keyboard.type("/공관")
    await expect(options(page)).to_contain_text("채울 칸 있음")
    await page.keyboard.press("Enter")
    await expect(box(page)).to_have_value("맡는 공관은 {공관 이름}입니다.")
    await expect(page.locator(".cautions")).to_contain_text("관할 공관을 하나로 정하지 못했습니다.")
    await page.keyboard.press("Enter")
    await expect(page.locator(".failure")).to_contain_text("{공관 이름} 칸을 채우지 못했습니다.")
    assert await sent(db) == 0
    await page.keyboard.type("주캄보디아대사관")  # the open place is selected
    await expect(box(page)).to_have_value("맡는 공관은 주캄보디아대사관입니다.")
    await expect(page.locator(".cautions .warning")).to_have_count(0)
    await page.keyboard.press("Enter")
    await expect(page.locator(".line.own .words")).to_have_text("맡는 공관은 주캄보디아대사관입니다.")


async def test_a_text_past_its_time_is_flagged_and_goes_only_after_a_second_key(at_the_desk, bring, db):
    await bring(OLD)
    desk, case = await at_the_desk()
    page = desk.page
    await page.keyboard.type("/창구")
    await expect(options(page)).to_contain_text("기한 지남")
    await page.keyboard.press("Enter")
    await expect(page.locator(".cautions")).to_contain_text("기한 지남 정형문 ‘옛 창구 안내’: 검토 기한(2026년 1월 31일)이 지났습니다.")
    await page.keyboard.down("Enter")
    await expect(page.locator(".failure")).to_contain_text("그래도 보내려면 Enter를 한 번 더 누르세요.")
    await page.keyboard.down("Enter")  # held down: no second key
    await page.wait_for_timeout(300)
    assert await sent(db) == 0
    await page.keyboard.up("Enter")
    await expect(page.locator(".composer button[type=submit]")).to_have_text("그래도 보내기")
    # Whatever is changed is asked about anew.
    await page.keyboard.type(" 확인해 주세요.")
    await page.keyboard.press("Enter")
    await expect(page.locator(".failure")).to_contain_text("그래도 보내려면")
    assert await sent(db) == 0
    await page.keyboard.press("Enter")
    await expect(page.locator(".line.own .words")).to_have_text("창구는 오전에만 문을 엽니다. 확인해 주세요.")
    await expect(page.locator(".cautions .warning")).to_have_count(0)
    async with db.read() as connection:
        (row,) = await database.rows(connection, "SELECT case_id, account, detail FROM access_log WHERE action = 'reply.stale_text'")
    assert (row["case_id"], row["account"]) == (case.id, "haneul")
    assert row["detail"] == {"texts": [{"kind": "canned", "id": "c4", "version": 1}]}


async def test_notices_are_found_and_suggested_and_never_for_a_message_in_danger(at_the_desk, search, write, db):
    desk, case = await at_the_desk()
    page = desk.page
    await page.keyboard.type("안내드립니다.")
    await page.keyboard.press("Control+k")
    field = page.locator(".text-panel input.find")
    await expect(field).to_be_focused()
    await page.keyboard.type("여권 분실 신고 어디서 해요")
    await expect(options(page).first).to_contain_text("해외에서 여권을 잃어버렸을 때 분실 신고")
    await expect(options(page).first).to_contain_text("유효 · 2026년 2월 1일 시행 · 외교부")
    await page.keyboard.press("Escape")
    await expect(box(page)).to_be_focused()
    await expect(box(page)).to_have_value("안내드립니다.")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("여권 분실 신고 어디서 해요")
    await page.keyboard.press("Enter")  # before the answer has come: it is waited for
    await expect(box(page)).to_have_value(quoted_after("안내드립니다."))
    await page.keyboard.press("Control+a")
    await page.keyboard.press("Delete")

    # A calm message gets suggestions; they come while somebody writes and disturb nothing.
    await page.keyboard.type("잠시만")
    await write(case, "해외에서 여권을 잃어버렸는데 분실 신고 어디에 해요?", "non_urgent")
    suggestion = page.locator(".suggested button")
    await expect(suggestion.first).to_contain_text("해외에서 여권을 잃어버렸을 때 분실 신고")
    assert await suggestion.count() <= 3
    await expect(box(page)).to_be_focused()
    await expect(box(page)).to_have_value("잠시만")
    await page.keyboard.press("Alt+Digit1")
    await expect(box(page)).to_have_value(quoted_after("잠시만"))
    # Danger, or a doubt about it: nothing is suggested.
    for urgency, action in (("urgent", "escalate"), ("none", "ask")):
        await write(case, "여권을 잃어버렸는데 누가 따라와요 분실 신고 어디에 해요", urgency, action)
        await expect(page.locator(".suggested .none")).to_have_text("위험할 수 있는 글에는 안내를 제안하지 않습니다.")
        await expect(suggestion).to_have_count(0)
    # Before triage has spoken nothing is suggested either; then it is.
    message = await write(case, "여권 분실 신고는 어디에 해요?")
    await expect(page.locator(".transcript .line").last).to_contain_text("여권 분실 신고는")
    await page.wait_for_timeout(200)
    await expect(suggestion).to_have_count(0)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE inbox SET urgency = 'none', action = 'none', triage_state = 'done' WHERE message_id = %s", message)
    await expect(suggestion.first).to_be_visible()
    assert desk.complaints == []


@pytest.mark.parametrize(("width", "height"), [(360, 740), (768, 1024)])
async def test_the_picker_fits_small_screens(at_the_desk, bring, width, height):
    await bring(NOTICE, GREETING, LOST)
    desk, _ = await at_the_desk(width=width, height=height)
    page = desk.page
    await page.keyboard.type("/")
    await expect(options(page)).to_have_count(2)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    panel = await page.locator(".text-panel").bounding_box()
    assert panel["x"] >= 0
    assert panel["y"] >= 0
    assert panel["x"] + panel["width"] <= width
