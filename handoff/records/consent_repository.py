"""Every statement on consents."""

from __future__ import annotations

from typing import Any

from core import db as database
from core.db import Connection

Row = dict[str, Any]
_SELECT = """
SELECT x.*, COALESCE(w.display_name, '') AS written_by_name, COALESCE(k.display_name, '') AS checked_by_name
FROM case_consents x LEFT JOIN staff w ON w.id = x.written_by LEFT JOIN staff k ON k.id = x.checked_by
"""


async def insert(tx: Connection, **values: Any) -> int:
    """A new record; ``words`` is sealed already."""
    row = await database.one(
        tx,
        """INSERT INTO case_consents (case_id, conversation_id, kind, basis, text_version, is_given, child_agrees, way, words, written_by)
           VALUES (%(case_id)s, %(conversation_id)s, %(kind)s, %(basis)s, %(text_version)s, %(is_given)s, %(child_agrees)s, %(way)s, %(words)s,
                   %(written_by)s) RETURNING id""",
        **values,
    )
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return int(row["id"])


async def of_conversation(connection: Connection, conversation_id: str) -> list[Row]:
    """Every record of a citizen's conversation, the oldest first: a child stays one in the next case."""
    return await database.rows(connection, f"{_SELECT} WHERE x.conversation_id = %s ORDER BY x.id", conversation_id)


async def one(tx: Connection, consent_id: int, *, lock: bool = False) -> Row | None:
    """One record; its case is locked before it."""
    return await database.one(tx, f"{_SELECT} WHERE x.id = %s{' FOR UPDATE OF x' if lock else ''}", consent_id)


async def check(tx: Connection, consent_id: int, staff_id: int, is_agreed: bool, objection: bytes | None) -> None:
    """What the second person says."""
    await database.run(
        tx,
        "UPDATE case_consents SET checked_by = %s, checked_at = clock_timestamp(), is_agreed = %s, objection = %s WHERE id = %s",
        staff_id,
        is_agreed,
        objection,
        consent_id,
    )


async def end(tx: Connection, consent_id: int, staff_id: int, why: bytes) -> None:
    """It stands no longer."""
    await database.run(tx, "UPDATE case_consents SET ended_by = %s, ended_at = clock_timestamp(), ended_why = %s WHERE id = %s", staff_id, why, consent_id)


async def unchecked(connection: Connection, limit: int) -> list[Row]:
    """Records that no second person has looked at, the oldest first."""
    return await database.rows(
        connection,
        f"""{_SELECT} WHERE x.checked_at IS NULL AND x.ended_at IS NULL AND x.kind <> 'guardian' ORDER BY x.id LIMIT %s""",
        limit,
    )
