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
    """Holders of open cases or promises who have had a shift that is over and are in none now, or whose account is locked."""
    return await database.rows(
        connection,
        """SELECT * FROM (
               SELECT s.id AS staff_id,
                      (SELECT count(*) FROM cases c WHERE c.owner_id = s.id AND c.status <> 'closed') AS cases,
                      (SELECT count(*) FROM case_promises p WHERE p.staff_id = s.id AND p.kept_at IS NULL) AS promises
               FROM staff s
               WHERE s.disabled OR (EXISTS (SELECT 1 FROM shifts h WHERE h.staff_id = s.id AND h.ends_at <= %(at)s)
                 AND NOT EXISTS (SELECT 1 FROM shifts h WHERE h.staff_id = s.id AND h.starts_at <= %(at)s AND h.ends_at > %(at)s))
           ) AS over WHERE cases + promises > 0 ORDER BY staff_id""",
        at=at,
    )


async def set_cap(tx: Connection, staff_id: int, cap: int) -> None:
    """How many cases at once, from now on and for the next sign-in."""
    await database.run(tx, "UPDATE staff SET cap = %s WHERE id = %s", cap, staff_id)
    await database.run(tx, "UPDATE agent_presence SET cap = %s WHERE staff_id = %s", cap, staff_id)


async def drop_shift(tx: Connection, shift_id: int) -> int | None:
    """Take a planned shift away; whose it was."""
    row = await database.one(tx, "DELETE FROM shifts WHERE id = %s RETURNING staff_id", shift_id)
    return int(row["staff_id"]) if row else None


async def shifts(connection: Connection, ending_after: datetime) -> list[Row]:
    """Shifts that are not over, in order."""
    return await database.rows(connection, "SELECT * FROM shifts WHERE ends_at > %s ORDER BY starts_at, id", ending_after)


async def roster(connection: Connection, at: datetime) -> list[Row]:
    """Everybody who may take or join cases, by name, with how they stand now."""
    return await database.rows(
        connection,
        """SELECT s.id, s.display_name, s.roles, s.languages, COALESCE(p.cap, s.cap) AS cap, COALESCE(p.state, 'offline') AS state,
                  COALESCE(p.away_reason, '') AS away_reason, p.last_seen_at, p.idle_since,
                  (SELECT count(*) FROM cases c WHERE c.owner_id = s.id AND c.status = 'claimed') AS held,
                  ARRAY(SELECT k.skill FROM staff_skills k WHERE k.staff_id = s.id ORDER BY k.skill) AS skills,
                  ARRAY(SELECT m.team FROM team_members m WHERE m.staff_id = s.id ORDER BY m.team) AS teams,
                  (SELECT max(h.ends_at) FROM shifts h WHERE h.staff_id = s.id AND h.starts_at <= %(at)s AND h.ends_at > %(at)s) AS shift_ends_at,
                  (SELECT min(h.starts_at) FROM shifts h WHERE h.staff_id = s.id AND h.starts_at > %(at)s) AS next_shift_at
           FROM staff s LEFT JOIN agent_presence p ON p.staff_id = s.id
           WHERE NOT s.disabled AND s.roles && ARRAY['agent', 'officer', 'supervisor']
           ORDER BY s.display_name, s.id""",
        at=at,
    )
