"""A case for somebody who rings: opened by the agent on the line, theirs at once, and from then on a case like any other.

The conversation's channel is ``phone``: nothing is written to it, since nobody reads there. Severity and category are the agent's judgement;
triage has nothing to read.
"""

from __future__ import annotations

import json
from typing import Any

from accounts.schemas import Staff
from conversation import service as conversation
from core import audit, events
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff import claim as claiming
from handoff import location, moves, places
from handoff import repository as cases
from handoff.access import access_queue, access_writable_case
from handoff.phone import repository, rules
from handoff.phone.caller import CHANNEL, Call, CallerCard
from handoff.phone.schemas import Caller, Opened
from handoff.schemas import Claimed
from handoff.streams import case_stream
from language.categories import Category, Urgency

CALLER = "phone_calls.caller"
NUMBER = "phone_calls.number"
#: The caller hears this before the place is written down; the wording stands in ``docs/handoff.md``.
CONSENT_SPOKEN = "phone-spoken-1"
MAX_NAME_CHARS = 100
MAX_WHAT_CHARS = 1000


def check(caller: Caller) -> None:
    """Whether a form can be taken.

    Raises:
        AppError: ``empty_message``, ``too_long`` or ``invalid_request`` (``field`` says which).
    """
    if not caller.what.strip():
        raise AppError("empty_message")
    if len(caller.what) > MAX_WHAT_CHARS or len(caller.name) > MAX_NAME_CHARS or len(caller.place) > location.MAX_TYPED_CHARS:
        raise AppError("too_long")
    if caller.severity not in {str(urgency) for urgency in Urgency}:
        raise AppError("invalid_request", field="severity")
    if caller.category not in {str(category) for category in Category}:
        raise AppError("invalid_request", field="category")
    if caller.country is not None and not (len(caller.country) == 2 and caller.country.isascii() and caller.country.isupper()):
        raise AppError("invalid_request", field="country")
    if caller.started_at.tzinfo is None or not 0 < len(caller.client_id) <= 100:
        raise AppError("invalid_request", field="started_at")


async def open_for_caller(tx: Connection, cipher: Cipher, staff: Staff, caller: Caller, *, address: str = "") -> Opened:
    """Open a case for a caller and take it; when the agent cannot take it (away, or full), it waits like any other. The same form again changes nothing.

    Raises:
        AppError: ``forbidden``, ``bad_phone``, and those of :func:`check`.
    """
    access_queue(staff)
    check(caller)
    number = rules.parse_number(caller.number, caller.country)
    await cases.lock_agent(tx, staff.id, staff.cap)  # before any case, as every claim does; and of a form posted twice the second waits here
    known = await repository.call_of_form(tx, f"{staff.id}:{caller.client_id}")
    if known is not None:
        case = await moves.get(tx, known["case_id"])
        return Opened(case, Claimed(case))

    conversation_id, _ = await conversation.start(tx, CHANNEL, language=caller.language)
    case = await moves.open_or_raise(
        tx,
        cipher,
        conversation_id,
        caller.severity,
        caller.category,
        "phone",
        language=caller.language,
        country=caller.country,
        summary=caller.what.strip(),
    )
    number_hash = cipher.pseudonym(f"phone:{number}") if number else None
    await repository.insert_call(
        tx,
        case_id=case.id,
        staff_id=staff.id,
        client_id=f"{staff.id}:{caller.client_id}",
        caller=cipher.seal(caller.name.strip(), CALLER) if caller.name.strip() else None,
        number=cipher.seal(number, NUMBER) if number else None,
        number_hash=number_hash,
        started_at=min(caller.started_at, clock_now()),
    )
    if caller.place.strip():
        await _write_place(tx, cipher, conversation_id, caller.place.strip())
    same_number = await repository.open_cases_of(tx, number_hash, case.id) if number_hash else []
    result = await claiming.claim(tx, case.id, staff)
    await audit.record(tx, staff.login, address, "case.phone", case.id, subject=cipher.pseudonym(conversation_id))
    return Opened(result.case if isinstance(result, Claimed) else case, result, tuple(same_number))


async def write_place(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, text: str, *, address: str = "") -> int:
    """Write down where a caller says they are, after reading the sentence of consent to them; towns of that name are then offered on the card.

    Raises:
        AppError: ``empty_message``, ``too_long``, ``not_found``, ``not_owner``, or ``illegal_move`` where the citizen can send the place.
    """
    words = text.strip()
    if not words:
        raise AppError("empty_message")
    if len(words) > location.MAX_TYPED_CHARS:
        raise AppError("too_long")
    row = await access_writable_case(tx, case_id, staff, lock=True)
    if row["status"] == "closed" or (await conversation.get(tx, row["conversation_id"]))["channel"] != CHANNEL:
        raise AppError("illegal_move")
    fix_id = await _write_place(tx, cipher, row["conversation_id"], words)
    await audit.record(tx, staff.login, address, "location.spoken", case_id, subject=cipher.pseudonym(row["conversation_id"]), detail={"fix_id": fix_id})
    return fix_id


async def _write_place(tx: Connection, cipher: Cipher, conversation_id: str, words: str) -> int:
    at = clock_now()
    fix_id = await places.insert_fix(
        tx,
        conversation_id=conversation_id,
        consent_id=await places.insert_consent(tx, conversation_id, CONSENT_SPOKEN),
        kind="typed",
        place=cipher.seal(json.dumps({"text": words}, ensure_ascii=False), location.PLACE),
        coarse_cell=None,
        radius_m=None,
        confidence="low",
        method=location.TYPED,
        datum="WGS84",
        source=CHANNEL,
        fixed_at=at,
        expires_at=at + location.kept_for(),
    )
    await location.announce_place(tx, conversation_id, fix_id, "typed", None)
    return fix_id


async def end_call(tx: Connection, case_id: int, staff: Staff) -> bool:
    """The caller has hung up; False when no call went on. The case stays open.

    Raises:
        AppError: ``not_found`` or ``not_owner``.
    """
    await access_writable_case(tx, case_id, staff, lock=True)
    ended = await repository.end_calls(tx, case_id) > 0
    if ended:
        await events.append(tx, case_stream(case_id), "call_ended", {"case_id": case_id, "staff_id": staff.id})
    return ended


async def caller_card(connection: Connection, cipher: Cipher, row: dict[str, Any]) -> CallerCard | None:
    """What is known of a case's caller, None for a case without a call; whoever calls has checked access."""
    found = await repository.calls(connection, row["id"])
    if not found:
        return None
    code = await repository.code_state(connection, row["id"], clock_now())
    first = found[0]
    return CallerCard(
        name=cipher.open(first["caller"], CALLER) if first["caller"] else "",
        number=cipher.open(first["number"], NUMBER) if first["number"] else "",
        calls=tuple(Call(one["id"], one["staff_name"], one["started_at"], one["over_at"]) for one in found),
        code_until=code["live_until"] if code else None,
        code_used_at=code["used_at"] if code else None,
    )
