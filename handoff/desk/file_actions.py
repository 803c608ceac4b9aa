"""What an agent does with files of a case."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from accounts.schemas import Staff
from conversation.files import pictures
from conversation.files.kinds import UPLOADS
from conversation.files.service import checked_kind
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff import files

Acting = Callable[[], AbstractAsyncContextManager[tuple[Connection, Staff]]]


class FileActions:
    """Bound to one signed-in session, as ``Actions`` is."""

    def __init__(self, acting: Acting, cipher: Cipher, address: str, public_url: str) -> None:
        self._acting = acting
        self._cipher = cipher
        self._address = address
        self._public_url = public_url

    async def position(self, case_id: int, file_id: int) -> tuple[float, float]:
        """Where a picture says that it was taken.

        Raises:
            AppError: what ``files.position`` raises.
        """
        async with self._acting() as (tx, staff):
            return await files.position(tx, self._cipher, case_id, file_id, staff, address=self._address)

    async def send(self, case_id: int, content: bytes, name: str, client_id: str) -> int:
        """Send a picture or document to the citizen; the number of its line. A picture is drawn anew first, without the database.

        Raises:
            AppError: ``file_empty``, ``file_kind``, ``file_picture_broken``, and what ``files.send`` raises.
        """
        async with self._acting() as (tx, staff):  # who may not is told before anything is drawn
            await files.may_send(tx, case_id, staff)
        kind = checked_kind(content)
        if kind not in UPLOADS:
            raise AppError("file_kind")
        try:
            drawn = await pictures.drawn(content, kind.suffix) if kind.name == "image" else None
        except pictures.NotDrawn as error:
            raise AppError("file_picture_broken", error.reason) from error
        async with self._acting() as (tx, staff):
            return await files.send(tx, self._cipher, case_id, staff, content, kind, drawn, name, client_id, self._public_url, address=self._address)
