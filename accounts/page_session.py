"""Who sits at a staff page: the sign-in cookie's owner, asked of the database at every action, so that a dismissal counts at once."""

from __future__ import annotations

from typing import Self

from fastapi import Request

from accounts import service as accounts
from accounts.schemas import COOKIE, Staff
from core import audit
from core.db import Connection
from core.errors import AppError


class PageSession:
    """One page's or one request's sign-in."""

    def __init__(self, token: str | None, address: str = "") -> None:
        self._token = token
        self.address = address

    @classmethod
    def of(cls, request: Request) -> Self:
        """The session that a request's cookie names."""
        return cls(request.cookies.get(COOKIE), request.client.host if request.client else "")

    async def person(self, connection: Connection) -> Staff:
        """Who is signed in, whatever their roles; what they may do is asked where they do it. What is written down from here on says where they sit.

        Raises:
            AppError: ``not_signed_in``.
        """
        staff = await accounts.session(connection, self._token)
        if staff is None:
            raise AppError("not_signed_in")
        audit.acting_from(self.address)
        return staff
