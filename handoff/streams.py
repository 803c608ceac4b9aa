"""How a case's change is told: on the stream ``queue`` for every desk and on ``case:{id}`` for those who have it open.

Each event carries the whole public state of the case, so that old rows + events = fresh rows, without asking again.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from core import events
from core.db import Connection
from handoff.schemas import Case, QueueRow

QUEUE = "queue"
OFFER_TIMER = "case_offer"
_CASE = tuple(field.name for field in fields(Case))
_STATE = (
    "conversation_id",
    "status",
    "severity",
    "category",
    "language",
    "country",
    "arrival_at",
    "owner_id",
    "acknowledged_at",
    "returned",
    "doubts",
    "synthetic",
    "version",
    "offered_to",
    "offer_due_at",
    "rings",
    "ladder",
    "asked_to",
    "snoozed_until",
    "closing_by",
    "cluster",
    "cannot_speak",
    "restricted_to",
)


def case_stream(case_id: int) -> str:
    """The stream of one case."""
    return f"case:{case_id}"


def case_of(row: dict[str, Any]) -> Case:
    """The record of a row."""
    return Case(**{name: row[name] for name in _CASE})


def queue_row(row: dict[str, Any]) -> QueueRow:
    """The list entry of a row."""
    return QueueRow(case_id=row["id"], **{name: row[name] for name in _STATE}, owner_name=row.get("owner_name"), has_place=bool(row.get("has_place")))


def state(row: dict[str, Any]) -> dict[str, Any]:
    """What an event says of a case: ids, codes and times; of one that comes into the queue also whether a place is known."""
    names = (*_STATE, "has_place") if "has_place" in row else _STATE
    content = {name: row[name] for name in names}
    return {"case_id": row["id"]} | {name: value.isoformat() if isinstance(value, datetime) else value for name, value in content.items()}


async def announce(tx: Connection, kind: str, row: dict[str, Any], **extra: Any) -> None:
    """Append the event to the case's stream and to the queue's; the queue's comes last, since everyone meets there."""
    await events.append_to_all(tx, [case_stream(row["id"]), QUEUE], kind, state(row) | extra)
