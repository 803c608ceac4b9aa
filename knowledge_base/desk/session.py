"""Who sits at the editors' page: asked of the database at every action, so that a dismissal counts at once."""

from __future__ import annotations

from fastapi import Request

from accounts import service as accounts
from accounts.schemas import COOKIE, Role, Staff
from core.db import Connection
from core.errors import AppError

WRITERS = (Role.EDITOR, Role.SUPERVISOR, Role.ADMIN)
READERS = (*WRITERS, Role.AGENT, Role.OFFICER)


class Session:
    """One page's or one request's sign-in."""

    def __init__(self, token: str | None, address: str = "") -> None:
        self._token = token
        self.address = address

    @classmethod
    def of(cls, request: Request) -> Session:
        """The session that a request's cookie names."""
        return cls(request.cookies.get(COOKIE), request.client.host if request.client else "")

    async def reader(self, connection: Connection) -> Staff:
        """The person, if the notices are theirs to read.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        return await self._person(connection, READERS)

    async def writer(self, connection: Connection) -> Staff:
        """The person, if the notices are theirs to write.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        return await self._person(connection, WRITERS)

    async def _person(self, connection: Connection, roles: tuple[Role, ...]) -> Staff:
        staff = await accounts.session(connection, self._token)
        if staff is None:
            raise AppError("not_signed_in")
        if not staff.has(*roles):
            raise AppError("forbidden")
        return staff
