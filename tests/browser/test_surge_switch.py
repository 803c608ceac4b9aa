"""Surge mode switched on and off by a supervisor on the board while people keep coming: what the switch says it does is what they meet."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from playwright.async_api import expect

from core import audit
from core import db as database
from handoff import service as handoff

pytestmark = pytest.mark.browser

OPENING = "도쿄에 지진이 났습니다. 넓은 곳으로 피하세요. <b>굵게</b>"


@pytest.fixture
async def load(staff_server, desk_browser):
    """People who open a conversation and press the danger button, ten a second, until the test ends; gives the conversations in order."""
    context = await desk_browser.new_context()
    begun: list[str] = []

    async def come() -> None:
        for number in range(10_000):
            started = await context.request.post(f"{staff_server.url}/webchat/v1/conversations", data={})
            if started.status == 201:
                one = await started.json()
                begun.append(one["conversation_id"])
                if number % 3 == 0:
                    await context.request.post(
                        f"{staff_server.url}/webchat/v1/conversations/{one['conversation_id']}/messages",
                        data={"client_id": f"m{number}", "danger": True},
                        headers={"Authorization": f"Bearer {one['token']}"},
                    )
            await asyncio.sleep(0.1)

    task = asyncio.create_task(come())
    yield begun
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await context.close()


async def test_on_and_off_during_load(seat, staff_server, load, db, picture):
    chief = await seat("boss", "박감독", "supervisor", opened=False)
    page = chief.page
    await page.goto(f"{staff_server.url}/board")
    switch = page.locator("[aria-label='비상 모드'].surge")
    await expect(switch).to_have_attribute("data-surge", "off")
    await expect(switch).to_contain_text("위험 신고는 아무것도 바뀌지 않습니다")

    # One press is not enough: an opening and a second confirmation are asked for.
    await page.locator("[data-action=surge-on]").click()
    confirm = page.locator("[data-dialog=surge-on] [data-confirm]")
    await page.locator("[data-field=opening]").fill(OPENING)
    await confirm.click()
    await expect(page.locator("[data-dialog=surge-on] .problem")).to_contain_text("읽고 표시한 뒤")
    await page.locator("[data-field=sure]").click()
    await picture(page, "board-surge-dialog")
    await confirm.click()
    await expect(switch).to_have_attribute("data-surge", "on")
    await picture(page, "board-surge")
    on_at = len(load)

    # A second supervisor's page says the same, and nothing is written twice.
    other = await seat("second", "최감독", "supervisor", opened=False)
    await other.page.goto(f"{staff_server.url}/board")
    await expect(other.page.locator("[data-action=surge-off]")).to_be_visible()
    await expect(other.page.locator(".surge")).to_contain_text(OPENING)
    await asyncio.sleep(1.5)
    off_from = len(load) + 2
    await other.page.locator("[data-action=surge-off]").click()
    await other.page.locator("[data-dialog=surge-off] [data-confirm]").click()
    await expect(switch).to_have_attribute("data-surge", "off")
    off_at = len(load) + 2
    while len(load) < off_at + 5:
        await asyncio.sleep(0.1)

    async with db.read() as connection:
        rows = await database.rows(connection, "SELECT conversation_id FROM messages WHERE kind LIKE 'surge:%%'")
        switches = await database.rows(connection, "SELECT is_on FROM surge_switches ORDER BY id")
        lost = await database.rows(
            connection,
            "SELECT 1 FROM inbox i WHERE NOT EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = i.conversation_id AND k.severity = 'life_threat')",
        )
        assert (await audit.verify_chain(connection)).intact
        assert await handoff.violations(connection) == []
    told = {row["conversation_id"] for row in rows}
    assert [row["is_on"] for row in switches] == [True, False]
    assert lost == [], "every danger is a case, whatever the switch"
    calm = set(load[on_at + 2 : off_from - 2])
    assert calm <= told, "whoever came while it stood has read the opening"
    assert not told & set(load[off_at:]), "whoever came afterwards has not"
    assert chief.complaints == []


async def test_who_presses_second_is_told_that_another_was_first(seat, staff_server, db):
    pages = []
    for login, name in (("boss", "박감독"), ("second", "최감독")):
        page = (await seat(login, name, "supervisor", opened=False)).page
        await page.goto(f"{staff_server.url}/board")
        await page.locator("[data-action=surge-on]").click()
        await page.locator("[data-field=opening]").fill(f"{name}의 첫 안내입니다.")
        await page.locator("[data-field=sure]").click()
        pages.append(page)
    first, second = pages
    await first.locator("[data-dialog=surge-on] [data-confirm]").click()
    await expect(first.locator(".surge[aria-label='비상 모드']")).to_have_attribute("data-surge", "on")
    await second.locator("[data-dialog=surge-on] [data-confirm]").click()
    await expect(second.locator("[data-dialog=surge-on]")).to_contain_text("다른 책임자가 먼저 켰습니다")
    await expect(second.locator(".surge[aria-label='비상 모드']")).to_contain_text("박감독의 첫 안내입니다.")
    async with db.read() as connection:
        rows = await database.rows(connection, "SELECT is_on FROM surge_switches")
    assert [row["is_on"] for row in rows] == [True]


async def test_who_may_not(seat, staff_server):
    agent = await seat("haneul", "김하늘", "agent", opened=False)
    assert (await agent.page.goto(f"{staff_server.url}/board")).status == 403
