"""What supervisors change on the team page: people, shifts, duty numbers, districts. Who it is, and whether they may, is asked every time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from accounts import service as accounts
from accounts.schemas import Role, Staff
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from handoff import service as handoff
from handoff.desk.mission_actions import SeatActions
from handoff.desk.session import Session
from handoff.jurisdiction import service as jurisdiction
from handoff.jurisdiction.records import Competence
from handoff.jurisdiction.service import Line
from handoff.missions import Mission


@dataclass(frozen=True)
class Left:
    """Somebody who is off, or gone, and still holds something."""

    staff_id: int
    name: str
    is_gone: bool
    cases: int
    promises: int


@dataclass(frozen=True)
class TeamPicture:
    """The staff at one moment."""

    at: datetime
    people: tuple[handoff.Colleague, ...]
    shifts: tuple[handoff.Shift, ...]
    left: tuple[Left, ...]


class TeamActions:
    """Bound to one signed-in session."""

    def __init__(self, db: Database, cipher: Cipher, session: Session) -> None:
        self._db = db
        self._session = session
        self.officers = SeatActions(self._acting, cipher, session.address)

    async def viewer(self) -> Staff:
        """Who is signed in.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        async with self._db.read() as connection:
            return await self._chief(connection)

    async def _chief(self, connection: Connection) -> Staff:
        staff = await self._session.person(connection)
        if staff.disabled or not staff.has(Role.SUPERVISOR, Role.ADMIN):
            raise AppError("forbidden")
        return staff

    @asynccontextmanager
    async def _acting(self) -> AsyncIterator[tuple[Connection, Staff]]:
        async with self._db.transaction() as tx:
            yield tx, await self._chief(tx)

    async def picture(self) -> TeamPicture:
        """Everybody, how they stand, and what nobody looks after any more."""
        at = clock_now()
        async with self._db.read() as connection:
            await self._chief(connection)
            people = await handoff.roster(connection, at)
            shifts = await handoff.shifts(connection, at)
            names = {one.id: one for one in await accounts.everyone(connection)}
            left = [
                Left(row["staff_id"], names[row["staff_id"]].display_name, names[row["staff_id"]].disabled, row["cases"], row["promises"])
                for row in await handoff.overstaying(connection, at)
                if row["staff_id"] in names
            ]
        return TeamPicture(at, tuple(people), tuple(shifts), tuple(left))

    async def save_person(self, before: handoff.Colleague, skills: Iterable[str], languages: Iterable[str], teams: Iterable[str], cap: int) -> None:
        """What has changed of a person, all or nothing; what has not is not written into the access log either."""
        async with self._acting() as (tx, staff):
            if sorted(skills) != sorted(before.skills):
                await handoff.set_skills(tx, staff, before.id, skills)
            if sorted(languages) != sorted(before.languages):
                await handoff.set_languages(tx, staff, before.id, languages)
            if sorted(teams) != sorted(before.teams):
                await handoff.set_teams(tx, staff, before.id, teams)
            if cap != before.cap:
                await handoff.set_cap(tx, staff, before.id, cap)

    async def plan_shift(self, staff_id: int, starts_at: datetime, ends_at: datetime) -> None:
        """Write down when somebody works."""
        async with self._acting() as (tx, staff):
            await handoff.plan_shift(tx, staff, staff_id, starts_at, ends_at)

    async def cancel_shift(self, shift_id: int) -> None:
        """Take a planned shift away."""
        async with self._acting() as (tx, staff):
            await handoff.cancel_shift(tx, staff, shift_id)

    async def numbers(self) -> list[handoff.DutyNumber]:
        """Every mission's duty number."""
        async with self._acting() as (tx, staff):
            return await handoff.duty_numbers(tx, staff)

    async def save_number(self, country: str, number: str, source: str) -> None:
        """Write a number down; another supervisor must check it."""
        async with self._acting() as (tx, staff):
            await handoff.save_number(tx, staff, country, number, source)

    async def check_number(self, country: str, number: str) -> None:
        """Another person has tried it."""
        async with self._acting() as (tx, staff):
            await handoff.check_number(tx, staff, country, number)

    async def rests(self) -> tuple[int, list[handoff.RestFigures]]:
        """How long a rest after abuse lasts, and who rested how often."""
        async with self._acting() as (tx, staff):
            return await handoff.rest_minutes(tx), await handoff.rest_figures(tx, staff, clock_now())

    async def set_rest_minutes(self, minutes: int) -> None:
        """From the next rest on."""
        async with self._acting() as (tx, staff):
            await handoff.set_rest_minutes(tx, staff, minutes)

    async def missions(self) -> list[Mission]:
        """The directory."""
        async with self._acting() as (tx, _):
            return await jurisdiction.directory(tx)

    async def lines(self, country: str) -> list[Line]:
        """The table of a country with its history."""
        async with self._acting() as (tx, staff):
            return await jurisdiction.lines(tx, staff, country)

    async def amend(self, new: Competence | None, replaces: int | None) -> None:
        """Write, replace or end a row."""
        async with self._acting() as (tx, staff):
            await jurisdiction.amend(tx, staff, new, replaces=replaces, address=self._session.address)
