"""Files of a case, for those who may see it: each look is written down, where a picture was taken is told to the case's owner alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from accounts.schemas import Staff
from conversation.files import service as files
from conversation.files.schemas import Content, File, Form
from conversation.schemas import Line
from core import audit
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff.access import access_case, access_own_case

#: Kinds of lines that may have a file.
_WITH_FILES = frozenset({"file", "text"})


async def with_files(connection: Connection, cipher: Cipher, lines: Sequence[Line]) -> list[Line]:
    """The lines, each with its files."""
    asked = [line.message_id for line in lines if line.kind in _WITH_FILES and (line.kind == "file" or line.body.get("attachments"))]
    found = await files.of_messages(connection, cipher, asked) if asked else {}
    return [replace(line, files=tuple(found[line.message_id])) if line.message_id in found else line for line in lines]


async def look(tx: Connection, cipher: Cipher, case_id: int, file_id: int, form: Form, staff: Staff, *, address: str = "") -> Content:
    """What a file holds; that it was looked at is written down.

    A picture's original holds all that the camera wrote into it, so it is for the owner of the case.

    Raises:
        AppError: ``not_found``, ``forbidden``, ``restricted`` or ``not_owner``.
    """
    row = await access_case(tx, case_id, staff)
    found = await files.look(tx, cipher, file_id, form)
    if found.file.conversation_id != row["conversation_id"]:
        raise AppError("not_found")
    if form is Form.ORIGINAL and found.file.kind == "image":
        await access_own_case(tx, case_id, staff, lock=False)
    await _record(tx, cipher, found.file, case_id, staff, form.value, address)
    return found


async def position(tx: Connection, cipher: Cipher, case_id: int, file_id: int, staff: Staff, *, address: str = "") -> tuple[float, float]:
    """Where the camera says that a picture was taken, for the owner of the case; written down like a look at a place.

    Raises:
        AppError: ``not_found``, ``not_owner`` or ``restricted``.
    """
    row = await access_own_case(tx, case_id, staff, lock=False)
    file = await files.get(tx, cipher, file_id)
    if file.conversation_id != row["conversation_id"]:
        raise AppError("not_found")
    found = await files.position(tx, cipher, file)
    await _record(tx, cipher, file, case_id, staff, "position", address)
    return found


async def _record(tx: Connection, cipher: Cipher, file: File, case_id: int, staff: Staff, form: str, address: str) -> None:
    if await files.seen(tx, file, case_id, staff.id, form):
        detail = {"file": file.id, "form": form}
        await audit.record(tx, staff.login, address, "file.view", case_id, cipher.pseudonym(file.conversation_id), detail)
