"""A consent on real desks: a child whose guardian is the danger is written down beside the place, a supervisor is told at once and says so."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from core import db as database
from handoff import service as handoff

pytestmark = pytest.mark.browser

WORDS = "아빠가 때려요 <b>굵게</b>"


async def test_a_childs_words_suffice_and_a_supervisor_sees_to_it(seat, staff_server, make_case, db, picture):
    chief = await seat("boss", "박감독", "supervisor")
    agent = await seat("bada", "이바다", opened=False)
    case = await make_case("urgent", "child_alone", summary="혼자 있어요")
    async with db.transaction() as tx:
        await handoff.claim(tx, case.id, agent.staff)
    page = agent.page
    await page.goto(f"{staff_server.url}/desk?case={case.id}")
    await page.locator("[data-action=consents]").click()
    dialog = page.locator("[data-dialog=consents]")
    await expect(dialog).to_contain_text("위험하면 기다리지 마세요")
    await dialog.locator("[data-action=consent-child]").click()
    form = page.locator("[data-dialog=consent-child]")
    await form.locator("[data-confirm]").click()
    await expect(form.locator(".problem")).to_contain_text("다섯 글자")
    await form.locator("[data-field=child-words]").fill(WORDS)
    await picture(page, "consent-child")
    await form.locator("[data-confirm]").click()
    await expect(form).to_have_count(0)
    strip = page.locator(".case-strip")
    await expect(strip).to_contain_text("보호자가 위험한 사람인 아동")
    await expect(strip).to_contain_text("휴대전화를 다른 사람이 보고 있을 수 있습니다")
    await expect(strip).not_to_contain_text("때려요")
    await expect(page.locator(".consents")).to_contain_text("책임자의 확인이 필요합니다")
    await picture(page, "consent-strip")

    await expect(chief.page.locator(".q-notification")).to_contain_text(f"#{case.id} 보호자가 위험한 아동")
    await chief.page.goto(f"{staff_server.url}/desk?case={case.id}")
    await chief.page.locator(".case-strip [data-move=consent]").first.click()
    dialog = chief.page.locator("[data-dialog=consents]")
    await expect(dialog).to_contain_text(WORDS)  # as text
    await expect(dialog.locator("[data-action=consent-guardian]")).to_have_count(0)
    await picture(chief.page, "consent-check")
    await dialog.locator("[data-action=consent-agree]").click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator(".consents")).to_contain_text("박감독 님이 확인함")
    async with db.read() as connection:
        rows = await database.rows(connection, "SELECT account, action FROM access_log WHERE action LIKE 'consent.%%' ORDER BY id")
    assert [(row["account"], row["action"]) for row in rows] == [("bada", "consent.write"), ("boss", "consent.check")]
    assert not [one for one in chief.complaints + agent.complaints if "favicon" not in one]
