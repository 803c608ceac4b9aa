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
