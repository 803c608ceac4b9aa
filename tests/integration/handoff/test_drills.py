"""Drills through the real ways in: claimed, left to alarm, withdrawn for real danger; nothing of them leaves the house."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from bot import drill_command, errors
from bot.channels.testing import FakeMessenger
from bot.channels.webchat.routes import build_router
from bot.drill_ways import DrillWays
from bot.limits import Limits
from bot.sender import Sender
from bot.services import Services
from bot.triage_slot import TriageSlot
from core import db as database
from core import events
from core.clock import now, told_by
from core.errors import StartError
from core.events import EventHub
from core.settings import Settings
from handoff import service as handoff
from handoff.drills import jobs, repository, service
from handoff.drills.decision import RINGS_ON, alarm_after
from handoff.drills.schemas import Drill
from handoff.surge import service as surge
from knowledge_base.crisis_cards import CrisisCards

SEOUL_TEN = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


class Rehearsal:
    """A worker's round, the web chat behind HTTP, and triage."""

    def __init__(self, db, cipher, client, services, messenger):
        self.db, self.cipher, self.services, self.messenger = db, cipher, services, messenger
        self.settings = services.settings
        self.ways = DrillWays(services, {messenger.name: messenger}, client)
        self.triage = TriageSlot(services, "test")

    async def request(self, channel="webchat"):
        async with self.db.transaction() as tx:
            return await service.request(tx, channel, "terminal:test")

    async def look(self, later=timedelta(0), settings=None):
        with told_by(lambda: datetime.now(UTC) + later):
            await jobs.look(self.db, self.cipher, settings or self.settings, self.ways)

    async def bring_in(self, channel="webchat"):
        """Ask, begin, triage, note."""
        drill = await self.request(channel)
        assert isinstance(drill, Drill)
        await self.look()
        await self.triage.step()
        await self.look()
        return await self.get(drill.id)

    async def get(self, drill_id):
        async with self.db.read() as connection:
            return await repository.get(connection, drill_id)

    async def all(self):
        async with self.db.read() as connection:
            return await repository.last(connection, 50)

    async def rows(self, statement, *args):
        async with self.db.read() as connection:
            return await database.rows(connection, statement, *args)

    async def open_cases(self):
        async with self.db.read() as connection:
            return [row.case_id for row in await handoff.all_open(connection)]


