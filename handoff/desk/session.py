"""Who sits at a desk: the sign-in cookie's owner, asked of the database at every action, so that a dismissal counts at once."""

from __future__ import annotations

from fastapi import Request

from accounts import service as accounts
from accounts.schemas import COOKIE, Staff
from core.db import Connection
from core.errors import AppError
from handoff.access import access_queue


class Session:
    """One page's sign-in."""

    def __init__(self, token: str | None, address: str = "") -> None:
        self._token = token
        self.address = address

    @classmethod
    def of(cls, request: Request) -> Session:
        """The session that a request's cookie names."""
        return cls(request.cookies.get(COOKIE), request.client.host if request.client else "")

    async def person(self, connection: Connection) -> Staff:
        """Who is signed in, whatever their roles; what they may do is asked where they do it.

        Raises:
            AppError: ``not_signed_in``.
        """
        staff = await accounts.session(connection, self._token)
        if staff is None:
            raise AppError("not_signed_in")
        return staff

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
