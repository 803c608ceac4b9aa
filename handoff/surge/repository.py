"""Every statement on the switch and on the lane of its incident."""

from __future__ import annotations

from typing import Any

from core import db as database
from core.db import Connection

Row = dict[str, Any]


async def newest(connection: Connection) -> Row | None:
    """The last switch with the notice pinned to it, while that is in force; None before the first."""
    return await database.one(
        connection,
        """SELECT w.*, n.title, n.source, n.source_url, n.effective_from::text AS effective_from
           FROM surge_switches w CROSS JOIN (SELECT (now() AT TIME ZONE 'Asia/Seoul')::date AS day) AS today
                LEFT JOIN notices n ON n.id = w.notice_id AND n.status = 'published' AND n.effective_from <= today.day
                AND (n.expires_at IS NULL OR n.expires_at > today.day)
           ORDER BY w.id DESC LIMIT 1""",
    )


async def insert(tx: Connection, is_on: bool, by: int, opening: str = "", notice_id: str | None = None, incident_id: int | None = None) -> Row:
    """One more row of the history."""
    row = await database.one(
        tx,
        "INSERT INTO surge_switches (is_on, opening, notice_id, incident_id, switched_by) VALUES (%s, %s, %s, %s, %s) RETURNING *",
        is_on,
        opening,
        notice_id,
        incident_id,
        by,
    )
    assert row is not None  # noqa: S101  (an INSERT with RETURNING gives a row)
    return row


async def history(connection: Connection, limit: int) -> list[Row]:
    """The last switches with who made them, the newest first."""
    return await database.rows(
        connection,
        "SELECT w.*, s.display_name FROM surge_switches w LEFT JOIN staff s ON s.id = w.switched_by ORDER BY w.id DESC LIMIT %s",
        limit,
    )


async def shed_since(connection: Connection, kind: str, since: Any) -> int:
    """How many citizens were asked to wait or to help themselves since then."""
    row = await database.one(connection, "SELECT count(*) AS n FROM messages WHERE kind = %s AND created_at >= %s", kind, since)
    return int(row["n"]) if row else 0


async def into_lane(tx: Connection, incident_id: int, lane: str) -> int:
    """The open cases of an incident go to its team; where each was before is kept."""
    return await database.run(
        tx,
        """WITH members AS (
               SELECT c.id, c.team FROM incident_cases m JOIN cases c ON c.id = m.case_id
               WHERE m.incident_id = %(incident)s AND c.status <> 'closed' AND c.team <> %(lane)s ORDER BY c.id FOR UPDATE OF c
           ), kept AS (UPDATE incident_cases m SET team_before = x.team FROM members x WHERE m.case_id = x.id)
           UPDATE cases c SET team = %(lane)s FROM members x WHERE c.id = x.id""",
        incident=incident_id,
        lane=lane,
    )


async def out_of_lane(tx: Connection, lane: str, case_id: int | None = None) -> int:
    """Cases (or one) go back to the team from which they came."""
    return await database.run(
        tx,
        """WITH members AS (
               SELECT c.id, COALESCE(m.team_before, 'centre') AS team FROM incident_cases m JOIN cases c ON c.id = m.case_id
               WHERE c.team = %(lane)s AND (%(case)s::bigint IS NULL OR c.id = %(case)s) ORDER BY c.id FOR UPDATE OF c
           ), kept AS (UPDATE incident_cases m SET team_before = NULL FROM members x WHERE m.case_id = x.id)
           UPDATE cases c SET team = x.team FROM members x WHERE c.id = x.id""",
        lane=lane,
        case=case_id,
    )


async def goes_on_as(connection: Connection, incident_id: int) -> int:
    """The incident that a merged one has become part of; itself while it stands alone."""
    row = await database.one(
        connection,
        """WITH RECURSIVE chain AS (
               SELECT id, merged_into FROM incidents WHERE id = %s
               UNION SELECT i.id, i.merged_into FROM incidents i JOIN chain c ON i.id = c.merged_into
           ) SELECT id FROM chain WHERE merged_into IS NULL""",
        incident_id,
    )
    return int(row["id"]) if row else incident_id
