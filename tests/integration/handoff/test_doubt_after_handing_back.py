"""A doubt in an emergency that was handed back to the bot, or that ends at that moment, is lost by nobody."""

from __future__ import annotations

import pytest

from bot.services import Services
from bot.triage_slot import TriageSlot
from core import db as database
from core.db import Database
from core.events import EventHub
from core.settings import Settings
from handoff import service as handoff
from knowledge_base.crisis_cards import CrisisCards
from language.analysis import Analysis
from language.categories import Category, Urgency
from language.triage import Decision
from tests.integration.conversation.conftest import Desk


class Doubts:
    """Stands in for analyser and triage: everything is doubtful, and something may happen while it is read."""

    def __init__(self) -> None:
        self.triage = self
        self.meanwhile = None

    async def analyse(self, texts: list[str]) -> list[Analysis]:
        if self.meanwhile is not None:
            await self.meanwhile()
        return [Analysis(text, text, "ko") for text in texts]

    def remember(self, message_id: int, analysis: Analysis) -> None:
        pass

    def decide(self, analysis: Analysis, context: object) -> Decision:
        return Decision(Urgency.URGENT, Category.OTHER, "ask", 0.3, ("doubt",))


@pytest.fixture
def reader() -> Doubts:
    return Doubts()


@pytest.fixture
async def slot(db: Database, cipher, reader):
    made = TriageSlot(Services(Settings(dialogue=False), db, cipher, EventHub(db), CrisisCards.load(), reader), "worker")  # type: ignore[arg-type]
    yield made
    await made._hang_up()


async def test_a_doubt_brings_a_handed_back_emergency_to_the_queue(db, cipher, slot, make_case, make_staff):
    agent, case, desk = await make_staff(), await make_case("urgent"), Desk(db, cipher)
    async with db.transaction() as tx:
        await handoff.claim(tx, case.id, agent)
        await handoff.hand_back(tx, case.id, agent)
    await desk.say(case.conversation_id, text="무서워요")
    await slot.step()
    (row,) = await desk.rows("SELECT status, owner_id FROM cases")
    assert (row["status"], row["owner_id"]) == ("queued", None)
    assert await desk.count("timers WHERE kind = 'danger_ask'") == 0, "a person looks, nobody has to answer first"


async def test_a_doubt_while_the_case_ends_is_asked_about(db, cipher, slot, reader, make_case):
    case, desk = await make_case("urgent"), Desk(db, cipher)

    async def ends() -> None:
        async with db.transaction() as tx:
            await database.run(tx, "UPDATE cases SET status = 'closed', outcome = 'resolved', closed_at = now() WHERE id = %s", case.id)

    reader.meanwhile = ends
    await desk.say(case.conversation_id, text="무서워요")
    await slot.step()
    assert await desk.turn_states(case.conversation_id) == ["held"]
    assert await desk.count("timers WHERE kind = 'danger_ask'") == 1
