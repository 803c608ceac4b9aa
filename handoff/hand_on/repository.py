"""Every statement on targets' numbers and on what was handed on."""

from __future__ import annotations

from typing import Any

from core import db as database
from core.db import Connection

Row = dict[str, Any]


async def numbers(connection: Connection) -> dict[str, Row]:
    """What supervisors have entered or checked, by target."""
    found = await database.rows(
        connection, "SELECT n.*, s.display_name AS checked_name FROM target_numbers n LEFT JOIN staff s ON s.id = n.checked_by ORDER BY n.target"
    )
    return {row["target"]: row for row in found}


async def save_number(tx: Connection, target: str, number: str, source: str, entered_by: int | None) -> Row:
    """A number as it stands from now on; an old check does not hold for it. The row is locked for the rest of the transaction."""
    row = await database.one(
        tx,
        """INSERT INTO target_numbers (target, number, source, entered_by) VALUES (%s, %s, %s, %s)
           ON CONFLICT (target) DO UPDATE SET number = excluded.number, source = excluded.source, entered_by = excluded.entered_by, entered_at = now(),
               checked_by = NULL, checked_at = NULL
           RETURNING *""",
        target,
        number,
        source,
        entered_by,
    )
    assert row is not None  # noqa: S101  (an upsert with RETURNING gives a row)
    return row


async def number(tx: Connection, target: str) -> Row | None:
    """The row of a target, locked."""
    return await database.one(tx, "SELECT * FROM target_numbers WHERE target = %s FOR UPDATE", target)


async def mark_checked(tx: Connection, target: str, staff_id: int) -> None:
    """Somebody has tried the number."""
    await database.run(tx, "UPDATE target_numbers SET checked_by = %s, checked_at = clock_timestamp() WHERE target = %s", staff_id, target)


async def insert(tx: Connection, case_id: int, staff_id: int, target: str, said: bytes) -> int:
    """Something handed on."""
    row = await database.one(
        tx, "INSERT INTO case_hand_ons (case_id, staff_id, target, said) VALUES (%s, %s, %s, %s) RETURNING id", case_id, staff_id, target, said
    )
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return int(row["id"])


async def of_case(connection: Connection, case_id: int) -> list[Row]:
    """What was handed on in a case, oldest first."""
    return await database.rows(
        connection,
        """SELECT h.*, COALESCE(s.display_name, '') AS staff_name FROM case_hand_ons h LEFT JOIN staff s ON s.id = h.staff_id
           WHERE h.case_id = %s ORDER BY h.id""",
        case_id,
    )
