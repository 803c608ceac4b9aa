"""Statements on skills, languages, teams and shifts."""

from __future__ import annotations

from datetime import datetime

from core import db as database
from core.db import Connection
from handoff.repository import Row


async def lock_account(tx: Connection, staff_id: int) -> bool:
    """Whether the account is there; of two changes of one account the second waits."""
    return await database.one(tx, "SELECT 1 FROM staff WHERE id = %s FOR UPDATE", staff_id) is not None


async def set_skills(tx: Connection, staff_id: int, skills: list[str]) -> None:
    """Exactly these."""
    await database.run(tx, "DELETE FROM staff_skills WHERE staff_id = %s", staff_id)
    await database.run(tx, "INSERT INTO staff_skills (staff_id, skill) SELECT %s, unnest(%s::text[])", staff_id, skills)


async def set_languages(tx: Connection, staff_id: int, languages: list[str]) -> None:
    """Exactly these."""
    await database.run(tx, "UPDATE staff SET languages = %s WHERE id = %s", languages, staff_id)


async def set_teams(tx: Connection, staff_id: int, teams: list[str]) -> None:
    """Exactly these."""
    await database.run(tx, "DELETE FROM team_members WHERE staff_id = %s", staff_id)
    await database.run(tx, "INSERT INTO team_members (staff_id, team) SELECT %s, unnest(%s::text[])", staff_id, teams)


async def add_shift(tx: Connection, staff_id: int, starts_at: datetime, ends_at: datetime) -> int | None:
    """The new shift's id; None when it overlaps another of the same person (whose account the caller has locked)."""
    row = await database.one(
        tx,
        """INSERT INTO shifts (staff_id, starts_at, ends_at) SELECT %(staff_id)s, %(starts_at)s, %(ends_at)s
           WHERE NOT EXISTS (SELECT 1 FROM shifts WHERE staff_id = %(staff_id)s AND starts_at < %(ends_at)s AND ends_at > %(starts_at)s)
           RETURNING id""",
        staff_id=staff_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return int(row["id"]) if row else None


async def on_shift(connection: Connection, at: datetime) -> list[int]:
    """Whose shift a time lies in."""
    found = await database.rows(connection, "SELECT DISTINCT staff_id FROM shifts WHERE starts_at <= %s AND ends_at > %s ORDER BY staff_id", at, at)
    return [int(row["staff_id"]) for row in found]


async def overstaying(connection: Connection, at: datetime) -> list[Row]:
    """Holders of open cases or promises who have had a shift that is over and are in none now."""
    return await database.rows(
        connection,
        """SELECT * FROM (
               SELECT s.id AS staff_id,
                      (SELECT count(*) FROM cases c WHERE c.owner_id = s.id AND c.status <> 'closed') AS cases,
                      (SELECT count(*) FROM case_promises p WHERE p.staff_id = s.id AND p.kept_at IS NULL) AS promises
               FROM staff s
               WHERE EXISTS (SELECT 1 FROM shifts h WHERE h.staff_id = s.id AND h.ends_at <= %(at)s)
                 AND NOT EXISTS (SELECT 1 FROM shifts h WHERE h.staff_id = s.id AND h.starts_at <= %(at)s AND h.ends_at > %(at)s)
           ) AS over WHERE cases + promises > 0 ORDER BY staff_id""",
        at=at,
    )
