"""Many wait at once: danger is read first and written before the rest is read, presses are not read at all, and turns stand back."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from bot import escalation, triage_slot
from bot.pace import Pace
from bot.services import Services
from bot.strain import Strain
from bot.triage_slot import BATCH, HEAD_START_S, OLDEST, OLDEST_EVERY, READ_AT_ONCE, TriageSlot
from bot.turn import TurnQueue, TurnSlot
from bot.wake import Wake
from bot.worker import Worker
from conversation import arriving, visitors
from conversation.schemas import Inbound, InboundKind
from core.db import Database
from core.errors import DatabaseUnavailable
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards
from language.analysis import Analysis
from language.categories import Category, Urgency
from language.first_look import FirstLook
from language.triage import Decision
from tests.plans import read_through

CALM, CRY = "여권 재발급 수수료가 얼마예요?", "살려 주세요 칼에 찔렸어요"
NONE = Decision(Urgency.NONE, Category.OTHER, "none", 0.0, ())
LIFE = Decision(Urgency.LIFE_THREAT, Category.ASSAULT, "escalate", 0.9, (), 0.9)


class Judge:
    """Stands in for analyser and triage: a cry is danger, unless it is told otherwise."""

    def __init__(self, desk: Any) -> None:
        self.triage = self
        self.desk = desk
        self.believes = True
        self.read: list[list[str]] = []
        #: How many cases there were when each group was read.
        self.cases: list[int] = []

    async def analyse(self, texts: list[str]) -> list[Analysis]:
        self.cases.append(await self.desk.count("cases"))
        self.read.append(list(texts))
        return [Analysis(text, text, "ko") for text in texts]

    def remember(self, message_id: int, analysis: Analysis) -> None:
        pass

    def decide(self, analysis: Analysis, context: Any) -> Decision:
        return LIFE if self.believes and analysis.text == CRY else NONE


@pytest.fixture
def judge(desk) -> Judge:
    return Judge(desk)


@pytest.fixture
def services(db: Database, cipher, judge) -> Services:
    return Services(Settings(dialogue=False), db, cipher, EventHub(db), CrisisCards.load(), judge)  # type: ignore[arg-type]


@pytest.fixture
async def slot(services):
    made = TriageSlot(services, "worker")
    yield made
    await made._hang_up()


async def write(desk, text: str = CALM, **values: Any) -> Any:
    return await desk.say(await desk.start(), text=text, **values)


async def test_danger_that_came_last_is_read_first_and_written_before_the_rest_is_read(desk, slot, judge) -> None:
    for _ in range(3 * BATCH):
        await write(desk)
    cry = await write(desk, CRY)
    assert await slot.step() == BATCH
    assert judge.read[0][0] == CRY
    assert len(judge.read[0]) == READ_AT_ONCE
    assert judge.cases == [0, *[1] * (BATCH // READ_AT_ONCE - 1)]
    (row,) = await desk.rows("SELECT triage_state, action FROM inbox WHERE message_id = %s", cry.message_id)
    assert (row["triage_state"], row["action"]) == ("done", "escalate")


async def test_a_messengers_words_are_looked_at_too(desk, db, cipher) -> None:
    async with db.transaction() as tx:
        for number, text in enumerate((CALM, CRY)):
            await visitors.accept(tx, cipher, Inbound("line", f"e{number}", "", InboundKind.TEXT, text=text, visitor=f"U{number}"))
    looks = [row["first_look"] for row in await desk.rows("SELECT first_look FROM inbox ORDER BY message_id")]
    assert looks == [FirstLook.CALM, FirstLook.ALARMING]


@pytest.mark.parametrize("is_together", [False, True])
async def test_whoever_has_agreed_a_word_is_read_early_whatever_they_write(desk, db, cipher, is_together) -> None:
    async def write_it(number: int) -> None:
        inbound = Inbound("line", f"w{number}", "", InboundKind.TEXT, text=CALM, visitor="U1")
        async with db.transaction() as tx:
            if is_together:
                await arriving.store(tx, [arriving.prepare(cipher, inbound, None)])
            else:
                await visitors.accept(tx, cipher, inbound)

    await write_it(1)
    await desk.rows("UPDATE conversations SET code_word = 'hash' RETURNING 1")
    await write_it(2)
    await desk.rows("UPDATE conversations SET status = 'closed', closed_at = now() RETURNING 1")
    await write_it(3)  # a later conversation of the same person
    looks = [row["first_look"] for row in await desk.rows("SELECT first_look FROM inbox ORDER BY message_id")]
    assert looks == [FirstLook.CALM, FirstLook.ALARMING, FirstLook.ALARMING]


async def test_danger_that_could_not_be_written_keeps_its_place_before_what_looks_calm(desk, slot, monkeypatch) -> None:
    fails_once(monkeypatch)
    for _ in range(3 * BATCH):
        await write(desk)
    await write(desk, CRY)
    await slot.step()
    assert await desk.count("cases") == 0
    await slot.step()
    assert await desk.count("cases") == 1


async def until_a_case_is_open(desk, slots, working) -> None:
    """Wait for it, then end the slots whatever came of it."""
    try:
        async with asyncio.timeout(60):
            while not await desk.count("cases"):
                await asyncio.sleep(0.02)
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        for slot in slots:
            await slot._hang_up()


async def test_of_two_slots_the_one_that_failed_tries_again_at_once_though_the_other_hears_the_wake(desk, services, monkeypatch) -> None:
    fails_once(monkeypatch)
    monkeypatch.setattr(triage_slot, "LOOKS_S", 600.0)
    wake = Wake()
    slots = [TriageSlot(services, name, wake=wake) for name in ("a", "b")]
    working = [asyncio.create_task(slot.run()) for slot in slots]
    await asyncio.sleep(0.3)
    async with desk.db.transaction() as tx:  # seen by both at once, with something else to write after the failure
        for number, text in enumerate((CRY, CALM)):
            await visitors.accept(tx, desk.cipher, Inbound("line", f"e{number}", "", InboundKind.TEXT, text=text, visitor=f"U{number}"))
    wake.set()
    wake.set()
    await until_a_case_is_open(desk, slots, working)


@pytest.mark.parametrize("error", [ValueError("broken"), DatabaseUnavailable("its line")], ids=["a fault", "a broken line"])
async def test_news_that_wakes_a_slot_which_cannot_look_is_looked_at_by_another(desk, services, monkeypatch, error: Exception) -> None:
    monkeypatch.setattr(triage_slot, "LOOKS_S", 600.0)
    wake = Wake()
    slots = [TriageSlot(services, name, wake=wake) for name in ("a", "b")]
    working = []
    for number, slot in enumerate(slots, 1):
        working.append(asyncio.create_task(slot.run()))
        async with asyncio.timeout(60):
            while len(wake._waiting) < number:
                await asyncio.sleep(0.01)

    async def step() -> int:
        raise error

    monkeypatch.setattr(slots[1], "step", step)  # it waited last, so it is woken
    await write(desk, CRY)
    wake.set()
    await until_a_case_is_open(desk, slots, working)


async def test_a_slot_that_finds_a_backlog_calls_another(desk, slot) -> None:
    for _ in range(BATCH):
        await write(desk)
    await slot.step()
    assert slot.wake._is_set
    slot.wake.clear()
    await write(desk)
    await slot.step()
    assert not slot.wake._is_set


def fails_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first case cannot be written; what comes after it can."""
    escalate, failed = escalation.escalate, []

    async def written(*args: Any, **values: Any) -> Any:
        if not failed:
            failed.append(True)
            raise RuntimeError("not now")
        return await escalate(*args, **values)

    monkeypatch.setattr(escalation, "escalate", written)


