"""Statements on rungs and duty numbers."""

from __future__ import annotations

from datetime import datetime, timedelta

from core import db as database
from core.db import Connection
from handoff.choosing import AT_ONCE
from handoff.repository import Row

CHECK_HOLDS_DAYS = 180
MAX_ATTEMPTS = 3
RETRY_S = 20


async def start(tx: Connection, case_id: int, wait: int, delays: dict[str, timedelta]) -> None:
    """The rungs of one wait, counted from now; those that are there stay."""
    await database.run(
        tx,
        """INSERT INTO case_rungs (case_id, wait, rung, due_at)
           SELECT %s, %s, r.rung, clock_timestamp() + r.delay FROM unnest(%s::text[], %s::interval[]) AS r(rung, delay)
           ON CONFLICT (case_id, wait, rung) DO NOTHING""",
        case_id,
        wait,
        list(delays),
        list(delays.values()),
    )


async def again(tx: Connection, case_id: int, wait: int, rung: str, states: list[str]) -> None:
    """One rung of a wait that has come to one of these is due anew, at once."""
    await database.run(
        tx,
        """UPDATE case_rungs SET state = 'waiting', due_at = clock_timestamp(), attempts = 0, next_attempt_at = NULL, done_at = NULL, acknowledged_at = NULL,
                  acknowledged_by = NULL
           WHERE case_id = %s AND wait = %s AND rung = %s AND state = ANY(%s)""",
        case_id,
        wait,
        rung,
        states,
    )


async def cancel(tx: Connection, case_id: int) -> None:
    """What has not been done of a case's rungs is not done any more."""
    await database.run(
        tx, "UPDATE case_rungs SET state = 'cancelled', done_at = clock_timestamp() WHERE case_id = %s AND state IN ('waiting', 'calling')", case_id
    )


async def without(tx: Connection) -> list[Row]:
    """Waiting life threats whose rungs are missing; locked, without those that are being changed."""
    return await database.rows(
        tx,
        """SELECT * FROM cases c WHERE c.status = 'queued' AND c.severity = 'life_threat'
           AND NOT EXISTS (SELECT 1 FROM case_rungs r WHERE r.case_id = c.id AND r.wait = c.waits)
           ORDER BY c.id LIMIT %s FOR UPDATE OF c SKIP LOCKED""",
        AT_ONCE,
    )


async def due(tx: Connection, at: datetime, limit: int = AT_ONCE) -> list[Row]:
    """Rungs whose time has come while their case still waits; locked with it, without those that are being changed."""
    return await database.rows(
        tx,
        """SELECT r.id, r.case_id, r.rung, c.country, c.synthetic FROM case_rungs r JOIN cases c ON c.id = r.case_id
           WHERE r.state = 'waiting' AND r.due_at <= %s AND c.status = 'queued' AND c.waits = r.wait
           ORDER BY r.due_at, r.id LIMIT %s FOR UPDATE OF c, r SKIP LOCKED""",
        at,
        limit,
    )


async def reach(tx: Connection, rung_id: int, state: str) -> None:
    """A rung that was waiting is done, or handed to whoever places calls."""
    await database.run(
        tx,
        """UPDATE case_rungs SET state = %s, next_attempt_at = clock_timestamp(), done_at = CASE WHEN %s = 'calling' THEN NULL ELSE clock_timestamp() END
           WHERE id = %s AND state = 'waiting'""",
        state,
        state,
        rung_id,
    )


async def show(tx: Connection, case_id: int) -> Row | None:
    """Write what the rungs of this wait have come to beside the waiting case, and start its bell again; None when it waits no longer."""
    return await database.one(
        tx,
        """UPDATE cases c SET acknowledged_at = NULL, acknowledged_by = NULL, version = version + 1,
                  ladder = (SELECT COALESCE(string_agg(r.rung || ':' || r.state, ',' ORDER BY r.due_at, r.id), '') FROM case_rungs r
                            WHERE r.case_id = c.id AND r.wait = c.waits AND r.state NOT IN ('waiting', 'cancelled'))
           WHERE c.id = %s AND c.status = 'queued' RETURNING c.*""",
        case_id,
    )


