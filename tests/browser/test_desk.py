"""The agents' desk in a browser: danger appears, is taken by keyboard, answered, handed back, closed."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from conversation import service as conversation
from handoff import service as handoff

pytestmark = pytest.mark.browser


@pytest.fixture
def make_case(db, cipher):
    """A conversation with an open case, as the triage slot writes it."""

    async def make(severity="life_threat", category="confinement", *, summary="문이 밖에서 잠겨 있어요", country="KH", reason="rule:locked_in,classifier"):
        async with db.transaction() as tx:
            conversation_id, _ = await conversation.start(tx, "webchat")
            return await handoff.open_or_raise(tx, cipher, conversation_id, severity, category, reason, summary=summary, country=country)

    return make


async def test_danger_appears_live_on_top(seat, make_case):
    desk = await seat()
    await make_case("none", "other", summary="")
    await expect(desk.page.locator("[data-case-id]")).to_have_count(1)
    case = await make_case()
    first = desk.page.locator("[data-case-id]").first
    await expect(first).to_have_attribute("data-case-id", str(case.id))
    await expect(first).to_contain_text("생명 위험")
    await expect(first).to_contain_text("캄보디아")
    assert desk.complaints == []
