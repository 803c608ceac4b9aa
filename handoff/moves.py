"""Every way in which a case changes hands. The functions take the caller's open transaction and never commit.

Locks are taken in one order: agent, case, conversation, event streams, access log; so two of these never wait for each other in a ring.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.schemas import Role, Staff
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body, NotOwner, Posted
from core import audit, events
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from core.settings import settings
from handoff import handing_repository, ladder, offers, places, queue_order, repository
from handoff.abuse import rests
from handoff.access import access_own_case, access_writable_case
from handoff.phone.caller import CHANNEL
from handoff.schemas import HOME, Case, Note, QueueRow
from handoff.states import Move, Status, after
from handoff.streams import announce, case_of, case_stream, queue_row

SUMMARY = "cases.summary"
CONTACT = "cases.verified_contact"
NOTE = "case_notes.body"
HEIGHTENED = timedelta(hours=24)
HANDED_BACK = "handed_back"
ABUSE = "abuse"
#: How a drill ends, and nothing else.
DRILL = "drill"
#: How a case may end; an emergency may not end as ``handed_back``, ``withdrawn`` or ``abuse``.
OUTCOMES = {
    "resolved": "해결됨",
    "referred_local": "현지 구조기관에 인계",
    "referred_mission": "재외공관에 인계",
    "referred_other": "다른 기관에 인계",
    "false_alarm": "위험 아님 확인",
    "duplicate": "중복",
    "no_contact": "연락되지 않음",
    "withdrawn": "민원인이 취소",
    HANDED_BACK: "봇에 되돌림",
    ABUSE: "폭언으로 마침",
}


async def open_or_raise(
    tx: Connection,
    cipher: Cipher,
    conversation_id: str,
    severity: str,
    category: str,
    reason: str,
    *,
    language: str = "ko",
    country: str | None = None,
    summary: str = "",
    synthetic: bool = False,
) -> Case:
    """Open a case, or raise the one that is open: severity never falls, the arrival time stays."""
    queue_order.rank(severity)
    for _ in range(3):
        known = await repository.open_case(tx, conversation_id, lock=True)
        if known is not None:
            return await _raise(tx, cipher, known, severity, category, reason, language, country, summary)
        row = await repository.insert_case(
            tx,
            conversation_id=conversation_id,
            severity=severity,
            category=category,
            reason=reason,
            language=language,
            country=country,
            synthetic=synthetic,
        )
        if row is not None:
            await handing_repository.drop_former(tx, conversation_id, row["id"])
            await repository.set_summary(tx, row["id"], cipher.seal(summary, SUMMARY))
            await wait_again(tx, row)
            await announce(tx, "opened", row)
            return case_of(row)
    raise AppError("internal", "a case opened and closed under our hands three times")


async def _raise(
    tx: Connection,
    cipher: Cipher,
    known: dict[str, Any],
    severity: str,
    category: str,
    reason: str,
    language: str,
    country: str | None,
    summary: str,
) -> Case:
    worse = queue_order.rank(severity) < queue_order.rank(known["severity"])
    status = after(known["status"], Move.RAISE)
    was_emergency = queue_order.is_emergency(known["severity"])
    # "other" says nothing (the danger button has no category): it never wipes out what is known.
    replace = category != "other" and (worse or known["category"] == "other")
    row = await repository.raise_case(
        tx,
        known["id"],
        status=status.value,
        severity=queue_order.worst(severity, known["severity"]),
        category=category if replace else known["category"],
        reason=reason if worse else known["reason"],
        language=language,
        country=country or known["country"],
        doubts=known["doubts"],
        # Whoever heard the bell for less has not heard it for this.
        reset_ack=worse or status is not Status(known["status"]),
    )
    if summary and worse:
        await repository.set_summary(tx, row["id"], cipher.seal(summary, SUMMARY))
    back_in_queue = known["status"] == Status.HANDED_BACK
    if row["status"] == Status.QUEUED and (back_in_queue or not was_emergency):
        await wait_again(tx, row)
    else:
        await ladder.start(tx, row)  # what waited as urgent may have become a life threat
        if row["country"] != known["country"]:
            await ladder.moved(tx, row)
    await announce(tx, "raised" if worse or back_in_queue else "repeated", row)
    return case_of(row)


async def wait_again(tx: Connection, row: dict[str, Any]) -> None:
    """What a case needs when it begins to wait: somebody to be offered to, and, for a life threat, the ladder."""
    await offers.start(tx, row)
    await ladder.start(tx, row)


async def lock_open_case(tx: Connection, conversation_id: str) -> None:
    """Take the lock of the open case, or of the one that its places belong to, before the conversation's, for a caller that will touch both."""
    await repository.case_of_place(tx, conversation_id, lock=True)