async def take_call(tx: Connection) -> Row | None:
    """One call to place, with its number of attempts counted before it is tried; the row is free again once this commits. Never a drill's."""
    return await database.one(
        tx,
        """UPDATE case_rungs r SET attempts = r.attempts + 1, next_attempt_at = clock_timestamp() + make_interval(secs => %s)
           FROM cases c
           WHERE c.id = r.case_id AND r.id = (
               SELECT due.id FROM case_rungs due JOIN cases k ON k.id = due.case_id
               WHERE due.state = 'calling' AND due.next_attempt_at <= clock_timestamp() AND NOT k.synthetic ORDER BY due.next_attempt_at LIMIT 1
               FOR UPDATE OF due SKIP LOCKED)
           RETURNING r.*, c.country, c.severity""",
        RETRY_S,
    )


async def finish_call(tx: Connection, rung_id: int, state: str) -> bool:
    """Write what came of a call; False if somebody has taken the case meanwhile."""
    return await database.run(tx, "UPDATE case_rungs SET state = %s, done_at = clock_timestamp() WHERE id = %s AND state = 'calling'", state, rung_id) > 0


async def acknowledge(tx: Connection, case_id: int, rung: str | None, staff_id: int) -> list[str]:
    """Note who has heard a rung (None: every one) that was reached in the current wait; the rungs that nobody had heard before."""
    found = await database.rows(
        tx,
        """UPDATE case_rungs r SET acknowledged_at = clock_timestamp(), acknowledged_by = %s FROM cases c
           WHERE c.id = r.case_id AND c.id = %s AND r.wait = c.waits AND r.rung = COALESCE(%s, r.rung) AND r.acknowledged_at IS NULL
             AND r.state NOT IN ('waiting', 'cancelled') RETURNING r.rung""",
        staff_id,
        case_id,
        rung,
    )
    return sorted(str(row["rung"]) for row in found)


async def of_case(connection: Connection, case_id: int) -> list[Row]:
    """Every rung of a case."""
    return await database.rows(connection, "SELECT * FROM case_rungs WHERE case_id = %s ORDER BY wait, due_at, id", case_id)


async def stuck(connection: Connection, overdue_before: datetime) -> list[Row]:
    """Waiting life threats without rungs, or with one long overdue: nobody sweeps."""
    return await database.rows(
        connection,
        """SELECT c.id FROM cases c WHERE c.status = 'queued' AND c.severity = 'life_threat' AND (
               NOT EXISTS (SELECT 1 FROM case_rungs r WHERE r.case_id = c.id AND r.wait = c.waits)
               OR EXISTS (SELECT 1 FROM case_rungs r WHERE r.case_id = c.id AND r.wait = c.waits AND r.state = 'waiting' AND r.due_at < %s))
           ORDER BY c.id""",
        overdue_before,
    )


async def number(connection: Connection, country: str) -> Row | None:
    """The duty number that stands for a country, checked or not."""
    return await database.one(connection, "SELECT * FROM duty_numbers WHERE country = %s", country)


async def checked_number(connection: Connection, country: str) -> str | None:
    """The duty number of a country if somebody has tried it lately."""
    row = await database.one(
        connection,
        "SELECT number FROM duty_numbers WHERE country = %s AND checked_by IS NOT NULL AND checked_at > now() - make_interval(days => %s)",
        country,
        CHECK_HOLDS_DAYS,
    )
    return str(row["number"]) if row else None


async def save_number(tx: Connection, country: str, number: str, source: str, staff_id: int) -> None:
    """Store a number, unchecked."""
    await database.run(
        tx,
        """INSERT INTO duty_numbers (country, number, source, entered_by) VALUES (%s, %s, %s, %s)
           ON CONFLICT (country) DO UPDATE SET number = excluded.number, source = excluded.source, entered_by = excluded.entered_by,
               entered_at = now(), checked_by = NULL, checked_at = NULL""",
        country,
        number,
        source,
        staff_id,
    )


async def mark_checked(tx: Connection, country: str, staff_id: int) -> None:
    """Somebody has tried the number."""
    await database.run(tx, "UPDATE duty_numbers SET checked_by = %s, checked_at = now() WHERE country = %s", staff_id, country)


async def numbers(connection: Connection) -> list[Row]:
    """Every duty number, with who wrote it and who has tried it."""
    return await database.rows(
        connection,
        """SELECT n.*, COALESCE(e.display_name, '') AS entered_by_name, COALESCE(c.display_name, '') AS checked_by_name,
                  COALESCE(n.checked_at > now() - make_interval(days => %s), false) AS is_called
           FROM duty_numbers n LEFT JOIN staff e ON e.id = n.entered_by LEFT JOIN staff c ON c.id = n.checked_by ORDER BY n.country""",
        CHECK_HOLDS_DAYS,
    )
