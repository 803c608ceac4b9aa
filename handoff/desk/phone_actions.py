"""What an agent does for a caller: open the case, make a code, write the place down, end the call. Each is written down."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from accounts.schemas import Staff
from core.crypto import Cipher
from core.db import Connection, Database
from core.settings import settings
from handoff.phone import codes, service, texting
from handoff.phone.schemas import Caller, IssuedCode, Opened

Acting = Callable[[], AbstractAsyncContextManager[tuple[Connection, Staff]]]


class PhoneActions:
    """Bound to one signed-in session, as ``Actions`` is."""

    def __init__(self, db: Database, acting: Acting, cipher: Cipher, address: str, public_url: str) -> None:
        self._db = db
        self._acting = acting
        self._cipher = cipher
        self._address = address
        self._public_url = public_url

    @property
    def page(self) -> str:
        """The address to read out, without what nobody says aloud."""
        return self._public_url.partition("://")[2] + "/locate"

    @property
    def can_text(self) -> bool:
        """Whether a link can be sent by SMS."""
        return texting.port_of(settings()) is not None

    async def open(self, caller: Caller) -> Opened:
        """A case for a caller.

        Raises:
            AppError: what ``phone.service.open_for_caller`` raises.
        """
        async with self._acting() as (tx, staff):
            return await service.open_for_caller(tx, self._cipher, staff, caller, address=self._address)

    async def issue(self, case_id: int) -> tuple[IssuedCode, bool]:
        """A code to read out, and whether codes are refused to everybody at the moment.

        Raises:
            AppError: what ``phone.codes.issue`` raises.
        """
        async with self._acting() as (tx, staff):
            paused = await codes.are_paused(tx)
            return await codes.issue(tx, self._cipher, case_id, staff, address=self._address), paused

    async def write_place(self, case_id: int, text: str) -> None:
        """What the caller says of the place.

        Raises:
            AppError: what ``phone.service.write_place`` raises.
        """
        async with self._acting() as (tx, staff):
            await service.write_place(tx, self._cipher, case_id, staff, text, address=self._address)

    async def end_call(self, case_id: int) -> None:
        """The caller has hung up.

        Raises:
            AppError: ``not_found`` or ``not_owner``.
        """
        async with self._acting() as (tx, staff):
            await service.end_call(tx, case_id, staff)

    async def text_link(self, case_id: int) -> bool:
        """Send the caller the link by SMS; whether the service has taken it on.

        Raises:
            AppError: what ``phone.texting.send_link`` raises.
        """
        async with self._acting() as (_, staff):
            pass
        return await texting.send_link(self._db, self._cipher, settings(), case_id, staff, self._public_url, address=self._address)
