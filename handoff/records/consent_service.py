"""Writing down who agreed for a citizen who cannot, and who decided where nobody could be asked.

Nothing here stands before help: the danger button, an emergency's place and its link need none of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from accounts.schemas import Role, Staff
from conversation import guarding
from core import audit, events
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff import access, places, repository
from handoff.queue_order import is_emergency
from handoff.records import consent_repository, consent_rules, reasons
from handoff.records.consent_rules import BASES, RELATIONS, VERSIONS, WAYS, Basis, Consent, Kind
from handoff.streams import announce, case_stream

WORDS = "case_consents.words"
OBJECTION = "case_consents.objection"
ENDED = "case_consents.ended_why"
MAX_NAME_CHARS = 100
LISTED = 200

Row = dict[str, Any]


@dataclass(frozen=True)
class Guardian:
    """What a guardian has said, as the form takes it."""

    basis: str
    relation: str
    way: str
    name: str = field(default="", repr=False)
    is_given: bool = True
    child_agrees: bool = False


async def guardian(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, form: Guardian) -> int:
    """A guardian agrees, or does not. A no ends the links of a conversation that is no emergency.

    Raises:
        AppError: ``guardian_is_danger``, ``invalid_request``, ``too_long``, and those of :func:`_writable`.
    """
    if form.relation not in RELATIONS or form.way not in WAYS or form.basis not in BASES[Kind.GUARDIAN]:
        raise AppError("invalid_request", field="basis")
    if len(form.name) > MAX_NAME_CHARS:
        raise AppError("too_long")
    row = await _writable(tx, case_id, staff)
    if consent_rules.guardian_is_danger(await of_conversation(tx, cipher, row["conversation_id"])):
        raise AppError("guardian_is_danger")
    who = " ".join(part for part in (RELATIONS[form.relation], form.name.strip()) if part)
    if not form.is_given:
        await _end_links(tx, row)
    answer = {"way": form.way, "is_given": form.is_given, "child_agrees": form.child_agrees}
    made = await _write(tx, cipher, row, staff, Kind.GUARDIAN, form.basis, {"who": who, "said": ""}, **answer)
    await _record(tx, cipher, row, staff, Kind.GUARDIAN, made, given=form.is_given)
    return made


async def child(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, words: str) -> int:
    """The guardian is the danger: the child's own words suffice, the conversation is guarded, supervisors are told, the guardian never is.

    Raises:
        AppError: ``reason_missing``, ``too_long``, and those of :func:`_writable`.
    """
    words = reasons.checked(words)
    row = await _writable(tx, case_id, staff)
    is_new = await guarding.mark(tx, row["conversation_id"], guarding.AGENT)
    made = await _write(tx, cipher, row, staff, Kind.CHILD, Basis.CHILD_IN_DANGER, {"who": "", "said": words}, child_agrees=True)
    if is_new:
        await events.append(tx, case_stream(case_id), "guarded", {"case_id": case_id, "on": True, "staff_id": staff.id})
    await announce(tx, "guardian_danger", row, staff_id=staff.id, consent_id=made)
    if is_new:
        await audit.record(tx, staff.login, "", "case.guarded", case_id, detail={"on": True})
    await _record(tx, cipher, row, staff, Kind.CHILD, made)
    return made


async def without(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, basis: str, why: str, agency: str = "") -> int:
    """Nobody can be asked: who decided and why; a second person looks at it afterwards.

    Raises:
        AppError: ``reason_missing``, ``too_long``, ``invalid_request`` for a rescue that nobody is named for, and those of :func:`_writable`.
    """
    why, agency = reasons.checked(why), agency.strip()
    if basis not in BASES[Kind.WITHOUT]:
        raise AppError("invalid_request", field="basis")
    if basis == Basis.RESCUE and not agency:
        raise AppError("invalid_request", field="agency")
    if len(agency) > MAX_NAME_CHARS:
        raise AppError("too_long")
    row = await _writable(tx, case_id, staff)
    made = await _write(tx, cipher, row, staff, Kind.WITHOUT, basis, {"who": agency, "said": why})
    await _record(tx, cipher, row, staff, Kind.WITHOUT, made)
    return made


async def check(tx: Connection, cipher: Cipher, consent_id: int, staff: Staff, *, is_agreed: bool, objection: str = "") -> None:
    """The second person has looked at it. Whether a child's guardian is the danger is for a supervisor to see; an objection says why.

    An objection takes nothing back by itself: what protects somebody ends only by :func:`end`.

    Raises:
        AppError: ``not_found``, ``own_consent``, ``forbidden``, ``illegal_move`` when somebody has or when there is nothing to check, ``reason_missing``,
            and those of ``access_case``.
    """
    why = "" if is_agreed else reasons.checked(objection)
    row = await access.access_case(tx, (await _found(tx, consent_id))["case_id"], staff)
    found = await _found(tx, consent_id, lock=True)
    if found["written_by"] == staff.id:
        raise AppError("own_consent")
    if not staff.has(*((Role.SUPERVISOR,) if found["kind"] == Kind.CHILD else (Role.AGENT, Role.SUPERVISOR))):
        raise AppError("forbidden")
    if found["checked_at"] is not None or found["ended_at"] is not None or found["kind"] == Kind.GUARDIAN:
        raise AppError("illegal_move")
    await consent_repository.check(tx, consent_id, staff.id, is_agreed, cipher.seal(why, OBJECTION) if why else None)
    await _told(tx, row["id"], consent_id, staff)
    detail = {"consent": consent_id, "kind": found["kind"], "agreed": is_agreed}
    await audit.record(tx, staff.login, "", "consent.check", row["id"], cipher.pseudonym(row["conversation_id"]), detail)


async def end(tx: Connection, cipher: Cipher, consent_id: int, staff: Staff, why: str) -> None:
    """Somebody takes their word back, or it was written down wrongly. That a guardian is the danger is taken back by a supervisor alone.

    The record may be of an earlier case: who may, what is at stake and who sees it are then those of the open one.

    Raises:
        AppError: ``reason_missing``, ``too_long``, ``not_found``, ``forbidden``, ``illegal_move``, and those of ``access_own_case``.
    """
    why = reasons.checked(why)
    found = await _found(tx, consent_id)
    if found["kind"] == Kind.CHILD and not staff.has(Role.SUPERVISOR):
        raise AppError("forbidden")
    now_open = await repository.open_case(tx, found["conversation_id"])
    row = await access.access_own_case(tx, now_open["id"] if now_open else found["case_id"], staff, supervisor_too=True)
    if (await _found(tx, consent_id, lock=True))["ended_at"] is not None:
        raise AppError("illegal_move")
    await consent_repository.end(tx, consent_id, staff.id, cipher.seal(why, ENDED))
    if found["kind"] == Kind.GUARDIAN and found["is_given"]:
        await _end_links(tx, row)
    await _told(tx, row["id"], consent_id, staff)
    detail = {"consent": consent_id, "kind": found["kind"]}
    await audit.record(tx, staff.login, "", "consent.end", row["id"], cipher.pseudonym(row["conversation_id"]), detail)


async def of_conversation(connection: Connection, cipher: Cipher, conversation_id: str) -> list[Consent]:
    """Every record, the oldest first; whoever calls has let the person see a case of it."""
    return [consent_of(row, cipher) for row in await consent_repository.of_conversation(connection, conversation_id)]


async def check_ask(connection: Connection, cipher: Cipher, row: Row) -> list[Consent]:
    """Whether an agent may ask this case's citizen for a place; what is known of consents. An emergency is never refused.

    Raises:
        AppError: ``guardian_refused``.
    """
    found = await of_conversation(connection, cipher, row["conversation_id"])
    if not consent_rules.may_ask_place(row["severity"], found):
        raise AppError("guardian_refused")
    return found


async def unchecked(connection: Connection, cipher: Cipher, staff: Staff) -> list[Consent]:
    """What waits for a second person, for supervisors; of restricted cases only what they may see.

    Raises:
        AppError: ``forbidden``.
    """
    access.access_records(staff)
    found = []
    for row in await consent_repository.unchecked(connection, LISTED):
        case = await repository.case(connection, row["case_id"])
        if case is not None and await access.is_open_to(connection, case, staff):
            found.append(consent_of(row, cipher))
    return found


def consent_of(row: Row, cipher: Cipher) -> Consent:
    """A stored record, opened."""
    words = json.loads(cipher.open(row["words"], WORDS)) if row["words"] else {"who": "", "said": ""}
    return Consent(
        id=row["id"],
        case_id=row["case_id"],
        kind=Kind(row["kind"]),
        basis=Basis(row["basis"]),
        text_version=row["text_version"],
        is_given=row["is_given"],
        who=words["who"],
        said=words["said"],
        way=row["way"],
        child_agrees=row["child_agrees"],
        given_at=row["given_at"],
        written_by=row["written_by"],
        written_by_name=row["written_by_name"],
        written_at=row["written_at"],
        checked_by=row["checked_by"],
        checked_by_name=row["checked_by_name"],
        checked_at=row["checked_at"],
        is_agreed=row["is_agreed"],
        objection=cipher.open(row["objection"], OBJECTION) if row["objection"] else "",
        ended_at=row["ended_at"],
    )


async def _writable(tx: Connection, case_id: int, staff: Staff) -> Row:
    """The open case, locked, of whoever may write to its citizen.

    Raises:
        AppError: ``not_found``, ``not_owner`` or ``illegal_move`` for a case that is over.
    """
    row = await access.access_writable_case(tx, case_id, staff, lock=True)
    if row["status"] == "closed":
        raise AppError("illegal_move")
    return row


async def _write(tx: Connection, cipher: Cipher, row: Row, staff: Staff, kind: Kind, basis: str, words: dict[str, str], **values: Any) -> int:
    made = await consent_repository.insert(
        tx,
        **{"is_given": True, "child_agrees": False, "way": ""} | values,
        case_id=row["id"],
        conversation_id=row["conversation_id"],
        kind=kind.value,
        basis=str(basis),
        text_version=VERSIONS[kind],
        words=cipher.seal(json.dumps(words, ensure_ascii=False), WORDS),
        written_by=staff.id,
    )
    await _told(tx, row["id"], made, staff)
    return made


async def _told(tx: Connection, case_id: int, consent_id: int, staff: Staff) -> None:
    """Whoever has the case open sees it at once."""
    await events.append(tx, case_stream(case_id), "consent", {"case_id": case_id, "consent_id": consent_id, "staff_id": staff.id})


async def _record(tx: Connection, cipher: Cipher, row: Row, staff: Staff, kind: Kind, consent_id: int, *, given: bool = True) -> None:
    """Who wrote it down, in the access log; the last thing of a transaction."""
    detail = {"consent": consent_id, "kind": kind.value, "given": given}
    await audit.record(tx, staff.login, "", "consent.write", row["id"], cipher.pseudonym(row["conversation_id"]), detail)


async def _end_links(tx: Connection, row: Row) -> None:
    """Nobody is asked any longer where nothing is at stake; in an emergency the way stays open."""
    if not is_emergency(row["severity"]):
        await places.revoke_links(tx, row["conversation_id"])


async def _found(tx: Connection, consent_id: int, *, lock: bool = False) -> Row:
    row = await consent_repository.one(tx, consent_id, lock=lock)
    if row is None:
        raise AppError("not_found")
    return row
