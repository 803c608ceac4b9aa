"""What an agent does with files of a case."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from accounts.schemas import Staff
from core.crypto import Cipher
from core.db import Connection
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
