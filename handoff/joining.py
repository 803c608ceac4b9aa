"""Two cases that are one, and a case that was ended too early."""

from __future__ import annotations

from datetime import timedelta

from accounts.schemas import Role, Staff
from conversation import service as conversation
from core import audit
from core.clock import now as clock_now
from core.db import Connection
from core.errors import AppError
from core.settings import settings
from core.timers import cancel_timer
from handoff import handing_repository, ladder, later_repository, queue_order, repository
from handoff.access import access_queue, access_restricted
from handoff.moves import HEIGHTENED, wait_again
from handoff.records import restricted_repository
from handoff.schemas import HIDDEN, Case, ClosedCase
from handoff.states import Move, after
from handoff.streams import OFFER_TIMER, announce, case_of


async def merge(tx: Connection, case_id: int, into_id: int, staff: Staff) -> Case:
    """End a case as a duplicate of another that somebody has in hand; what stays takes over the worse severity. The case that stays.

    The duplicate must wait or be the same person's, so that nobody's work is taken from under them. Its citizen can be written to by the owner
    of the case that stays; danger in it opens a case of its own again.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``illegal_move``, or ``restricted``: what is restricted ends in nothing that others may read.
    """
    pair = await later_repository.lock_pair(tx, case_id, into_id)
    if len(pair) != 2:
        raise AppError("not_found" if case_id != into_id else "illegal_move")
    row, into = pair[case_id], pair[into_id]
    if row["synthetic"] or into["synthetic"]:
        raise AppError("illegal_move", "a drill is nobody's duplicate, and takes nobody in")
    is_supervisor = staff.has(Role.SUPERVISOR)
    if staff.disabled or not (into["owner_id"] == staff.id or (is_supervisor and into["owner_id"] is not None)):
        raise AppError("not_owner", f"staff {staff.id} does not own case {into_id}")
    if row["owner_id"] not in (None, into["owner_id"]):
        raise AppError("not_owner", f"case {case_id} is somebody else's")
    await access_restricted(tx, row, staff)
    if row["restricted_to"] is not None and into["restricted_to"] is None:
        raise AppError("restricted", f"case {case_id} is restricted, and those of case {into_id} are not named")
    after(row["status"], Move.CLOSE)
    after(into["status"], Move.HAND)

    await cancel_timer(tx, OFFER_TIMER, str(case_id))
    await ladder.stop(tx, row)
    joined = await later_repository.join(tx, case_id, into_id, staff.id)
    severity = queue_order.worst(row["severity"], into["severity"])
    danger = queue_order.is_emergency(row["severity"])
    stays = await later_repository.take_in(tx, into_id, severity, row["country"], row["cannot_speak"], danger=danger)
    if row["status"] == "claimed":
        await conversation.hand_back(tx, row["conversation_id"], row["owner_id"], clock_now() + HEIGHTENED)
    await handing_repository.pass_merged(tx, into_id, None, into["owner_id"])
    await announce(tx, "closed", joined, outcome="duplicate", merged_into=into_id)
    await announce(tx, "merged", stays, merged=case_id)
    await audit.record(tx, staff.login, "", "case.merge", case_id, detail={"into": into_id})
    return case_of(stays)


async def reopen(tx: Connection, case_id: int, staff: Staff) -> Case:
    """Let a case that ended within ``reopen_days`` wait again, with its arrival time and its history.

    Raises:
        AppError: ``not_found``, ``forbidden``, ``illegal_move`` when it is open, or ``too_late_to_reopen``.
    """
    access_queue(staff)
    row = await repository.case(tx, case_id, lock=True)
    if row is None:
        raise AppError("not_found")
    if row["synthetic"]:
        raise AppError("illegal_move", f"case {case_id} was a drill")
    after(row["status"], Move.REOPEN)
    changed = await later_repository.reopen(tx, case_id, timedelta(days=settings().reopen_days))
    if changed is None:
        raise AppError("too_late_to_reopen")
    await wait_again(tx, changed)
    await announce(tx, "reopened", changed)
    await audit.record(tx, staff.login, "", "case.reopen", case_id)
    return case_of(changed)


async def recently_closed(connection: Connection, staff: Staff, limit: int = 50) -> list[ClosedCase]:
    """What may still be opened again, the newest first: ids, codes and times only, and of a restricted case not its kind.

    Raises:
        AppError: ``forbidden``.
    """
    access_queue(staff)
    rows = await later_repository.recently_closed(connection, timedelta(days=settings().reopen_days), limit)
    hidden = await restricted_repository.closed_to(connection, [row["id"] for row in rows], staff.id)
    return [
        ClosedCase(
            row["id"],
            row["severity"],
            HIDDEN if row["id"] in hidden else row["category"],
            row["country"],
            row["outcome"],
            row["closed_at"],
            row["closed_by_name"],
            row["is_overtaken"],
        )
        for row in rows
    ]
