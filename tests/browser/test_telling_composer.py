"""The reply box stops telling words on their way to a guarded screen: one Enter warns, the next sends, and whatever is changed in between is looked at anew."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from conversation import guarding
from conversation import service as conversation
from core import db as database

pytestmark = pytest.mark.browser


async def test_the_second_enter_sends_and_an_edit_in_between_warns_again(seat, make_case, db, cipher):
    case = await make_case("urgent")
    async with db.transaction() as tx:
        await guarding.mark(tx, case.conversation_id, guarding.CATEGORY)
    agent = await seat()
    page = agent.page
    await page.wait_for_selector("[data-case-id]")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    box = page.locator("[data-composer]")
    warning, send = page.locator(".composer .cautions .failure"), page.locator(".composer button[type=submit]")
    await expect(box).to_be_visible()

    async def sent() -> list[str]:
        async with db.read() as connection:
            return [line.text for line in await conversation.transcript(connection, cipher, case.conversation_id) if line.author_kind == "agent"]

    async def notes() -> list[list[str]]:
        async with db.read() as connection:
            found = await database.rows(connection, "SELECT detail FROM access_log WHERE action = 'reply.telling_words' ORDER BY id")
        return [row["detail"]["kinds"] for row in found]

    await box.fill("경찰을 부를까요?")
    await box.press("Enter")
    await expect(warning).to_contain_text("경찰")
    await expect(send).to_have_text("그래도 보내기")
    assert await sent() == []

    await box.fill("구조대를 부를까요?")
    await expect(send).to_have_text("보내기")
    await expect(warning).to_have_count(0)
    await box.press("Enter")
    await expect(warning).to_contain_text("구조")
    await expect(send).to_have_text("그래도 보내기")
    assert await sent() == [], "another text is another decision"

    await box.press("Enter")
    await expect(box).to_have_value("")
    await expect(warning).to_have_count(0)
    assert await sent() == ["구조대를 부를까요?"]
    assert await notes() == [["rescue"]]

    await box.fill("네, 사진은 두 장이면 됩니다.")
    await box.press("Enter")
    await expect(box).to_have_value("")
    assert len(await sent()) == 2, "harmless words go at once"
    assert len(await notes()) == 1
    assert agent.complaints == []
