"""Sample cases for the training sandbox, one of every kind, and a clean start: what trainees work on, so that nobody practises on a real case.

They take the way of any message from the moment triage has decided, so that card, offer, ladder and protection are the real ones; what triage would
find is written down with each, since an example must be what it is meant to show.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from pathlib import Path

from psycopg.errors import DeadlockDetected, LockNotAvailable
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot import erasure, triage_slot
from bot.services import Services
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from core.db import Connection, Database
from core.errors import StartError
from core.settings import ROOT
from handoff import location
from handoff import service as handoff
from handoff.streams import announce
from language.categories import Category, Urgency
from language.triage import Decision

CASES = ROOT / "data" / "sandbox" / "cases.json"
#: Why a sample stands in the queue.
REASON = "sample"
CHANNEL = "webchat"
#: Records of who did what, and counters that desks follow, go on.
STAYS = frozenset({"access_log", "access_log_starts", "erasures", "events", "streams"})
CLEARED = tuple(sorted(({step.table for step in erasure.STEPS} | set(erasure.KEPT) | {"incidents", "incident_statements", "surge_switches"}) - STAYS))
TRIES = 5


class Sample(BaseModel):
    """One citizen of the sandbox."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Category
    urgency: Urgency
    country: str | None
    lines: tuple[str, ...] = Field(min_length=1)
    place: tuple[float, float, float] | None = None
    language: str = "ko"
    cannot_speak: bool = False


def samples(path: Path = CASES) -> tuple[Sample, ...]:
    """All of them."""
    return TypeAdapter(tuple[Sample, ...]).validate_json(path.read_bytes())


async def bring(services: Services, kinds: Collection[str] = ()) -> int:
    """Let the citizens of these kinds write, of every kind if none is named; how many cases that made.

    Raises:
        StartError: this is no sandbox.
    """
    if not services.settings.sandbox:
        raise StartError("Sample cases belong into a training sandbox only.")
    chosen = [sample for sample in samples() if not kinds or sample.kind in kinds]
    for sample in chosen:
        async with services.db.transaction() as tx:
            await _write(services, tx, sample)
    return len(chosen)


async def _write(services: Services, tx: Connection, sample: Sample) -> None:
    conversation_id, _ = await conversation.start(tx, CHANNEL)
    await database.run(tx, "UPDATE conversations SET country = %s, language = %s WHERE id = %s", sample.country, sample.language, conversation_id)
    message_id = 0
    for text in sample.lines:
        inbound = Inbound(CHANNEL, secrets.token_hex(8), conversation_id, InboundKind.TEXT, text)
        message_id = (await conversation.accept(tx, services.cipher, inbound)).message_id
    # The earlier lines are judged together with the last one.
    await database.run(
        tx,
        """UPDATE inbox SET triage_state = 'done', triaged_at = clock_timestamp(), turn_state = 'answered', turned_at = clock_timestamp()
           WHERE conversation_id = %s AND message_id <> %s""",
        conversation_id,
        message_id,
    )
    action = "escalate" if sample.urgency.is_emergency else "none"
    decision = Decision(sample.urgency, sample.kind, "escalate" if action == "escalate" else "none", 1.0, (REASON,), 1.0)
    row = await conversation.get(tx, conversation_id) | {
        "message_id": message_id,
        "kind": InboundKind.TEXT.value,
        "content": {"text": sample.lines[-1]},
        "open_emergency": False,
    }
    await triage_slot.apply(services, tx, row, decision, REASON)
    if not sample.urgency.is_emergency:
        await handoff.open_or_raise(
            tx, services.cipher, conversation_id, sample.urgency.value, sample.kind.value, REASON, summary=sample.lines[-1][:200], country=sample.country
        )
    if sample.cannot_speak:
        await handoff.note_cannot_speak(tx, conversation_id)
    if sample.place is not None:
        lat, lon, accuracy_m = sample.place
        await location.record_message_fix(tx, services.cipher, conversation_id, {"lat": lat, "lon": lon, "accuracy_m": accuracy_m}, channel=CHANNEL)


async def is_new(connection: Connection) -> bool:
    """Whether nobody has ever written here."""
    return await database.one(connection, "SELECT 1 FROM streams LIMIT 1") is None


async def clear(db: Database) -> int:
    """Take all citizens away, with everything about them; staff, notices and the access log stay. How many cases went.

    Raises:
        StartError: the program was too busy to let go of them.
    """
    for _ in range(TRIES):
        try:
            async with db.transaction() as tx:
                return await _clear(tx)
        except (DeadlockDetected, LockNotAvailable):
            continue
    raise StartError("The sandbox is too busy to be cleared: try again in a moment, or stop it and delete its folder.")


async def _clear(tx: Connection) -> int:
    await database.run(tx, "SET LOCAL lock_timeout = '5s'")
    # Open desks learn of it as of any end of a case.
    ended = await database.rows(
        tx,
        """UPDATE cases SET status = 'closed', closed_at = clock_timestamp(), outcome = 'drill', version = version + 1, offered_to = NULL,
           offer_due_at = NULL, asked_to = NULL, snoozed_until = NULL, closing_by = NULL WHERE status <> 'closed' RETURNING *""",
    )
    for row in ended:
        await announce(tx, "closed", row)
    found = await database.one(tx, "SELECT count(*) AS cases FROM cases")
    await database.run(tx, f"TRUNCATE {', '.join(CLEARED)}")
    await database.run(tx, "DELETE FROM events WHERE stream LIKE 'conversation:%%' OR stream LIKE 'case:%%'")
    return int(found["cases"]) if found else 0
