"""Try to give this case to this agent now."""

from __future__ import annotations

import psycopg

from accounts.schemas import Staff
from conversation import service as conversation
from core import audit
from core.db import Connection
from core.timers import cancel_timer
from handoff import handing, ladder, repository
from handoff.access import access_claim
from handoff.queue_order import is_emergency
from handoff.schemas import AgentFull, AlreadyTaken, Claimed, ClaimResult, OfferedToAnother
from handoff.streams import OFFER_TIMER, announce, case_of


async def claim(tx: Connection, case_id: int, staff: Staff) -> ClaimResult:
    """Claimed, already taken, agent full, not eligible or offered to another: a result, never an exception, because losing a race is ordinary.

    Claiming what one was asked to take accepts it.
    """
    agent = await repository.lock_agent(tx, staff.id, staff.cap)
    case = await repository.case(tx, case_id)
    if case is None:
        return AlreadyTaken(None, None)
    if case["asked_to"] == staff.id:
        return await handing.accept(tx, case_id, staff)
    barred = await access_claim(tx, staff, agent["state"], case["severity"])
    if barred is not None:
        return barred

    result: ClaimResult = AlreadyTaken(case["status"], case["owner_id"])
    async with tx.transaction():
        row = await repository.claim(tx, case_id, staff.id, agent["cap"])
        if row is None:
            return await _why_not(tx, case_id, staff, agent["cap"])
        if await _take_conversation(tx, row["conversation_id"], staff.id):
            await repository.set_presence(tx, staff.id, "available", agent["cap"], claimed=True)
            await cancel_timer(tx, OFFER_TIMER, str(case_id))
            await ladder.stop(tx, row)
            await announce(tx, "claimed", row, accepted=case["offered_to"] == staff.id)
            await audit.record(tx, staff.login, "", "case.claim", case_id)
            result = Claimed(case_of(row))
        else:
            raise psycopg.Rollback
    return result


async def _take_conversation(tx: Connection, conversation_id: str, staff_id: int) -> bool:
    """Own the conversation too. A citizen who has closed the page may still be in danger: such a case can be taken all the same."""
    if await conversation.take_over(tx, conversation_id, staff_id):
        return True
    return (await conversation.get(tx, conversation_id))["status"] == "closed"


async def _why_not(tx: Connection, case_id: int, staff: Staff, cap: int) -> ClaimResult:
    case = await repository.case(tx, case_id)
    if case is None or case["status"] != "queued":
        return AlreadyTaken(case["status"] if case else None, case["owner_id"] if case else None)
    if case["offered_to"] not in (None, staff.id) and not is_emergency(case["severity"]):
        return OfferedToAnother(case["offered_to"], case["offer_due_at"])
    return AgentFull(await repository.held(tx, staff.id), cap)
