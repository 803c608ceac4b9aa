"""Ending a case. An emergency ends only when a second person agrees; until then it stays open, owned and visible, and silence ends nothing.

The first person says how it ended and how contact was verified; the second, of another account, reads that and confirms or objects. New danger,
another owner or the way back to the queue make the request void.
"""

from __future__ import annotations

from typing import Any

from accounts import service as accounts
from accounts.schemas import Role, Staff
from conversation import service as conversation
from core import audit
from core import db as database
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from core.timers import cancel_timer
from handoff import closing_repository, ladder, places, queue_order, repository
from handoff.abuse import rests
from handoff.access import access_case, access_own_case, access_restricted
from handoff.moves import ABUSE, CONTACT, DRILL, HANDED_BACK, HEIGHTENED, OUTCOMES
from handoff.schemas import Case, CloseRequest
from handoff.states import Move, Status, after
from handoff.streams import OFFER_TIMER, announce, case_of

NOT_FOR_EMERGENCIES = frozenset({HANDED_BACK, "withdrawn", ABUSE})
MIN_CONTACT_CHARS = 5


async def close(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, outcome: str, *, verified_contact: str = "") -> Case:
    """End a case with an outcome; of an emergency, ask a second person to. Nobody asks for the end of an emergency that nobody owns.

    A drill ends as ``DRILL`` alone, by one person: there is nobody whose safety a second one would have to look after.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``illegal_move`` or ``invalid_request`` (``field`` says which).
    """
    row = await access_own_case(tx, case_id, staff, supervisor_too=True)
    after(row["status"], Move.CLOSE)
    if row["synthetic"]:
        if outcome != DRILL:
            raise AppError("invalid_request", field="outcome")
        return await _end(tx, row, staff.id, DRILL, None, staff)
    check(row["severity"], outcome, verified_contact)
    sealed = cipher.seal(verified_contact.strip(), CONTACT) if verified_contact.strip() else None
    if not queue_order.is_emergency(row["severity"]):
        return await _end(tx, row, staff.id, outcome, sealed, staff)
    if row["owner_id"] is None:
        raise AppError("illegal_move", f"case {case_id} is an emergency that nobody owns")
    changed = await closing_repository.request(tx, case_id, staff.id, outcome, sealed)
    await announce(tx, "closing", changed)
    await audit.record(tx, staff.login, "", "case.closing", case_id, detail={"outcome": outcome})
    return case_of(changed)


async def confirm(tx: Connection, case_id: int, staff: Staff) -> Case:
    """A second person ends an emergency as the first one asked.

    Raises:
        AppError: ``not_found``, ``forbidden``, ``illegal_move`` when nobody has asked (any more), or ``second_person_needed``.
    """
    row = await _requested(tx, case_id, staff)
    if row["closing_by"] == staff.id:
        raise AppError("second_person_needed")
    return await _end(tx, row, row["closing_by"], row["closing_outcome"], row["verified_contact"], staff)


async def asked_for(connection: Connection, cipher: Cipher, case_id: int, staff: Staff) -> CloseRequest | None:
    """Who asks to end an emergency, how it ended and how contact was verified; None when nobody asks (any more).

    Raises:
        AppError: ``not_found`` or ``forbidden``.
    """
    row = await access_case(connection, case_id, staff)
    if row["closing_by"] is None:
        return None
    asker = await accounts.account(connection, row["closing_by"])
    contact = cipher.open(row["verified_contact"], CONTACT) if row["verified_contact"] else ""
    return CloseRequest(row["closing_by"], asker.display_name if asker else "", row["closing_outcome"], contact, row["closing_at"])


async def object_to(tx: Connection, case_id: int, staff: Staff) -> Case:
    """The second person does not agree, or the first thinks again: the case goes on as it was.

    Raises:
        AppError: ``not_found``, ``forbidden`` or ``illegal_move``.
    """
    await _requested(tx, case_id, staff)
    changed = await closing_repository.withdraw(tx, case_id)
    await announce(tx, "closing_withdrawn", changed, staff_id=staff.id)
    await audit.record(tx, staff.login, "", "case.closing_withdrawn", case_id)
    return case_of(changed)


async def _requested(tx: Connection, case_id: int, staff: Staff) -> dict[str, Any]:
    if staff.disabled or not staff.has(Role.AGENT, Role.SUPERVISOR):
        raise AppError("forbidden")
    row = await repository.case(tx, case_id, lock=True)
    if row is None:
        raise AppError("not_found")
    if row["closing_by"] is None:
        raise AppError("illegal_move", f"nobody has asked to end case {case_id}")
    await access_restricted(tx, row, staff)
    return row


async def end_drill(tx: Connection, conversation_id: str) -> Case | None:
    """Nobody has to end a drill: the system takes it off every desk. None, and nothing is done, where there is no open drill."""
    row = await repository.open_case(tx, conversation_id, lock=True)
    if row is None or not row["synthetic"]:
        return None
    return await _end(tx, row, None, DRILL, None, None)


async def _end(tx: Connection, row: dict[str, Any], closed_by: int | None, outcome: str, contact: bytes | None, staff: Staff | None) -> Case:
    changed = await repository.close(tx, row["id"], closed_by, outcome, contact)
    await cancel_timer(tx, OFFER_TIMER, str(row["id"]))
    await ladder.stop(tx, row)
    if row["status"] == Status.CLAIMED:
        heightened = clock_now() + HEIGHTENED if queue_order.is_emergency(row["severity"]) else None
        await conversation.hand_back(tx, row["conversation_id"], row["owner_id"], heightened)
    await database.run(tx, "UPDATE conversations SET last_urgency = 'none' WHERE id = %s", row["conversation_id"])
    await places.end_links(tx, row["id"])
    await rests.owe(tx, row, is_over=True)
    await announce(tx, "closed", changed, outcome=outcome)
    if staff is None:
        return case_of(changed)
    detail = {"outcome": outcome} | ({"asked_by": closed_by} if closed_by is not None and closed_by != staff.id else {})
    await audit.record(tx, staff.login, "", "case.close", row["id"], detail=detail)
    return case_of(changed)


def check(severity: str, outcome: str, verified_contact: str) -> None:
    """Whether a case of this severity may end like this.

    Raises:
        AppError: ``invalid_request``.
    """
    if outcome not in OUTCOMES:
        raise AppError("invalid_request", field="outcome")
    if not queue_order.is_emergency(severity):
        return
    if outcome in NOT_FOR_EMERGENCIES:
        raise AppError("invalid_request", field="outcome")
    if len(verified_contact.strip()) < MIN_CONTACT_CHARS:
        raise AppError("invalid_request", field="verified_contact")
