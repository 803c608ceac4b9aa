"""The supervisors' page: people and why they are away, shifts, duty numbers with a second person, districts with their history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import expect

from accounts import service as accounts
from core import db as database
from core.clock import now
from handoff import service as handoff
from handoff.jurisdiction import repository as districts
from handoff.jurisdiction import service as jurisdiction
from handoff.schemas import Claimed

pytestmark = pytest.mark.browser


@pytest.fixture
def team(seat, staff_server):
    """``await team("chief", "최책임")``: a supervisor at the team page."""

    async def make(login="chief", name="최책임", *roles, **more):
        desk = await seat(login, name, *(roles or ("supervisor",)), opened=False, **more)
        await desk.page.goto(f"{staff_server.url}/desk/team")
        await desk.page.wait_for_selector("body[data-link=live]")
        return desk

    return make


async def one(db, statement, *args):
    async with db.read() as connection:
        return await database.one(connection, statement, *args)


async def pick(page, field, text):
    """Choose in one of Quasar's lists, by its words."""
    await field.click()
    await page.locator("[role=option]", has_text=text).first.click()


async def test_who_is_there_who_is_away_why_and_what_each_can_do(team, seat, db):
    agent = await seat("sora", "이소라")
    async with db.transaction() as tx:
        await handoff.set_presence(tx, agent.staff, "away", reason="meal")
        await database.run(tx, "UPDATE agent_presence SET idle_since = now() - interval '42 minutes' WHERE staff_id = %s", agent.staff.id)
    chief = await team()
    page = chief.page
    row = page.locator(f"[data-staff='{agent.staff.id}']")
    await expect(row.locator(".stand")).to_have_text("자리 비움 · 식사 · 42분째")
    await expect(row).to_have_class("is-away is-long")
    await row.locator("[data-action=edit-person]").click()
    box = page.locator("[data-dialog=person]")
    await pick(page, box.locator(".q-select", has=page.locator("[data-field=skills]")), "사망")
    await page.keyboard.press("Escape")
    await pick(page, box.locator(".q-select", has=page.locator("[data-field=languages]")), "크메르어")
    await page.keyboard.press("Escape")
    await box.locator("input[data-field=teams]").fill("야간")
    await page.keyboard.press("Enter")
    await box.locator("input[data-field=cap]").fill("5")
    await box.locator("[data-confirm]").dblclick()
    await expect(box).to_have_count(0)
    await expect(row).to_contain_text("사망")
    await expect(row).to_contain_text("크메르어")
    await expect(row).to_contain_text("야간")
    await expect(row.locator(".number")).to_have_text("0/5")
    async with db.transaction() as tx:
        await handoff.set_presence(tx, agent.staff, "available")
    await expect(row.locator(".stand")).to_have_text("응대 가능")
    assert (await one(db, "SELECT count(*) AS n FROM access_log WHERE action = 'staff.cap'"))["n"] == 1
    assert chief.complaints == []


async def test_a_shift_is_planned_and_what_makes_no_sense_is_refused(team, seat, db):
    agent = await seat("sora", "이소라", opened=False)
    chief = await team()
    page = chief.page
    row = page.locator(f"[data-staff='{agent.staff.id}']")
    box = page.locator("[data-dialog=person]")

    async def plan(starts, ends):
        await box.locator("input[data-field=starts]").fill(starts)
        await box.locator("input[data-field=ends]").fill(ends)
        await box.locator("[data-plan]").click()

    await row.locator("[data-action=edit-person]").click()
    await box.locator("[data-plan]").click()
    await expect(box.locator(".problem")).to_contain_text("시작과 끝")
    await plan("2099-01-02T18:00", "2099-01-02T09:00")
    await expect(box.locator(".problem")).to_contain_text("끝나는 시각은 시작한 뒤")
    await plan("2099-01-02T22:00", "2099-01-03T07:00")
    await expect(row).to_contain_text("다음 1월 2일 22:00")
    await row.locator("[data-action=edit-person]").click()
    await plan("2099-01-03T06:00", "2099-01-03T12:00")
    await expect(box.locator(".problem")).to_contain_text("겹칩니다")
    await box.locator("[data-cancel-shift]").click()
    await expect(row).to_contain_text("정하지 않음")
    assert (await one(db, "SELECT count(*) AS n FROM shifts"))["n"] == 0