async def note_doubt(tx: Connection, conversation_id: str, score: float = 0.0) -> None:
    """Triage was unsure about a message in a conversation whose emergency is open: show it; if the bot serves it again, a person looks."""
    known = await repository.open_case(tx, conversation_id, lock=True)
    if known is None:
        return
    status = after(known["status"], Move.RAISE)
    row = await repository.raise_case(
        tx,
        known["id"],
        status=status.value,
        severity=known["severity"],
        category=known["category"],
        reason=known["reason"],
        language=known["language"],
        country=known["country"],
        doubts=known["doubts"] + 1,
        reset_ack=status is not Status(known["status"]),
    )
    if known["status"] == Status.HANDED_BACK:
        await wait_again(tx, row)
    await announce(tx, "doubt", row, score=round(score, 3))


async def note_country(tx: Connection, conversation_id: str, country: str, *, is_sure: bool) -> bool:
    """A country that is named calmly beside an open case, as in answer to its card. It fills an empty one and, where they say they are there, replaces another.

    Whether it did.
    """
    known = await repository.open_case(tx, conversation_id, lock=True)
    if known is None or known["country"] == country or (known["country"] not in (None, HOME) and not is_sure):
        return False
    row = await repository.set_country(tx, known["id"], country)
    if row is not None:
        await ladder.moved(tx, row)
        await announce(tx, "country", row)
    return row is not None


async def reply(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, text: str, client_id: str) -> Posted:
    """Write to the citizen as the case's owner or as a named participant; the same ``client_id`` again writes nothing.

    Raises:
        AppError: ``empty_message``, ``too_long``, ``not_found``, ``not_owner`` or ``phone_has_no_text``.
    """
    text = text.strip()
    if not text:
        raise AppError("empty_message")
    if len(text) > settings().max_text_chars:
        raise AppError("too_long")
    row = await access_writable_case(tx, case_id, staff, lock=True)
    if (await conversation.get(tx, row["conversation_id"]))["channel"] == CHANNEL:
        raise AppError("phone_has_no_text")
    author = AuthorKind.AGENT if staff.has(Role.AGENT, Role.SUPERVISOR) else AuthorKind.OFFICER
    posted = await conversation.reply(
        tx,
        cipher,
        row["conversation_id"],
        author,
        Body(text),
        client_id=f"staff-{staff.id}-{client_id}",
        author_id=staff.id,
        policy="at_least_once",
    )
    if isinstance(posted, NotOwner):
        raise AppError("not_owner", f"staff {staff.id} may not write in the conversation of case {case_id}")
    first = await repository.mark_first_reply(tx, case_id)
    await events.append(tx, case_stream(case_id), "reply", {"case_id": case_id, "seq": posted.seq, "staff_id": staff.id, "first": first})
    return posted


async def hand_back(tx: Connection, case_id: int, staff: Staff) -> Case:
    """Let the bot serve the conversation again, with heightened triage for a day.

    An emergency stays open and its owner's until it is closed properly; any other case ends here.

    Raises:
        AppError: ``not_found``, ``not_owner`` or ``illegal_move``.
    """
    row = await access_own_case(tx, case_id, staff)
    if (await conversation.get(tx, row["conversation_id"]))["channel"] == CHANNEL:
        raise AppError("illegal_move", "nobody reads there, so the bot has nobody to serve")
    if queue_order.is_emergency(row["severity"]):
        after(row["status"], Move.HAND_BACK)
        changed = await repository.hand_back(tx, case_id)
    else:
        if row["status"] != Status.CLAIMED:
            raise AppError("illegal_move")
        changed = await repository.close(tx, case_id, staff.id, HANDED_BACK, None)
    await conversation.hand_back(tx, row["conversation_id"], staff.id, clock_now() + HEIGHTENED)
    if changed["status"] == Status.CLOSED:
        await places.end_links(tx, case_id)
    await rests.owe(tx, row)
    await announce(tx, "handed_back", changed)
    await audit.record(tx, staff.login, "", "case.hand_back", case_id)
    return case_of(changed)


