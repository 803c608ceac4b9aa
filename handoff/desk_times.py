"""Keeps who was at a desk when, which the presence of an agent, one row that is overwritten, forgets. Only the board reads it."""

from __future__ import annotations

from core import db as database
from core.db import Connection
from handoff.choosing import SILENT_AFTER

_SEEN = """
WITH present AS (
    SELECT staff_id, state, last_seen_at AS at FROM agent_presence WHERE staff_id = %(staff_id)s
), known AS (
    SELECT d.id, d.until >= p.at - %(silent)s AS was_there, d.until >= p.at - %(silent)s AND d.state = p.state AS goes_on
    FROM desk_times d JOIN present p ON p.staff_id = d.staff_id WHERE d.is_open
), moved AS (
    UPDATE desk_times d SET until = CASE WHEN k.was_there THEN GREATEST(p.at, d.until) ELSE d.until END, is_open = k.goes_on
    FROM known k, present p WHERE d.id = k.id
)
INSERT INTO desk_times (staff_id, state, started_at, until)
SELECT staff_id, state, at, at FROM present WHERE state <> 'offline' AND NOT EXISTS (SELECT 1 FROM known WHERE goes_on)
"""


async def seen(tx: Connection, staff_id: int) -> None:
    """After a sign of life, with the row of the presence locked: the stretch goes on, or a new one begins.

    A desk that was silent for longer than colleagues wait for it was gone from its last beat on.
    """
    await database.run(tx, _SEEN, staff_id=staff_id, silent=SILENT_AFTER)
