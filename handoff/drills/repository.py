"""Every statement on drills."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from core import db as database
from core.db import Connection
from handoff.drills.schemas import Drill, Outcome

_FIELDS = tuple(field.name for field in fields(Drill))


def _drill(row: dict[str, Any]) -> Drill:
    return Drill(**{name: row[name] for name in _FIELDS})


async def insert(tx: Connection, channel: str, by: str, slot_at: datetime | None) -> Drill | None:
    """A drill to be begun; None when one is running, or when its slot is taken by another worker."""
    row = await database.one(
        tx, "INSERT INTO drills (channel, requested_by, slot_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING *", channel, by, slot_at
    )
    return _drill(row) if row else None


async def insert_missed(tx: Connection, channel: str, by: str, slot_at: datetime, why: str) -> bool:
    """A slot that passed without a drill; False when it is known."""
    return (
        await database.run(
            tx,
            """INSERT INTO drills (channel, requested_by, slot_at, state, ended_at, outcome, why)
               VALUES (%s, %s, %s, 'ended', clock_timestamp(), 'missed', %s) ON CONFLICT DO NOTHING""",
            channel,
            by,
            slot_at,
            why,
        )
        > 0
    )


async def running(connection: Connection, *, lock: bool = False) -> Drill | None:
    """The drill that runs; with ``lock`` None as well while another worker looks after it."""
    row = await database.one(connection, f"SELECT * FROM drills WHERE state = 'running' {'FOR UPDATE SKIP LOCKED' if lock else ''}")  # noqa: S608  (a constant)
    return _drill(row) if row else None


async def get(connection: Connection, drill_id: int) -> Drill | None:
    """One drill."""
    row = await database.one(connection, "SELECT * FROM drills WHERE id = %s", drill_id)
    return _drill(row) if row else None


async def last(connection: Connection, limit: int) -> list[Drill]:
    """The newest first."""
    return [_drill(row) for row in await database.rows(connection, "SELECT * FROM drills ORDER BY id DESC LIMIT %s", limit)]


async def last_slot(connection: Connection) -> datetime | None:
    """The latest slot that is known."""
    row = await database.one(connection, "SELECT max(slot_at) AS slot_at FROM drills")
    return row["slot_at"] if row else None


async def last_used(connection: Connection) -> dict[str, datetime]:
    """When each channel last had a drill that began."""
    found = await database.rows(connection, "SELECT channel, max(began_at) AS at FROM drills WHERE began_at IS NOT NULL GROUP BY channel")
    return {row["channel"]: row["at"] for row in found}


async def begin(tx: Connection, drill_id: int, conversation_id: str) -> None:
    """Its conversation is there; what follows is its message."""
    await database.run(tx, "UPDATE drills SET began_at = clock_timestamp(), conversation_id = %s WHERE id = %s", conversation_id, drill_id)


async def observe(tx: Connection, drill_id: int) -> Drill | None:
    """Write down every step that has come; what is written stays, whatever becomes of the case."""
    row = await database.one(
        tx,
        """UPDATE drills d SET
               case_id = COALESCE(d.case_id, s.case_id), received_at = COALESCE(d.received_at, s.received_at),
               queued_at = COALESCE(d.queued_at, s.opened_at), offered_at = COALESCE(d.offered_at, s.offered_at),
               claimed_at = COALESCE(d.claimed_at, s.claimed_at), first_words_at = COALESCE(d.first_words_at, s.first_human_reply_at),
               closed_at = COALESCE(d.closed_at, s.closed_at)
           FROM (
               SELECT own.id, k.id AS case_id, k.opened_at, k.claimed_at, k.first_human_reply_at, k.closed_at,
                      (SELECT min(i.received_at) FROM inbox i WHERE i.conversation_id = own.conversation_id) AS received_at,
                      (SELECT min(e.created_at) FROM events e WHERE e.stream = 'case:' || k.id AND e.kind IN ('offered', 'ring_all')) AS offered_at
               FROM drills own
               LEFT JOIN LATERAL (SELECT * FROM cases WHERE conversation_id = own.conversation_id AND synthetic ORDER BY id LIMIT 1) k ON true
           ) s WHERE s.id = d.id AND d.id = %s RETURNING d.*""",
        drill_id,
    )
    return _drill(row) if row else None


async def alarmed(tx: Connection, drill_id: int) -> None:
    """The alarm was raised."""
    await database.run(tx, "UPDATE drills SET alarmed_at = clock_timestamp() WHERE id = %s", drill_id)


async def end(tx: Connection, drill_id: int, outcome: Outcome, why: str) -> bool:
    """It is over; False if it was."""
    return (
        await database.run(
            tx,
            "UPDATE drills SET state = 'ended', ended_at = clock_timestamp(), outcome = %s, why = %s WHERE id = %s AND state = 'running'",
            outcome.value,
            why,
            drill_id,
        )
        > 0
    )


async def real_life_threat(connection: Connection) -> bool:
    """Whether somebody's life may be at stake at this moment."""
    return (await database.one(connection, "SELECT 1 FROM cases WHERE status <> 'closed' AND severity = 'life_threat' AND NOT synthetic LIMIT 1")) is not None
