"""Statements on cases that are put aside, joined or opened again."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg

from core import db as database
from core.db import Connection
from handoff.repository import HAS_PLACE, Row


async def snooze(tx: Connection, case_id: int, until: datetime) -> Row:
    """Put a case aside; the caller holds the row's lock."""
    row = await database.one(tx, "UPDATE cases SET snoozed_until = %s, version = version + 1 WHERE id = %s RETURNING *", until, case_id)
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row


async def wake(tx: Connection, at: datetime) -> list[Row]:
    """Cases whose time has come, without those that are being changed."""
    return await database.rows(
        tx,
        """UPDATE cases SET snoozed_until = NULL, version = version + 1
           WHERE id IN (SELECT id FROM cases WHERE snoozed_until <= %s ORDER BY id LIMIT 200 FOR UPDATE SKIP LOCKED) RETURNING *""",
        at,
    )


async def lock_pair(tx: Connection, one: int, other: int) -> dict[int, Row]:
    """Two cases, locked in the order of their ids."""
    found = await database.rows(tx, "SELECT * FROM cases WHERE id = ANY (%s) ORDER BY id FOR UPDATE", [one, other])
    return {int(row["id"]): row for row in found}


async def join(tx: Connection, case_id: int, into_id: int, staff_id: int) -> Row:
    """End a case as part of another; the caller holds the row's lock."""
    row = await database.one(
        tx,
        """UPDATE cases SET status = 'closed', closed_at = clock_timestamp(), closed_by = %s, outcome = 'duplicate', merged_into = %s,
                  offered_to = NULL, offer_due_at = NULL, asked_to = NULL, snoozed_until = NULL, ladder = '',
                  closing_by = NULL, closing_at = NULL, closing_outcome = NULL, version = version + 1
           WHERE id = %s RETURNING *""",
        staff_id,
        into_id,
        case_id,
    )
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row


async def take_in(tx: Connection, case_id: int, severity: str, country: str | None, cannot_speak: bool, *, danger: bool) -> Row:
    """What the case that stays takes over; the caller holds the row's lock.

    With ``danger`` it is put aside no longer, and whoever asked for its end asked for the end of less.
    """
    row = await database.one(
        tx,
        f"""UPDATE cases SET severity = %(severity)s, country = COALESCE(country, %(country)s), cannot_speak = cannot_speak OR %(cannot_speak)s,
                  snoozed_until = CASE WHEN %(danger)s THEN NULL ELSE snoozed_until END,
                  closing_by = CASE WHEN %(danger)s THEN NULL ELSE closing_by END,
                  closing_at = CASE WHEN %(danger)s THEN NULL ELSE closing_at END,
                  closing_outcome = CASE WHEN %(danger)s THEN NULL ELSE closing_outcome END, version = version + 1
           WHERE id = %(case_id)s RETURNING *, {HAS_PLACE.format("cases")}""",  # noqa: S608  (a constant)
        severity=severity,
        country=country,
        cannot_speak=cannot_speak,
        danger=danger,
        case_id=case_id,
    )
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row


async def reopen(tx: Connection, case_id: int, within: timedelta) -> Row | None:
    """Let a closed case wait again with its arrival time; None when it ended too long ago or its conversation has another open case by now."""
    try:
        async with tx.transaction():
            return await database.one(
                tx,
                f"""UPDATE cases SET status = 'queued', owner_id = NULL, claimed_at = NULL, acknowledged_at = NULL, acknowledged_by = NULL,
                          closed_at = NULL, closed_by = NULL, outcome = NULL, merged_into = NULL, queued_at = clock_timestamp(), waits = waits + 1,
                          told = NULL, told_at = NULL, tried = '{{}}', rings = 0, ladder = '', returned = returned + 1, version = version + 1
                   WHERE id = %s AND status = 'closed' AND closed_at > clock_timestamp() - %s::interval
                   RETURNING *, {HAS_PLACE.format("cases")}""",  # noqa: S608  (a constant)
                case_id,
                within,
            )
    except psycopg.errors.UniqueViolation:
        return None


async def recently_closed(connection: Connection, within: timedelta, limit: int) -> list[Row]:
    """Cases that ended lately, the newest first, and whether their conversation has another open case by now."""
    return await database.rows(
        connection,
        """SELECT c.id, c.severity, c.category, c.country, c.outcome, c.closed_at, COALESCE(s.display_name, '') AS closed_by_name,
                  EXISTS (SELECT 1 FROM cases o WHERE o.conversation_id = c.conversation_id AND o.status <> 'closed') AS is_overtaken
           FROM cases c LEFT JOIN staff s ON s.id = c.closed_by
           WHERE c.status = 'closed' AND NOT c.synthetic AND c.closed_at > clock_timestamp() - %s::interval ORDER BY c.closed_at DESC, c.id DESC LIMIT %s""",
        within,
        limit,
    )
