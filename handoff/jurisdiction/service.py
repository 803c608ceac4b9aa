"""What the rest of the handoff asks of the jurisdiction: candidates for a place, and the table's changes with their history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.schemas import Role, Staff
from core import audit
from core.db import Connection, Database
from core.errors import AppError
from handoff.jurisdiction import repository
from handoff.jurisdiction.competence import Known, Place, competent_missions
from handoff.jurisdiction.records import REST, Competence, read_files
from handoff.jurisdiction.regions import known_codes
from handoff.missions import Mission, missions_of
from handoff.schemas import CountryCandidate, MissionHint


@dataclass(frozen=True)
class Line:
    """A row of the table as it was written: by whom, when, and since when it stands no longer."""

    id: int
    row: Competence
    changed_by: str
    changed_at: datetime
    replaced_at: datetime | None


async def lines(connection: Connection, staff: Staff, country: str) -> list[Line]:
    """Every row of a country there ever was, the newest first; those without ``replaced_at`` stand.

    Raises:
        AppError: ``forbidden``.
    """
    if staff.disabled or not staff.has(Role.SUPERVISOR, Role.ADMIN):
        raise AppError("forbidden", f"staff {staff.id} may not see how districts were changed")
    return [
        Line(row["id"], repository.record_of(row), row["changed_by"], row["changed_at"], row["replaced_at"])
        for row in await repository.history(connection, country)
    ]


async def seed(db: Database) -> int:
    """Fill or refresh the table of competence from the committed files."""
    async with db.transaction() as tx:
        return await repository.seed(tx, read_files())


async def directory(connection: Connection) -> list[Mission]:
    """The directory of missions; one that has not been seeded into the database yet is read from its file."""
    from knowledge_base import reference
    from knowledge_base import repository as knowledge

    return missions_of(await knowledge.missions_of(connection) or reference.read_missions())


async def known_on(connection: Connection, on: date) -> Known:
    """Everything known of missions on a day."""
    rows = [repository.record_of(row) for row in await repository.current(connection)]
    return Known(await directory(connection), rows or read_files(), on)


async def candidates(connection: Connection, named: str | None, countries: Sequence[CountryCandidate], place: Place | None, at: datetime) -> list[MissionHint]:
    """The missions that may be competent at a moment, the likeliest first."""
    if named is None and not countries and place is None:
        return []
    return competent_missions(named, countries, place, await known_on(connection, at.date()))


async def amend(tx: Connection, staff: Staff, new: Competence | None, *, replaces: int | None = None, address: str = "") -> int | None:
    """Write a row, replace one, or (``new`` None) let one stand no longer; supervisors only. The old row stays in the history.

    Raises:
        AppError: ``forbidden``, ``not_found``, or ``invalid_request`` (``field`` says which).
    """
    if staff.disabled or not staff.has(Role.SUPERVISOR, Role.ADMIN):
        raise AppError("forbidden", f"staff {staff.id} may not change districts")
    if new is None and replaces is None:
        raise AppError("invalid_request", field="competence")
    if new is not None:
        _check(new, await directory(tx))
    if replaces is not None and await repository.close(tx, replaces) is None:
        raise AppError("not_found")
    made = await repository.insert(tx, new, staff.login) if new is not None else None
    await audit.record(tx, staff.login, address, "mission.competence", detail={"row": made, "replaces": replaces})
    return made


def _check(row: Competence, missions: Sequence[Mission]) -> None:
    if row.mission not in {mission.name for mission in missions}:
        raise AppError("invalid_request", field="mission")
    if not row.source.strip():
        raise AppError("invalid_request", field="source")
    if row.valid_from and row.valid_to and row.valid_to <= row.valid_from:
        raise AppError("invalid_request", field="valid_to")
    if not row.regions or not set(row.regions) <= known_codes(row.country) | {REST}:
        raise AppError("invalid_request", field="regions")
