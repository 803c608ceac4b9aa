"""Restricted cases: seen by named people alone, and by whoever states a reason, for some minutes and with supervisors told at once.

The queue hides none of them: number, severity and country stay, and a life threat can be claimed by anybody on duty (claiming is being named). An urgent
one is everybody's once every desk has been rung for it (``repository.OPEN_TO``). Owner, participants and whoever is asked to take it are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts import service as accounts
from accounts.schemas import Role, Staff
from core import audit, events
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from core.settings import settings
from handoff import access, repository
from handoff.records import reasons, restricted_repository
from handoff.streams import announce, case_stream

REASON = "restrictions.reason"
GLASS = "glass_openings.reason"
MAX_PEOPLE = 50
LISTED = 200


@dataclass(frozen=True)
class Restriction:
    """Why a case is restricted, since when, by whom, and who may see it."""

    reason: str = field(repr=False)
    set_by_name: str
    set_at: datetime
    people: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Opening:
    """One look behind a restriction by somebody who was not named."""

    id: int
    case_id: int
    staff_id: int
    staff_name: str
    login: str
    reason: str = field(repr=False)
    opened_at: datetime
    ends_at: datetime
    seen_by_name: str
    seen_at: datetime | None


async def restrict(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, people: Sequence[int], reason: str) -> None:
    """Let only these people see the case, and every other case of its conversation; the same again changes who they are.

    Whoever sets it is named, and the owner is anyway.

    Raises:
        AppError: ``reason_missing``, ``too_long``, ``not_found``, ``not_owner``, ``restricted``, or ``invalid_request`` for an account that
            cannot work with cases.
    """
    reason = reasons.checked(reason)
    row = await access.access_own_case(tx, case_id, staff, supervisor_too=True)
    wanted = {staff.id, *people} | ({row["owner_id"]} if row["owner_id"] else set())
    if len(wanted) > MAX_PEOPLE:
        raise AppError("invalid_request", field="people")
    for one in sorted(wanted):
        whom = await accounts.account(tx, one)
        if whom is None or whom.disabled or not whom.has(Role.AGENT, Role.OFFICER, Role.SUPERVISOR):
            raise AppError("invalid_request", field="people")
    changed = await restricted_repository.name_people(tx, case_id, row["conversation_id"], sorted(wanted))
    await restricted_repository.write(tx, row["conversation_id"], cipher.seal(reason, REASON), staff.id)
    await announce(tx, "restricted", changed, staff_id=staff.id)
    subject = cipher.pseudonym(row["conversation_id"])
    await audit.record(tx, staff.login, "", "case.restrict", case_id, subject, {"people": sorted(wanted), "again": row["restricted_to"] is not None})


async def lift(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, reason: str) -> bool:
    """Let everybody see the case whose task it is; supervisors only, with a reason that stays in its notes. False if it was not restricted.

    Raises:
        AppError: ``forbidden``, ``reason_missing``, ``too_long``, ``not_found`` or ``restricted`` (for a supervisor who is neither named nor has opened it).
    """
    reason = reasons.checked(reason)
    if staff.disabled or not staff.has(Role.SUPERVISOR):
        raise AppError("forbidden")
    row = await access.access_own_case(tx, case_id, staff, supervisor_too=True)
    if row["restricted_to"] is None:
        return False
    changed = await restricted_repository.name_people(tx, case_id, row["conversation_id"], None)
    await restricted_repository.end(tx, row["conversation_id"], staff.id)
    note_id = await repository.add_note(tx, case_id, staff.id, cipher.seal(f"열람 제한을 풀었습니다: {reason}", "case_notes.body"))
    await events.append(tx, case_stream(case_id), "note", {"case_id": case_id, "note_id": note_id, "staff_id": staff.id})
    await announce(tx, "unrestricted", changed, staff_id=staff.id)
    await audit.record(tx, staff.login, "", "case.unrestrict", case_id, cipher.pseudonym(row["conversation_id"]))
    return True


async def break_glass(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, reason: str, *, address: str = "") -> datetime | None:
    """Open a restricted case to somebody who is not named, for ``break_glass_minutes``; until when, or None where nothing had to be broken.

    What a person could not see without the restriction they do not see by this either.

    Raises:
        AppError: ``reason_missing``, ``too_long``, ``not_found`` or ``forbidden``.
    """
    reason = reasons.checked(reason)
    row = await access.access_unrestricted(tx, case_id, staff, lock=True)
    if await access.is_open_to(tx, row, staff):
        opened = await restricted_repository.open_glass(tx, case_id, staff.id, clock_now())
        return opened["ends_at"] if opened else None
    at = clock_now()
    ends_at = at + timedelta(minutes=settings().break_glass_minutes)
    made = await restricted_repository.insert_glass(tx, case_id, staff.id, cipher.seal(reason, GLASS), at, ends_at)
    await announce(tx, "glass_broken", row, staff_id=staff.id, opening_id=made["id"])
    detail = {"opening": made["id"], "minutes": settings().break_glass_minutes}
    await audit.record(tx, staff.login, address, "case.break_glass", case_id, cipher.pseudonym(row["conversation_id"]), detail)
    return ends_at


async def note_refusal(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, *, address: str = "") -> None:
    """Somebody who is not named has tried to open a restricted case and was refused."""
    row = await repository.case(tx, case_id)
    subject = cipher.pseudonym(row["conversation_id"]) if row else ""
    await audit.record(tx, staff.login, address, "case.restricted_refused", case_id if row else None, subject)


async def of_case(connection: Connection, cipher: Cipher, row: dict[str, Any]) -> Restriction | None:
    """The restriction of a case, for somebody who has just been let see it."""
    if row["restricted_to"] is None:
        return None
    standing = await restricted_repository.standing(connection, row["conversation_id"])
    people = tuple(row["restricted_to"])
    reason = cipher.open(standing["reason"], REASON) if standing and standing["reason"] else ""
    names = tuple(await restricted_repository.names(connection, people))
    return Restriction(reason, standing["set_by_name"] if standing else "", standing["set_at"] if standing else row["opened_at"], people, names)


async def openings(connection: Connection, cipher: Cipher, staff: Staff) -> list[Opening]:
    """Who has opened restricted cases, and why; supervisors only, what nobody has seen first.

    Raises:
        AppError: ``forbidden``.
    """
    access.access_records(staff)
    return [
        Opening(
            id=row["id"],
            case_id=row["case_id"],
            staff_id=row["staff_id"],
            staff_name=row["staff_name"],
            login=row["login"],
            reason=cipher.open(row["reason"], GLASS) if row["reason"] else "",
            opened_at=row["opened_at"],
            ends_at=row["ends_at"],
            seen_by_name=row["seen_by_name"],
            seen_at=row["seen_at"],
        )
        for row in await restricted_repository.openings(connection, LISTED)
    ]


async def see(tx: Connection, opening_id: int, staff: Staff, *, address: str = "") -> bool:
    """A supervisor says that they have seen an opening; False if that was said before. One's own is for another supervisor.

    Raises:
        AppError: ``forbidden``, ``not_found`` or ``own_opening``.
    """
    access.access_records(staff)
    row = await restricted_repository.opening(tx, opening_id)
    if row is None:
        raise AppError("not_found")
    if row["staff_id"] == staff.id:
        raise AppError("own_opening")
    if row["seen_at"] is not None:
        return False
    await restricted_repository.mark_seen(tx, opening_id, staff.id)
    await audit.record(tx, staff.login, address, "access.glass_seen", row["case_id"], detail={"opening": opening_id})
    return True
