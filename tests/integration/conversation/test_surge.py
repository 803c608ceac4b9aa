"""Surge mode as citizens meet it: an opening said first and once, the truth for routine wishes, insisting, and danger that notices nothing of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.schemas import Staff
from bot import surge as bot_surge
from bot.compose import ASKED_PERSON
from bot.services import Services
from bot.surge import shed_words
from bot.triage_slot import TriageSlot
from bot.turn import TurnQueue, TurnSlot
from conversation import guarding
from conversation import service as conversation
from conversation.schemas import InboundKind
from core import db as database
from core.clock import now
from core.errors import AppError
from core.events import EventHub
from core.settings import Settings
from handoff import service as handoff
from handoff.choosing import INCIDENT_LANE
from handoff.incidents import service as incidents
from handoff.surge import service
from handoff.surge.service import SHED
from handoff.wait_estimate import Wait
from knowledge_base import repository as notices
from knowledge_base.crisis_cards import CrisisCards
from knowledge_base.notices import today_in_seoul
from knowledge_base.schemas import NoticeContent, NoticeStatus

OPENING = "도쿄에 지진이 났습니다. 넓은 곳으로 피하고 안내 방송을 따르세요."


@pytest.fixture
def chief(db):
    return Staff(9001, "chief", "Chief", frozenset({"supervisor"}), ("ko",), 3)


@pytest.fixture
def switch(db, chief):
    async def make(on: bool = True, **values: Any) -> bool:
        async with db.transaction() as tx:
            return await (service.switch_on(tx, chief, OPENING, **values) if on else service.switch_off(tx, chief))

    return make


@pytest.fixture
async def chat(desk, db, cipher):
    """``await chat()``: somebody new; ``await one.say(…)`` gives what the bot says to it."""
    services = Services(Settings(dialogue=False), db, cipher, EventHub(db), CrisisCards.load())
    slots = TriageSlot(services, "t"), TurnSlot(services, TurnQueue())

    async def make(**values: Any) -> Any:
        conversation_id = await desk.start(**values)

        async def say(text: str = "", choice: str = "", kind: InboundKind = InboundKind.TEXT, triaged: bool = True) -> list[Any]:
            before = (await desk.row(conversation_id))["last_seq"]
            accepted = await desk.say(conversation_id, text=text, choice=choice, kind=InboundKind.CHOICE if choice else kind)
            if triaged:  # as triage lets a calm line pass
                await desk.rows("UPDATE inbox SET triage_state = 'done', action = 'none' WHERE message_id = %s RETURNING 1", accepted.message_id)
            else:
                assert await slots[0].step() == 1
            await slots[1]._serve(conversation_id)
            async with db.read() as connection:
                lines = await conversation.transcript(connection, cipher, conversation_id, after=before)
            return [line for line in lines if line.author_kind == "bot"]

        return SimpleNamespace(id=conversation_id, say=say)

    yield make
    for slot in slots:
        await slot._hang_up()


def kinds(lines: list[Any]) -> list[str]:
    return [str(line.body["kind"]).partition(":")[0] for line in lines]


async def open_cases(desk, conversation_id: str) -> int:
    return len(await desk.rows("SELECT 1 FROM cases WHERE conversation_id = %s AND status <> 'closed'", conversation_id))


async def test_it_is_switched_once_however_often_it_is_pressed(db, desk, chief, switch) -> None:
    assert sorted(await asyncio.gather(*(switch() for _ in range(5)))) == [False, False, False, False, True]
    assert sorted(await asyncio.gather(*(switch(False) for _ in range(5)))) == [False, False, False, False, True]
    assert [row["is_on"] for row in await desk.rows("SELECT is_on FROM surge_switches ORDER BY id")] == [True, False]
    assert [row["action"] for row in await desk.rows("SELECT action FROM access_log ORDER BY id")] == ["surge.on", "surge.off"]


@pytest.mark.parametrize("role", ["agent", "editor", "officer", "admin"])
async def test_who_may_not_switch(db, role) -> None:
    staff = Staff(1, "x", "X", frozenset({role}), ("ko",), 3)
    for action in (lambda tx: service.switch_on(tx, staff, OPENING), lambda tx: service.switch_off(tx, staff)):
        async with db.transaction() as tx:
            with pytest.raises(AppError, match="forbidden"):
                await action(tx)


@pytest.mark.parametrize(("values", "code"), [({"notice_id": "none-such"}, "unknown_notice"), ({"incident_id": 77}, "not_found")])
async def test_what_is_not_there_is_not_pinned(db, desk, switch, values, code) -> None:
    with pytest.raises(AppError, match=code):
        await switch(**values)
    assert await desk.rows("SELECT 1 FROM surge_switches") == []


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Etc/GMT-14"])  # at any moment it is another day than Seoul's in one of them
async def test_a_pinned_notice_holds_by_the_day_in_seoul(db, switch, zone) -> None:
    today = today_in_seoul(now())
    content = {"title": "여진 안내", "body": "본문", "published_at": today, "effective_from": today, "source": "외교부", "source_url": "https://a.example"}
    content |= {"expires_at": today + timedelta(days=1), "countries": ("JP",)}
    async with db.transaction() as tx:
        await notices.insert(tx, NoticeContent("quake", **content), 1, NoticeStatus.PUBLISHED, "minji")
    await switch(notice_id="quake")
    async with db.transaction() as tx:
        await database.run(tx, f"SET LOCAL TIME ZONE '{zone}'")
        surge = await service.current(tx)
    assert surge is not None
    assert surge.card is not None


async def test_the_opening_comes_first_and_once(chat, switch) -> None:
    before = await chat()
    assert kinds(await before.say("여권 수수료가 얼마예요?")) == ["text"]
    await switch()
    first, answer = await before.say("여권은요?")
    assert first.text == OPENING
    assert kinds([answer]) == ["text"]
    assert kinds(await before.say("수수료는요?")) == ["text"]
    await switch(False)
    await switch()  # another surge is news again
    assert kinds(await before.say("비자는요?")) == ["surge", "text"]


async def test_a_conversation_opens_with_it_and_reads_it_once(db, cipher, chat, switch) -> None:
    await switch()
    one = await chat()
    await bot_surge.open_with(db, cipher, one.id, "ko")
    await bot_surge.open_with(db, cipher, one.id, "ko")
    async with db.read() as connection:
        lines = await conversation.transcript(connection, cipher, one.id)
    assert [(line.author_kind, line.text) for line in lines] == [("system", OPENING)]
    assert kinds(await one.say("여권 수수료가 얼마예요?")) == ["text"]


async def test_a_routine_wish_is_told_the_truth_and_insisting_brings_a_person(desk, chat, switch) -> None:
    await switch()
    one = await chat()
    lines = await one.say("상담관과 이야기", choice="person")
    assert kinds(lines) == ["surge", SHED]
    assert "+82-2-3210-0404" in lines[1].text
    assert [button["title"] for button in lines[1].body["buttons"]] == ["그래도 기다리기"]
    assert await open_cases(desk, one.id) == 0
    (said,) = await one.say("그래도 기다리기", choice="person")
    assert said.text == ASKED_PERSON
    assert await open_cases(desk, one.id) == 1


async def test_without_surge_a_wish_is_a_wish(desk, chat, switch) -> None:
    await switch()
    await switch(False)
    one = await chat()
    (said,) = await one.say("상담관과 이야기", choice="person")
    assert said.text == ASKED_PERSON
    assert await open_cases(desk, one.id) == 1


async def test_danger_notices_nothing(desk, chat, switch) -> None:
    await switch()
    one = await chat()
    lines = await one.say("지금 위험해요", kind=InboundKind.DANGER, triaged=False)
    assert kinds(lines) == ["crisis"]
    (case,) = await desk.rows("SELECT severity, status FROM cases WHERE conversation_id = %s", one.id)
    assert (case["severity"], case["status"]) == ("life_threat", "queued")
    assert await desk.rows("SELECT 1 FROM timers WHERE kind = 'case_offer'")


SPARED = {
    "heightened": "UPDATE conversations SET heightened_until = now() + interval '1 hour' WHERE id = %s RETURNING 1",
    "danger before": "UPDATE conversations SET last_urgency = 'urgent' WHERE id = %s RETURNING 1",
}


@pytest.mark.parametrize("why", SPARED)
async def test_whoever_was_in_danger_is_never_asked_to_wait(desk, chat, switch, why) -> None:
    await switch()
    one = await chat()
    assert await desk.rows(SPARED[why], one.id)
    (said,) = await one.say("상담관과 이야기", choice="person")
    assert said.text == ASKED_PERSON
    assert await open_cases(desk, one.id) == 1


async def test_a_guarded_conversation_reads_nothing_of_it(db, cipher, chat, switch) -> None:
    await switch()
    one = await chat()
    async with db.transaction() as tx:
        await guarding.mark(tx, one.id, guarding.AGENT)
    await bot_surge.open_with(db, cipher, one.id, "ko")
    assert kinds(await one.say("여권 수수료가 얼마예요?")) == ["text"]


async def test_the_incidents_cases_have_a_lane_while_it_stands(db, cipher, desk, switch, chief) -> None:
    async def case(team: str = "centre") -> int:
        async with db.transaction() as tx:
            made = await handoff.open_or_raise(tx, cipher, await _start(tx), "urgent", "natural_disaster", "direct", country="JP")
            await database.run(tx, "UPDATE cases SET team = %s WHERE id = %s", team, made.id)
        return int(made.id)

    async def _start(tx: Any) -> str:
        return (await conversation.start(tx, "webchat"))[0]

    async def teams() -> dict[int, str]:
        return {row["id"]: row["team"] for row in await desk.rows("SELECT id, team FROM cases")}

    first, second, late, elsewhere = await case("asia"), await case(), await case(), await case()
    async with db.transaction() as tx:
        one = await incidents.open_incident(tx, cipher, chief, "도쿄 지진", "natural_disaster", "JP", [first, second])
        other = await incidents.open_incident(tx, cipher, chief, "지바 지진", "natural_disaster", "JP", [elsewhere])
    await switch(incident_id=one)
    assert await teams() == {first: INCIDENT_LANE, second: INCIDENT_LANE, late: "centre", elsewhere: "centre"}
    async with db.transaction() as tx:
        await incidents.add_cases(tx, chief, one, [late])
        await incidents.remove_case(tx, chief, one, second)
    assert await teams() == {first: INCIDENT_LANE, second: "centre", late: INCIDENT_LANE, elsewhere: "centre"}
    async with db.transaction() as tx:
        await incidents.merge(tx, chief, one, other)
    assert await teams() == {first: INCIDENT_LANE, second: "centre", late: INCIDENT_LANE, elsewhere: INCIDENT_LANE}
    await switch(False)
    assert await teams() == {first: "asia", second: "centre", late: "centre", elsewhere: "centre"}


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (Wait(9, 12, 40, "busy"), "약 12~40분"),
        (Wait(900, 120, 120, "busy"), "120분 넘게"),
        (Wait(9, None, None, "nobody"), "알 수 없습니다"),
    ],
)
def test_what_is_said_of_the_wait(wait, words) -> None:
    assert words in shed_words(wait, "ko", "+82-2-3210-0404")
    assert "+82-2-3210-0404" in shed_words(wait, "fr", "+82-2-3210-0404")
