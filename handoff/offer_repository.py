"""Statements on offers. An offer is two columns of its case, so that one conditional statement decides between accepting, taking and expiring."""

from __future__ import annotations

from datetime import datetime

from core import db as database
from core.db import Connection
from handoff.choosing import AT_ONCE, Candidate
from handoff.repository import EMERGENCY, RANK, Row


async def candidates(connection: Connection, silent_since: datetime) -> list[Candidate]:
    """Agents at an open desk who may be offered cases; what is being offered to them counts as held."""
    found = await database.rows(
        connection,
        """SELECT p.staff_id, p.cap, p.idle_since, s.languages,
                  ARRAY(SELECT k.skill FROM staff_skills k WHERE k.staff_id = s.id) AS skills,
                  ARRAY(SELECT m.team FROM team_members m WHERE m.staff_id = s.id) AS teams,
                  (SELECT count(*) FROM cases c WHERE c.owner_id = s.id AND c.status = 'claimed')
                  + (SELECT count(*) FROM cases c WHERE c.offered_to = s.id) AS held,
                  EXISTS (SELECT 1 FROM abuse_rests r WHERE r.staff_id = s.id AND r.started_at IS NULL) AS is_owed_rest
           FROM agent_presence p JOIN staff s ON s.id = p.staff_id
           WHERE p.state = 'available' AND p.last_seen_at >= %s AND NOT s.disabled AND 'agent' = ANY (s.roles)""",
        silent_since,
    )
    return [
        Candidate(
            row["staff_id"],
            frozenset(row["languages"]),
            frozenset(row["skills"]),
            frozenset(row["teams"]),
            row["held"],
            row["cap"],
            row["idle_since"],
            row["is_owed_rest"],
        )
        for row in found
    ]


async def offer(tx: Connection, case_id: int, staff_id: int, due_at: datetime) -> Row | None:
    """Offer a waiting case that is offered to nobody; None when it is no longer so."""
    return await database.one(
        tx,
        """UPDATE cases SET offered_to = %s, offer_due_at = %s, tried = array_append(tried, %s::bigint), version = version + 1
           WHERE id = %s AND status = 'queued' AND offered_to IS NULL RETURNING *""",
        staff_id,
        due_at,
        staff_id,
        case_id,
    )


async def end(tx: Connection, case_id: int, staff_id: int) -> Row | None:
    """End the offer that this person has; None when it is not theirs (any more)."""
    return await database.one(
        tx,
        "UPDATE cases SET offered_to = NULL, offer_due_at = NULL, version = version + 1 WHERE id = %s AND offered_to = %s RETURNING *",
        case_id,
        staff_id,
    )


async def ring(tx: Connection, case_id: int) -> Row:
    """Count one more ring of every desk; the caller holds the row's lock."""
    row = await database.one(tx, "UPDATE cases SET rings = rings + 1, version = version + 1 WHERE id = %s RETURNING *", case_id)
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row


async def lapsed(tx: Connection, at: datetime, silent_since: datetime, limit: int = AT_ONCE) -> list[Row]:
    """Cases whose offer is over: the time is up, or its agent is away, silent, gone or dismissed. Locked, without those that are being changed."""
    return await database.rows(
        tx,
        """SELECT c.* FROM cases c
           LEFT JOIN agent_presence p ON p.staff_id = c.offered_to LEFT JOIN staff s ON s.id = c.offered_to
           WHERE c.offered_to IS NOT NULL
             AND (c.offer_due_at <= %s OR p.staff_id IS NULL OR p.state <> 'available' OR p.last_seen_at < %s OR s.id IS NULL OR s.disabled)
           ORDER BY c.id LIMIT %s FOR UPDATE OF c SKIP LOCKED""",
        at,
        silent_since,
        limit,
    )


async def unoffered(tx: Connection, most_tries: int, limit: int) -> list[Row]:
    """Routine cases that wait and could be offered, first things first; locked, without those that are being changed."""
    return await database.rows(
        tx,
        f"""SELECT * FROM cases c WHERE c.status = 'queued' AND NOT c.{EMERGENCY} AND c.offered_to IS NULL AND cardinality(c.tried) < %s
            ORDER BY {RANK.format("c.severity")}, c.arrival_at, c.id LIMIT %s FOR UPDATE OF c SKIP LOCKED""",  # noqa: S608  (constants only)
        most_tries,
        limit,
    )
