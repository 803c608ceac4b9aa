"""A drill that comes in over HTTP and that nobody takes: every desk is told, and in the end it goes away by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.async_api import expect

from bot.drill_ways import DrillWays
from bot.services import Services
from bot.triage_slot import TriageSlot
from core.clock import told_by
from core.events import EventHub
from core.settings import Settings
from handoff.drills import jobs, repository, service
from handoff.drills.decision import RINGS_ON, alarm_after
from handoff.drills.schemas import Drill
from knowledge_base.crisis_cards import CrisisCards

pytestmark = pytest.mark.browser


async def test_every_desk_is_told_that_nobody_took_it(db, cipher, seat, staff_server, picture):
    settings = Settings()
    services = Services(settings, db, cipher, EventHub(db), CrisisCards.load())
    triage = TriageSlot(services, "test")  # without a model whatever is written goes to a person
    first, second = await seat(), await seat("boss", "박감독", "supervisor")
    async with httpx.AsyncClient(base_url=staff_server.url, timeout=60.0) as client:
        ways = DrillWays(services, {}, client)

        async def look(later: timedelta) -> Drill:
            with told_by(lambda: datetime.now(UTC) + later):
                await jobs.look(db, cipher, settings, ways)
            async with db.read() as connection:
                (drill,) = await repository.last(connection, 1)
            return drill

        async with db.transaction() as tx:
            assert isinstance(await service.request(tx, "webchat", "terminal:test"), Drill)
        await look(timedelta(0))
        await triage.step()
        drill = await look(timedelta(0))
        rows = [one.page.locator(f"[data-case-id='{drill.case_id}']") for one in (first, second)]
        for row in rows:
            await expect(row).to_contain_text("훈련")
        patience = alarm_after(settings.offer_timeout_s) + timedelta(seconds=60)
        drill = await look(patience)
        assert drill.alarmed_at is not None
        for one in (first, second):
            await expect(one.page.get_by_text("훈련 상담을 제때 아무도 맡지 않았습니다").first).to_be_visible()
        await picture(first.page, "drill-unclaimed")
        drill = await look(patience + RINGS_ON)
        assert (drill.state, drill.outcome) == ("ended", "unclaimed")
        for row in rows:
            await expect(row).to_have_count(0)
    await triage._hang_up()
    assert first.complaints == second.complaints == []
