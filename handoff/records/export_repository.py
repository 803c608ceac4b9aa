"""Every statement on exports, and those that gather what only the history and the access log know."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from core import db as database
from core.db import Connection
from handoff.records.action_words import LOOKS

Row = dict[str, Any]
_SELECT = """
SELECT x.id, x.case_id, x.conversation_id, x.state, x.version, x.requester, x.identity, x.asked_on, x.marks, x.warned, x.prepared_by, x.prepared_at,
       x.returned_why, x.released_by, x.released_at, x.expires_at, x.content IS NOT NULL AS is_there,
       COALESCE(p.display_name, '') AS prepared_by_name, COALESCE(r.display_name, '') AS released_by_name
FROM record_exports x LEFT JOIN staff p ON p.id = x.prepared_by LEFT JOIN staff r ON r.id = x.released_by
"""


async def pin(tx: Connection, case_id: int, conversation_id: str) -> None:
    """Keep case and conversation from going for the rest of a short transaction; in the order of every other one, before the access log."""
    await database.one(tx, "SELECT 1 FROM cases WHERE id = %s FOR KEY SHARE", case_id)
    await database.one(tx, "SELECT 1 FROM conversations WHERE id = %s FOR KEY SHARE", conversation_id)


async def insert(tx: Connection, **values: Any) -> int:
    """A new export; what is personal is sealed already."""
    row = await database.one(
        tx,
        """INSERT INTO record_exports (case_id, conversation_id, requester, identity, asked_on, content, prepared_by, expires_at)
           VALUES (%(case_id)s, %(conversation_id)s, %(requester)s, %(identity)s, %(asked_on)s, %(content)s, %(prepared_by)s, %(expires_at)s)
           RETURNING id""",
        **values,
    )
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return int(row["id"])


async def one(connection: Connection, export_id: int, *, lock: bool = False) -> Row | None:
    """One export without its content."""
    return await database.one(connection, f"{_SELECT} WHERE x.id = %s{' FOR UPDATE OF x' if lock else ''}", export_id)


async def content(connection: Connection, export_id: int) -> bytes | None:
    """The sealed document; None when it is over."""
    row = await database.one(connection, "SELECT content FROM record_exports WHERE id = %s", export_id)
    return bytes(row["content"]) if row and row["content"] else None


async def listed(connection: Connection, limit: int) -> list[Row]:
    """Exports: what waits first, then drafts, then the newest."""
    return await database.rows(
        connection,
        f"{_SELECT} ORDER BY array_position(ARRAY['waiting', 'draft', 'released', 'withdrawn'], x.state), x.id DESC LIMIT %s",
        limit,
    )


async def set_marks(tx: Connection, export_id: int, marks: dict[str, Any]) -> None:
    """What is blacked out, and what is not."""
    await database.run(tx, "UPDATE record_exports SET marks = %s, version = version + 1 WHERE id = %s", Jsonb(marks), export_id)


async def move(tx: Connection, export_id: int, state: str, *, returned_why: bytes | None = None) -> None:
    """Another state; whatever a second person said goes with it."""
    await database.run(tx, "UPDATE record_exports SET state = %s, version = version + 1, returned_why = %s WHERE id = %s", state, returned_why, export_id)


async def release(tx: Connection, export_id: int, staff_id: int, content: bytes, warned: list[str], at: datetime, expires_at: datetime) -> None:
    """A second person lets it go; what was black is gone from then on, and so are the places of the marks."""
    await database.run(
        tx,
        """UPDATE record_exports SET state = 'released', version = version + 1, content = %s, marks = '{}', warned = %s, returned_why = NULL,
           released_by = %s, released_at = %s, expires_at = %s WHERE id = %s""",
        content,
        warned,
        staff_id,
        at,
        expires_at,
        export_id,
    )


async def withdraw(tx: Connection, export_id: int) -> None:
    """Its content goes at once."""
    await database.run(
        tx,
        "UPDATE record_exports SET state = 'withdrawn', version = version + 1, content = NULL, marks = '{}', returned_why = NULL WHERE id = %s",
        export_id,
    )


async def names_of_staff(connection: Connection) -> list[str]:
    """Names and logins that must not leave; one letter is no name."""
    found = await database.rows(connection, "SELECT display_name, login FROM staff")
    return sorted({name for row in found for name in (row["display_name"], row["login"]) if len(name) > 1}, key=len, reverse=True)


async def history(connection: Connection, case_id: int) -> list[Row]:
    """What has happened to a case, the oldest first."""
    return await database.rows(connection, "SELECT kind, payload, created_at FROM events WHERE stream = %s ORDER BY seq", f"case:{case_id}")


async def looks(connection: Connection, case_id: int) -> list[Row]:
    """Who has looked at a case, by role."""
    return await database.rows(
        connection,
        """SELECT l.at, l.action, COALESCE(s.roles, '{}') AS roles FROM access_log l LEFT JOIN staff s ON s.login = l.account
           WHERE l.case_id = %s AND l.action = ANY(%s) ORDER BY l.id""",
        case_id,
        list(LOOKS),
    )


async def places(connection: Connection, conversation_id: str) -> list[Row]:
    """That places were sent: when, how, how exact; not where."""
    return await database.rows(
        connection,
        """SELECT id, kind, coarse_cell, radius_m, method, source, fixed_at, received_at, purged_at FROM geo_fixes
           WHERE conversation_id = %s ORDER BY id""",
        conversation_id,
    )


async def place_consents(connection: Connection, conversation_id: str) -> list[Row]:
    """What the citizen agreed to, and until when."""
    return await database.rows(
        connection, "SELECT text_version, given_at, stopped_at FROM location_consents WHERE conversation_id = %s ORDER BY id", conversation_id
    )


async def is_erased(connection: Connection, conversation_id: str) -> bool:
    """Whether the citizen's erasure has been through here."""
    return await database.one(connection, "SELECT 1 FROM erasures WHERE conversation_id = %s", conversation_id) is not None
