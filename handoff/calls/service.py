"""Free calls: begun by the citizen or the owner of the case, answered once, ended by either side or by itself.

The voices go from browser to browser; through here go only the two descriptions with which they find each other, sealed, and gone with the end of the
call. A call never touches the conversation's lines: whatever becomes of it, the chat goes on.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from accounts.schemas import Staff
from conversation import guarding
from conversation import service as conversation
from core import audit, events
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff import claim as claiming
from handoff.access import access_own_case, access_queue, access_restricted
from handoff.calls import repository, rules
from handoff.calls.repository import Row
from handoff.calls.schemas import CallRow, Joined, Party, PastCall, Side, Signal, View
from handoff.queue_order import is_emergency
from handoff.repository import case as case_row
from handoff.schemas import AgentFull, Claimed, NotEligible
from handoff.streams import case_stream

#: One stream for every desk: a call is rare, and what concerns a desk is read anew from the tables.
STREAM = "calls"
BODY = "voice_signals.body"
#: Why somebody could not take an emergency with its call, where nobody else has: whoever reads "taken" looks away while it rings.
_NOT_CLAIMED: dict[type, str] = {AgentFull: "agent_full", NotEligible: "call_not_yours"}
_ID = re.compile(r"[A-Za-z0-9_-]{16,40}")


async def start_by_citizen(tx: Connection, cipher: Cipher, conversation_id: str, token: str, *, is_on: bool) -> Joined:
    """Ring the owner of the conversation, or every desk for an emergency that nobody owns yet.

    Raises:
        AppError: ``bad_token``, ``call_busy``, or ``call_not_possible`` while the bot has the conversation.
    """
    await conversation.check_token(tx, conversation_id, token)
    if not is_on:
        raise AppError("call_not_possible")
    at = clock_now()
    await settle(tx, at, conversation_id=conversation_id)
    call_id, key = _new()
    row = await repository.insert_by_citizen(tx, call_id, conversation_id, _hash(cipher, call_id, "citizen", key), at)
    if row is None:
        raise AppError("call_busy" if await repository.is_live(tx, conversation_id=conversation_id) else "call_not_possible")
    await _announce(tx, row, "ringing")
    return Joined(call_id, row["case_id"], key)


async def start_by_agent(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, *, is_on: bool, address: str = "") -> Joined:
    """Ring in the citizen's page.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``agent_on_call``, ``call_busy``, ``call_not_possible``, or ``call_would_ring`` where a bell could hurt.
    """
    case = await access_own_case(tx, case_id, staff)
    conversation_id = case["conversation_id"]
    if not is_on:
        raise AppError("call_not_possible")
    at = clock_now()
    await settle(tx, at, conversation_id=conversation_id)
    call_id, key = _new()
    row = await repository.insert_by_agent(tx, call_id, case_id, staff.id, _hash(cipher, call_id, "agent", key), at)
    if row is None:
        if case["cannot_speak"] or await guarding.is_guarded(tx, conversation_id) or await guarding.is_hushed(tx, conversation_id):
            raise AppError("call_would_ring")
        if await repository.is_live(tx, conversation_id=conversation_id):
            raise AppError("call_busy")
        raise AppError("agent_on_call" if await repository.is_live(tx, staff_id=staff.id) else "call_not_possible")
    await audit.record(tx, staff.login, address, "call.start", case_id, subject=cipher.pseudonym(conversation_id))
    await _announce(tx, row, "ringing")
    return Joined(call_id, case_id, key)


async def answer_by_citizen(tx: Connection, cipher: Cipher, conversation_id: str, token: str, call_id: str) -> Joined:
    """Take an agent's call in this page; the first of several tabs has it.

    Raises:
        AppError: ``bad_token``, ``not_found``, ``call_over`` or ``call_taken``.
    """
    await conversation.check_token(tx, conversation_id, token)
    at = clock_now()
    await settle(tx, at, call_id=_checked(call_id))
    _, key = _new()
    row = await repository.answer_by_citizen(tx, call_id, conversation_id, _hash(cipher, call_id, "citizen", key), at)
    if row is None:
        known = await repository.get(tx, call_id)
        if known is None or known["conversation_id"] != conversation_id:
            raise AppError("not_found")
        raise AppError("call_over" if known["ended_at"] else "call_taken")
    await _announce(tx, row, "answered")
    return Joined(call_id, row["case_id"], key)


async def answer_by_agent(tx: Connection, cipher: Cipher, call_id: str, staff: Staff, *, address: str = "") -> Joined:
    """Take a citizen's call at this desk; of an emergency that nobody owns, the case too. One desk alone gets it.

    Raises:
        AppError: ``forbidden``, ``not_found``, ``call_over``, ``call_taken``, ``agent_on_call``, ``restricted``,
            or, while nobody has the call, ``agent_full`` or ``call_not_yours``.
    """
    access_queue(staff)
    known = await repository.get(tx, _checked(call_id))
    case = await case_row(tx, known["case_id"]) if known else None
    if known is None or case is None:
        raise AppError("not_found")
    await access_restricted(tx, case, staff)
    is_nobodys = case["owner_id"] is None and is_emergency(case["severity"]) and known["ended_at"] is None
    if is_nobodys and not isinstance(claimed := await claiming.claim(tx, case["id"], staff), Claimed):
        raise AppError(_NOT_CLAIMED.get(type(claimed), "call_taken"))
    at = clock_now()
    await settle(tx, at, call_id=call_id)
    _, key = _new()
    row = await repository.answer_by_agent(tx, call_id, staff.id, _hash(cipher, call_id, "agent", key), at)
    if row is None:
        stands = await repository.get(tx, call_id) or known
        if stands["ended_at"] is not None:
            raise AppError("call_over")
        is_free = stands["answered_at"] is not None or not await repository.is_live(tx, staff_id=staff.id)
        raise AppError("call_taken" if is_free else "agent_on_call")
    await audit.record(tx, staff.login, address, "call.answer", row["case_id"], subject=cipher.pseudonym(row["conversation_id"]))
    await _announce(tx, row, "answered")
    return Joined(call_id, row["case_id"], key)


async def say(tx: Connection, cipher: Cipher, call_id: str, party: Party, n: int, kind: str, body: str) -> None:
    """Tell the other page how to reach this one; the same number again changes nothing.

    Raises:
        AppError: ``not_found``, ``call_over``, ``call_signal_repeated``, ``invalid_request`` or ``body_too_large``.
    """
    key = _hash(cipher, _checked(call_id), party.side, party.key)
    row = await repository.found(tx, call_id, party, key)
    if row is None:
        raise AppError("not_found")
    rules.check_signal(kind, n, body, is_starter=row["started_by"] == party.side)
    if await repository.insert_signal(tx, call_id, party, key, n, kind, cipher.seal(body, BODY)):
        return
    if row["ended_at"] is not None or row["answered_at"] is None:
        raise AppError("call_over")
    if await repository.signal_kind(tx, call_id, party.side, n) != kind:
        raise AppError("call_signal_repeated")


async def sync(tx: Connection, cipher: Cipher, call_id: str, party: Party, after: int) -> View:
    """This page is there; how the call stands, and what the other page has said since.

    Raises:
        AppError: ``not_found`` for whoever is not in it.
    """
    key = _hash(cipher, _checked(call_id), party.side, party.key)
    at = clock_now()
    if await repository.found(tx, call_id, party, key) is None:
        raise AppError("not_found")
    await repository.heard_of(tx, call_id, party, key, at)
    await settle(tx, at, call_id=call_id)
    row = await repository.found(tx, call_id, party, key)
    if row is None or row["ended_at"] is not None:
        return View("ended", row["why"] if row else "over")
    other: Side = "agent" if party.side == "citizen" else "citizen"
    said = await repository.signals(tx, call_id, other, after)
    signals = tuple(Signal(one["n"], one["kind"], cipher.open(one["body"], BODY)) for one in said)
    return View(_state(row), "", signals)


async def end(tx: Connection, cipher: Cipher, call_id: str, party: Party, said: str) -> bool:
    """Hang up, or decline a call that rings here; False when it was over already.

    Raises:
        AppError: ``not_found`` for whoever is neither in it nor rung by it.
    """
    row = await repository.found(tx, _checked(call_id), party, _hash(cipher, call_id, party.side, party.key))
    row = row or await repository.ringing(tx, call_id, party)
    if row is None:
        raise AppError("not_found")
    why = rules.why_of(said, is_answered=row["answered_at"] is not None, is_starter=row["started_by"] == party.side)
    ended = await repository.end(tx, call_id, party.side, why, clock_now())
    if ended is not None:
        await _announce(tx, ended, "ended")
    return ended is not None


async def settle(tx: Connection, at: datetime, *, call_id: str | None = None, conversation_id: str | None = None) -> int:
    """End what must end by itself: nobody answers, a page has vanished, the case has gone elsewhere. How many."""
    ended = 0
    for one in await repository.overdue(tx, at, call_id, conversation_id):
        row = await repository.end(tx, one["id"], "nobody", one["why"], at)
        if row is not None:
            await _announce(tx, row, "ended")
            ended += 1
    return ended


async def for_desk(connection: Connection, staff: Staff) -> list[CallRow]:
    """What a desk must show."""
    return [
        CallRow(
            row["id"],
            row["case_id"],
            "missed" if row["ended_at"] else _state(row),
            row["started_by"],
            row["staff_id"],
            row["severity"],
            row["country"],
            row["started_at"],
            row["answered_at"],
            row["owner_id"] == staff.id,
        )
        for row in await repository.for_desk(connection, staff.id)
    ]


async def see_missed(tx: Connection, call_id: str, staff: Staff) -> bool:
    """A missed call was seen by the owner of its case; it stays in the case's history."""
    row = await repository.see_missed(tx, _checked(call_id), staff.id, clock_now())
    if row is not None:
        await events.append(tx, STREAM, "call_seen", {"call_id": call_id, "case_id": row["case_id"]})
    return row is not None


