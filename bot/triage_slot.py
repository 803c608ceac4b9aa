"""The triage slot: every inbound, whoever owns its conversation, is judged on arrival and outside the conversation's lock.

It runs in each worker and, a moment later, in the web process as a standby, so that danger reaches a desk although every worker is dead.
A row is claimed with ``SKIP LOCKED`` in the transaction that also writes the outcome: a killed process leaves the row as it was.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from bot import escalation
from bot.escalation import Danger
from bot.services import Services
from conversation import service as conversation
from core import db as database
from core.db import Connection
from core.errors import DatabaseUnavailable
from core.logging import get
from core.metrics import TRIAGE_SECONDS, TRIAGED
from handoff import location
from handoff import service as handoff
from language.categories import Category, Urgency
from language.triage import Context, Decision

log = get(__name__)
BATCH = 16
#: After so many failures of the analyser a person looks: in doubt, a human.
ATTEMPTS = 2

_CLAIM = """
SELECT i.message_id, i.seq, i.conversation_id, i.triage_attempts, i.received_at, m.kind, m.body,
       c.id, c.owner_kind, c.owner_id, c.status, c.language, c.country, c.last_urgency, c.synthetic,
       COALESCE(c.heightened_until > now(), false) AS heightened,
       EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = c.id AND k.status <> 'closed'
               AND k.severity IN ('life_threat', 'urgent')) AS open_emergency
FROM inbox i JOIN messages m ON m.id = i.message_id JOIN conversations c ON c.id = i.conversation_id
WHERE i.triage_state = 'pending' AND i.received_at <= clock_timestamp() - make_interval(secs => %s)
ORDER BY i.received_at LIMIT %s FOR UPDATE OF i SKIP LOCKED
"""


class TriageSlot:
    """Claims untriaged inbounds and writes what follows from each."""

    def __init__(self, services: Services, name: str, delay_ms: int = 0) -> None:
        self.services = services
        self.name = name
        self.delay_s = delay_ms / 1000
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Work for ever; ``wake`` is set by whoever LISTENs for new inbounds."""
        while True:
            self.wake.clear()
            try:
                found = await self.step()
            except DatabaseUnavailable:
                await asyncio.sleep(0.1)
                continue
            if not found:
                await self._wait()

    async def _wait(self) -> None:
        # A standby looks on its own clock, since the rows it is for are those that nobody was woken for.
        try:
            await asyncio.wait_for(self.wake.wait(), self.delay_s / 2 if self.delay_s else 1.0)
        except TimeoutError:
            return

    async def step(self) -> int:
        """Triage one batch; returns how many."""
        async with self.services.db.transaction() as tx:
            rows = await database.rows(tx, _CLAIM, self.delay_s, BATCH)
            if not rows:
                return 0
            decisions = await self._decide(rows)
            for row, decision in zip(rows, decisions, strict=True):
                async with tx.transaction():
                    await apply(self.services, tx, row, decision, self.name)
        return len(rows)

    async def _decide(self, rows: list[dict[str, Any]]) -> list[Decision]:
        understanding = self.services.understanding
        contents = [conversation.open_body(self.services.cipher, row["body"]) for row in rows]
        for row, content in zip(rows, contents, strict=True):
            row["content"] = content
        texts = [str(content.get("text", "")) for content in contents]
        try:
            if understanding is None:
                raise RuntimeError("the analyser is not loaded")
            with TRIAGE_SECONDS.time():
                analyses = await understanding.analyse(texts)
            decisions = []
            for row, analysis in zip(rows, analyses, strict=True):
                row["analysis"] = analysis
                understanding.remember(row["message_id"], analysis)
                decisions.append(understanding.triage.decide(analysis, _context(row)))
            return decisions
        except Exception as error:  # noqa: BLE001  (whatever the model does, the message must reach someone)
            log.error("triage_failed", error=type(error).__name__, count=len(rows))
            return [_in_doubt() for _ in rows]


def _context(row: dict[str, Any]) -> Context:
    return Context(
        previous_urgency=Urgency(row["last_urgency"]),
        open_case=row["open_emergency"],
        heightened=row["heightened"],
    )


def _in_doubt() -> Decision:
    return Decision(Urgency.URGENT, Category.OTHER, "escalate", 1.0, ("triage_failed",))


async def apply(services: Services, tx: Connection, row: dict[str, Any], decision: Decision, by: str) -> None:
    """Write what follows from one decision: a case and a crisis card, a question, or just the mark that lets the turn begin."""
    content, kind = row["content"], row["kind"]
    analysis = row.get("analysis")
    language = analysis.language if analysis is not None and content.get("text") else row["language"]
    country = _country(analysis) or row["country"]
    choice = str(content.get("choice") or "")
    action = decision.action
    turn_state = "pending"

    if kind == "danger" or choice == escalation.YES:
        decision = Decision(Urgency.URGENT if kind != "danger" else Urgency.LIFE_THREAT, decision.category, "escalate", 1.0, ("danger_button",))
        action = "escalate"
    elif choice == escalation.NO:
        await escalation.cancel_timer(tx, escalation.ASK_TIMER, row["id"])
        await database.run(tx, "UPDATE inbox SET turn_state = 'pending' WHERE conversation_id = %s AND turn_state = 'held'", row["id"])
        action, turn_state = "none", "dropped"
    elif choice or kind == "location":
        action = "none"

    if kind == "location":
        await location.record_message_fix(tx, services.cipher, row["id"], content["location"], channel=row.get("channel", "webchat"))

    if action == "escalate":
        danger = Danger(decision.urgency, str(decision.category), ",".join(decision.reasons), country, language)
        public_url = services.settings.public_url or ""
        await escalation.escalate(tx, services.cipher, row, row["message_id"], str(content.get("text") or "지금 위험해요"), danger, public_url=public_url)
        turn_state = "answered" if row["owner_kind"] == "bot" else "to_person"
    elif action == "ask":
        if row["owner_kind"] == "bot" and not row["open_emergency"]:
            await escalation.ask(tx, services.cipher, row["id"], row["message_id"], language, services.settings.ask_timeout_s)
            turn_state = "held"
        else:
            await handoff.note_doubt(tx, row["id"], decision.score)

    await database.run(
        tx,
        """UPDATE inbox SET triage_state = 'done', triaged_at = clock_timestamp(), triaged_by = %s, urgency = %s, category = %s, action = %s,
                  score = %s, reasons = %s::jsonb, turn_state = CASE WHEN turn_state = 'pending' THEN %s ELSE turn_state END,
                  turned_at = CASE WHEN %s IN ('answered', 'to_person', 'dropped') THEN clock_timestamp() END
           WHERE message_id = %s""",
        by,
        decision.urgency.value,
        str(decision.category),
        action,
        float(decision.score),
        _json(decision.reasons),
        turn_state,
        turn_state,
        row["message_id"],
    )
    if country and country != row["country"]:
        await database.run(tx, "UPDATE conversations SET country = %s WHERE id = %s", country, row["id"])
    if turn_state in ("pending", "dropped"):
        await database.run(tx, "SELECT pg_notify('turns', %s)", row["id"])
    TRIAGED.labels(urgency=decision.urgency.value, action=action).inc()


def _country(analysis: Any) -> str | None:
    """The one country a message names; two are no answer."""
    if analysis is None:
        return None
    found = {entity.value for entity in analysis.entities if entity.kind == "country"}
    return found.pop() if len(found) == 1 else None


def _json(reasons: tuple[str, ...]) -> str:
    return json.dumps(list(reasons), ensure_ascii=False)
