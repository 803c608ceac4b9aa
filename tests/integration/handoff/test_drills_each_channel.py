"""A drill comes in through every channel that the program can be connected to, in turn, and nothing of it goes out of the house."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI

from bot import errors
from bot.channels import registry
from bot.channels.webchat.routes import build_router
from bot.drill_ways import DrillWays
from bot.limits import Limits
from bot.sender import Sender
from bot.services import Services
from bot.triage_slot import TriageSlot
from bot.typing_display import TypingDisplay
from conversation.marks import TYPING
from core import db as database
from core.clock import now
from core.events import EventHub
from core.settings import Settings
from handoff import duty
from handoff import service as handoff
from handoff.drills import jobs, repository, service
from handoff.drills.schemas import Drill, Outcome
from knowledge_base.crisis_cards import CrisisCards

#: Everything is connected; each address is one where nobody listens, and a test's transport refuses it before that.
EVERYWHERE = {
    "line_channel_secret": "s", "line_channel_token": "t",
    "kakao_skill_secret": "skill", "kakao_header_secret": "header", "kakao_consult_dealer": "bizgo", "kakao_consult_key": "k",
    "kakao_consult_sender_key": "sender", "kakao_consult_secret": "consult", "kakao_event_daily_budget": 100, "kakao_bot_id": "bot",
    "kakao_event_name": "news", "kakao_rest_key": "rest",
    "wechat_app_id": "wx1", "wechat_app_secret": "a", "wechat_token": "t", "wechat_mode": "plain",
    "wechat_mini_app_id": "wx2", "wechat_mini_app_secret": "a", "wechat_mini_token": "t", "wechat_mini_mode": "plain",
    "sms_carrier": "nhn", "sms_sender": "0232100404", "nhn_sms_app_key": "app", "nhn_sms_secret": "secret",
    "duty_call_url": "http://gateway.test/calls", "duty_phone": "+82-2-000-0000",
}  # fmt: skip
SEOUL_TEN = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
CHANNELS = ("webchat", "line", "kakao", "wechat", "wechat_mini", "sms", "phone")


@pytest.fixture
def asked_outside(monkeypatch):
    """The addresses that anything in this process has asked over HTTP, but for the web chat in memory."""
    asked: list[str] = []

    async def refuse(self, request):
        asked.append(str(request.url))
        raise httpx.ConnectError("nobody may be asked")

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", refuse)
    return asked


@pytest.fixture
async def house(db, cipher, asked_outside):
    settings = Settings(**EVERYWHERE)
    hub = EventHub(db)
    hub.start()
    services = Services(settings, db, cipher, hub, CrisisCards.load())
    channels = registry.configured(settings, db, cipher)
    app = FastAPI()
    errors.install(app)
    app.include_router(build_router(services, Limits(settings)))
    triage = TriageSlot(services, "test")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.test") as client:
        ways = DrillWays(services, channels, client)
        yield SimpleNamespace(db=db, cipher=cipher, settings=settings, ways=ways, channels=channels, triage=triage)
    await triage._hang_up()
    for channel in channels.values():
        await channel.close()
    await hub.stop()


def test_every_channel_of_the_program_is_meant(house):
    assert set(house.ways.channels) == set(CHANNELS)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_it_comes_in_is_taken_ended_and_addresses_nobody(house, db, cipher, asked_outside, make_staff, call, channel):
    agent = await make_staff()
    async with db.transaction() as tx:
        drill = await service.request(tx, channel, "terminal:test")
    assert isinstance(drill, Drill)
    await jobs.look(db, cipher, house.settings, house.ways)
    await house.triage.step()
    await jobs.look(db, cipher, house.settings, house.ways)
    async with db.read() as connection:
        drill = await repository.get(connection, drill.id)
    assert drill.queued_at is not None, drill.why
    async with db.transaction() as tx:
        await handoff.sweep(tx, now() + timedelta(seconds=130))
    assert await duty.place_calls(db, handoff.gateway_of(house.settings)) == 0
    await call(handoff.claim, drill.case_id, agent)
    display = TypingDisplay(db, cipher, house.channels)
    display.hear(f"conversation:{drill.conversation_id} {TYPING['person']}")
    await display.settle()
    if channel != "phone":
        await call(handoff.reply, cipher, drill.case_id, agent, "훈련 상담을 맡았습니다", "first")
    assert await Sender(db, cipher, house.channels).step() == 0
    await call(handoff.close, cipher, drill.case_id, agent, "drill")
    await jobs.look(db, cipher, house.settings, house.ways)
    async with db.read() as connection:
        done = await repository.get(connection, drill.id)
        states = {row["state"] for row in await database.rows(connection, "SELECT state FROM outbox")}
        talks = await database.rows(connection, "SELECT synthetic, status FROM conversations")
    assert (done.outcome, done.why) == ("claimed", "")
    assert None not in [done.ms(step) for step in ("queued", "claimed", "closed")]
    assert states == {"sent"}
    assert talks == [{"synthetic": True, "status": "closed"}], "it stands in the one conversation that was marked for it"
    assert asked_outside == []


async def test_the_schedule_takes_the_channels_in_turn(house, db):
    used = []
    for day in range(2 * len(CHANNELS)):
        at = SEOUL_TEN + timedelta(days=day, seconds=1)
        async with db.transaction() as tx:
            await service.plan(tx, "10:00", house.ways.channels, at)
            drill = await repository.running(tx)
            used.append(drill.channel)
            await database.run(tx, "UPDATE drills SET began_at = %s WHERE id = %s", at, drill.id)
            await repository.end(tx, drill.id, Outcome.CLAIMED, "")
    assert sorted(used[: len(CHANNELS)]) == sorted(CHANNELS)
    assert used[len(CHANNELS) :] == used[: len(CHANNELS)]
