"""Legal holds: while one stands, nothing of the conversation may be erased, neither on request nor by retention."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from core import audit, events
from core import db as database
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff.streams import case_stream

REASON = "legal_holds.reason"


@dataclass(frozen=True)
class Hold:
    """Why a conversation may not be erased, since when, and who said so."""

    reason: str = field(repr=False)
    set_by: str
    set_at: datetime


async def set_hold(tx: Connection, cipher: Cipher, conversation_id: str, by: str, reason: str, *, address: str = "", case_id: int | None = None) -> bool:
    """Forbid erasing a conversation; False if that is so already.

    A hold wins over an erasure that is under way: it does not wait for it, and the erasure looks for holds once more as the last thing that it does
    (``bot.erasure.erase``), and then undoes itself. Only one that has come to its end is too late to stop, and the hold says so.

    Raises:
        AppError: ``unknown_conversation``, ``reason_needed``, or ``already_erased``.
    """
    if not reason.strip():
        raise AppError("reason_needed")
    if await database.one(tx, "SELECT 1 FROM conversations WHERE id = %s FOR KEY SHARE", conversation_id) is None:
        raise AppError("unknown_conversation")
    if await database.one(tx, "SELECT 1 FROM erasures WHERE conversation_id = %s", conversation_id):
        raise AppError("already_erased")
    written = await database.run(
        tx,
        """INSERT INTO legal_holds (conversation_id, reason, set_by) VALUES (%s, %s, %s)
           ON CONFLICT (conversation_id) WHERE lifted_at IS NULL DO NOTHING""",
        conversation_id,
        cipher.seal(reason.strip(), REASON),
        by,
    )
    if written:
        await _told(tx, case_id, on=True)
        await audit.record(tx, by, address, "record.hold", case_id, subject=cipher.pseudonym(conversation_id))
    return written > 0


async def lift_hold(tx: Connection, cipher: Cipher, conversation_id: str, by: str, *, address: str = "", case_id: int | None = None) -> bool:
    """Let a conversation be erased again; False if no hold stands."""
    lifted = await database.run(
        tx, "UPDATE legal_holds SET lifted_by = %s, lifted_at = clock_timestamp() WHERE conversation_id = %s AND lifted_at IS NULL", by, conversation_id
    )
    if lifted:
        await _told(tx, case_id, on=False)
        await audit.record(tx, by, address, "record.hold_lifted", case_id, subject=cipher.pseudonym(conversation_id))
    return lifted > 0


async def _told(tx: Connection, case_id: int | None, *, on: bool) -> None:
    """Whoever has the case open sees it at once."""
    if case_id is not None:
        await events.append(tx, case_stream(case_id), "hold", {"case_id": case_id, "on": on})


async def held(connection: Connection, conversation_ids: list[str]) -> list[str]:
    """Those of the conversations on which a hold stands."""
    found = await database.rows(connection, "SELECT conversation_id FROM legal_holds WHERE conversation_id = ANY(%s) AND lifted_at IS NULL", conversation_ids)
    return [row["conversation_id"] for row in found]


async def standing(connection: Connection) -> list[str]:
    """Every conversation on which a hold stands."""
    found = await database.rows(connection, "SELECT DISTINCT conversation_id FROM legal_holds WHERE lifted_at IS NULL")
    return [row["conversation_id"] for row in found]


async def of_conversation(connection: Connection, cipher: Cipher, conversation_id: str) -> Hold | None:
    """The hold that stands, for somebody who may see the case."""
    row = await database.one(
        connection,
        """SELECT h.reason, h.set_at, COALESCE(s.display_name, h.set_by) AS set_by FROM legal_holds h LEFT JOIN staff s ON s.login = h.set_by
           WHERE h.conversation_id = %s AND h.lifted_at IS NULL""",
        conversation_id,
    )
    return Hold(cipher.open(row["reason"], REASON), row["set_by"], row["set_at"]) if row else None
