"""Files of a conversation: announced by a platform or uploaded, looked into, kept sealed, shown to those who may see them, expired.

The functions take the caller's open transaction. Triage and turns do not wait for any of it: a message stands in the inbox before its file is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from conversation.files import repository
from conversation.files.kinds import Kind, kind_of
from conversation.files.names import MAX_NAME_CHARS
from conversation.files.pictures import Drawn
from conversation.files.repository import LEASE, NOTIFIED
from conversation.files.schemas import Content, File, Form, State
from conversation.schemas import Attachment
from core import db as database
from core import events
from core.clock import now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from core.settings import Settings

__all__ = ["LEASE", "NOTIFIED", "Content", "File", "Form", "State"]
JPEG = "image/jpeg"
#: Between two tries to fetch; a platform that is down for a day is given up, since most keep files for days alone.
PATIENCE = (timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
ATTEMPTS = 40
ONE_LOOK_S = 60
ROOM = 0x66696C6573
#: What the platforms call what they bring.
FAMILIES = {"image": "image", "photo": "image", "video": "video", "shortvideo": "video", "audio": "audio", "voice": "audio", "text": "text"}


def kept_for(settings: Settings) -> timedelta:
    """How long a file is kept."""
    return timedelta(days=settings.file_keep_days)


async def expect(
    tx: Connection, cipher: Cipher, channel: str, conversation_id: str, message_id: int, attachments: Sequence[Attachment], keep: timedelta
) -> None:
    """Note what a platform holds for us, in the transaction that stores the message, so that it is fetched whatever happens next."""
    for place, attachment in enumerate(attachments):
        if attachment.reference:
            await repository.insert(
                tx,
                cipher,
                conversation_id=conversation_id,
                message_id=message_id,
                place=place,
                channel=channel,
                kind=FAMILIES.get(attachment.kind, "document"),
                name=attachment.name[:MAX_NAME_CHARS],
                reference=attachment.reference,
                media_type=attachment.media_type,
                keep=keep,
            )


async def receive(
    tx: Connection, cipher: Cipher, channel: str, conversation_id: str, message_id: int, content: bytes, kind: Kind, name: str, keep: timedelta
) -> None:
    """Keep what was uploaded; a picture is drawn anew before anybody sees it."""
    file_id = await repository.insert(
        tx,
        cipher,
        conversation_id=conversation_id,
        message_id=message_id,
        place=0,
        channel=channel,
        kind=kind.name,
        name=name[:MAX_NAME_CHARS],
        state=State.RECEIVED if kind.name == "image" else State.READY,
        media_type=kind.media_type,
        size_bytes=len(content),
        keep=keep,
    )
    if file_id is not None:
        await repository.put(tx, cipher, file_id, Form.ORIGINAL, content)


async def send(
    tx: Connection,
    cipher: Cipher,
    channel: str,
    conversation_id: str,
    message_id: int,
    content: bytes,
    kind: Kind,
    name: str,
    keep: timedelta,
    drawn: Drawn | None,
    *,
    file_id: int | None = None,
) -> int | None:
    """Keep what an agent sends. Of a picture only what was drawn anew: where and with what it was taken is nobody's business at the other end."""
    file_id = await repository.insert(
        tx,
        cipher,
        file_id=file_id,
        conversation_id=conversation_id,
        message_id=message_id,
        place=0,
        channel=channel,
        kind=kind.name,
        name=name[:MAX_NAME_CHARS],
        state=State.READY,
        media_type=JPEG if drawn else kind.media_type,
        size_bytes=len(drawn.picture) if drawn else len(content),
        keep=keep,
    )
    if file_id is None:
        return None
    if drawn is None:
        await repository.put(tx, cipher, file_id, Form.ORIGINAL, content)
    else:
        await _put_drawn(tx, cipher, file_id, drawn)
    return file_id


async def reserve(tx: Connection) -> int:
    """The number of a file that is about to be sent, for the address in the line that it goes with."""
    return await repository.next_id(tx)


async def fetched(tx: Connection, cipher: Cipher, file: File, content: bytes, kind: Kind) -> bool:
    """The platform has given it; False if it was erased or taken over meanwhile."""
    state = State.RECEIVED if kind.name == "image" else State.READY
    changed = await repository.change(
        tx,
        file,
        state=state.value,
        reason="",
        kind=kind.name,
        media_type=kind.media_type,
        size_bytes=len(content),
        reference=None,
        attempts=0,
        next_attempt_at=now(),
    )
    if changed:
        await repository.put(tx, cipher, file.id, Form.ORIGINAL, content)
        await announce(tx, file)
    return changed


