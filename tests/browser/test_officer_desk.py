"""The mission's desk in Chromium: the district's emergency appears, is acknowledged, joined, and answered beside the owner."""

from __future__ import annotations

import contextlib

import pytest
from playwright.async_api import expect

from conversation import guarding
from conversation import service as conversation
from core import db as database
from core.clock import now
from handoff import location
from handoff import service as handoff
from handoff.desk import drafts
from handoff.officers.routing import route_open

pytestmark = pytest.mark.browser


async def test_an_officer_sees_the_districts_emergency_joins_and_writes(seat, make_case, staff_server, db, cipher):
    desk = await seat("yeongsa", "박영사", "officer", opened=False)
    async with db.transaction() as tx:
        await database.run(tx, "INSERT INTO mission_officers (staff_id, mission, changed_by) VALUES (%s, '주캄보디아대사관', 'test')", desk.staff.id)
    page = desk.page
    await page.goto(f"{staff_server.url}/desk/mission", timeout=90_000)
    await expect(page.get_by_text("관할에 열린 긴급 상담이 없습니다.")).to_be_visible()
    mine, other = await make_case(country="KH"), await make_case(country="JP")
    await route_open(db, cipher, now())
    row = page.locator(f"[data-case='{mine.id}']")
    await expect(row).to_contain_text("생명 위험")
    await expect(page.locator(f"[data-case='{other.id}']")).to_have_count(0)
    await row.locator("[data-action='officer-ack']").click()
    await expect(row.locator("[data-action='officer-ack']")).to_have_count(0)
    await row.locator("[data-action='officer-join']").click()
    await row.locator("[data-action='officer-open']").click()
    await page.locator(".officer-reply textarea").fill("영사입니다. <b>곧</b> 전화드리겠습니다.")
    await page.locator("[data-action='officer-send']").click()
    await expect(page.get_by_role("log")).to_contain_text("영사입니다. <b>곧</b> 전화드리겠습니다.")
    async with db.read() as connection:
        (line,) = await conversation.transcript(connection, cipher, mine.conversation_id)
    assert (line.author_kind, line.author_id) == ("officer", desk.staff.id)
    assert desk.complaints == []


async def test_m_opens_the_missions_card_and_an_officer_is_told_and_invited(seat, make_case, staff_server, db, cipher, picture):
    officer = await seat("yeongsa", "박영사", "officer", opened=False)
    async with db.transaction() as tx:
        await database.run(tx, "INSERT INTO mission_officers (staff_id, mission, changed_by) VALUES (%s, '주캄보디아대사관', 'test')", officer.staff.id)
    me = await seat()
    page = me.page
    await page.keyboard.press("m")
    await expect(page.locator("[data-dialog]")).to_have_count(0)
    case = await make_case(country="KH")
    await route_open(db, cipher, now())
    await page.locator(f"[data-case-id='{case.id}'] .main").click()
    await expect(page.locator("[data-action=mission]")).to_be_visible()
    await page.keyboard.press("m")
    sheet = page.locator("[data-dialog=mission]")
    await expect(sheet.locator("[data-mission='주캄보디아대사관']")).to_contain_text("박영사 영사")
    await expect(sheet).to_contain_text("맡은 사람과 책임자만")
    await expect(sheet.locator("[data-call-in]")).to_have_count(0)
    await sheet.locator("[data-cancel]").click()
    await expect(page.locator(".q-dialog")).to_have_count(0)
    await page.locator("[data-action=take]").click()
    await expect(page.locator(".case-head")).to_contain_text("내 상담")
    await expect(page.locator("[data-action=transfer]")).to_be_visible()
    # A key that comes while the desk still draws what was taken is pressed again, as a hand would.
    for _ in range(5):
        await page.keyboard.press("m")
        with contextlib.suppress(AssertionError):
            await expect(sheet).to_be_visible(timeout=6000)
            break
    row = sheet.locator(f"[data-officer='{officer.staff.id}']")
    await expect(row).to_contain_text("확인 전")
    await picture(page, "desk-mission")
    await row.locator("[data-inform]").click()
    await expect(page.locator(".q-dialog")).to_have_count(0)
    await expect(page.get_by_text("박영사 영사에게 알립니다").first).to_be_visible()
    await page.keyboard.press(".")
    await expect(page.locator("[data-dialog=moves] [data-move=mission] kbd")).to_have_text("M")
    await page.keyboard.press("m")
    await row.locator("[data-call-in]").click()
    await expect(page.locator(".case-strip")).to_contain_text("박영사(영사)")
    await officer.page.goto(f"{staff_server.url}/desk/mission")
    await officer.page.locator(f"[data-case='{case.id}'] [data-action='officer-open']").click()
    await expect(officer.page.locator(".officer-reply textarea")).to_be_visible()
    await expect(page.locator(".q-dialog")).to_have_count(0)
    await page.keyboard.press("m")
    await expect(row).to_contain_text("이 상담에 참여 중")
    await page.keyboard.press("Escape")
    await expect(page.locator(".q-dialog")).to_have_count(0)
    await page.keyboard.press("?")
    await expect(page.locator("[data-dialog=help]")).to_contain_text("관할 공관 카드")
    assert me.complaints == []