async def return_to_queue(tx: Connection, case_id: int, staff: Staff | None, *, why: str = "asked") -> Case:
    """Let a case wait again with its old arrival time. ``staff`` None: the system, because the owner's desk is gone.

    Raises:
        AppError: ``not_found``, ``not_owner`` or ``illegal_move``.
    """
    row = await repository.case(tx, case_id, lock=True) if staff is None else await access_own_case(tx, case_id, staff, supervisor_too=True)
    if row is None:
        raise AppError("not_found")
    after(row["status"], Move.RETURN)
    owner_id = row["owner_id"]
    await rests.owe(tx, row)
    changed = await repository.return_to_queue(tx, case_id)
    await conversation.hand_back(tx, row["conversation_id"], owner_id, clock_now() + HEIGHTENED)
    await handing_repository.pass_merged(tx, case_id, owner_id, None)
    await wait_again(tx, changed)
    await announce(tx, "returned", changed, why=why)
    if staff is not None:
        await audit.record(tx, staff.login, "", "case.return", case_id)
    return case_of(changed)


async def acknowledge(tx: Connection, case_id: int, staff: Staff) -> bool:
    """Someone has heard the bell: it stops on every desk. The case still waits for an owner. False if it was heard before."""
    row = await repository.acknowledge(tx, case_id, staff.id)
    if row is not None:
        await announce(tx, "acknowledged", row)
        await audit.record(tx, staff.login, "", "case.acknowledge", case_id)
    return row is not None


async def get(connection: Connection, case_id: int) -> Case:
    """The case as it stands, without any check: for the system, not for pages.

    Raises:
        AppError: ``not_found``.
    """
    row = await repository.case(connection, case_id)
    if row is None:
        raise AppError("not_found")
    return case_of(row)


async def queue(connection: Connection, limit: int = 500) -> list[QueueRow]:
    """What waits, in the order in which it should be taken."""
    return [queue_row(row) for row in await repository.waiting(connection, limit)]


async def mine(connection: Connection, staff: Staff) -> list[QueueRow]:
    """What this person answers for."""
    return [queue_row(row) for row in await repository.held_by(connection, staff.id)]


async def all_open(connection: Connection, limit: int = 1000) -> list[QueueRow]:
    """Every open case, in queue order: for supervisors and for rebuilding a board."""
    return [queue_row(row) for row in await repository.all_open(connection, limit)]


async def position(connection: Connection, case_id: int) -> int | None:
    """The place of a waiting case in the queue, from 1."""
    return await repository.position(connection, case_id)


async def add_note(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, text: str) -> int:
    """A private note of the owner or a participant.

    Raises:
        AppError: ``empty_message``, ``too_long``, ``not_found`` or ``not_owner``.
    """
    if not text.strip():
        raise AppError("empty_message")
    if len(text) > settings().max_text_chars:
        raise AppError("too_long")
    await access_writable_case(tx, case_id, staff)
    note_id = await repository.add_note(tx, case_id, staff.id, cipher.seal(text.strip(), NOTE))
    await events.append(tx, case_stream(case_id), "note", {"case_id": case_id, "note_id": note_id, "staff_id": staff.id})
    return note_id


async def notes(connection: Connection, cipher: Cipher, case_id: int) -> list[Note]:
    """The private notes of a case, oldest first; the caller has checked access."""
    return [
        Note(row["id"], row["staff_id"], row["staff_name"], cipher.open(row["body"], NOTE), row["created_at"])
        for row in await repository.notes(connection, case_id)
    ]


def waited_s(case: Case | QueueRow, at: datetime) -> float:
    """How long the citizen has waited since arrival."""
    return (at - case.arrival_at).total_seconds()
