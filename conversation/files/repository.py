"""All statements about files. The caller's transaction, never committed here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from conversation.files.schemas import File, Form, State
from core import db as database
from core.crypto import Cipher
from core.db import Connection

REFERENCE, NAME, POSITION, CONTENT = "files.reference", "files.name", "files.position", "file_contents.content"
NOTIFIED = "files"
#: Longer than fetching and drawing take; whoever died over a file is followed by another after it.
LEASE = timedelta(minutes=3)


async def next_id(tx: Connection) -> int:
    """A number that no file will get by itself."""
    row = await database.one(tx, "SELECT nextval(pg_get_serial_sequence('files', 'id')) AS id")
    assert row is not None  # noqa: S101  (no FROM: always one row)
    return int(row["id"])


async def insert(
    tx: Connection,
    cipher: Cipher,
    *,
    name: str,
    keep: timedelta,
    file_id: int | None = None,
    reference: str = "",
    state: State = State.WAITING,
    **values: Any,
) -> int | None:
    """A new file, under its reserved number if it has one; None if the message has one in this place."""
    row = await database.one(
        tx,
        """INSERT INTO files (id, conversation_id, message_id, place, channel, kind, state, reference, name, media_type, size_bytes, expires_at)
           VALUES (%(id)s, %(conversation_id)s, %(message_id)s, %(place)s, %(channel)s, %(kind)s, %(state)s, %(reference)s, %(name)s, %(media_type)s,
                   %(size_bytes)s, clock_timestamp() + %(keep)s) ON CONFLICT (message_id, place) DO NOTHING RETURNING id, pg_notify('files', '')""",
        **({"media_type": "", "size_bytes": 0} | values),
        id=await next_id(tx) if file_id is None else file_id,
        state=state.value,
        keep=keep,
        reference=cipher.seal(reference, REFERENCE) if reference else None,
        name=cipher.seal(name, NAME) if name else None,
    )
    return int(row["id"]) if row else None


async def get(connection: Connection, cipher: Cipher, file_id: int, *, lock: bool = False) -> File | None:
    """A file by its number."""
    row = await database.one(connection, f"SELECT * FROM files WHERE id = %s {'FOR UPDATE' if lock else ''}", file_id)  # noqa: S608  (constants)
    return file_of(row, cipher) if row else None


async def of_messages(connection: Connection, cipher: Cipher, message_ids: Iterable[int]) -> dict[int, list[File]]:
    """The files of some messages, in order."""
    found = await database.rows(connection, "SELECT * FROM files WHERE message_id = ANY(%s) ORDER BY message_id, place", list(message_ids))
    grouped: dict[int, list[File]] = {}
    for row in found:
        grouped.setdefault(row["message_id"], []).append(file_of(row, cipher))
    return grouped


async def claim(tx: Connection, cipher: Cipher, state: State, limit: int) -> list[File]:
    """Files to be worked on; for the time of the lease nobody else gets them."""
    found = await database.rows(
        tx,
        """UPDATE files SET attempts = attempts + 1, next_attempt_at = clock_timestamp() + %s
           WHERE id IN (SELECT id FROM files WHERE state = %s AND next_attempt_at <= clock_timestamp() ORDER BY next_attempt_at LIMIT %s
                        FOR UPDATE SKIP LOCKED) RETURNING *""",
        LEASE,
        state.value,
        limit,
    )
    return [file_of(row, cipher) for row in found]


async def put(tx: Connection, cipher: Cipher, file_id: int, form: Form, content: bytes) -> None:
    """What a file holds in one form."""
    await database.run(
        tx,
        "INSERT INTO file_contents (file_id, form, content) VALUES (%s, %s, %s) ON CONFLICT (file_id, form) DO UPDATE SET content = excluded.content",
        file_id,
        form.value,
        cipher.seal_bytes(content, f"{CONTENT}:{file_id}:{form.value}"),
    )


async def content(connection: Connection, cipher: Cipher, file_id: int, form: Form) -> bytes | None:
    """What a file holds in one form, opened; None where there is none."""
    row = await database.one(connection, "SELECT content FROM file_contents WHERE file_id = %s AND form = %s", file_id, form.value)
    return cipher.open_bytes(row["content"], f"{CONTENT}:{file_id}:{form.value}") if row else None


async def change(tx: Connection, file: File, **values: Any) -> bool:
    """Change a file that still stands as it was read; False if somebody has changed or erased it meanwhile."""
    assignments = ", ".join(f"{name} = %({name})s" for name in values)
    changed = await database.run(
        tx,
        f"UPDATE files SET {assignments} WHERE id = %(id)s AND state = %(was)s AND attempts = %(attempts_were)s",  # noqa: S608  (our own names)
        **values,
        id=file.id,
        was=file.state.value,
        attempts_were=file.attempts,
    )
    return changed > 0


async def again_after(tx: Connection, file: File, wait: timedelta, reason: str) -> None:
    """It could not be done now."""
    await database.run(
        tx,
        "UPDATE files SET next_attempt_at = clock_timestamp() + %s, reason = %s WHERE id = %s AND state = %s AND attempts = %s",
        wait,
        reason,
        file.id,
        file.state.value,
        file.attempts,
    )


async def drop_contents(tx: Connection, file_id: int) -> None:
    """What a file holds is erased."""
    await database.run(tx, "DELETE FROM file_contents WHERE file_id = %s", file_id)


async def position(connection: Connection, cipher: Cipher, file_id: int) -> tuple[float, float] | None:
    """Where a picture says that it was taken; whoever calls answers for the view being recorded."""
    row = await database.one(connection, "SELECT position FROM files WHERE id = %s AND position IS NOT NULL", file_id)
    if row is None:
        return None
    lat, lon = json.loads(cipher.open(row["position"], POSITION))
    return float(lat), float(lon)


async def stored_bytes(connection: Connection, conversation_id: str) -> tuple[int, int]:
    """How much is kept or announced: of one conversation, and of all."""
    row = await database.one(
        connection,
        """SELECT COALESCE(sum(size_bytes) FILTER (WHERE conversation_id = %s), 0)::bigint AS own, COALESCE(sum(size_bytes), 0)::bigint AS total
           FROM files WHERE state IN ('received', 'ready')""",
        conversation_id,
    )
    return (int(row["own"]), int(row["total"])) if row else (0, 0)


async def expired(tx: Connection, limit: int, spared: list[str]) -> list[Mapping[str, Any]]:
    """Files whose time is over, erased but for the fact that they were; those of ``spared`` conversations stay."""
    found = await database.rows(
        tx,
        """UPDATE files SET state = 'expired', reference = NULL, name = NULL, position = NULL
           WHERE id IN (SELECT id FROM files WHERE state <> 'expired' AND expires_at <= clock_timestamp() AND NOT conversation_id = ANY(%s)
                        ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)
           RETURNING id, message_id, conversation_id""",
        spared,
        limit,
    )
    await database.run(tx, "DELETE FROM file_contents WHERE file_id = ANY(%s)", [row["id"] for row in found])
    return list(found)


async def seen(tx: Connection, file: File, case_id: int, staff_id: int, form: str, once_in_s: int) -> bool:
    """Write down a look; False if the same person has looked in the same way within this time."""
    written = await database.run(
        tx,
        """INSERT INTO file_views (conversation_id, case_id, file_id, staff_id, form)
           SELECT %(conversation_id)s, %(case_id)s, %(file_id)s, %(staff_id)s, %(form)s WHERE NOT EXISTS (
               SELECT 1 FROM file_views WHERE file_id = %(file_id)s AND staff_id = %(staff_id)s AND form = %(form)s
               AND viewed_at > clock_timestamp() - make_interval(secs => %(once_in_s)s))""",
        conversation_id=file.conversation_id,
        case_id=case_id,
        file_id=file.id,
        staff_id=staff_id,
        form=form,
        once_in_s=once_in_s,
    )
    return written > 0


def file_of(row: Mapping[str, Any], cipher: Cipher) -> File:
    """The record of a row."""
    return File(
        id=row["id"],
        conversation_id=row["conversation_id"],
        message_id=row["message_id"],
        place=row["place"],
        channel=row["channel"],
        kind=row["kind"],
        state=State(row["state"]),
        reason=row["reason"],
        name=cipher.open(row["name"], NAME) if row["name"] else "",
        media_type=row["media_type"],
        size_bytes=row["size_bytes"],
        attempts=row["attempts"],
        has_position=row["position"] is not None,
        expires_at=row["expires_at"],
        reference=cipher.open(row["reference"], REFERENCE) if row["reference"] else "",
    )
