"""Try to give this case, or whatever stands first, to this agent now."""

from __future__ import annotations

from typing import Any

import psycopg

from accounts.schemas import Staff
from conversation import service as conversation
from core import audit
from core.db import Connection
from core.timers import cancel_timer
from handoff import handing, handing_repository, ladder, next_repository, repository
from handoff.abuse import rests
from handoff.access import access_claim
from handoff.queue_order import is_emergency
from handoff.schemas import AgentFull, AlreadyTaken, Claimed, ClaimResult, NotEligible, OfferedToAnother
from handoff.streams import OFFER_TIMER, announce, case_of
from language.categories import Urgency

#: Emergencies that a colleague is just taking are waited for so often; then nothing is taken, and the agent may ask again.
ATTEMPTS = 100


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
        if not await _take_conversation(tx, row["conversation_id"], staff.id):
            raise psycopg.Rollback
        result = await _owned(tx, row, staff, agent, accepted=case["offered_to"] == staff.id)
    return result


async def claim_next(tx: Connection, staff: Staff) -> ClaimResult | None:
    """Claim the first waiting case that may be this agent's; None when there is none for them.

    Emergencies come strictly first: one that a colleague is just taking is waited for rather than passed over for a routine case.
    """
    agent = await repository.lock_agent(tx, staff.id, staff.cap)
    barred = await access_claim(tx, staff, agent["state"], Urgency.LIFE_THREAT)
    if barred is not None:
        return barred
    present = agent["state"] != "away"
    result: ClaimResult | None = None
    nothing_before = False
    for _ in range(ATTEMPTS):
        row = None
        async with tx.transaction():
            row = await next_repository.claim_next(tx, staff.id, agent["cap"], present=present)
            if row is not None:
                if not await _take_conversation(tx, row["conversation_id"], staff.id):
                    raise psycopg.Rollback
                result = await _owned(tx, row, staff, agent, accepted=row["was_offered_to"] == staff.id)
        if result is not None:
            break
        nothing = row is None and not await next_repository.wait_for_emergency(tx, staff.id, agent["cap"], present=present)
        if nothing and nothing_before:  # only the second look is sure: the emergency that stood in the way of the first may just have been taken
            break
        nothing_before = nothing
    if result is None and (held := await repository.held(tx, staff.id)) >= agent["cap"]:
        return AgentFull(held, agent["cap"])
    return result


async def _owned(tx: Connection, row: dict[str, Any], staff: Staff, agent: dict[str, Any], *, accepted: bool) -> Claimed:
    """What follows from owning it; the queue's stream and the access log come last, since everyone meets there."""
    await repository.set_presence(tx, staff.id, "available", agent["cap"], claimed=True)
    await handing_repository.pass_merged(tx, row["id"], None, staff.id)
    await cancel_timer(tx, OFFER_TIMER, str(row["id"]))
    await ladder.stop(tx, row)
    await announce(tx, "claimed", row, accepted=accepted)
    await audit.record(tx, staff.login, "", "case.claim", row["id"])
    if agent["state"] != "available":  # of whoever rests, only a life threat can have been taken
        await rests.cut(tx, staff, row["id"])
    return Claimed(case_of(row))


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
    if not await repository.may_be_taken(tx, case_id, staff.id):
        return NotEligible("restricted")
    return AgentFull(await repository.held(tx, staff.id), cap)
