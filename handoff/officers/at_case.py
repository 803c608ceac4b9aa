"""The officers of a case's missions as its desk sees them: who has been told, who has seen it, who takes part; telling one of them, or inviting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.schemas import Staff
from core import audit, events
from core.db import Connection
from core.errors import AppError
from handoff import handing
from handoff.access import access_case, access_own_case
from handoff.officers import repository
from handoff.streams import case_stream


@dataclass(frozen=True)
class Stationed:
    """An officer of a mission, as they stand to one case."""

    staff_id: int
    name: str
    mission: str
    has_email: bool
    #: The case is an open emergency of the mission's district, so that they see it on their own desk.
    is_of_district: bool
    #: Whether there is a notice for them; how often it went out by mail, and how often it could not.
    is_told: bool
    sent: int
    failed: int
    acknowledged_at: datetime | None
    has_joined: bool


async def stationed(connection: Connection, case_id: int, staff: Staff, missions: Sequence[str]) -> list[Stationed]:
    """The officers who sit at some missions, in the order of the missions.

    Raises:
        AppError: ``not_found`` or ``forbidden``.
    """
    row = await access_case(connection, case_id, staff)
    found = await repository.stationed(connection, case_id, row["conversation_id"], missions)
    return [Stationed(**one) for one in sorted(found, key=lambda one: (missions.index(one["mission"]), one["name"]))]


async def inform(tx: Connection, case_id: int, staff: Staff, officer_id: int) -> bool:
    """Tell an officer (again) at once; False if they have said that they have seen it.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``illegal_move`` for a case that is over or a drill, ``invalid_request`` for whoever may not see it.
    """
    row = await access_own_case(tx, case_id, staff, supervisor_too=True)
    if row["status"] == "closed" or row["synthetic"]:
        raise AppError("illegal_move", f"nobody is told of case {case_id}")
    if not await repository.may_be_told(tx, case_id, row["conversation_id"], officer_id):
        raise AppError("invalid_request", field="officer")
    if not await repository.tell_now(tx, case_id, officer_id):
        return False
    await events.append(tx, case_stream(case_id), "informed", {"case_id": case_id, "staff_id": officer_id, "by": staff.id})
    await audit.record(tx, staff.login, "", "officer.inform", case_id, detail={"staff_id": officer_id})
    return True


async def call_in(tx: Connection, case_id: int, staff: Staff, officer_id: int) -> bool:
    """Make an officer a named participant and tell them of it; False if they took part already.

    Raises:
        AppError: what ``handing.invite`` and ``inform`` raise.
    """
    if await repository.mission_of(tx, officer_id) is None:
        raise AppError("invalid_request", field="officer")
    row = await access_own_case(tx, case_id, staff, supervisor_too=True)
    if row["synthetic"]:
        raise AppError("illegal_move", f"case {case_id} is a drill, which is no mission's")
    if not await handing.invite(tx, case_id, staff, officer_id):
        return False
    await inform(tx, case_id, staff, officer_id)
    return True


async def seen(tx: Connection, case_id: int, officer: Staff, *, address: str = "") -> None:
    """An officer has opened a case that they take part in: whoever reads it need not be told of it again."""
    if await repository.acknowledge(tx, case_id, officer.id):
        await audit.record(tx, officer.login, address, "officer.acknowledge", case_id)
