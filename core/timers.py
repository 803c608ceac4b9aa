"""Timers are rows, swept by a worker: a sleeping coroutine would die with its process, a row does not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from core import db as database
from core.db import Connection


async def set_timer(tx: Connection, kind: str, subject: str, due_at: datetime, payload: dict[str, Any] | None = None) -> None:
    """Start or move the one timer of this kind for this subject."""
    await database.run(
        tx,
        """INSERT INTO timers (kind, subject, due_at, payload) VALUES (%s, %s, %s, %s)
           ON CONFLICT (kind, subject) DO UPDATE SET due_at = excluded.due_at, payload = excluded.payload, attempts = 0""",
        kind,
        subject,
        due_at,
        Jsonb(payload or {}),
    )
    await database.run(tx, "SELECT pg_notify('timers', %s)", kind)


async def cancel_timer(tx: Connection, kind: str, subject: str) -> bool:
    """Stop a timer; True if it was running."""
    return await database.run(tx, "DELETE FROM timers WHERE kind = %s AND subject = %s", kind, subject) > 0


async def expired(connection: Connection, kind: str, limit: int = 20) -> list[dict[str, Any]]:
    """The timers of one kind that are due, oldest first; not locked, since handling one locks something else first: see :func:`take`."""
    return await database.rows(connection, "SELECT * FROM timers WHERE kind = %s AND due_at <= now() ORDER BY due_at LIMIT %s", kind, limit)


async def take(tx: Connection, timer_id: int) -> bool:
    """Remove a timer that is still due; True for the one caller who may handle it, in the same transaction."""
    return await database.run(tx, "DELETE FROM timers WHERE id = %s AND due_at <= now()", timer_id) > 0