async def test_the_look_decides_nothing(desk, slot, judge) -> None:
    judge.believes = False
    await write(desk, CRY)
    await slot.step()
    assert await desk.count("cases") == 0
    assert [row["urgency"] for row in await desk.rows("SELECT urgency FROM inbox")] == ["none"]


async def test_whatever_cries_wolf_the_calm_have_their_turn_in_the_end(desk, slot, judge) -> None:
    judge.believes = False
    calm = await write(desk)
    for _ in range(2 * BATCH):
        await write(desk, CRY)
    assert await desk.rows(
        "UPDATE inbox SET received_at = received_at - make_interval(secs => %s) WHERE message_id = %s RETURNING 1", 4 * HEAD_START_S, calm.message_id
    )
    await slot.step()
    assert CALM in [text for group in judge.read for text in group]


async def test_however_many_cry_danger_that_looks_calm_is_read_after_its_own_place_and_not_after_the_head_start(desk, slot, judge) -> None:
    first = [await write(desk) for _ in range(OLDEST)]
    for _ in range((OLDEST_EVERY - 1) * BATCH + OLDEST):  # never fewer cries than are read
        await write(desk, CRY)
    judge.believes = False
    taken = [await slot.step() for _ in range(OLDEST_EVERY)]
    assert taken == [*[BATCH] * (OLDEST_EVERY - 1), OLDEST]
    late = await desk.rows("SELECT 1 FROM inbox WHERE message_id = ANY(%s) AND triage_state = 'pending'", [one.message_id for one in first])
    assert late == []
    assert {text for group in judge.read[: -OLDEST // READ_AT_ONCE] for text in group} == {CRY}
    await slot.step()
    assert {text for group in judge.read[-OLDEST // READ_AT_ONCE :] for text in group} == {CRY}
    assert await slot.step() == 0


async def test_a_press_that_says_nothing_is_not_read_and_a_press_about_danger_is_first(desk, slot, judge) -> None:
    wish = [await write(desk, "상담관과 이야기", kind=InboundKind.CHOICE, choice=escalation.PERSON) for _ in range(4)]
    yes = await write(desk, "네", kind=InboundKind.CHOICE, choice=escalation.YES)
    assert await slot.step() == 5
    assert judge.read == [["네"]]
    rows = {row["message_id"]: row for row in await desk.rows("SELECT message_id, first_look, triage_state, action, turn_state FROM inbox")}
    assert rows[yes.message_id]["first_look"] == FirstLook.CALLED
    assert (rows[yes.message_id]["action"], await desk.count("cases")) == ("escalate", 1)
    assert {(rows[one.message_id]["triage_state"], rows[one.message_id]["action"], rows[one.message_id]["turn_state"]) for one in wish} == {
        ("done", "none", "pending")
    }


async def test_a_broken_model_makes_no_emergency_of_a_wish(desk, slot, services) -> None:
    services.understanding = None
    await write(desk, "상담관과 이야기", kind=InboundKind.CHOICE, choice=escalation.PERSON)
    await write(desk)
    await slot.step()
    assert await desk.count("cases") == 1


class TestTurnsStandBack:
    async def test_while_a_backlog_is_read_and_not_longer(self, desk, slot) -> None:
        await asyncio.wait_for(slot.idle(600.0), 60.0)  # nothing waits
        for _ in range(BATCH + 1):
            await write(desk)
        await slot.step()
        began = time.monotonic()
        await slot.idle(0.1)
        assert time.monotonic() - began >= 0.09
        waiting = asyncio.create_task(slot.idle(600.0))
        await slot.step()
        await asyncio.wait_for(waiting, 60.0)

    async def test_a_broken_step_stands_in_nobodys_way(self, desk, slot) -> None:
        for _ in range(BATCH):
            await write(desk)
        await slot.step()
        await slot._hang_up()
        await asyncio.wait_for(slot.idle(600.0), 60.0)

    async def test_a_turn_asks_before_it_begins(self, desk, services) -> None:
        asked: list[float] = []

        async def stand_back(longest_s: float) -> None:
            asked.append(longest_s)

        queue = TurnQueue()
        turns = TurnSlot(services, queue, stand_back)
        queue.put(await desk.start())
        running = asyncio.create_task(turns.run())
        async with asyncio.timeout(60):
            while not asked:
                await asyncio.sleep(0.01)
        running.cancel()
        await turns._hang_up()
        assert len(asked) == 1


@pytest.mark.parametrize(
    ("statement", "tables"),
    [(triage_slot._CLAIM, {"inbox", "messages", "conversations", "cases"}), (triage_slot._LOOK, {"inbox"})],
    ids=["claim", "a standby's look"],
)
async def test_however_many_wait_a_claim_looks_at_the_first_of_each_look(db: Database, statement: str, tables: set[str]) -> None:
    few_that_fail_again_and_again = [("Index Scan", "inbox")]
    assert await read_through(db, statement, tables) == (few_that_fail_again_and_again if statement is triage_slot._CLAIM else [])


class TestAFlood:
    """The web process is late with storing what people say: the worker leaves it the processors."""

    @pytest.fixture
    def used(self, services) -> list[float]:
        spent = [0.0]
        services.pace = Pace(used=lambda: spent[0])
        return spent

    async def test_the_worker_beside_a_web_process_that_is_late_hears_of_it(self, db: Database, services, used) -> None:
        strain, worker = Strain(), Worker(services, None)
        strain.note(60.0)
        tasks = [asyncio.create_task(worker._listen()), asyncio.create_task(strain.watch(db))]
        async with asyncio.timeout(60):
            while not services.pace.rest_s():
                strain.note(60.0)
                used[0] += 1.0
                await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert strain.is_late

    async def test_what_looks_alarming_is_read_at_once_and_the_rest_within_the_share(self, desk, services, slot, judge, used, monkeypatch) -> None:
        for _ in range(2 * BATCH):
            await write(desk)
        assert await slot.step() == BATCH
        services.pace.hear(60.0)
        used[0] += 60.0
        await write(desk, CRY)
        assert await slot.step() == 1
        assert judge.read[-1] == [CRY]
        assert await slot.step() == 0
        assert await desk.count("cases") == 1
        assert not slot._is_idle.is_set()  # the turns know that others wait to be read
        monkeypatch.setattr(triage_slot, "LONGEST_S", 0.0)
        assert await slot.step() == BATCH  # nothing waits for ever

    async def test_however_many_cry_then_what_came_first_is_read_with_each_share(self, desk, services, slot, judge, used) -> None:
        judge.believes = False
        first = await write(desk)
        for _ in range(3 * BATCH):
            await write(desk, CRY)
        services.pace.hear(60.0)
        used[0] += 60.0
        await slot.step()
        slot._claimed_calm_at = float("-inf")  # the longest wait is over
        await slot.step()
        assert await desk.rows("SELECT 1 FROM inbox WHERE message_id = %s AND triage_state = 'done'", first.message_id)

    async def test_a_turn_waits_for_the_share(self, services, used) -> None:
        worker = Worker(services, None)
        services.pace.hear(60.0)
        used[0] += 0.3
        began = time.monotonic()
        await worker._stand_back(1.0)
        assert time.monotonic() - began >= 0.05
