"""Who sits at the editors' page."""

from __future__ import annotations

from accounts.page_session import PageSession
from accounts.schemas import Role, Staff
from core.db import Connection
from core.errors import AppError

WRITERS = (Role.EDITOR, Role.SUPERVISOR, Role.ADMIN)
READERS = (*WRITERS, Role.AGENT, Role.OFFICER)


class Session(PageSession):
    """One page's or one request's sign-in."""

    async def reader(self, connection: Connection) -> Staff:
        """The person, if the notices are theirs to read.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        return await self._one_of(connection, READERS)

    async def writer(self, connection: Connection) -> Staff:
        """The person, if the notices are theirs to write.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        return await self._one_of(connection, WRITERS)

    async def _one_of(self, connection: Connection, roles: tuple[Role, ...]) -> Staff:
        staff = await self.person(connection)
        if not staff.has(*roles):
            raise AppError("forbidden")
        return staff
