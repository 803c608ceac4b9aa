"""Who saw or did what: rows that are chained, so that a changed, removed or inserted one shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb

from core import db as database
from core.db import Connection

LOCK = 0x6175646974
GENESIS = b"\0" * 32
#: What the next row says besides what its caller knows; its detail as the database will give it back, since that is what the link is over.
_NEXT = """
SELECT nextval(pg_get_serial_sequence('access_log', 'id')) AS id, clock_timestamp() AS at, %s::jsonb AS detail,
       COALESCE((SELECT chain FROM access_log ORDER BY id DESC LIMIT 1), (SELECT chain FROM access_log_starts ORDER BY after_id DESC LIMIT 1)) AS previous
"""


#: Gives the pseudonym of a case's citizen.
SubjectOf = Callable[[Connection, int], Awaitable[str]]
#: Where the person sits for whom this task works.
_address: ContextVar[str] = ContextVar("audit_address", default="")
#: How this process names the citizen of a case; set once, by the part that holds the keys.
_subject_of: list[SubjectOf] = []


def acting_from(address: str) -> None:
    """From here on, rows that this task writes without an address get this one."""
    _address.set(address)


def name_subjects(subject_of: SubjectOf) -> None:
    """From here on, rows of a case that this process writes without a subject get that of its citizen."""
    _subject_of[:] = [subject_of]


@dataclass(frozen=True)
class Chain:
    """What a check of the chain found: ``broken_at`` is the first row that does not fit."""

    rows: int
    broken_at: int | None

    @property
    def intact(self) -> bool:
        """Whether every row fits."""
        return self.broken_at is None


async def record(
    tx: Connection,
    account: str,
    address: str,
    action: str,
    case_id: int | None = None,
    subject: str = "",
    detail: dict[str, Any] | None = None,
) -> int:
    """Append one row; its number.

    ``subject`` is a pseudonym (``Cipher.pseudonym``), ``detail`` holds ids and codes, never text or places. The lock is held until the
    transaction ends, so call it last: whatever else the transaction locks should be locked already.
    """
    address = address or _address.get()
    if case_id is not None and not subject and _subject_of:
        subject = await _subject_of[0](tx, case_id)
    # Everyone waits for everyone here, so it is two exchanges: the lock with a look, then the row.
    async with tx.pipeline():
        await tx.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        # This statement has a newer snapshot than the lock's, so it sees the row of whoever held the lock before.
        cursor = await tx.execute(_NEXT, (Jsonb(detail or {}),))
        found = await cursor.fetchone()
    assert found is not None  # noqa: S101  (no FROM: always one row)
    row = {**found, "account": account, "address": address, "action": action, "case_id": case_id, "subject": subject}
    row["chain"] = _link(bytes(found["previous"]) if found["previous"] else GENESIS, row)
    await database.run(
        tx,
        """INSERT INTO access_log (id, at, account, address, action, case_id, subject, detail, chain)
           VALUES (%(id)s, %(at)s, %(account)s, %(address)s, %(action)s, %(case_id)s, %(subject)s, %(stored)s, %(chain)s)""",
        **row,
        stored=Jsonb(row["detail"]),
    )
    return int(row["id"])


async def verify_chain(connection: Connection) -> Chain:
    """Walk the chain, from where retention has last cut it. Rows from before that cut are no part of it any more, and must not be there."""
    begun = await database.one(connection, "SELECT after_id, chain FROM access_log_starts ORDER BY after_id DESC LIMIT 1")
    count, previous, last = 0, bytes(begun["chain"]) if begun else GENESIS, 0
    while True:
        found = await database.rows(connection, "SELECT * FROM access_log WHERE id > %s ORDER BY id LIMIT 1000", last)
        if not found:
            return Chain(count, None)
        for row in found:
            if _link(previous, row) != bytes(row["chain"]):
                return Chain(count, int(row["id"]))
            previous, last, count = bytes(row["chain"]), row["id"], count + 1


def _link(previous: bytes, row: dict[str, Any]) -> bytes:
    at: datetime = row["at"]
    content = json.dumps(
        [
            row["id"],
            at.astimezone(UTC).isoformat(),
            row["account"],
            row["address"],
            row["action"],
            row["case_id"],
            row["subject"],
            row["detail"],
        ],
        ensure_ascii=False,
        sort_keys=True,
    )
    return hashlib.sha256(previous + content.encode()).digest()