async def drawn_anew(tx: Connection, cipher: Cipher, file: File, drawn: Drawn) -> bool:
    """A picture may be shown from now on."""
    sealed = cipher.seal(json.dumps(drawn.position), repository.POSITION) if drawn.position else None
    changed = await repository.change(tx, file, state=State.READY.value, reason="", position=sealed)
    if changed:
        await _put_drawn(tx, cipher, file.id, drawn)
        await announce(tx, file)
    return changed


async def refuse(tx: Connection, file: File, reason: str) -> bool:
    """It is not taken, and nothing of it is kept."""
    changed = await repository.change(tx, file, state=State.REFUSED.value, reason=reason, reference=None, size_bytes=0)
    if changed:
        await repository.drop_contents(tx, file.id)
        await announce(tx, file)
    return changed


async def later(tx: Connection, file: File, reason: str) -> bool:
    """It is tried again; after :data:`ATTEMPTS` it is given up (then the answer is false)."""
    if file.attempts >= ATTEMPTS:
        await refuse(tx, file, "unreachable")
        return False
    await repository.again_after(tx, file, PATIENCE[min(file.attempts, len(PATIENCE)) - 1], reason)
    return True


async def announce(tx: Connection, file: File) -> None:
    """Tell whoever looks at the conversation that this file stands differently."""
    await _tell(tx, file.conversation_id, file.message_id)


async def has_room(tx: Connection, conversation_id: str, size: int, settings: Settings) -> bool:
    """Whether so much more may be kept: files must never fill the disk that emergencies are written to. Nobody else keeps one until the transaction ends."""
    await database.run(tx, "SELECT pg_advisory_xact_lock(%s)", ROOM)
    own, total = await repository.stored_bytes(tx, conversation_id)
    return own + size <= settings.file_conversation_max_mb * 1_000_000 and total + size <= settings.file_store_max_mb * 1_000_000


async def of_messages(connection: Connection, cipher: Cipher, message_ids: Iterable[int]) -> dict[int, list[File]]:
    """The files of some messages, in order."""
    return await repository.of_messages(connection, cipher, message_ids)


async def look(tx: Connection, cipher: Cipher, file_id: int, form: Form) -> Content:
    """What a file holds, for somebody who may see it; the caller has made sure of that, and writes the look down.

    Raises:
        AppError: ``not_found``.
    """
    file = await repository.get(tx, cipher, file_id)
    content = await repository.content(tx, cipher, file_id, form) if file is not None and file.state is State.READY else None
    if file is None or content is None:
        raise AppError("not_found")
    return Content(file, form, file.media_type if form is Form.ORIGINAL else JPEG, content)


async def get(connection: Connection, cipher: Cipher, file_id: int) -> File:
    """What is known of a file.

    Raises:
        AppError: ``not_found``.
    """
    file = await repository.get(connection, cipher, file_id)
    if file is None:
        raise AppError("not_found")
    return file


async def position(tx: Connection, cipher: Cipher, file: File) -> tuple[float, float]:
    """Where a picture says that it was taken; the caller writes the look down.

    Raises:
        AppError: ``not_found``.
    """
    found = await repository.position(tx, cipher, file.id)
    if found is None:
        raise AppError("not_found")
    return found


async def seen(tx: Connection, file: File, case_id: int, staff_id: int, form: str) -> bool:
    """Write down a look; False if it belongs to one that was written down a moment ago."""
    return await repository.seen(tx, file, case_id, staff_id, form, ONE_LOOK_S)


async def expire(tx: Connection, spared: list[str], limit: int = 100) -> int:
    """Erase files whose time is over, but for the fact that they were; how many."""
    gone = await repository.expired(tx, limit, spared)
    for row in gone:
        await _tell(tx, row["conversation_id"], row["message_id"])
    return len(gone)


async def erase_of_messages(tx: Connection, message_ids: Sequence[int]) -> int:
    """The files of messages that were taken back."""
    return await database.run(tx, "DELETE FROM files WHERE message_id = ANY(%s)", list(message_ids))


def checked_kind(content: bytes, said_to_be: str = "") -> Kind:
    """What a file is.

    Raises:
        AppError: ``file_empty`` or ``file_kind``.
    """
    if not content:
        raise AppError("file_empty")
    kind = kind_of(content, said_to_be=said_to_be)
    if kind is None:
        raise AppError("file_kind")
    return kind


async def _put_drawn(tx: Connection, cipher: Cipher, file_id: int, drawn: Drawn) -> None:
    await repository.put(tx, cipher, file_id, Form.PICTURE, drawn.picture)
    await repository.put(tx, cipher, file_id, Form.THUMBNAIL, drawn.thumbnail)


async def _tell(tx: Connection, conversation_id: str, message_id: int) -> None:
    row: dict[str, Any] | None = await database.one(tx, "SELECT seq FROM messages WHERE id = %s", message_id)
    if row is not None:
        await events.append(tx, f"conversation:{conversation_id}", "file", {"message_id": message_id, "seq": row["seq"]})
