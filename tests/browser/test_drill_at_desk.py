"""A drill at the desk: nobody takes it for a mission, and one person takes and ends it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from conversation import service as conversation
from core import db as database
from handoff import service as handoff

pytestmark = pytest.mark.browser


async def test_a_drill_is_shown_as_one_claimed_and_ended_by_one_person(db, cipher, seat):
    async with db.transaction() as tx:
        talk, _ = await conversation.start(tx, "webchat", synthetic=True)
        case = await handoff.open_or_raise(tx, cipher, talk, "life_threat", "assault", "classifier", summary="이것은 훈련입니다.", synthetic=True)
    agent = await seat()
    page = agent.page
    row = page.locator(f"[data-case-id='{case.id}']")
    await expect(row).to_contain_text("훈련 · 생명 위험")
    await row.locator(".main").click()
    await page.locator("[data-action=take]").click()
    await expect(page.locator(".case-head")).to_contain_text("상담 중 · 내 상담")
    await expect(page.locator(".drill-banner")).to_contain_text("훈련입니다")
    await expect(page.locator(".case-head .badge")).to_contain_text("훈련 · 생명 위험")
    await page.locator("[data-action=close]").click()
    await page.locator("[data-dialog='close-drill'] [data-confirm]").click()
    await expect(page.get_by_text("훈련을 마쳤습니다").first).to_be_visible()
    await expect(row).to_have_count(0)
    async with db.read() as connection:
        (ended,) = await database.rows(connection, "SELECT status, outcome, closed_by FROM cases WHERE id = %s", case.id)
    assert (ended["status"], ended["outcome"], ended["closed_by"]) == ("closed", "drill", agent.staff.id)
    assert agent.complaints == []
