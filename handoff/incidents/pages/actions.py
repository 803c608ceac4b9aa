"""What staff do on the pages of incidents. Who it is, and whether they may, is asked of the database every time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from accounts.schemas import Staff
from core.crypto import Cipher
from core.db import Connection, Database
from handoff.desk.session import Session
from handoff.incidents import list_file, service, statements
from handoff.incidents.schemas import Incident, Picture, Suggestion


class IncidentActions:
    """Bound to one signed-in session."""

    def __init__(self, db: Database, cipher: Cipher, session: Session) -> None:
        self._db = db
        self._cipher = cipher
        self._session = session

    async def viewer(self) -> Staff:
        """Who is signed in.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        async with self._db.read() as connection:
            return await self._session.staff(connection)

    @asynccontextmanager
    async def _acting(self) -> AsyncIterator[tuple[Connection, Staff]]:
        async with self._db.transaction() as tx:
            yield tx, await self._session.staff(tx)

    async def overview(self) -> tuple[list[tuple[Incident, int, int]], list[Suggestion]]:
        """Open incidents, and what may be one."""
        async with self._db.read() as connection:
            staff = await self._session.staff(connection)
            return await service.all_open(connection, self._cipher, staff), await service.suggestions(connection, staff)

    async def picture(self, incident_id: int) -> Picture:
        """One incident as it stands."""
        async with self._db.read() as connection:
            return await service.picture(connection, self._cipher, await self._session.staff(connection), incident_id)

    async def suggestions(self, incident_id: int) -> list[int]:
        """Cases that look as if they belonged to this incident."""
        async with self._db.read() as connection:
            found = await service.suggestions(connection, await self._session.staff(connection))
        return [case_id for one in found if one.incident_id == incident_id for case_id in one.case_ids]

    async def opened(self, incident_id: int) -> None:
        """The page with its names is looked at: one line in the access log for each opening."""
        async with self._acting() as (tx, staff):
            await service.note_look(tx, staff, incident_id, self._session.address)

    async def export(self, incident_id: int) -> str:
        """The list as a file; that somebody took it is written down."""
        async with self._acting() as (tx, staff):
            found = await service.picture(tx, self._cipher, staff, incident_id)
            await service.note_look(tx, staff, incident_id, self._session.address, "incident.export")
        return list_file.build(found)

    async def open_incident(self, title: str, category: str, country: str | None, case_ids: Sequence[int]) -> int:
        """Make an incident."""
        async with self._acting() as (tx, staff):
            return await service.open_incident(tx, self._cipher, staff, title, category, country, case_ids)

    async def add_cases(self, incident_id: int, case_ids: Sequence[int]) -> int:
        """Put cases in."""
        async with self._acting() as (tx, staff):
            return await service.add_cases(tx, staff, incident_id, case_ids)

    async def remove_case(self, incident_id: int, case_id: int) -> None:
        """Take one out."""
        async with self._acting() as (tx, staff):
            await service.remove_case(tx, staff, incident_id, case_id)

    async def add_person(self, incident_id: int, name: str, state: str, said_by: str) -> None:
        """Put somebody on the list."""
        async with self._acting() as (tx, staff):
            await service.add_person(tx, self._cipher, staff, incident_id, name, state, said_by)

    async def say_state(self, person_id: int, state: str, said_by: str, name: str | None) -> None:
        """Write down how somebody stands; ``name`` None leaves the name as it is."""
        async with self._acting() as (tx, staff):
            await service.say_state(tx, self._cipher, staff, person_id, state, said_by, name=name)

    async def drop_person(self, person_id: int) -> None:
        """Take somebody off the list."""
        async with self._acting() as (tx, staff):
            await service.drop_person(tx, staff, person_id)

    async def merge(self, incident_id: int, into_id: int) -> None:
        """Two incidents that are one."""
        async with self._acting() as (tx, staff):
            await service.merge(tx, staff, incident_id, into_id)

    async def close(self, incident_id: int) -> None:
        """The event is over."""
        async with self._acting() as (tx, staff):
            await service.close(tx, staff, incident_id)

    async def write_statement(self, incident_id: int, text: str) -> None:
        """Draft a statement."""
        async with self._acting() as (tx, staff):
            await statements.write(tx, self._cipher, staff, incident_id, text)

    async def approve(self, statement_id: int) -> None:
        """Let it go out."""
        async with self._acting() as (tx, staff):
            await statements.approve(tx, staff, statement_id)

    async def withdraw(self, statement_id: int) -> None:
        """Take a draft back."""
        async with self._acting() as (tx, staff):
            await statements.withdraw(tx, staff, statement_id)

    async def send_held(self, statement_id: int, case_id: int) -> None:
        """Send it where it was held back."""
        async with self._acting() as (tx, staff):
            await statements.send_held(tx, self._cipher, staff, statement_id, case_id)
