"""The real parts on a database of their own, made cheap: one event loop in the test's own thread, commits that do not wait for the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine
from typing import Any

import psycopg
import uvloop
from psycopg.rows import dict_row

from accounts.schemas import Staff
from bot.services import Services
from bot.triage_slot import TriageSlot
from bot.turn import TurnQueue, TurnSlot
from bot.worker import Worker
from core import db as database
from core.crypto import Cipher
from core.db import Database, metadata
from core.events import EventHub
from core.settings import Settings
from handoff import service as handoff
from knowledge_base.crisis_cards import CrisisCards
from language.analysis import Analysis
from language.categories import Category, Urgency
from language.triage import Decision

#: What a citizen may write, and what triage then thinks.
THOUGHTS = {
    "life": Decision(Urgency.LIFE_THREAT, Category.ASSAULT, "escalate", 0.99, ("test",), 0.9),
    "urgent": Decision(Urgency.URGENT, Category.ROBBERY_THEFT, "escalate", 0.9, ("test",), 0.9),
    "doubt": Decision(Urgency.URGENT, Category.OTHER, "ask", 0.5, ("test",)),
    "plain": Decision(Urgency.NONE, Category.OTHER, "none", 0.01, ()),
    "broken": None,
}
#: Three agents; the last is a supervisor too. A cap of 0 leaves only what caps give way to.
CAPS = (0, 1, 2)
#: The country of the places that are sent, whose duty number has been checked.
COUNTRY = "TH"


class Thinker:
    """Stands in for the analyser: the first word of a message decides."""

    triage: Any
    intents: Any

    def __init__(self) -> None:
        self.triage = self.intents = self

    async def analyse(self, texts: list[str]) -> list[Analysis]:
        return [Analysis(text, text, "ko") for text in texts]

    async def of_message(self, message_id: int, text: str) -> Analysis:
        return (await self.analyse([text]))[0]

    def remember(self, message_id: int, analysis: Analysis) -> None:
        pass

    def predict(self, analysis: Analysis) -> tuple[str, float]:
        return ("ask_person", 1.0) if analysis.text.startswith("person") else ("ask_notice", 1.0)

    def decide(self, analysis: Analysis, context: Any) -> Decision:
        decision = THOUGHTS[analysis.text.partition(" ")[0] or "plain"]
        if decision is None:
            raise RuntimeError("the model failed")
        return decision


class World:
    """Database, services and the counters of one run."""

    def __init__(self, dsn: str, cipher: Cipher) -> None:
        self.loop = uvloop.new_event_loop()
        # The disk is not under test here, the kill tests are for that. Nothing else about the server is changed.
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{connection.info.dbname}" SET synchronous_commit = off')
        self.db: Database = self.run(Database.open(dsn, min_size=1, max_size=6))
        #: What the invariants read with: without an event loop, and many statements in one exchange.
        self.look = psycopg.connect(dsn, autocommit=True, row_factory=dict_row)
        configured = Settings(dialogue=False, offer_timeout_s=25, ask_timeout_s=60)
        self.services = Services(configured, self.db, cipher, EventHub(self.db), CrisisCards.load(), Thinker())  # type: ignore[arg-type]
        self.triage, self.standby = TriageSlot(self.services, "test"), TriageSlot(self.services, "standby")
        self.turns = TurnSlot(self.services, TurnQueue())
        self.worker = Worker(self.services, None)
        self.steps = 0
        self.changes = 0
        self.examples = 0
        self.fired: Counter[str] = Counter()
        self.happened: Counter[str] = Counter()
        self._tables = [table.name for table in metadata.sorted_tables]

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(doing)

    def rows(self, statement: str, *args: Any) -> list[dict[str, Any]]:
        return self.look.execute(statement, args or None).fetchall()

    def empty(self) -> None:
        """Every table that holds a row, whichever the machine has come to write to. (TRUNCATE would throw away every prepared plan.)"""
        probes = " UNION ALL ".join(f"SELECT '{name}' AS name WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in self._tables)
        filled = {row["name"] for row in self.rows(probes)}
        with self.look.transaction():
            for name in reversed(self._tables):
                if name in filled:
                    self.look.execute(f'DELETE FROM "{name}"')

    def staff(self) -> list[Staff]:
        return self.run(self._staff())

    async def _staff(self) -> list[Staff]:
        made = []
        async with self.db.transaction() as tx:
            for number, cap in enumerate(CAPS):
                roles = ["agent", "supervisor"] if number == len(CAPS) - 1 else ["agent"]
                row = await database.one(
                    tx,
                    "INSERT INTO staff (login, display_name, password_hash, roles, cap) VALUES (%s, %s, 'x', %s, %s) RETURNING id",
                    f"agent{number}",
                    f"상담관 {number}",
                    roles,
                    cap,
                )
                assert row is not None
                made.append(Staff(row["id"], f"agent{number}", f"상담관 {number}", frozenset(roles), ("ko",), cap))
                await handoff.set_presence(tx, made[-1], "available")
            await database.run(
                tx,
                """INSERT INTO duty_numbers (country, number, source, entered_by, checked_by, checked_at) VALUES (%s, '+66 2 000 0000', 'test', 1, 2, now())""",
                COUNTRY,
            )
        return made

    def close(self) -> None:
        for slot in (self.triage, self.standby, self.turns):
            self.run(slot._hang_up())
        self.look.close()
        self.run(self.db.close())
        self.loop.close()
