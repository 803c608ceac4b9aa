"""What staff do with the directory of those who help further, and the record of a handing on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from accounts.schemas import Staff
from core.crypto import Cipher
from core.db import Connection
from handoff.hand_on import service
from handoff.hand_on.directory import Listed

Acting = Callable[[], AbstractAsyncContextManager[tuple[Connection, Staff]]]


class HandOnActions:
    """Bound to one signed-in session, as ``Actions`` is."""

    def __init__(self, acting: Acting, cipher: Cipher) -> None:
        self._acting = acting
        self._cipher = cipher

    async def listing(self) -> list[Listed]:
        """Every target as it stands.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        async with self._acting() as (tx, _):
            return await service.listing(tx)

    async def record(self, case_id: int, target: str, said: str) -> None:
        """Write down a handing on.

        Raises:
            AppError: what ``hand_on.service.record`` raises.
        """
        async with self._acting() as (tx, staff):
            await service.record(tx, self._cipher, case_id, staff, target, said)

    async def save_number(self, target: str, number: str, source: str) -> None:
        """A number as a supervisor has found it.

        Raises:
            AppError: what ``hand_on.service.save_number`` raises.
        """
        async with self._acting() as (tx, staff):
            await service.save_number(tx, staff, target, number, source)

    async def check_number(self, target: str, number: str) -> None:
        """A supervisor has tried a number.

        Raises:
            AppError: what ``hand_on.service.check_number`` raises.
        """
        async with self._acting() as (tx, staff):
            await service.check_number(tx, staff, target, number)