async def test_what_somebody_left_behind_is_handed_over_for_them(team, seat, make_case, db, cipher):
    gone, takes = await seat("sora", "이소라", opened=False), await seat("minsu", "박민수")
    case = await make_case("none", "other")
    async with db.transaction() as tx:
        await handoff.heartbeat(tx, gone.staff)
        assert isinstance(await handoff.claim(tx, case.id, gone.staff), Claimed)
        promised = await handoff.promise(tx, cipher, case.id, gone.staff, "서류를 찾아 주기로 함", now() + timedelta(hours=2))
        await accounts.disable(tx, gone.staff.id)
    chief = await team()
    page = chief.page
    left = page.locator(f"[data-left='{gone.staff.id}']")
    await expect(left).to_contain_text("이소라 님이 계정이 중지되었는데 상담 1건, 약속 1건이 남았습니다.")
    await left.locator("[data-action=take-over]").click()
    box = page.locator("[data-dialog=shift]")
    await expect(box.locator(f"[data-shift-promise='{promised}']")).to_contain_text("서류를 찾아")
    await pick(page, box.locator(".q-select", has=page.locator("[data-field=all-to]")), "박민수")
    await box.locator("input[data-field=note]").fill("퇴사자 상담")
    await box.locator("[data-confirm]").click()
    await expect(box.locator(f"[data-handed='{case.id}']")).to_contain_text("넘어갔습니다")
    await page.keyboard.press("Escape")
    await expect(left).to_have_count(0)
    await expect(takes.page.locator(f"[data-case-id='{case.id}']")).to_be_visible()
    assert (await one(db, "SELECT staff_id FROM case_promises"))["staff_id"] == takes.staff.id
    assert chief.complaints == []


async def test_a_duty_number_needs_a_second_supervisor(team, db):
    first, second = await team(), await team("deputy", "정부책임")
    page = first.page
    await page.locator("[data-team-tab=numbers]").click()
    await expect(page.locator(".team-numbers")).to_contain_text("적어 둔 번호가 없습니다")
    await page.locator("[data-action=new-number]").click()
    box = page.locator("[data-dialog=number]")
    await box.locator("[data-country] input").fill("캄보")
    await page.locator("[role=option]", has_text="캄보디아").click()
    await box.locator("input[data-field=number]").fill("012-345")
    await box.locator("input[data-field=source]").fill("공관 홈페이지 2026-11-01")
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("국가 번호부터")
    await box.locator("input[data-field=number]").fill("+855 12 345 678")
    await box.locator("[data-confirm]").click()
    row = page.locator("[data-number=KH]")
    await expect(row).to_contain_text("두 번째 사람의 확인 필요")
    await expect(row.locator("[data-action=check-number]")).to_have_count(0)  # not by whoever wrote it
    other = second.page
    await other.locator("[data-team-tab=numbers]").click()
    await other.locator("[data-number=KH] [data-action=check-number]").click()
    await other.locator("[data-dialog=check-number] [data-confirm]").click()
    await expect(other.locator("[data-number=KH]")).to_contain_text("걸 수 있음")
    async with db.read() as connection:
        found = await one(db, "SELECT entered_by, checked_by FROM duty_numbers")
        assert (found["entered_by"], found["checked_by"]) == (first.staff.id, second.staff.id)
        assert await handoff.duty_numbers(connection, first.staff)
    assert [*first.complaints, *second.complaints] == []