async def history(connection: Connection, case_id: int) -> tuple[PastCall, ...]:
    """The calls of a case, for somebody who may see it."""
    rows = await repository.of_case(connection, case_id)
    return tuple(PastCall(r["started_by"], r["staff_name"], r["started_at"], r["answered_at"], r["ended_at"], r["why"] or "") for r in rows)


def _state(row: Row) -> str:
    return "answered" if row["answered_at"] else "ringing"


def _new() -> tuple[str, str]:
    return secrets.token_urlsafe(18), secrets.token_urlsafe(24)


def _checked(call_id: str) -> str:
    if not _ID.fullmatch(call_id):
        raise AppError("not_found")
    return call_id


def _hash(cipher: Cipher, call_id: str, side: str, key: str) -> str:
    return cipher.pseudonym(f"call:{call_id}:{side}:{key}")


async def _announce(tx: Connection, row: Row, state: str) -> None:
    """Tell the conversation's pages, the case's desks and every desk; the stream where most meet comes last."""
    payload = {
        "call_id": row["id"],
        "case_id": row["case_id"],
        "state": state,
        "by": "citizen" if row["started_by"] == "citizen" else "person",
        "why": row["why"] or "",
        "answered": row["answered_at"] is not None,
    }
    await events.append_to_all(tx, [conversation.stream(row["conversation_id"]), case_stream(row["case_id"]), STREAM], "call", payload)
