"""Where officers sit: the list that supervisors keep, and taking somebody's seat away."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from accounts.schemas import Role, Staff
from core import audit, events
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff.officers import repository
from handoff.officers.service import EMAIL
from handoff.streams import case_stream


@dataclass(frozen=True)
class Seat:
    """An officer's account, and the mission it is seated at; ``mission`` is empty for whoever sits nowhere."""

    staff_id: int
    login: str
    name: str
    is_disabled: bool
    mission: str
    email: str = field(repr=False)
    changed_by: str
    changed_at: datetime | None
    #: Open cases in which they take part.
    joined: int


async def seats(connection: Connection, cipher: Cipher, by: Staff) -> list[Seat]:
    """Every officer's account, those without a seat first.

    Raises:
        AppError: ``forbidden``.
    """
    _check(by)
    return [
        Seat(
            row["id"],
            row["login"],
            row["display_name"],
            row["disabled"],
            row["mission"] or "",
            cipher.open(row["email"], EMAIL) if row["email"] else "",
            row["changed_by"] or "",
            row["changed_at"],
            row["joined"],
        )
        for row in await repository.seats(connection)
    ]


async def unseat(tx: Connection, by: Staff, staff_id: int, *, address: str = "") -> bool:
    """Take an officer's seat away: the mission's cases and mail end for them at once, and so does their part in open cases. False if they sat nowhere.

    Raises:
        AppError: ``forbidden``.
    """
    _check(by)
    if (mission := await repository.clear_officer(tx, staff_id)) is None:
        return False
    left = await repository.leave_open_cases(tx, staff_id)
    for case_id in left:
        await events.append(tx, case_stream(case_id), "officer_left", {"case_id": case_id, "staff_id": staff_id})
    await audit.record(tx, by.login, address, "officer.unseat", detail={"staff_id": staff_id, "mission": mission, "cases": left})
    return True


def _check(by: Staff) -> None:
    if by.disabled or not by.has(Role.SUPERVISOR, Role.ADMIN):
        raise AppError("forbidden", f"staff {by.id} may not seat officers")
