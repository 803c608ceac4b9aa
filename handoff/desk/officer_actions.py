"""What an officer does at the mission's desk: each one transaction, each asked of the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from accounts.schemas import Role, Staff
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from handoff import guarding
from handoff import service as handoff
from handoff.access import access_writable_case
from handoff.desk.session import Session
from handoff.officers import at_case
from handoff.officers import service as officers
from handoff.officers.service import DistrictCase
from handoff.schemas import CaseCard


class OfficerActions:
    """Bound to one signed-in session."""

    def __init__(self, db: Database, cipher: Cipher, session: Session) -> None:
        self._db = db
        self._cipher = cipher
        self._session = session

    async def viewer(self) -> tuple[Staff, str]:
        """Who is signed in, and where they sit.

        Raises:
            AppError: ``not_signed_in``, ``forbidden`` or ``no_mission``.
        """
        async with self._db.read() as connection:
            staff = await self._officer(connection)
            return staff, await officers.mission_of(connection, staff)

    async def _officer(self, connection: Connection) -> Staff:
        staff = await self._session.person(connection)
        if staff.disabled or not staff.has(Role.OFFICER):
            raise AppError("forbidden")
        return staff

    async def cases(self) -> list[DistrictCase]:
        """The district's open emergencies, and what the officer has joined.

        Raises:
            AppError: those of :meth:`viewer`.
        """
        async with self._db.read() as connection:
            return await officers.district_cases(connection, await self._officer(connection))

    async def acknowledge(self, case_id: int) -> None:
        """Say that the notice was seen.

        Raises:
            AppError: ``other_district`` and those of :meth:`viewer`.
        """
        await self._own(case_id, lambda tx, staff: officers.acknowledge(tx, case_id, staff, address=self._session.address))

    async def join(self, case_id: int) -> None:
        """Take part.

        Raises:
            AppError: ``other_district`` and those of :meth:`viewer`.
        """
        await self._own(case_id, lambda tx, staff: officers.join(tx, case_id, staff, address=self._session.address))

    async def open(self, case_id: int) -> CaseCard:
        """The card of a case that the officer has joined; another one is refused, and the attempt is written down.

        Raises:
            AppError: ``other_district`` and those of :meth:`viewer`.
        """
        cards: list[CaseCard] = []

        async def read(tx: Connection, staff: Staff) -> None:
            cards.append(await handoff.card(tx, self._cipher, case_id, staff, address=self._session.address))
            await at_case.seen(tx, case_id, staff, address=self._session.address)

        await self._own(case_id, read)
        return cards[0]

    async def write(self, case_id: int, text: str, client_id: str, *, is_confirmed: bool = False) -> None:
        """Write to the citizen beside the owner.

        Raises:
            AppError: ``telling_words``, and what ``handoff.service.reply`` raises.
        """
        async with self._acting() as (tx, staff):
            conversation_id = (await access_writable_case(tx, case_id, staff))["conversation_id"]
            kinds = await guarding.check_words(tx, conversation_id, text, is_confirmed=is_confirmed)
            await handoff.reply(tx, self._cipher, case_id, staff, text, client_id)
            await guarding.record_words(tx, self._cipher, staff, self._session.address, case_id, conversation_id, kinds)

    @asynccontextmanager
    async def _acting(self) -> AsyncIterator[tuple[Connection, Staff]]:
        async with self._db.transaction() as tx:
            yield tx, await self._officer(tx)

    async def _own(self, case_id: int, act: Callable[[Connection, Staff], Awaitable[object]]) -> None:
        """Do something with a case; a refusal is written down, in the same words whether the case exists or not."""
        refused: list[Staff] = []
        try:
            async with self._acting() as (tx, staff):
                refused.append(staff)
                await act(tx, staff)
        except AppError as error:
            if error.code not in ("other_district", "forbidden", "not_found") or not refused:
                raise
            await officers.record_refusal(self._db, refused[0], case_id, self._session.address)
            raise AppError("other_district", str(error)) from error