async def test_a_district_is_amended_with_dates_and_source_and_the_old_row_stays(team, db):
    await jurisdiction.seed(db)
    chief = await team()
    page = chief.page
    await page.locator("[data-team-tab=districts]").click()
    await page.locator(".country-pick input").fill("독일")
    await page.locator("[role=option]", has_text="독일").first.click()
    row = page.locator("[data-line]", has_text="바이에른").first
    await expect(row).to_be_visible()
    old = int(await row.get_attribute("data-line"))
    await row.locator("[data-action=edit-row]").click()
    box = page.locator("[data-dialog=district]")
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("바뀐 것이 없습니다")
    await box.locator("input[data-field=from]").fill("2026-05-01")
    await box.locator("input[data-field=to]").fill("2026-04-01")
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("시작하는 날보다 뒤")
    await box.locator("input[data-field=to]").fill("2027-05-01")
    await box.locator("input[data-field=source]").fill("공관 공지 <b>2026-04-20</b>")
    await box.locator("[data-confirm]").click()
    await expect(box).to_have_count(0)
    await expect(page.locator("[data-line]", has_text="2026-05-01 – 2027-05-01")).to_contain_text("공관 공지 <b>2026-04-20</b>")
    await page.locator(".history summary").click()
    await expect(page.locator(f"[data-past='{old}']")).to_be_visible()
    async with db.read() as connection:
        newest = (await districts.history(connection, "DE"))[0]
    assert (newest["changed_by"], newest["replaced_at"], str(newest["valid_from"])) == ("chief", None, "2026-05-01")
    await page.locator(f"[data-line='{newest['id']}'] [data-action=end-row]").click()
    await page.locator("[data-dialog=end-row] [data-confirm]").click()
    await expect(page.locator(f"[data-past='{newest['id']}']")).to_have_count(1)
    assert chief.complaints == []


async def test_it_is_a_supervisors_page(seat, staff_server):
    agent = await seat("sora", "이소라", opened=False)
    answer = await agent.page.goto(f"{staff_server.url}/desk/team")
    assert answer.status == 403
    await agent.page.goto(f"{staff_server.url}/desk")
    await expect(agent.page.locator("a.nav", has_text="팀")).to_have_count(0)


async def test_an_officer_is_seated_moved_and_unseated_on_the_page(team, seat, db, picture):
    officer = await seat("yeongsa", "박영사", "officer", opened=False)
    chief = await team()
    page = chief.page
    await page.locator("[data-team-tab=officers]").click()
    row = page.locator(f"[data-officer='{officer.staff.id}']")
    await expect(row).to_contain_text("소속 없음")
    box = page.locator("[data-dialog=seat]")
    await row.locator("[data-action=seat]").click()
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("공관을 고르세요")
    await box.locator("[data-mission] input").fill("캄보디아")
    await page.locator("[role=option]", has_text="주캄보디아대사관").first.click()
    await box.locator("input[data-field=email]").fill("a@b, c@d")
    await box.locator("[data-confirm]").click()
    await expect(box.locator(".problem")).to_contain_text("메일 주소를 다시 확인하세요")
    await box.locator("input[data-field=email]").fill("yeongsa@example.com")
    await box.locator("[data-confirm]").dblclick()
    await expect(box).to_have_count(0)
    await expect(row).to_contain_text("주캄보디아대사관")
    await expect(row).to_contain_text("yeongsa@example.com")
    await picture(page, "team-officers")
    assert (await one(db, "SELECT count(*) AS n FROM access_log WHERE action = 'officer.seat'"))["n"] == 1
    await row.locator("[data-action=unseat]").click()
    await page.locator("[data-dialog=unseat] [data-confirm]").click()
    await expect(row).to_contain_text("소속 없음")
    assert (await one(db, "SELECT count(*) AS n FROM mission_officers"))["n"] == 0
    assert (await one(db, "SELECT account FROM access_log WHERE action = 'officer.unseat'"))["account"] == "chief"
    assert chief.complaints == []


async def test_who_answers_for_the_guidance_is_shown(team):
    chief = await team()
    page = chief.page
    await page.locator("[data-team-tab=guidance]").click()
    row = page.locator("[data-guidance=self_harm]")
    await expect(row).to_contain_text("시험용")
    await expect(row).to_contain_text("프로그램 글")
    await page.locator(".team-guidance summary").click()
    await expect(page.locator(".team-guidance ol")).to_contain_text("GILDONGMU_GUIDANCE_DIR")
    assert chief.complaints == []
