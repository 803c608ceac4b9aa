"""What a citizen was promised (a call back, an answer by a time): it belongs to a named person until it is kept, beyond shifts and beyond the case."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from accounts.schemas import Staff
from core import audit, events
from core import db as database
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from core.settings import settings
from handoff.access import access_writable_case
from handoff.records import restricted_repository
from handoff.streams import case_stream

TEXT = "case_promises.body"


@dataclass(frozen=True)
class Promise:
    """One thing that somebody answers for."""

    id: int
    case_id: int
    staff_id: int
    text: str = field(repr=False)
    due_at: datetime


async def promise(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, text: str, due_at: datetime) -> int:
    """Write down what the citizen was promised and by when.

    Raises:
        AppError: ``empty_message``, ``too_long``, ``invalid_request``, ``not_found`` or ``not_owner``.
    """
    text = text.strip()
    if not text:
        raise AppError("empty_message")
    if len(text) > settings().max_text_chars:
        raise AppError("too_long")
    if due_at.tzinfo is None:
        raise AppError("invalid_request", field="due_at")
    await access_writable_case(tx, case_id, staff, lock=True)
    row = await database.one(
        tx,
        "INSERT INTO case_promises (case_id, staff_id, body, due_at) VALUES (%s, %s, %s, %s) RETURNING id",
        case_id,
        staff.id,
        cipher.seal(text, TEXT),
        due_at,
    )
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    await events.append(tx, case_stream(case_id), "promised", {"case_id": case_id, "promise_id": row["id"], "staff_id": staff.id})
    return int(row["id"])


async def keep(tx: Connection, promise_id: int, staff: Staff) -> None:
    """It is done; only whoever answers for it, or a supervisor, may say so.

    Raises:
        AppError: ``not_owner``: somebody else's, unknown, or kept before.
    """
    row = await database.one(
        tx,
        """UPDATE case_promises SET kept_at = clock_timestamp(), kept_by = %s WHERE id = %s AND kept_at IS NULL AND (staff_id = %s OR %s)
           RETURNING case_id""",
        staff.id,
        promise_id,
        staff.id,
        staff.has("supervisor") and not staff.disabled,
    )
    if row is None:
        raise AppError("not_owner")
    await events.append(tx, case_stream(row["case_id"]), "promise_kept", {"case_id": row["case_id"], "promise_id": promise_id, "staff_id": staff.id})
    await audit.record(tx, staff.login, "", "promise.keep", row["case_id"], detail={"promise_id": promise_id})


async def open_promises(connection: Connection, cipher: Cipher, staff: Staff, reader: Staff | None = None) -> list[Promise]:
    """What somebody still answers for, the most pressing first; for another ``reader`` without the words of cases that are closed to them."""
    found = await database.rows(
        connection, "SELECT id, case_id, staff_id, body, due_at FROM case_promises WHERE staff_id = %s AND kept_at IS NULL ORDER BY due_at, id", staff.id
    )
    hidden: set[int] = set()
    if reader is not None and reader.id != staff.id:
        hidden = await restricted_repository.closed_to(connection, [row["case_id"] for row in found], reader.id)
    return [
        Promise(row["id"], row["case_id"], row["staff_id"], "" if row["case_id"] in hidden else cipher.open(row["body"], TEXT), row["due_at"]) for row in found
    ]


async def of_case(connection: Connection, cipher: Cipher, case_id: int) -> list[Promise]:
    """What a citizen is still owed, whoever answers for it, the most pressing first; the caller has checked access to the case."""
    found = await database.rows(
        connection, "SELECT id, case_id, staff_id, body, due_at FROM case_promises WHERE case_id = %s AND kept_at IS NULL ORDER BY due_at, id", case_id
    )
    return [Promise(row["id"], row["case_id"], row["staff_id"], cipher.open(row["body"], TEXT), row["due_at"]) for row in found]


async def give(tx: Connection, promise_ids: list[int], from_id: int, to_id: int) -> list[tuple[int, int]]:
    """Make somebody else answer for promises; those that were not ``from_id``'s or are kept stay. (promise, case) of those given."""
    found = await database.rows(
        tx,
        "UPDATE case_promises SET staff_id = %s WHERE id = ANY (%s) AND staff_id = %s AND kept_at IS NULL RETURNING id, case_id",
        to_id,
        promise_ids,
        from_id,
    )
    return sorted((int(row["id"]), int(row["case_id"])) for row in found)
