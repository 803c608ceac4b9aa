"""Statements on the request to end an emergency."""

from __future__ import annotations

from core import db as database
from core.db import Connection
from handoff.repository import Row


async def request(tx: Connection, case_id: int, staff_id: int, outcome: str, verified_contact: bytes | None) -> Row:
    """Write down who asks for the end and how it ended; the caller holds the row's lock."""
    row = await database.one(
        tx,
        """UPDATE cases SET closing_by = %s, closing_at = clock_timestamp(), closing_outcome = %s, verified_contact = %s, version = version + 1
           WHERE id = %s RETURNING *""",
        staff_id,
        outcome,
        verified_contact,
        case_id,
    )
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row


async def withdraw(tx: Connection, case_id: int) -> Row:
    """The request is void; the caller holds the row's lock."""
    row = await database.one(
        tx, "UPDATE cases SET closing_by = NULL, closing_at = NULL, closing_outcome = NULL, version = version + 1 WHERE id = %s RETURNING *", case_id
    )
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row
