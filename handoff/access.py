"""Every access check of the handoff. Nothing else decides who may see or do something with a case."""

from __future__ import annotations

from typing import Any

from accounts.schemas import Role, Staff
from core.clock import now as clock_now
from core.db import Connection
from core.errors import AppError
from handoff import repository
from handoff.records import restricted_repository
from handoff.schemas import NotEligible
from language.categories import Urgency

Row = dict[str, Any]


async def access_case(connection: Connection, case_id: int, staff: Staff, *, lock: bool = False) -> Row:
    """The case, if the person may see it: agents see what waits, what is theirs and what a second person must end, participants their case, supervisors all.

    A restricted one only those who are named, or who have opened it with a reason.

    Raises:
        AppError: ``not_found``, ``forbidden`` or ``restricted``.
    """
    row = await access_unrestricted(connection, case_id, staff, lock=lock)
    await access_restricted(connection, row, staff)
    return row


async def access_unrestricted(connection: Connection, case_id: int, staff: Staff, *, lock: bool = False) -> Row:
    """The case, if the person might see it were it not restricted.

    Raises:
        AppError: ``not_found`` or ``forbidden``.
    """
    row = await repository.case(connection, case_id, lock=lock)
    if row is None:
        raise AppError("not_found")
    if not await _may_see(connection, row, staff):
        raise AppError("forbidden", f"staff {staff.id} may not see case {case_id}")
    return row


async def is_open_to(connection: Connection, row: Row, staff: Staff) -> bool:
    """Whether a restriction, if there is one, lets the person in: named, answering for the case, taking part, or let in for a while by a reason."""
    if row["restricted_to"] is None or staff.id in (row["owner_id"], row["asked_to"]) or staff.id in row["restricted_to"]:
        return True
    if await repository.is_participant(connection, row["conversation_id"], staff.id):
        return True
    return await restricted_repository.open_glass(connection, row["id"], staff.id, clock_now()) is not None


async def access_restricted(connection: Connection, row: Row, staff: Staff) -> None:
    """Nothing, unless the case is restricted and the person neither named nor let in.

    Raises:
        AppError: ``restricted``.
    """
    if not await is_open_to(connection, row, staff):
        raise AppError("restricted", f"case {row['id']} is restricted, and staff {staff.id} is not named", case_id=row["id"])


async def access_words(connection: Connection, conversation_id: str, staff: Staff) -> None:
    """Nothing, unless the newest case of a conversation is restricted and the person neither named nor let in: its words are read elsewhere than in it.

    Raises:
        AppError: ``restricted``.
    """
    row = await repository.newest_case(connection, conversation_id)
    if row is not None:
        await access_restricted(connection, row, staff)


def access_records(staff: Staff) -> None:
    """Whether the person may read who has looked at what, and hold or restrict what others answer for.

    Raises:
        AppError: ``forbidden``.
    """
    if staff.disabled or not staff.has(Role.SUPERVISOR):
        raise AppError("forbidden", f"staff {staff.id} may not read the access log")


async def _may_see(connection: Connection, row: Row, staff: Staff) -> bool:
    if staff.disabled:
        return False
    if staff.has(Role.SUPERVISOR) or row["owner_id"] == staff.id:
        return True
    if staff.has(Role.AGENT) and (row["status"] == "queued" or row["closing_by"] is not None or row["asked_to"] == staff.id):
        return True
    return await repository.is_participant(connection, row["conversation_id"], staff.id)


async def access_own_case(tx: Connection, case_id: int, staff: Staff, *, supervisor_too: bool = False, lock: bool = True) -> Row:
    """The case, locked unless something comes before its lock, if the person owns it (or is a supervisor, where that is enough).

    Raises:
        AppError: ``not_found``, ``not_owner``, or ``restricted`` for a supervisor who is not named.
    """
    row = await repository.case(tx, case_id, lock=lock)
    if row is None:
        raise AppError("not_found")
    if staff.disabled or not (row["owner_id"] == staff.id or (supervisor_too and staff.has(Role.SUPERVISOR))):
        raise AppError("not_owner", f"staff {staff.id} does not own case {case_id}")
    await access_restricted(tx, row, staff)
    return row


async def access_writable_case(connection: Connection, case_id: int, staff: Staff, *, lock: bool = False) -> Row:
    """The case, if the person may write to its citizen: the owner, or a named participant. The statement that writes checks it again.

    Raises:
        AppError: ``not_found`` or ``not_owner``.
    """
    row = await repository.case(connection, case_id, lock=lock)
    if row is None:
        raise AppError("not_found")
    if not staff.disabled and row["owner_id"] == staff.id:
        return row
    if not staff.disabled and await repository.is_participant(connection, row["conversation_id"], staff.id):
        return row
    raise AppError("not_owner", f"staff {staff.id} may not write to case {case_id}")


def access_queue(staff: Staff) -> None:
    """Whether the person may see what waits.

    Raises:
        AppError: ``forbidden``.
    """
    if staff.disabled or not staff.has(Role.AGENT, Role.SUPERVISOR):
        raise AppError("forbidden")


def access_reviews(staff: Staff) -> None:
    """Whether the person may judge what triage let pass and decide what colleagues have judged.

    Raises:
        AppError: ``forbidden``.
    """
    if staff.disabled or not staff.has(Role.EDITOR, Role.SUPERVISOR):
        raise AppError("forbidden", f"staff {staff.id} may not review")


async def access_claim(tx: Connection, staff: Staff, presence_state: str, severity: str) -> NotEligible | None:
    """Why an account may not take a case now, or None. The account is read from the database: a page may be older than a dismissal.

    Whoever is away takes nothing but a life threat.
    """
    known = await repository.staff_state(tx, staff.id)
    if known is None or known["disabled"]:
        return NotEligible("disabled")
    if not {Role.AGENT.value, Role.SUPERVISOR.value} & set(known["roles"]):
        return NotEligible("role")
    if presence_state == "away" and severity != Urgency.LIFE_THREAT:
        return NotEligible("away")
    return None


async def access_location(connection: Connection, conversation_id: str, viewer: Staff) -> Row:
    """The open case through which the person may see where a citizen is; after a merge the one that stays.

    Raises:
        AppError: ``forbidden``: no open case, or not this person's to see; ``restricted``.
    """
    row = await repository.case_of_place(connection, conversation_id)
    if row is not None and not viewer.disabled and await repository.is_participant(connection, conversation_id, viewer.id):
        return row
    if row is None or not await _may_see(connection, row, viewer):
        raise AppError("forbidden", f"staff {viewer.id} may not see the place of conversation {conversation_id}")
    await access_restricted(connection, row, viewer)
    return row
