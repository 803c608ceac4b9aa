"""What a citizen says without words, and both sides see of each other: the citizen's chat on a telephone beside the agent's desk."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "dark"), [(360, False), (360, True), (768, False), (1440, True)])
async def test_cannot_speak_is_large_on_queue_and_card_and_stays_through_a_transfer(seat, citizen, picture, width, dark):
    desk, chat = await seat(dark=dark), await citizen(width=width, dark=dark)
    button = chat.page.get_by_role("button", name="말할 수 없어요")
    await button.click()
    await expect(chat.page.locator("#status")).to_contain_text("상담관이 대신")
    await expect(chat.page.locator(".bubble.crisis")).to_contain_text("지금 글을 봐도 안전한가요?")
    await expect(chat.page.locator(".bubble.crisis a.tel")).to_have_count(0)
    await picture(chat.page, f"cannot-speak-citizen-{width}-{'dark' if dark else 'light'}")

    row = desk.page.locator("[data-case-id]").first
    await expect(row.locator(".mute")).to_have_text("말할 수 없음")
    await expect(row).to_contain_text("긴급")
    await desk.page.keyboard.press("j")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".mute-banner")).to_contain_text("글로만 물으세요")
    await expect(desk.page.locator(".handoff-card")).to_contain_text("‘말할 수 없어요’를 누름")
    await picture(desk.page, f"cannot-speak-desk-{'dark' if dark else 'light'}")
    await desk.page.keyboard.press("x")
    await expect(desk.page.locator(".mute-banner")).to_have_count(0)
    await expect(row.locator(".mute")).to_have_count(0)
    await desk.page.keyboard.press("x")
    await expect(desk.page.locator(".mute-banner")).to_have_count(1)
    assert desk.complaints == []
    assert chat.complaints == []


async def test_guidance_stands_beside_the_case_and_only_checked_numbers_can_be_called(seat, make_case, picture):
    chief = await seat("chaekim", "이책임", "agent", "supervisor")
    agent = await seat()
    case = await make_case("life_threat", "self_harm", summary="다 끝내고 싶어요", country="JP")
    page = agent.page
    await page.locator("[data-case-id]").wait_for()
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-guidance=self_harm]")).to_contain_text("지금 죽고 싶은 생각이 드세요?")
    await expect(page.locator("[data-guidance] a")).to_have_count(0)
    await picture(page, "guidance")
    await page.keyboard.press("g")
    doctors = page.locator("[data-target=emergency_doctors]")
    await expect(doctors).to_contain_text("확인 안 됨 — 걸 수 없습니다")
    await expect(page.locator(".targets a.tel")).to_have_count(0)
    await expect(page.locator("[data-check]")).to_have_count(0)
    await page.locator("[data-dialog=hand-on] [data-cancel]").click()

    await chief.page.locator(f"[data-case-id='{case.id}'] .main").click()
    await expect(chief.page.locator(".case-head")).to_contain_text("김하늘")
    await chief.page.keyboard.press("g")
    await chief.page.locator("[data-check=emergency_doctors]").click()
    await expect(chief.page.locator("[data-dialog=hand-on]")).to_have_count(0)

    await page.keyboard.press("g")
    await expect(doctors.locator("a.tel")).to_have_attribute("href", "tel:+82443200119")
    await expect(doctors).to_contain_text("이책임 확인")
    await page.locator("[data-field=said]").fill("오사카, 20대, 약을 먹었다고 함")
    await picture(page, "hand-on")
    await page.locator("[data-dialog=hand-on] [data-confirm]").click()
    await expect(page.locator(".handed-on")).to_contain_text("오사카, 20대, 약을 먹었다고 함")
    await expect(page.locator(".handed-on")).to_contain_text("119 응급의료상담")
    assert agent.complaints == []
    assert chief.complaints == []
