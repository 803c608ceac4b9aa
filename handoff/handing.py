"""From one person to another by name: transfer, shift change, invitation, a supervisor's override.

An emergency changes hands only when the other person accepts; until then whoever has it answers for it. Agents are locked before cases, and
cases in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts import service as accounts
from accounts.schemas import Role, Staff
from conversation import service as conversation
from core import audit, events
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from core.settings import settings
from handoff import handing_repository, promises, queue_order, repository
from handoff.abuse import rests
from handoff.access import access_case, access_claim, access_own_case, access_restricted
from handoff.moves import NOTE, return_to_queue
from handoff.schemas import AgentFull, AlreadyTaken, Case, Claimed, ClaimResult, NotEligible
from handoff.states import Move, after
from handoff.streams import announce, case_of, case_stream
from language.categories import Urgency

MIN_REASON_CHARS = 5
MAX_TEAM_CHARS = 40


@dataclass(frozen=True)
class Parcel:
    """One case of a shift change: who gets it, and what they must know."""

    to_id: int
    note: str = field(repr=False)


@dataclass
class HandedOver:
    """What a shift change came to: cases that moved, emergencies that wait for a yes, cases that stayed (no room), promises that moved."""

    moved: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    stayed: list[int] = field(default_factory=list)
    promises: list[int] = field(default_factory=list)


async def transfer(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, to_id: int, note: str) -> Case:
    """Give a case to a colleague, with a note: a routine case at once, an emergency once they accept.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``illegal_move``, ``agent_full``, ``empty_message``, or ``invalid_request`` when they take nothing now.
    """
    _check_note(note)
    to = await _receiver(tx, to_id)
    row = await access_own_case(tx, case_id, staff, supervisor_too=True)
    changed = await _hand(tx, row, to, "transfer")
    if changed is None:
        raise AppError("agent_full")
    await _note(tx, cipher, case_id, staff, note)
    await audit.record(tx, staff.login, "", "case.transfer", case_id, detail={"to": to_id, "asked": changed["asked_to"] is not None})
    return case_of(changed)


async def to_team(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, team: str, note: str) -> Case:
    """Let a case wait for another team, with its old arrival time and a note.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``illegal_move``, ``empty_message`` or ``invalid_request``.
    """
    _check_note(note)
    team = team.strip()
    if not 0 < len(team) <= MAX_TEAM_CHARS:
        raise AppError("invalid_request", field="team")
    await access_own_case(tx, case_id, staff, supervisor_too=True)
    await _note(tx, cipher, case_id, staff, note)
    await handing_repository.set_team(tx, case_id, team)
    return await return_to_queue(tx, case_id, staff, why="to_team")


async def accept(tx: Connection, case_id: int, staff: Staff) -> ClaimResult:
    """Take what one was asked to take, if there is room; like a claim, losing is a result."""
    agent = await repository.lock_agent(tx, staff.id, staff.cap)
    row = await repository.case(tx, case_id, lock=True)
    if row is None or row["asked_to"] != staff.id:
        return AlreadyTaken(row["status"] if row else None, row["owner_id"] if row else None)
    barred = await access_claim(tx, staff, "available", row["severity"])
    if barred is not None:
        return barred
    if row["severity"] != Urgency.LIFE_THREAT and await rests.resting_until(tx, staff.id) is not None:
        return NotEligible("resting")
    held = await repository.held(tx, staff.id)
    if not queue_order.may_take(row["severity"], held, agent["cap"]):
        return AgentFull(held, agent["cap"])
    changed = await _give(tx, row, staff.id)
    await repository.set_presence(tx, staff.id, "available", agent["cap"], claimed=True)
    await announce(tx, "accepted", changed, from_id=row["owner_id"])
    await audit.record(tx, staff.login, "", "case.accept", case_id, detail={"from": row["owner_id"]})
    await rests.cut(tx, staff, case_id)
    return Claimed(case_of(changed))


async def refuse(tx: Connection, case_id: int, staff: Staff) -> None:
    """Say no to what one was asked to take, or take back one's own asking; the owner stays the owner.

    Raises:
        AppError: ``not_found``, or ``illegal_move`` when nobody is asked or it is neither one's own question nor one's own answer.
    """
    row = await repository.case(tx, case_id, lock=True)
    if row is None:
        raise AppError("not_found")
    if row["asked_to"] is None or staff.id not in (row["asked_to"], row["owner_id"]):
        raise AppError("illegal_move")
    changed = await handing_repository.ask(tx, case_id, None)
    await announce(tx, "refused", changed, staff_id=staff.id)
    await audit.record(tx, staff.login, "", "case.refuse", case_id)


async def hand_over(
    tx: Connection, cipher: Cipher, staff: Staff, from_id: int, to_id: int, case_ids: list[int], promise_ids: list[int], note: str
) -> HandedOver:
    """A shift change to one person with the same note on every case; see ``hand_over_each``."""
    _check_note(note)
    return await hand_over_each(tx, cipher, staff, from_id, {one: Parcel(to_id, note) for one in case_ids}, dict.fromkeys(promise_ids, to_id))


async def hand_over_each(tx: Connection, cipher: Cipher, staff: Staff, from_id: int, cases: Mapping[int, Parcel], owed: Mapping[int, int]) -> HandedOver:
    """A shift change: each case with a receiver and a note of its own, each promise to whom it is ``owed`` from now on; emergencies wait for a yes.

    Raises:
        AppError: ``forbidden``, ``empty_message``, ``not_owner`` when a case is not theirs, ``restricted`` when what somebody else answers for is closed to the
            one who hands it on (then nothing happens), or ``invalid_request``.
    """
    for parcel in cases.values():
        _check_note(parcel.note)
    if staff.disabled or not (staff.id == from_id or staff.has(Role.SUPERVISOR)):
        raise AppError("forbidden")
    # Everybody who receives is locked before the first case is, in one order.
    receivers = {to_id: await _receiver(tx, to_id) for to_id in sorted({parcel.to_id for parcel in cases.values()} | set(owed.values()))}
    result = HandedOver()
    rows = await handing_repository.lock_owned(tx, sorted(cases), from_id)
    if len(rows) != len(cases):
        raise AppError("not_owner", f"not every case is staff {from_id}'s")
    for row in rows:
        await access_restricted(tx, row, staff)
        parcel = cases[row["id"]]
        changed = await _hand(tx, row, receivers[parcel.to_id], "shift")
        if changed is None:
            result.stayed.append(row["id"])
            continue
        (result.moved if changed["asked_to"] is None else result.asked).append(row["id"])
        await _note(tx, cipher, row["id"], staff, parcel.note)
        detail = {"from": from_id, "to": parcel.to_id, "asked": changed["asked_to"] is not None}
        await audit.record(tx, staff.login, "", "case.hand_over", row["id"], detail=detail)
    for to_id in sorted(set(owed.values())):
        for promise_id, case_id in await promises.give(tx, [one for one, whom in owed.items() if whom == to_id], from_id, to_id):
            if staff.id != from_id:
                await access_case(tx, case_id, staff)
            result.promises.append(promise_id)
            await audit.record(tx, staff.login, "", "promise.hand_over", case_id, detail={"promise_id": promise_id, "from": from_id, "to": to_id})
    return result


async def take_from(tx: Connection, cipher: Cipher, case_id: int, supervisor: Staff, reason: str) -> Case:
    """A supervisor takes a case over from its owner, at once and with a reason that stays in its notes.

    Raises:
        AppError: ``forbidden``, ``reason_missing``, ``not_found``, ``illegal_move`` or ``restricted`` (never of a life threat).
    """
    if supervisor.disabled or not supervisor.has(Role.SUPERVISOR):
        raise AppError("forbidden")
    if len(reason.strip()) < MIN_REASON_CHARS:
        raise AppError("reason_missing")
    await repository.lock_agent(tx, supervisor.id, supervisor.cap)
    row = await repository.case(tx, case_id, lock=True)
    if row is None:
        raise AppError("not_found")
    after(row["status"], Move.HAND)
    if row["owner_id"] == supervisor.id:
        raise AppError("illegal_move")
    if row["severity"] != Urgency.LIFE_THREAT:
        await access_restricted(tx, row, supervisor)
    changed = await _give(tx, row, supervisor.id)
    await _note(tx, cipher, case_id, supervisor, reason)
    await announce(tx, "overridden", changed, from_id=row["owner_id"])
    await audit.record(tx, supervisor.login, "", "case.override", case_id, detail={"from": row["owner_id"]})
    return case_of(changed)


async def invite(tx: Connection, case_id: int, staff: Staff, whom_id: int) -> bool:
    """Let a named colleague see and write beside the owner; False if they could already.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``illegal_move`` once it is closed, or ``invalid_request`` for an account that is locked or unknown.
    """
    row = await access_own_case(tx, case_id, staff, supervisor_too=True)
    if row["status"] == "closed":
        raise AppError("illegal_move")
    whom = await accounts.account(tx, whom_id)
    if whom is None or whom.disabled or not whom.has(Role.AGENT, Role.OFFICER, Role.SUPERVISOR):
        raise AppError("invalid_request", field="staff")
    role = "officer" if whom.has(Role.OFFICER) else "agent"
    if not await handing_repository.add_participant(tx, row["conversation_id"], whom_id, role):
        return False
    await events.append(tx, case_stream(case_id), "invited", {"case_id": case_id, "staff_id": whom_id, "by": staff.id})
    await audit.record(tx, staff.login, "", "case.invite", case_id, detail={"staff_id": whom_id})
    return True


async def _receiver(tx: Connection, to_id: int) -> Staff:
    to = await accounts.account(tx, to_id)
    if to is None:
        raise AppError("invalid_request", field="to")
    agent = await repository.lock_agent(tx, to_id, to.cap)
    if await access_claim(tx, to, agent["state"], "none") is not None or agent["state"] != "available":
        raise AppError("invalid_request", f"staff {to_id} takes nothing now", field="to")
    return to


async def _hand(tx: Connection, row: dict[str, Any], to: Staff, why: str) -> dict[str, Any] | None:
    """Ask for an emergency, give anything else; None when the other has no room. The receiver and the case are locked."""
    after(row["status"], Move.HAND)
    if row["owner_id"] == to.id:
        raise AppError("illegal_move")
    if queue_order.is_emergency(row["severity"]):
        changed = await handing_repository.ask(tx, row["id"], to.id)
        await announce(tx, "asked", changed, why=why)
        return changed
    presence = await repository.presence(tx, to.id)
    if presence is None or not queue_order.may_take(row["severity"], presence["held"], presence["cap"]):
        return None
    changed = await _give(tx, row, to.id)
    await announce(tx, "accepted", changed, from_id=row["owner_id"], why=why)
    return changed


async def _give(tx: Connection, row: dict[str, Any], to_id: int) -> dict[str, Any]:
    await rests.owe(tx, row)
    changed = await handing_repository.give(tx, row["id"], row["owner_id"], to_id)
    await conversation.hand_back(tx, row["conversation_id"], row["owner_id"])
    await conversation.take_over(tx, row["conversation_id"], to_id)
    await handing_repository.pass_merged(tx, row["id"], row["owner_id"], to_id)
    return changed


def _check_note(note: str) -> None:
    if not note.strip():
        raise AppError("empty_message")
    if len(note) > settings().max_text_chars:
        raise AppError("too_long")


async def _note(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, text: str) -> None:
    note_id = await repository.add_note(tx, case_id, staff.id, cipher.seal(text.strip(), NOTE))
    await events.append(tx, case_stream(case_id), "note", {"case_id": case_id, "note_id": note_id, "staff_id": staff.id})
