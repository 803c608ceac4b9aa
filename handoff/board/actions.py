"""What a supervisor asks of the board: who it is, and whether they may, is asked of the database every time."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.page_session import PageSession
from accounts.schemas import Staff
from core import audit
from core.clock import now as clock_now
from core.db import Connection, Database
from core.settings import settings
from handoff.board import csv_file, repository, service
from handoff.board.channels import Health
from handoff.board.definitions import Figures, Slot
from handoff.board.service import Live
from handoff.surge.actions import SurgeActions


@dataclass(frozen=True)
class Period:
    """The figures of a period, its course, and the names of those who earned satisfaction."""

    figures: Figures
    trend: list[Slot]
    names: dict[int, str]


class BoardActions:
    """Bound to one signed-in session."""

    def __init__(self, db: Database, session: PageSession, health: Health | None = None) -> None:
        self._db = db
        self._session = session
        self._health = health

    @property
    def surge(self) -> SurgeActions:
        """What the switch of surge mode asks."""
        return SurgeActions(self._db, self._session)

    async def viewer(self) -> Staff:
        """Who looks at the board.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        async with self._db.read() as connection:
            return await self._person(connection)

    async def live(self) -> Live:
        """How things stand now."""
        async with self._db.read() as connection:
            await self._person(connection)
            return await service.live(connection, health=self._health)

    async def period(self, first: str, last: str) -> Period:
        """The figures of some days.

        Raises:
            AppError: ``bad_date`` or ``invalid_request``.
        """
        async with self._db.read() as connection:
            await self._person(connection)
            return await self._period(connection, first, last)

    async def export(self, first: str, last: str) -> str:
        """The same as a file; that somebody took it is written down.

        Raises:
            AppError: ``bad_date`` or ``invalid_request``.
        """
        async with self._db.transaction() as tx:
            staff = await self._person(tx)
            found = await self._period(tx, first, last)
            days = {"from": found.figures.window.start.date().isoformat(), "to": found.figures.window.end.date().isoformat()}
            await audit.record(tx, staff.login, self._session.address, "board.export", detail=days)
        return csv_file.build(found.figures, found.trend, found.names, is_practice=settings().sandbox)

    async def _person(self, connection: Connection) -> Staff:
        staff = await self._session.person(connection)
        service.access_board(staff)
        return staff

    async def _period(self, connection: Connection, first: str, last: str) -> Period:
        at = clock_now()
        figures, trend = await service.figures_and_trend(connection, service.window_of(first, last, at), at)
        ids = [credit.staff_id for credit in figures.satisfaction.credits if credit.staff_id is not None]
        return Period(figures, trend, await repository.names(connection, ids))
