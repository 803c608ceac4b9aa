"""What officers and their supervisors do: be seated at a mission, see the district's emergencies, say that one was seen, join."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from accounts import service as accounts
from accounts.schemas import Role, Staff
from core import audit, events
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from handoff import repository as cases
from handoff.access import is_open_to
from handoff.jurisdiction import service as jurisdiction
from handoff.officers import repository
from handoff.records import restricted_repository
from handoff.schemas import HIDDEN
from handoff.streams import case_stream
from language.categories import Urgency

EMAIL = "mission_officers.email"
COMMAND_LINE = "command-line"
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True)
class DistrictCase:
    """What an officer sees of a case before joining it: nothing personal."""

    case_id: int
    status: str
    severity: str
    category: str
    country: str | None
    arrival_at: datetime
    basis: str
    owner_name: str
    is_acknowledged: bool
    has_joined: bool


async def seat(tx: Connection, cipher: Cipher, by: Staff | None, staff_id: int, mission: str, email: str = "", *, address: str = "") -> None:
    """Seat an officer's account at a mission; supervisors and administrators only (``by`` None: from the command line).

    Raises:
        AppError: ``forbidden``, or ``invalid_request`` (``field`` says which).
    """
    if by is not None and (by.disabled or not by.has(Role.SUPERVISOR, Role.ADMIN)):
        raise AppError("forbidden", f"staff {by.id} may not seat officers")
    whom = await accounts.account(tx, staff_id)
    if whom is None or whom.disabled or not whom.has(Role.OFFICER):
        raise AppError("invalid_request", field="staff")
    if mission not in {known.name for known in await jurisdiction.directory(tx)}:
        raise AppError("invalid_request", field="mission")
    if email and not _ADDRESS.fullmatch(email):
        raise AppError("invalid_request", field="email")
    await repository.set_officer(tx, staff_id, mission, cipher.seal(email, EMAIL) if email else None, by.login if by else COMMAND_LINE)
    await audit.record(tx, by.login if by else COMMAND_LINE, address, "officer.seat", detail={"staff_id": staff_id, "mission": mission})


async def mission_of(connection: Connection, officer: Staff) -> str:
    """Where an officer sits.

    Raises:
        AppError: ``no_mission``.
    """
    mission = await repository.mission_of(connection, officer.id)
    if mission is None:
        raise AppError("no_mission", f"staff {officer.id} sits at no mission")
    return mission


async def district_cases(connection: Connection, officer: Staff) -> list[DistrictCase]:
    """Open emergencies of the officer's district and whatever they have joined, the worst and oldest first.

    Raises:
        AppError: ``no_mission``.
    """
    rows = await repository.district_cases(connection, officer.id, await mission_of(connection, officer))
    hidden = await restricted_repository.closed_to(connection, [row["id"] for row in rows], officer.id)
    return [
        DistrictCase(
            row["id"],
            row["status"],
            row["severity"],
            HIDDEN if row["id"] in hidden else row["category"],
            row["country"],
            row["arrival_at"],
            row["basis"] or "",
            row["owner_name"] or "",
            row["acknowledged_at"] is not None,
            bool(row["joined"]),
        )
        for row in rows
    ]


async def acknowledge(tx: Connection, case_id: int, officer: Staff, *, address: str = "") -> bool:
    """The officer has seen the notice; it is not repeated. False if that was said before.

    Raises:
        AppError: ``no_mission`` or ``other_district``.
    """
    await _check_district(tx, case_id, officer)
    if not await repository.acknowledge(tx, case_id, officer.id):
        return False
    await audit.record(tx, officer.login, address, "officer.acknowledge", case_id)
    return True


async def join(tx: Connection, case_id: int, officer: Staff, *, address: str = "") -> bool:
    """Take part in a case of one's district: see it and write beside its owner, who stays its owner. False if they had joined.

    Raises:
        AppError: ``no_mission``, ``other_district``, or ``restricted_here`` (never of a life threat) for whoever is not named.
    """
    await _check_district(tx, case_id, officer)
    row = await cases.case(tx, case_id, lock=True)
    if row is None or row["status"] == "closed":
        raise AppError("other_district")
    if row["severity"] != Urgency.LIFE_THREAT and not await is_open_to(tx, row, officer):
        raise AppError("restricted_here", f"case {case_id} is restricted, and officer {officer.id} is not named")
    if not await repository.join(tx, row["conversation_id"], officer.id):
        return False
    await repository.acknowledge(tx, case_id, officer.id)
    await events.append(tx, case_stream(case_id), "joined", {"case_id": case_id, "staff_id": officer.id})
    await audit.record(tx, officer.login, address, "officer.join", case_id)
    return True


async def _check_district(connection: Connection, case_id: int, officer: Staff) -> None:
    # A case that does not exist is refused in the same words, so that numbers cannot be tried out.
    if officer.disabled or not await repository.is_of_district(connection, case_id, await mission_of(connection, officer)):
        raise AppError("other_district", f"case {case_id} is not of the district of staff {officer.id}")


async def record_refusal(db: Database, officer: Staff, case_id: int, address: str) -> None:
    """Write down that an officer tried to open what is not theirs; a transaction of its own, since the refusal undoes the other."""
    async with db.transaction() as tx:
        await audit.record(tx, officer.login, address, "officer.refused", case_id)


async def seat_by_login(tx: Connection, cipher: Cipher, login: str, mission: str, email: str = "") -> None:
    """Seat an officer from the command line.

    Raises:
        AppError: ``invalid_request`` (``field`` says which).
    """
    found = next((one for one in await accounts.everyone(tx) if one.login == login.strip().lower()), None)
    if found is None:
        raise AppError("invalid_request", field="staff")
    await seat(tx, cipher, None, found.id, mission, email)
