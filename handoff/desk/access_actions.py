"""What supervisors ask of the access log: who it is, and whether they may, is asked of the database every time, and every look is written down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.page_session import PageSession
from accounts.schemas import Staff
from core import audit
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection, Database
from handoff.access import access_records
from handoff.records import access_repository, access_review, log_file, restricted, restricted_repository, retention
from handoff.records.access_review import Entry, Line
from handoff.records.restricted import Opening
from handoff.records.retention import Run

#: How far back the page adds up what was erased.
ADDED_UP = timedelta(days=30)


@dataclass(frozen=True)
class Kept:
    """How the erasing stands: the newest run, when one last went through whole, rows of the last days by class, standing holds."""

    last: Run | None
    whole: datetime | None
    lately: Mapping[str, int]
    holds: int
    is_overdue: bool


class AccessActions:
    """Bound to one signed-in session."""

    def __init__(self, db: Database, cipher: Cipher, session: PageSession) -> None:
        self._db = db
        self._cipher = cipher
        self._session = session

    @asynccontextmanager
    async def _acting(self) -> AsyncIterator[tuple[Connection, Staff]]:
        async with self._db.transaction() as tx:
            staff = await self._session.person(tx)
            access_records(staff)
            yield tx, staff

    async def viewer(self) -> Staff:
        """Who is signed in.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        async with self._acting() as (_, staff):
            return staff

    async def entries(self, first: date) -> list[Entry]:
        """Every account's month."""
        async with self._acting() as (tx, staff):
            return await access_review.entries(tx, staff, first)

    async def lines(self, first: date, account: str) -> list[Line]:
        """What one account did."""
        async with self._acting() as (tx, staff):
            return await access_review.lines(tx, staff, first, account)

    async def of_case(self, case_id: int) -> list[Line]:
        """Who has done what with a case."""
        async with self._acting() as (tx, staff):
            return await access_review.of_case(tx, staff, case_id)

    async def mark_reviewed(self, first: date, account: str) -> None:
        """It has been looked through."""
        async with self._acting() as (tx, staff):
            await access_review.mark_reviewed(tx, staff, first, account)

    async def export(self, month: str, account: str) -> str:
        """A month as a file.

        Raises:
            AppError: ``bad_date``, ``not_signed_in`` or ``forbidden``.
        """
        async with self._acting() as (tx, staff):
            first = access_review.month_of(month)
            found = await access_review.export(tx, staff, first, account)
        return log_file.build(first, found)

    async def openings(self) -> list[Opening]:
        """Who has opened restricted cases, and why; that the list was read is written down."""
        async with self._acting() as (tx, staff):
            found = await restricted.openings(tx, self._cipher, staff)
            await audit.record(tx, staff.login, "", "access.openings", detail={"openings": len(found)})
            return found

    async def unseen(self) -> int:
        """How many openings no supervisor has seen."""
        async with self._acting() as (tx, _):
            return await restricted_repository.unseen(tx)

    async def see(self, opening_id: int) -> None:
        """An opening has been seen."""
        async with self._acting() as (tx, staff):
            await restricted.see(tx, opening_id, staff)

    async def kept(self) -> Kept:
        """How the erasing stands."""
        async with self._acting() as (tx, _):
            whole, now = await retention.last_whole(tx), clock_now()
            return Kept(
                await retention.last_run(tx),
                whole,
                await retention.erased_since(tx, now - ADDED_UP),
                await access_repository.holds_standing(tx),
                whole is None or retention.is_overdue(whole, now, now),
            )
