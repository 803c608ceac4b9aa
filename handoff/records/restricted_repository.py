"""Every statement on restricted cases and on who has opened one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core import db as database
from core.db import Connection

Row = dict[str, Any]


async def name_people(tx: Connection, case_id: int, conversation_id: str, people: Sequence[int] | None) -> Row:
    """Who alone may see the cases of a conversation (None: nobody is kept out any more); the named case's row. The caller holds its lock."""
    wanted = sorted(set(people)) if people is not None else None
    await database.run(tx, "UPDATE cases SET restricted_to = %s WHERE conversation_id = %s AND id <> %s", wanted, conversation_id, case_id)
    row = await database.one(tx, "UPDATE cases SET restricted_to = %s, version = version + 1 WHERE id = %s RETURNING *", wanted, case_id)
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row


async def write(tx: Connection, conversation_id: str, reason: bytes, staff_id: int) -> None:
    """Why a conversation is restricted; a later reason takes the place of the one that stands."""
    await database.run(
        tx,
        """INSERT INTO restrictions (conversation_id, reason, set_by) VALUES (%s, %s, %s)
           ON CONFLICT (conversation_id) WHERE lifted_at IS NULL DO UPDATE SET reason = excluded.reason""",
        conversation_id,
        reason,
        staff_id,
    )


async def end(tx: Connection, conversation_id: str, staff_id: int) -> bool:
    """The restriction stands no longer; False if none stood."""
    statement = "UPDATE restrictions SET lifted_by = %s, lifted_at = clock_timestamp() WHERE conversation_id = %s AND lifted_at IS NULL"
    return await database.run(tx, statement, staff_id, conversation_id) > 0


async def standing(connection: Connection, conversation_id: str) -> Row | None:
    """The restriction that stands."""
    return await database.one(
        connection,
        """SELECT r.*, COALESCE(s.display_name, '') AS set_by_name FROM restrictions r LEFT JOIN staff s ON s.id = r.set_by
           WHERE r.conversation_id = %s AND r.lifted_at IS NULL""",
        conversation_id,
    )


async def names(connection: Connection, people: Sequence[int]) -> list[str]:
    """Colleagues by name."""
    found = await database.rows(connection, "SELECT display_name FROM staff WHERE id = ANY(%s) ORDER BY display_name", list(people))
    return [row["display_name"] for row in found]


async def closed_to(connection: Connection, case_ids: Sequence[int], staff_id: int) -> set[int]:
    """Those of the cases that a restriction keeps this person from seeing."""
    found = await database.rows(
        connection,
        """SELECT c.id FROM cases c WHERE c.id = ANY(%(ids)s) AND c.restricted_to IS NOT NULL
           AND NOT (%(staff_id)s = ANY (c.restricted_to) OR c.owner_id IS NOT DISTINCT FROM %(staff_id)s OR c.asked_to IS NOT DISTINCT FROM %(staff_id)s
                    OR EXISTS (SELECT 1 FROM participants p WHERE p.conversation_id = c.conversation_id AND p.staff_id = %(staff_id)s)
                    OR EXISTS (SELECT 1 FROM glass_openings g WHERE g.case_id = c.id AND g.staff_id = %(staff_id)s AND g.ends_at > clock_timestamp()))""",
        ids=list(case_ids),
        staff_id=staff_id,
    )
    return {int(row["id"]) for row in found}


async def open_glass(connection: Connection, case_id: int, staff_id: int, at: datetime) -> Row | None:
    """The opening through which somebody sees a restricted case now."""
    return await database.one(
        connection,
        "SELECT * FROM glass_openings WHERE case_id = %s AND staff_id = %s AND ends_at > %s ORDER BY ends_at DESC LIMIT 1",
        case_id,
        staff_id,
        at,
    )


async def insert_glass(tx: Connection, case_id: int, staff_id: int, reason: bytes, at: datetime, ends_at: datetime) -> Row:
    """Somebody opens a restricted case."""
    row = await database.one(
        tx,
        "INSERT INTO glass_openings (case_id, staff_id, reason, opened_at, ends_at) VALUES (%s, %s, %s, %s, %s) RETURNING *",
        case_id,
        staff_id,
        reason,
        at,
        ends_at,
    )
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return row


async def openings(connection: Connection, limit: int) -> list[Row]:
    """Openings, those that no supervisor has seen first, then the newest."""
    return await database.rows(
        connection,
        """SELECT g.*, COALESCE(s.display_name, '') AS staff_name, COALESCE(s.login, '') AS login, COALESCE(b.display_name, '') AS seen_by_name
           FROM glass_openings g LEFT JOIN staff s ON s.id = g.staff_id LEFT JOIN staff b ON b.id = g.seen_by
           ORDER BY (g.seen_at IS NOT NULL), g.opened_at DESC LIMIT %s""",
        limit,
    )


async def unseen(connection: Connection) -> int:
    """How many openings no supervisor has seen."""
    row = await database.one(connection, "SELECT count(*) AS n FROM glass_openings WHERE seen_at IS NULL")
    return int(row["n"]) if row else 0


async def opening(tx: Connection, opening_id: int) -> Row | None:
    """One opening, locked."""
    return await database.one(tx, "SELECT * FROM glass_openings WHERE id = %s FOR UPDATE", opening_id)


async def mark_seen(tx: Connection, opening_id: int, staff_id: int) -> None:
    """A supervisor has seen it."""
    await database.run(tx, "UPDATE glass_openings SET seen_by = %s, seen_at = clock_timestamp() WHERE id = %s", staff_id, opening_id)
