"""The mission's desk in Chromium: the district's emergency appears, is acknowledged, joined, and answered beside the owner."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from conversation import service as conversation
from core import db as database
from core.clock import now
from handoff.officers.routing import route_open

pytestmark = pytest.mark.browser


async def test_an_officer_sees_the_districts_emergency_joins_and_writes(seat, make_case, staff_server, db, cipher):
    desk = await seat("yeongsa", "박영사", "officer", opened=False)
    async with db.transaction() as tx:
        await database.run(tx, "INSERT INTO mission_officers (staff_id, mission, changed_by) VALUES (%s, '주캄보디아대사관', 'test')", desk.staff.id)
    page = desk.page
    await page.goto(f"{staff_server.url}/desk/mission", timeout=90_000)
    await expect(page.get_by_text("관할에 열린 긴급 상담이 없습니다.")).to_be_visible(timeout=20_000)
    mine, other = await make_case(country="KH"), await make_case(country="JP")
    await route_open(db, cipher, now())
    row = page.locator(f"[data-case='{mine.id}']")
    await expect(row).to_contain_text("생명 위험", timeout=20_000)
    await expect(page.locator(f"[data-case='{other.id}']")).to_have_count(0)
    await row.locator("[data-action='officer-ack']").click()
    await expect(row.locator("[data-action='officer-ack']")).to_have_count(0)
    await row.locator("[data-action='officer-join']").click()
    await row.locator("[data-action='officer-open']").click()
    await page.locator(".officer-reply textarea").fill("영사입니다. <b>곧</b> 전화드리겠습니다.")
    await page.locator("[data-action='officer-send']").click()
    await expect(page.get_by_role("log")).to_contain_text("영사입니다. <b>곧</b> 전화드리겠습니다.", timeout=20_000)
    async with db.read() as connection:
        (line,) = await conversation.transcript(connection, cipher, mine.conversation_id)
    assert (line.author_kind, line.author_id) == ("officer", desk.staff.id)
    assert desk.complaints == []
