"""Abusive words at the desk: marked by key or beside the line, ended or handed on at the third, the rest afterwards, and never on an emergency."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from handoff import service as handoff
from handoff.schemas import Claimed

pytestmark = pytest.mark.browser


@pytest.fixture
def talk(db, cipher, make_case):
    """``await talk(desk, "none", "…", "…")``: a case that the person at a desk has in hand, opened there, with these lines of the citizen."""
    number = iter(range(10_000))

    async def make(desk, severity, *texts):
        case = await make_case(severity, "other", summary="", country=None, reason="asked")
        for text in texts:
            async with db.transaction() as tx:
                await conversation.accept(tx, cipher, Inbound("webchat", f"rough-{next(number)}", case.conversation_id, InboundKind.TEXT, text=text))
        async with db.transaction() as tx:
            assert isinstance(await handoff.claim(tx, case.id, desk.staff), Claimed)
        row = desk.page.locator(f"[data-case-id='{case.id}'] .main")
        await row.wait_for()
        await row.click()
        await expect(desk.page.locator(".case-head")).to_contain_text(f"#{case.id}")
        return case

    return make


@pytest.fixture
def one(db):
    async def read(statement, *args):
        async with db.read() as connection:
            return await database.one(connection, statement, *args)

    return read


async def test_three_marks_by_key_and_mouse_then_the_set_sentence_and_the_rest(seat, talk, one, picture):
    me = await seat()
    page = me.page
    case = await talk(me, "none", "야 이 멍청아", "뭐 하는 놈이야", "꺼져")
    marks = page.locator(".transcript .abusive")
    await expect(marks).to_have_count(3)
    await page.keyboard.press("y")
    await expect(marks.nth(2)).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".handoff-card")).to_contain_text("이 대화에서 1번")
    await marks.nth(1).click()
    await expect(page.locator(".handoff-card")).to_contain_text("이 대화에서 2번")
    await marks.nth(1).click()
    await expect(marks.nth(1)).to_have_attribute("aria-pressed", "false")
    await marks.nth(1).click()
    await expect(page.locator(".handoff-card")).to_contain_text("이 대화에서 2번")
    await marks.nth(0).click()

    dialog = page.locator("[data-dialog=abuse]")
    await expect(dialog).to_contain_text("이 대화에서 3번")
    await expect(dialog).to_contain_text(handoff.last_words("ko"))
    await expect(dialog).to_contain_text("10분 동안 의무 휴식")
    await expect(page.locator(".pending.is-abuse")).to_contain_text("폭언 표시 3번")
    await page.wait_for_timeout(400)  # the dialog has come in
    await picture(page, "desk-abuse")
    await dialog.locator("[data-other]").click()
    await expect(dialog).to_contain_text("지금 맡을 수 있는 책임자가 없습니다")
    await dialog.locator("[data-confirm]").click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator(".presence .state")).to_contain_text("의무 휴식")
    closed = await one("SELECT status, outcome FROM cases WHERE id = %s", case.id)
    assert closed == {"status": "closed", "outcome": "abuse"}

    await page.locator("[data-action=presence]").click()
    await expect(page.get_by_text("의무 휴식이 아직 끝나지 않았습니다").first).to_be_visible()
    await expect(page.locator(".presence .state")).to_contain_text("의무 휴식")
    assert me.complaints == []


async def test_on_an_emergency_the_desk_offers_no_end_and_says_so(seat, talk, one):
    me = await seat()
    page = me.page
    case = await talk(me, "urgent", "야", "이", "멍청아")
    for number in range(3):
        await page.locator(".transcript .abusive").nth(number).click()
        await expect(page.locator(".handoff-card")).to_contain_text(f"이 대화에서 {number + 1}번")
    await expect(page.locator("[data-dialog=abuse]")).to_have_count(0)
    await page.locator(".pending.is-abuse [data-move=abuse]").click()
    dialog = page.locator("[data-dialog=abuse]")
    await expect(dialog).to_contain_text("긴급 상담은 폭언이 있어도 끝낼 수 없습니다")
    await expect(dialog.locator("[data-confirm]")).to_have_text("책임자에게 인계 요청")
    await dialog.locator("[data-cancel]").click()
    assert (await one("SELECT status FROM cases WHERE id = %s", case.id))["status"] == "claimed"
    await expect(page.locator(".presence .state")).to_have_text("응대 가능")


async def test_n_takes_what_stands_first_and_says_so_when_nothing_waits(seat, make_case):
    me = await seat()
    page = me.page
    await page.keyboard.press("n")
    await expect(page.get_by_text("지금 맡을 수 있는 상담이 없습니다").first).to_be_visible()
    await make_case("none", "other", summary="", country=None)
    first = await make_case("urgent", "assault")
    await expect(page.locator("[data-case-id]")).to_have_count(2)
    await page.keyboard.press("n")
    await expect(page.locator(".case-head")).to_contain_text(f"#{first.id}")
    await expect(page.locator(".case-head")).to_contain_text("내 상담")
    await page.keyboard.press("?")
    await expect(page.locator("[data-dialog=help]")).to_contain_text("맨 앞에 있는 상담 맡기")
    await expect(page.locator("a[href='/board']")).to_have_count(0)


async def test_a_supervisor_sets_the_rest_and_sees_who_rested_and_has_a_way_to_the_board(seat, db, make_case, cipher, staff_server, picture):
    chief = await seat("chief", "한책임", "supervisor")
    await expect(chief.page.locator("a[href='/board']")).to_be_visible()
    agent = await seat("minsu", "박민수", opened=False)
    case = await make_case("none", "other", summary="", country=None)
    async with db.transaction() as tx:
        await handoff.heartbeat(tx, agent.staff)
        await handoff.claim(tx, case.id, agent.staff)
        await database.run(
            tx,
            "INSERT INTO abuse_marks (conversation_id, case_id, seq, marked_by) SELECT %s, %s, generate_series(1, 3), %s",
            case.conversation_id,
            case.id,
            agent.staff.id,
        )
        await handoff.end_for_abuse(tx, cipher, case.id, agent.staff)
        await handoff.heartbeat(tx, agent.staff)
    page = chief.page
    await page.goto(f"{staff_server.url}/desk/team")
    await page.wait_for_selector("body[data-link=live]")  # until then nobody hears a click
    await page.locator("[data-team-tab=rests]").click()
    row = page.locator(f".team-rests [data-staff='{agent.staff.id}']")
    await expect(row).to_contain_text("쉬는 중")
    await expect(row).to_contain_text("1번")
    await picture(page, "team-rests")
    field = page.locator("[data-field=rest]")
    await field.fill("500")
    await page.locator("[data-action=save-rest]").click()
    await expect(page.locator(".team-rests .problem")).to_contain_text("1분부터 120분까지")
    await field.fill("20")
    await page.locator("[data-action=save-rest]").click()
    await expect(page.get_by_text("휴식 시간을 저장했습니다").first).to_be_visible()
    await expect(page.locator("[data-field=rest]")).to_have_value("20")
    async with db.read() as connection:
        assert await handoff.rest_minutes(connection) == 20
