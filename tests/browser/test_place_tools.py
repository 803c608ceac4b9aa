"""The right pane in Chromium: a typed town is put on the map by a click, the place can be copied, and what holds in the country today stands below."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from playwright.async_api import expect

from core.clock import now
from handoff import location
from knowledge_base import repository as notices
from knowledge_base.schemas import NoticeContent, NoticeStatus

pytestmark = pytest.mark.browser
DAY = date(2026, 1, 2)


async def test_an_agent_picks_a_town_out_of_typed_words_and_copies_the_place(seat, make_case, db, cipher):
    case = await make_case("urgent")
    agent = await seat()
    async with db.transaction() as tx:
        token = await location.request_link(tx, case.conversation_id, case.id)
        await location.consent(tx, token, "device")
        await location.record_typed(tx, cipher, token, "device", "프놈펜 리버사이드 <b>근처</b>")
        for number, address in enumerate(("https://a.example/1", "javascript:alert(1)")):
            content = NoticeContent(f"kh-{number}", f"<b>입국</b> 요건 {number}", "본문", DAY, DAY, "외교부", address, countries=("KH",))
            await notices.insert(tx, content, 1, NoticeStatus.PUBLISHED, "minji")
    page = agent.page
    await agent.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.wait_for_selector("[data-case-id]")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    pane = page.locator("[data-pane='context'].context")
    await expect(pane.get_by_text("프놈펜 리버사이드 <b>근처</b>")).to_be_visible()
    town = pane.locator("[data-town]").first
    await expect(town).to_contain_text("Phnom Penh, 캄보디아 ±20 km")
    await town.click()
    await expect(pane.get_by_text("11.56250, 104.91600")).to_be_visible()
    await expect(pane.get_by_text("신뢰 낮음")).to_be_visible()
    await expect(pane.get_by_text("가까운 도시: 프놈펜 (Phnom Penh), 중심에서 1 km 안")).to_be_visible()
    await pane.locator("[data-copy='geo']").click()
    await expect(pane.locator("textarea.copied")).to_have_value("geo:11.5625,104.916;u=20100")
    assert await page.evaluate("navigator.clipboard.readText()") == "geo:11.5625,104.916;u=20100"
    await pane.locator("[data-action='around']").click()
    await expect(pane.get_by_text("주변 검색이 설정되지 않음")).to_be_visible()
    await expect(pane.get_by_text("지금 유효한 안내 2건")).to_be_visible()
    for number in (0, 1):
        await expect(pane.locator(".current-notices").get_by_text(f"<b>입국</b> 요건 {number}")).to_be_visible()
    await expect(pane.locator(".current-notices a")).to_have_attribute("href", "https://a.example/1")
    assert agent.complaints == []


async def test_while_a_citizen_moves_nothing_is_taken_out_of_the_agents_hands(seat, make_case, db, cipher):
    case = await make_case("urgent")

    async def stands(lat, minutes_ago):
        content = {"lat": lat, "lon": 104.92, "accuracy_m": 20, "fixed_at": (now() - timedelta(minutes=minutes_ago)).isoformat()}
        async with db.transaction() as tx:
            assert await location.record_message_fix(tx, cipher, case.conversation_id, content)

    await stands(11.5601, 9)
    agent = await seat()
    page = agent.page
    await agent.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.locator(f"[data-case-id='{case.id}'] .main").click()
    pane, scale = page.locator("[data-pane='context'].context"), page.locator(".leaflet-control-scale-line")
    await pane.locator("[data-copy=geo]").click()
    await expect(pane.locator("textarea.copied")).to_have_value("geo:11.5601,104.92;u=20")
    await page.locator(".leaflet-control-zoom-in").click()
    await expect(scale).to_have_text("100 km")
    mission = await pane.locator("[data-action=mission]").element_handle()
    await mission.focus()
    for step in range(1, 4):
        await stands(11.5601 + step / 1000, 9 - step)
        await expect(pane.get_by_text(f"{11.5601 + step / 1000:.5f}, 104.92000")).to_be_visible()
    assert await mission.evaluate("e => e === document.activeElement")
    await expect(pane.locator("textarea.copied")).to_have_value("geo:11.5601,104.92;u=20")
    await expect(scale).to_have_text("100 km")
    # Far away by now: whoever looks at the place goes on seeing it.
    await stands(14.9, 1)
    await expect(pane.get_by_text("14.90000, 104.92000")).to_be_visible()
    await expect(page.locator(".leaflet-container path.person")).to_be_visible()
    seen, person = await page.locator(".leaflet-container").bounding_box(), await page.locator(".leaflet-container path.person").bounding_box()
    assert seen["y"] < person["y"] < seen["y"] + seen["height"]
    await expect(scale).to_have_text("100 km")
    assert agent.complaints == []
