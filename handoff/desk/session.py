"""Who sits at a desk."""

from __future__ import annotations

from accounts import service as accounts
from accounts.page_session import PageSession
from accounts.schemas import Staff
from core.db import Connection
from handoff.access import access_queue


class Session(PageSession):
    """One page's sign-in."""

    async def staff(self, connection: Connection) -> Staff:
        """The person, as the database has them now, if a desk is theirs to sit at.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        staff = await self.person(connection)
        access_queue(staff)
        return staff

    @staticmethod
    async def name_of(connection: Connection, staff_id: int) -> str:
        """A colleague's name, empty when the account is gone."""
        found = await accounts.account(connection, staff_id)
        return found.display_name if found else ""