async def test_what_an_officer_has_begun_stays_in_its_case_and_a_double_click_confirms_nothing(seat, make_case, staff_server, db, cipher):
    officer, owner = await seat("yeongsa", "박영사", "officer", opened=False), await seat(opened=False)
    chief = await seat("boss", "박감독", "supervisor", opened=False)
    page = officer.page
    calm, guarded = await make_case(country="KH"), await make_case("urgent", country="KH")
    async with db.transaction() as tx:
        await database.run(tx, "INSERT INTO mission_officers (staff_id, mission, changed_by) VALUES (%s, '주캄보디아대사관', 'test')", officer.staff.id)
        await guarding.mark(tx, guarded.conversation_id, guarding.CATEGORY)
    for case in (calm, guarded):
        async with db.transaction() as tx:
            await handoff.claim(tx, case.id, owner.staff)
            await handoff.invite(tx, case.id, owner.staff, officer.staff.id)
    box, send = page.locator(".officer-reply textarea"), page.locator("[data-action='officer-send']")

    async def open_case(case):
        await page.locator(f"[data-case='{case.id}'] [data-action='officer-open']").click()
        await expect(page.locator(f"[data-case='{case.id}'].opened")).to_be_visible()

    async def written(case):
        async with db.read() as connection:
            return [line.text for line in await conversation.transcript(connection, cipher, case.conversation_id)]

    await page.goto(f"{staff_server.url}/desk/mission", timeout=90_000)
    await open_case(calm)
    await box.fill("아드님께 연락했습니다.")
    await open_case(guarded)
    await expect(box).to_have_value("")
    await box.fill("경찰과 함께 갑니다.")
    await send.dblclick()
    await expect(page.get_by_text("그래도 보내려면 한 번 더 누르세요.")).to_have_count(1)
    assert await written(guarded) == []
    # Another case looked at in between: who comes back finds the words, and is warned again.
    await open_case(calm)
    await expect(box).to_have_value("아드님께 연락했습니다.")
    await open_case(guarded)
    await expect(box).to_have_value("경찰과 함께 갑니다.")
    await expect(page.get_by_text("그래도 보내려면 한 번 더 누르세요.")).to_have_count(0)
    await send.click()
    await expect(page.get_by_text("그래도 보내려면 한 번 더 누르세요.")).to_have_count(1)
    await page.wait_for_timeout(700)
    await send.click()
    await expect(box).to_have_value("")
    assert await written(guarded) == ["경찰과 함께 갑니다."]
    await open_case(calm)
    await expect(box).to_have_value("아드님께 연락했습니다.")
    await send.dblclick()
    await expect(box).to_have_value("")
    assert await written(calm) == ["아드님께 연락했습니다."]
    await box.fill("다시")
    async with db.transaction() as tx:
        await handoff.close(tx, cipher, calm.id, owner.staff, "resolved", verified_contact="본인과 통화함")
    async with db.transaction() as tx:
        await handoff.confirm_close(tx, calm.id, chief.staff)
    await expect(box).to_have_count(0)
    assert drafts.of(officer.staff.id, calm.conversation_id) is None
    assert officer.complaints == []


async def test_a_place_told_in_words_appears_in_an_officers_open_case(seat, make_case, staff_server, db, cipher):
    officer, owner = await seat("yeongsa", "박영사", "officer", opened=False), await seat(opened=False)
    case = await make_case(country="KH")
    async with db.transaction() as tx:
        await database.run(tx, "INSERT INTO mission_officers (staff_id, mission, changed_by) VALUES (%s, '주캄보디아대사관', 'test')", officer.staff.id)
        await handoff.claim(tx, case.id, owner.staff)
        await handoff.invite(tx, case.id, owner.staff, officer.staff.id)
        link = await location.request_link(tx, case.conversation_id, case.id)
    page = officer.page
    await page.goto(f"{staff_server.url}/desk/mission", timeout=90_000)
    await page.locator(f"[data-case='{case.id}'] [data-action='officer-open']").click()
    place = page.get_by_role("group", name="위치", exact=True)
    await expect(place).to_contain_text("아직 위치를 받지 못했습니다.")
    async with db.transaction() as tx:
        await location.consent(tx, link, "phone-of-the-citizen")
        await location.record_typed(tx, cipher, link, "phone-of-the-citizen", "프놈펜 중앙시장 남문 앞")
    await expect(place).to_contain_text("프놈펜 중앙시장 남문 앞")
    assert officer.complaints == []