@pytest.fixture
async def drills(db, cipher):
    hub = EventHub(db)
    hub.start()
    services = Services(Settings(), db, cipher, hub, CrisisCards.load())
    app = FastAPI()
    errors.install(app)
    app.include_router(build_router(services, Limits(services.settings)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.test") as client:
        made = Rehearsal(db, cipher, client, services, FakeMessenger())
        yield made
        await made.triage._hang_up()
    await hub.stop()


async def test_a_drill_is_taken_like_a_citizen_and_timed_from_end_to_end(drills, make_staff, call, cipher, db):
    agent = await make_staff()
    drill = await drills.bring_in()
    (talk,) = await drills.rows("SELECT synthetic, status FROM conversations WHERE id = %s", drill.conversation_id)
    assert (talk["synthetic"], talk["status"]) == (True, "open")
    async with db.transaction() as tx:
        await handoff.sweep(tx, now())
    await call(handoff.claim, drill.case_id, agent)
    await call(handoff.reply, cipher, drill.case_id, agent, "훈련 상담을 맡았습니다", "first")
    await call(handoff.close, cipher, drill.case_id, agent, "drill")
    await drills.look()
    done = await drills.get(drill.id)
    assert (done.state, done.outcome, done.why, done.alarmed_at) == ("ended", "claimed", "", None)
    times = [done.ms(step) for step in ("queued", "offered", "claimed", "first_words", "closed")]
    assert None not in times
    assert times == sorted(times)
    (talk,) = await drills.rows("SELECT status FROM conversations WHERE id = %s", drill.conversation_id)
    assert talk["status"] == "closed"


async def test_a_drill_that_nobody_takes_is_an_alarm_and_goes_away_in_the_end(drills):
    drill = await drills.bring_in()
    patience = alarm_after(drills.settings.offer_timeout_s)
    await drills.look(patience - timedelta(seconds=5))
    assert (await drills.get(drill.id)).alarmed_at is None
    for _ in range(2):  # once, however often it is looked at
        await drills.look(patience + timedelta(seconds=5))
    async with drills.db.read() as connection:
        told = [event for event in await events.read(connection, handoff.QUEUE, 0) if event.kind == "drill_unclaimed"]
    assert [(event.payload["case_id"], event.payload["synthetic"]) for event in told] == [(drill.case_id, True)]
    assert await drills.open_cases() == [drill.case_id]
    await drills.look(patience + RINGS_ON + timedelta(seconds=5))
    done = await drills.get(drill.id)
    assert (done.outcome, done.alarmed_at is not None, await drills.open_cases()) == ("unclaimed", True, [])


@pytest.mark.parametrize("is_claimed", [False, True])
async def test_a_running_drill_is_withdrawn_at_once_when_real_danger_comes(drills, make_case, make_staff, call, is_claimed):
    agent = await make_staff()
    drill = await drills.bring_in()
    if is_claimed:
        await call(handoff.claim, drill.case_id, agent)
    urgent = await make_case("urgent")
    await drills.look()
    assert (await drills.get(drill.id)).state == "running"
    real = await make_case("life_threat")
    await drills.look()
    done = await drills.get(drill.id)
    assert (done.outcome, done.why) == ("withdrawn", "life_threat")
    assert sorted(await drills.open_cases()) == sorted([urgent.id, real.id])
    assert await drills.request() == "life_threat"
    (case,) = await drills.rows("SELECT outcome, closed_by FROM cases WHERE id = %s", drill.case_id)
    assert (case["outcome"], case["closed_by"]) == ("drill", None)


async def test_none_runs_during_a_surge(drills, make_staff, call):
    boss = await make_staff("supervisor")
    drill = await drills.bring_in()
    await call(surge.switch_on, boss, "지진으로 문의가 많습니다. 안전한 곳에서 기다려 주세요.")
    await drills.look()
    assert ((await drills.get(drill.id)).why, await drills.request()) == ("surge", "surge")
    await call(surge.switch_off, boss)
    assert isinstance(await drills.request(), Drill)


async def test_one_at_a_time(drills):
    await drills.bring_in()
    assert await drills.request() == "running"


async def test_two_workers_have_one_drill_for_one_slot(drills, db):
    async def plan():
        async with db.transaction() as tx:
            await service.plan(tx, "10:00", ("webchat",), SEOUL_TEN + timedelta(seconds=1))

    await asyncio.gather(*(plan() for _ in range(6)))
    assert [(one.slot_at, one.state, one.requested_by) for one in await drills.all()] == [(SEOUL_TEN, "running", "schedule")]
    # The same slot is not wanted again, and neither worker begins it twice.
    await asyncio.gather(*(drills.look() for _ in range(3)), plan())
    assert len(await drills.rows("SELECT 1 FROM conversations")) <= 1


async def test_a_slot_is_missed_and_told_of_when_nothing_ran_or_danger_was_open(drills, db, make_case):
    async def plan(at):
        async with db.transaction() as tx:
            await service.plan(tx, "10:00,03:30", ("webchat", "line"), at)

    await plan(SEOUL_TEN + timedelta(minutes=30))  # a new installation has missed nothing
    assert await drills.all() == []
    real = await make_case("life_threat")
    await plan(SEOUL_TEN + timedelta(seconds=2))
    await plan(SEOUL_TEN + timedelta(hours=20))  # away at 03:30
    found = [(one.slot_at - SEOUL_TEN, one.outcome, one.why) for one in reversed(await drills.all())]
    assert found == [(timedelta(0), "missed", "life_threat"), (timedelta(hours=17.5), "missed", "outage")]
    assert await drills.open_cases() == [real.id]


async def test_a_drill_on_a_messenger_comes_through_the_door_and_sends_nothing(drills, make_staff, call, cipher):
    agent = await make_staff()
    drill = await drills.bring_in(drills.messenger.name)
    assert (await drills.get(drill.id)).queued_at is not None
    await call(handoff.claim, drill.case_id, agent)
    await call(handoff.reply, cipher, drill.case_id, agent, "훈련 상담을 맡았습니다", "first")
    sender = Sender(drills.db, cipher, {drills.messenger.name: drills.messenger})
    assert await sender.step() == 0
    assert drills.messenger.parcels == []
    assert {row["state"] for row in await drills.rows("SELECT state FROM outbox")} == {"sent"}


@pytest.mark.parametrize(("channel", "why"), [("webchat", "unreachable"), ("pigeon", "unknown_channel")])
async def test_what_does_not_come_in_has_failed(drills, channel, why):
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9") as nobody:
        drills.ways = DrillWays(drills.services, {}, nobody)
        drill = await drills.request(channel)
        await drills.look()
    done = await drills.get(drill.id)
    assert (done.outcome, done.why) == ("failed", why)
    assert not isinstance(await drills.request(), str)


async def test_the_command_times_a_drill_and_says_that_nobody_claimed_it(drills, db):
    out = io.StringIO()
    with pytest.raises(StartError, match="no web and no worker process"):
        await drill_command._drill(db, out, "webchat", 1)
    for role in ("web", "worker"):
        await drills.rows("INSERT INTO heartbeats (process, role, state) VALUES (%s, %s, '{}') RETURNING 1", role, role)

    async def worker():
        while True:
            await drills.look()
            await drills.triage.step()
            await asyncio.sleep(0.05)

    running = asyncio.create_task(worker())
    try:
        assert await drill_command._drill(db, out, "webchat", 3) == 1
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    told = json.loads(out.getvalue().splitlines()[-1])
    assert list(told) == ["drill", "channel", "queued_ms", "offered_ms", "claimed_ms", "first_words_ms", "closed_ms", "outcome"]
    assert (told["outcome"], told["claimed_ms"]) == ("running", None)
    assert told["queued_ms"] < 3000
    with pytest.raises(StartError, match="another drill is running"):
        await drill_command._drill(db, out, "webchat", 1)


def test_the_command_says_that_the_program_is_not_running(tmp_path):
    with pytest.raises(StartError, match="does not run on"):
        drill_command.drill(Settings(data_dir=tmp_path), io.StringIO(), channel="webchat", wait_s=1)
