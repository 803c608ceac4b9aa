"""What goes wrong at a desk: five tabs, a case that has ended, a dialog that is older than the case, an account that is locked in mid-chat."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from accounts import service as accounts
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from core.clock import now
from handoff import service as handoff
from handoff.schemas import Claimed

pytestmark = pytest.mark.browser
TAKE = "(id) => getElement(Number(document.querySelector('.queue').id.slice(1))).$emit('take', id)"

#: A sentence goes after five seconds: what was told is kept.
LISTEN = """() => { window.told = []; const look = () => { for (const one of document.querySelectorAll('.q-notification'))
  if (!window.told.includes(one.textContent)) window.told.push(one.textContent); };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true }); }"""


async def one(db, statement, *args):
    async with db.read() as connection:
        return await database.one(connection, statement, *args)


@pytest.fixture
def take(db):
    """``await take(case, staff)``: in hand, whatever the page shows."""

    async def make(case, staff):
        async with db.transaction() as tx:
            assert isinstance(await handoff.claim(tx, case.id, staff), Claimed)

    return make


async def test_a_desk_in_five_tabs_is_one_desk(seat, make_case, staff_server, db):
    first = await seat()
    pages = [first.page]
    for _ in range(4):
        page = await first.context.new_page()
        await page.goto(f"{staff_server.url}/desk")
        await page.wait_for_selector("body[data-link=live]", timeout=30_000)
        pages.append(page)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE agent_presence SET cap = 1")
    cases = [await make_case("none", "other", country=None) for _ in range(5)]
    for page in pages:
        await expect(page.locator("[data-case-id]")).to_have_count(5)
        await page.evaluate(LISTEN)
    await asyncio.gather(*(page.evaluate(TAKE, case.id) for page, case in zip(pages, cases, strict=True)))
    for page in pages:
        await expect(page.locator(".queue section", has_text="내 상담").locator("[data-case-id]")).to_have_count(1)
    mine = await one(db, "SELECT array_agg(id) AS ids FROM cases WHERE owner_id = %s", first.staff.id)
    assert len(mine["ids"]) == 1, "five tabs do not exceed the cap"
    for page, case in zip(pages, cases, strict=True):
        await expect(page.locator(".presence")).to_contain_text("정원 1/1")
        if case.id not in mine["ids"]:
            await page.wait_for_function("window.told.some((one) => one.includes('맡을 수 있는 상담 수를 넘었습니다(1/1)'))")

    # Written in one tab, seen once in another; away in one is away in all.
    for page in (pages[0], pages[4]):
        await page.locator(f"[data-case-id='{mine['ids'][0]}'] .main").click()
        await expect(page.locator("[data-composer]")).to_be_visible()
    await pages[0].locator("[data-composer]").fill("한 번만 보낼 글")
    await pages[0].keyboard.press("Enter")
    await expect(pages[4].locator(".line.own")).to_have_count(1)
    await pages[1].locator("[data-action=presence]").click()
    await pages[1].locator("[data-dialog=away] [data-confirm]").click()
    for page in pages:
        await expect(page.locator(".presence .state")).to_have_text("자리 비움 · 휴식")
        await expect(page.locator("[data-case-id]")).to_have_count(5)
    assert (await one(db, "SELECT count(*) AS n FROM messages WHERE author_kind = 'agent'"))["n"] == 1
    assert first.complaints == []


async def test_a_claim_on_a_closed_case_is_told_so(seat, make_case, take, db, cipher):
    desk, other = await seat(), await seat("minsu", "박민수", opened=False)
    case = await make_case("none", "other", country=None)
    await expect(desk.page.locator(f"[data-case-id='{case.id}']")).to_be_visible()
    await take(case, other.staff)
    async with db.transaction() as tx:
        await handoff.close(tx, cipher, case.id, other.staff, "resolved")
    await desk.page.evaluate(TAKE, case.id)
    await expect(desk.page.locator(".q-notification")).to_contain_text("이미 종료된 상담입니다.")
    await desk.page.evaluate(TAKE, 999_999)
    await expect(desk.page.locator("[data-case-id]")).to_have_count(0)
    assert (await one(db, "SELECT status, outcome FROM cases")) == {"status": "closed", "outcome": "resolved"}
    assert desk.complaints == []


async def test_a_dialog_older_than_its_case_says_so_and_keeps_what_was_written(seat, make_case, take, db, cipher):
    me, you, chief = await seat(), await seat("minsu", "박민수"), await seat("chief", "최책임", "supervisor", opened=False)
    case = await make_case("urgent", "robbery_theft")
    await take(case, me.staff)
    page = me.page
    await page.locator(f"[data-case-id='{case.id}'] .main").click()
    await expect(page.locator(".case-head")).to_contain_text("내 상담")
    await page.keyboard.press("t")
    box = page.locator("[data-dialog=transfer]")
    await box.locator(f"[data-person='{you.staff.id}']").click()
    await box.locator("textarea").fill("한참 쓴 메모")
    async with db.transaction() as tx:
        await handoff.take_from(tx, cipher, case.id, chief.staff, "한 시간째 답이 없음")
    await expect(page.locator(".q-notification")).to_contain_text("책임자로서 가져갔습니다")
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("그사이에 담당이 바뀌었습니다")
    await expect(box.locator("textarea")).to_have_value("한참 쓴 메모")
    assert (await one(db, "SELECT owner_id, asked_to FROM cases")) == {"owner_id": chief.staff.id, "asked_to": None}
    assert (await one(db, "SELECT count(*) AS n FROM case_notes"))["n"] == 1  # the supervisor's reason


async def test_an_account_locked_in_mid_chat_loses_nothing_for_the_citizen(seat, make_case, take, db, cipher):
    gone, stays = await seat(), await seat("minsu", "박민수")
    case = await make_case()
    await take(case, gone.staff)
    number = iter(range(9))

    async def citizen(text):
        async with db.transaction() as tx:
            await conversation.accept(tx, cipher, Inbound("webchat", f"mid-{next(number)}", case.conversation_id, InboundKind.TEXT, text=text))

    await citizen("아직 갇혀 있어요")
    page = gone.page
    await page.locator(f"[data-case-id='{case.id}'] .main").click()
    await page.locator("[data-composer]").fill("곧 다시 쓰겠습니다")
    await page.keyboard.press("Enter")
    await expect(page.locator(".line.own")).to_have_count(1)
    await page.locator("[data-composer]").fill("쓰다 만 글")
    async with db.transaction() as tx:
        await accounts.disable(tx, gone.staff.id)
    await citizen("거기 계세요?")
    await page.wait_for_url("**/staff/sign-in**", timeout=20_000)
    async with db.transaction() as tx:
        await handoff.sweep(tx, now())
    row = stays.page.locator(f"[data-case-id='{case.id}']")
    await expect(row).to_contain_text("되돌아옴 1")
    assert (await one(db, "SELECT arrival_at, status FROM cases")) == {"arrival_at": case.arrival_at, "status": "queued"}
    await row.locator(".main").focus()
    await stays.page.keyboard.press("Enter")
    await expect(stays.page.locator(".case-head")).to_contain_text("내 상담")
    await expect(stays.page.locator(".transcript .words")).to_have_text(["아직 갇혀 있어요", "곧 다시 쓰겠습니다", "거기 계세요?"])
    async with db.read() as connection:
        assert await handoff.violations(connection) == []
    assert stays.complaints == []
