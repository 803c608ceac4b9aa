"""Every statement on the access log as supervisors read it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from core import db as database
from core.db import Connection
from handoff.records.action_words import LOOKS, OWN, RESTRICTED
from handoff.records.unusual import NIGHT_FROM, NIGHT_UNTIL

Row = dict[str, Any]
_PARAMS: dict[str, Any] = {"looks": list(LOOKS), "own": list(OWN), "restricted": list(RESTRICTED), "from_hour": NIGHT_FROM, "until_hour": NIGHT_UNTIL}
#: Whether a look fell into the night while its account was on no shift.
_NIGHT = """
(l.action = ANY(%(looks)s)
 AND NOT extract(hour FROM l.at AT TIME ZONE 'Asia/Seoul') BETWEEN %(until_hour)s AND %(from_hour)s - 1
 AND NOT EXISTS (SELECT 1 FROM shifts h JOIN staff w ON w.id = h.staff_id WHERE w.login = l.account AND h.starts_at <= l.at AND h.ends_at > l.at))
"""
#: Whether a look was at a case that did not wait at that moment and that its account never had in hand: neither owner, participant, asked, nor doing
#: anything with it that its people do. Whoever looks at what waits does their work.
_NOT_THEIRS = """
(l.action = ANY(%(looks)s) AND l.case_id IS NOT NULL AND s.id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM cases k LEFT JOIN participants p ON p.conversation_id = k.conversation_id AND p.staff_id = s.id
    WHERE k.id = l.case_id AND (k.owner_id = s.id OR k.asked_to = s.id OR p.staff_id IS NOT NULL))
 AND NOT EXISTS (SELECT 1 FROM access_log d WHERE d.case_id = l.case_id AND ((d.account = l.account AND d.action = ANY(%(own)s))
                 OR (d.action IN ('case.transfer', 'case.hand_over') AND d.detail->>'to' = s.id::text)
                 OR (d.action = 'case.invite' AND d.detail->>'staff_id' = s.id::text)))
 AND (SELECT e.payload->>'status' FROM events e WHERE e.stream = 'case:' || l.case_id AND e.payload ? 'status' AND e.created_at <= l.at
      ORDER BY e.seq DESC LIMIT 1) IS DISTINCT FROM 'queued')
"""
_LINES = "FROM access_log l LEFT JOIN staff s ON s.login = l.account WHERE l.at >= %(start)s AND l.at < %(end)s AND l.account <> ''"


async def months(connection: Connection, start: datetime, end: datetime) -> list[Row]:
    """One row an account: how much it did, and how much of that stands out."""
    return await database.rows(
        connection,
        f"""WITH lines AS (
                SELECT l.account, COALESCE(s.display_name, '') AS name, l.action, l.case_id, l.at, (l.at AT TIME ZONE 'Asia/Seoul')::date AS day,
                       l.action = ANY(%(looks)s) AS is_look, {_NIGHT} AS is_night
                {_LINES}
            ), days AS (
                SELECT account, max(cases) AS most
                FROM (SELECT account, day, count(DISTINCT case_id) AS cases FROM lines WHERE is_look GROUP BY 1, 2) d GROUP BY 1
            ), strange AS (
                SELECT l.account, count(DISTINCT l.case_id) AS cases FROM lines l JOIN staff s ON s.login = l.account WHERE {_NOT_THEIRS} GROUP BY 1
            )
            SELECT lines.account, max(lines.name) AS name, count(*) AS lines, count(*) FILTER (WHERE is_look) AS looks,
                   count(DISTINCT case_id) FILTER (WHERE is_look) AS cases, COALESCE(max(days.most), 0) AS most_in_a_day,
                   COALESCE(max(strange.cases), 0) AS not_theirs, count(*) FILTER (WHERE is_night) AS night,
                   count(*) FILTER (WHERE action = 'case.break_glass') AS restricted, count(*) FILTER (WHERE action = 'case.restricted_refused') AS refused
            FROM lines LEFT JOIN days USING (account) LEFT JOIN strange USING (account) GROUP BY lines.account""",  # noqa: S608  (constants)
        **_PARAMS,
        start=start,
        end=end,
    )


async def lines(connection: Connection, start: datetime, end: datetime, account: str | None, limit: int) -> list[Row]:
    """What was done in a month, by one account or all; what stands out first, then the newest."""
    return await database.rows(
        connection,
        f"""SELECT * FROM (
                SELECT l.id, l.at, l.account, COALESCE(s.display_name, '') AS name, l.address, l.action, l.case_id, l.subject,
                       l.action = ANY(%(restricted)s) AS is_restricted, {_NOT_THEIRS} AS is_not_theirs, {_NIGHT} AS is_night
                {_LINES} AND (%(account)s::text IS NULL OR l.account = %(account)s)
            ) found ORDER BY is_restricted DESC, is_not_theirs DESC, is_night DESC, id DESC LIMIT %(limit)s""",  # noqa: S608  (constants)
        **_PARAMS,
        start=start,
        end=end,
        account=account,
        limit=limit,
    )


async def of_case(connection: Connection, case_id: int, limit: int) -> list[Row]:
    """Who has done what with one case, the newest first."""
    return await database.rows(
        connection,
        f"""SELECT l.id, l.at, l.account, COALESCE(s.display_name, '') AS name, l.address, l.action, l.case_id, l.subject,
                   l.action = ANY(%(restricted)s) AS is_restricted, {_NOT_THEIRS} AS is_not_theirs, {_NIGHT} AS is_night
            FROM access_log l LEFT JOIN staff s ON s.login = l.account WHERE l.case_id = %(case_id)s ORDER BY l.id DESC LIMIT %(limit)s""",  # noqa: S608
        **_PARAMS,
        case_id=case_id,
        limit=limit,
    )


async def count(connection: Connection, start: datetime, end: datetime, account: str) -> int:
    """How many lines an account has in a month."""
    row = await database.one(connection, "SELECT count(*) AS n FROM access_log WHERE at >= %s AND at < %s AND account = %s", start, end, account)
    return int(row["n"]) if row else 0


async def reviews(connection: Connection, month: date) -> dict[str, Row]:
    """Which accounts have been looked through, by whom."""
    found = await database.rows(
        connection,
        """SELECT r.*, COALESCE(s.display_name, r.reviewed_by) AS by_name FROM access_reviews r LEFT JOIN staff s ON s.login = r.reviewed_by
           WHERE r.month = %s""",
        month,
    )
    return {row["account"]: row for row in found}


async def write_review(tx: Connection, month: date, account: str, by: str, seen: int) -> None:
    """Somebody has looked an account's month through; a later look takes the place of an earlier one."""
    await database.run(
        tx,
        """INSERT INTO access_reviews (month, account, reviewed_by, lines) VALUES (%s, %s, %s, %s)
           ON CONFLICT (month, account) DO UPDATE SET reviewed_by = excluded.reviewed_by, lines = excluded.lines, reviewed_at = clock_timestamp()""",
        month,
        account,
        by,
        seen,
    )


async def holds_standing(connection: Connection) -> int:
    """How many conversations nothing may be erased of."""
    row = await database.one(connection, "SELECT count(*) AS n FROM legal_holds WHERE lifted_at IS NULL")
    return int(row["n"]) if row else 0
