"""Statements on what is said to everybody of an incident, and on how far it has come."""

from __future__ import annotations

from typing import Any

from core import db as database
from core.db import Connection

Row = dict[str, Any]


async def insert(tx: Connection, incident_id: int, body: bytes, author_id: int) -> Row:
    """A statement that nobody has approved yet."""
    row = await database.one(tx, "INSERT INTO incident_statements (incident_id, body, author_id) VALUES (%s, %s, %s) RETURNING *", incident_id, body, author_id)
    assert row is not None  # noqa: S101  (an INSERT with RETURNING gives a row)
    return row


async def statement(connection: Connection, statement_id: int, *, lock: bool = False) -> Row | None:
    """One statement."""
    return await database.one(connection, f"SELECT * FROM incident_statements WHERE id = %s {'FOR UPDATE' if lock else ''}", statement_id)  # noqa: S608


async def approve(tx: Connection, statement_id: int, by: int) -> None:
    """A second person has read it; whoever stands in the incident now is to get it, each conversation once."""
    await database.run(tx, "UPDATE incident_statements SET approved_by = %s, approved_at = clock_timestamp() WHERE id = %s", by, statement_id)
    await database.run(
        tx,
        """INSERT INTO incident_deliveries (statement_id, conversation_id, case_id)
           SELECT s.id, c.conversation_id, max(c.id) FROM incident_statements s JOIN incident_cases m ON m.incident_id = s.incident_id
                  JOIN cases c ON c.id = m.case_id WHERE s.id = %s GROUP BY s.id, c.conversation_id
           ON CONFLICT DO NOTHING""",
        statement_id,
    )


async def withdraw(tx: Connection, statement_id: int) -> None:
    """It will not be said."""
    await database.run(tx, "UPDATE incident_statements SET withdrawn_at = clock_timestamp() WHERE id = %s", statement_id)


async def due(connection: Connection, limit: int) -> list[Row]:
    """Conversations that are still to get an approved statement, the oldest statement first."""
    return await database.rows(
        connection,
        """SELECT d.statement_id, d.conversation_id FROM incident_deliveries d WHERE d.state = 'pending'
           ORDER BY d.statement_id, d.conversation_id LIMIT %s""",
        limit,
    )


async def lock_due(tx: Connection, statement_id: int, conversation_id: str, quiet: list[str]) -> Row | None:
    """One delivery, locked, with what decides whether the statement may be said there; None when somebody else has it or had it."""
    return await database.one(
        tx,
        """SELECT d.case_id, s.body, s.incident_id, c.channel, c.status, c.synthetic,
                  c.guarded_at IS NOT NULL OR EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = c.id AND k.category = ANY(%(quiet)s)) OR
                  EXISTS (SELECT 1 FROM inbox i WHERE i.conversation_id = c.id AND i.category = ANY(%(quiet)s) AND i.action IN ('ask', 'escalate'))
                  AS is_quiet
           FROM incident_deliveries d JOIN incident_statements s ON s.id = d.statement_id JOIN conversations c ON c.id = d.conversation_id
           WHERE d.statement_id = %(said)s AND d.conversation_id = %(conversation)s AND d.state = 'pending' FOR UPDATE OF d SKIP LOCKED""",
        said=statement_id,
        conversation=conversation_id,
        quiet=quiet,
    )


async def lock_held(tx: Connection, statement_id: int, case_id: int) -> Row | None:
    """A delivery that was held back, locked."""
    return await database.one(
        tx,
        """SELECT d.*, s.body, s.incident_id FROM incident_deliveries d JOIN incident_statements s ON s.id = d.statement_id
           WHERE d.statement_id = %s AND d.case_id = %s AND d.state = 'held' FOR UPDATE OF d""",
        statement_id,
        case_id,
    )


async def done(tx: Connection, statement_id: int, conversation_id: str, state: str, why: str = "", sent_by: int | None = None) -> None:
    """Note what became of a delivery."""
    await database.run(
        tx,
        """UPDATE incident_deliveries SET state = %s, why = %s, sent_by = %s, done_at = clock_timestamp()
           WHERE statement_id = %s AND conversation_id = %s""",
        state,
        why,
        sent_by,
        statement_id,
        conversation_id,
    )


async def of_incident(connection: Connection, incident_id: int) -> list[Row]:
    """Its statements, the newest first, each with how far it has come and how many cases came after it."""
    return await database.rows(
        connection,
        """SELECT s.*, a.display_name AS author_name, b.display_name AS approved_by_name, d.pending, d.sent, d.held_cases, d.held_why,
                  CASE WHEN s.approved_at IS NULL THEN 0 ELSE (
                      SELECT count(*) FROM incident_cases m JOIN cases c ON c.id = m.case_id WHERE m.incident_id = s.incident_id AND c.status <> 'closed'
                      AND NOT EXISTS (SELECT 1 FROM incident_deliveries x
                                      WHERE x.statement_id = s.id AND x.conversation_id = c.conversation_id)) END AS left_out
           FROM incident_statements s JOIN staff a ON a.id = s.author_id LEFT JOIN staff b ON b.id = s.approved_by, LATERAL (
               SELECT count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'sent') AS sent,
                      COALESCE(array_agg(case_id ORDER BY case_id) FILTER (WHERE state = 'held'), '{}') AS held_cases,
                      COALESCE(array_agg(why ORDER BY case_id) FILTER (WHERE state = 'held'), '{}') AS held_why
               FROM incident_deliveries WHERE statement_id = s.id) AS d
           WHERE s.incident_id = %s ORDER BY s.id DESC""",
        incident_id,
    )
