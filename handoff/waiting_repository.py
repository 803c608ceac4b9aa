"""Statements on how long citizens wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from core import db as database
from core.db import Connection
from handoff.repository import RANK, Row
from handoff.wait_estimate import Crew

MEASURED_OVER = timedelta(days=14)
_LINE = f"row_number() OVER (ORDER BY {RANK.format('severity')}, arrival_at, id)"


async def due(connection: Connection, silent: list[str], queued_before: datetime, told_before: datetime, limit: int = 200) -> list[Row]:
    """Waiting cases with their place, whose citizens may be told something; who knows nothing comes first.

    Not those of ``silent`` categories, nor whoever cannot speak: the lines say whom to call, and somebody may be listening.
    """
    return await database.rows(
        connection,
        f"""SELECT c.id, c.severity, c.told, line.position
            FROM (SELECT id, {_LINE} AS position FROM cases WHERE status = 'queued') AS line
                 JOIN cases c ON c.id = line.id JOIN conversations v ON v.id = c.conversation_id
            WHERE c.queued_at <= %s AND v.status = 'open' AND v.channel <> 'phone' AND v.guarded_at IS NULL
              AND NOT c.cannot_speak AND c.category <> ALL (%s)
              AND (c.told_at IS NULL OR (c.told_at <= %s AND v.channel = 'webchat'))
            ORDER BY c.told_at NULLS FIRST, line.position LIMIT %s""",  # noqa: S608  (constants only)
        queued_before,
        silent,
        told_before,
        limit,
    )


async def crew(connection: Connection, silent_since: datetime) -> Crew:
    """Who is at an open desk, and with how much room."""
    row = await database.one(
        connection,
        """SELECT count(*) AS agents, COALESCE(sum(cap), 0)::int AS places, COALESCE(sum(GREATEST(cap - held, 0)), 0)::int AS free FROM (
               SELECT p.cap, (SELECT count(*) FROM cases c WHERE c.owner_id = p.staff_id AND c.status = 'claimed') AS held
               FROM agent_presence p JOIN staff s ON s.id = p.staff_id
               WHERE p.state = 'available' AND p.last_seen_at >= %s AND NOT s.disabled AND 'agent' = ANY (s.roles)) AS present""",
        silent_since,
    )
    assert row is not None  # noqa: S101  (an aggregate gives a row)
    return Crew(row["agents"], row["places"], row["free"])


async def quartiles(connection: Connection, at: datetime, at_least: int) -> tuple[float, float] | None:
    """The quartiles of how long cases were in hand lately, in seconds; None when too few have been measured. Drills do not count."""
    row = await database.one(
        connection,
        """SELECT count(*) AS n, percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY extract(epoch FROM closed_at - claimed_at)) AS q FROM (
               SELECT claimed_at, closed_at FROM cases
               WHERE status = 'closed' AND NOT synthetic AND merged_into IS NULL AND claimed_at IS NOT NULL AND closed_at > %s
               ORDER BY closed_at DESC LIMIT 200) AS lately""",
        at - MEASURED_OVER,
    )
    if row is None or row["n"] < at_least:
        return None
    return float(row["q"][0]), float(row["q"][1])


async def mark_told(tx: Connection, case_id: int, digest: str, at: datetime, told_before: datetime) -> Row | None:
    """Note what the citizen of a waiting case is told; None when it waits no longer or has been told since."""
    return await database.one(
        tx,
        """UPDATE cases SET told = %s, told_at = %s WHERE id = %s AND status = 'queued' AND (told_at IS NULL OR told_at <= %s)
           RETURNING conversation_id, language, waits""",
        digest,
        at,
        case_id,
        told_before,
    )
