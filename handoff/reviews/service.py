"""Marking, deciding, judging blind. The functions take the caller's open transaction and never commit; the access log comes last.

What triage made of real messages is learnt in two ways: staff mark what they saw in a case, and two people judge, each without the other
and without the score, a weekly sample of what nobody was called for. Either way a label counts only after a second person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.schemas import Staff
from conversation import service as conversation
from core import audit
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff.access import access_case, access_reviews, access_words
from handoff.moves import open_or_raise
from handoff.records import restricted_repository
from handoff.reviews import repository
from handoff.reviews.schemas import ClosedCase, Context, Label, OpenedReview, OpenedSample, ReviewRow, Said, SampleRow, Verdict
from handoff.reviews.states import Move, State, after, agreed
from handoff.schemas import Case
from language.categories import Urgency

NOTE = "triage_reviews.note"
MAX_NOTE_CHARS = 500
#: Lines of the citizen before the one to judge.
BEFORE = 3
LISTED = 200
#: How long an ended case is offered for marking, and a settled sample for looking at.
LATELY = timedelta(days=14)
#: Why a case stands in the queue that a reviewer has put there.
REASON = "review"

Row = dict[str, Any]


# -- marking ----------------------------------------------------------------------------------------------------------------------


async def mark(tx: Connection, cipher: Cipher, staff: Staff, case_id: int, message_id: int, label: Label, *, note: str = "", address: str = "") -> ReviewRow:
    """Somebody who may see a case says what one of its messages was. The same again changes nothing; otherwise must be looked at anew.

    Raises:
        AppError: ``not_found``, ``forbidden`` or ``too_long``.
    """
    case = await access_case(tx, case_id, staff)
    found = await repository.message(tx, message_id)
    if found is None or found["conversation_id"] != case["conversation_id"]:
        raise AppError("not_found")
    note = note.strip()
    if len(note) > MAX_NOTE_CHARS:
        raise AppError("too_long")
    await repository.lock_message(tx, message_id)
    known = await repository.review_by(tx, message_id, staff.id)
    if known is not None:
        if _label(known) == label and note in ("", _note(cipher, known)):
            return _row(known)
        after(known["state"], Move.MARK_ANEW)
    row = await _put(tx, cipher, message_id, case_id, staff, "case", label, note)
    await audit.record(tx, staff.login, address, "review.mark", case_id, cipher.pseudonym(case["conversation_id"]), _detail(message_id, label))
    return _row(row | {"account_name": staff.display_name})


async def marked(connection: Connection, message_id: int, staff: Staff) -> Label | None:
    """What this person has said of a message."""
    known = await repository.review_by(connection, message_id, staff.id)
    return _label(known) if known else None


async def trigger(connection: Connection, case_id: int, staff: Staff) -> int | None:
    """The message for which a case stands, or None when nothing was written (the danger button alone).

    Raises:
        AppError: ``not_found`` or ``forbidden``.
    """
    return await repository.trigger(connection, await access_case(connection, case_id, staff))


async def closed_cases(connection: Connection, staff: Staff, now: datetime | None = None) -> list[ClosedCase]:
    """What this person has ended lately without saying whether it was an emergency."""
    found = []
    for row in await repository.closed_unmarked(connection, staff.id, (now or clock_now()) - LATELY, LISTED):
        if message_id := await repository.trigger(connection, row):
            found.append(ClosedCase(row["id"], message_id, row["severity"], row["category"], row["closed_at"]))
    return found


async def open_closed_case(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, *, address: str = "") -> Context:
    """The message of a case and what came before, for someone who may see the case.

    Raises:
        AppError: ``not_found`` or ``forbidden``.
    """
    case = await access_case(tx, case_id, staff)
    message_id = await repository.trigger(tx, case)
    found = await repository.message(tx, message_id) if message_id else None
    if found is None:
        raise AppError("not_found")
    context = await _context(tx, cipher, found)
    await audit.record(tx, staff.login, address, "case.view", case_id, cipher.pseudonym(case["conversation_id"]))
    return context


# -- deciding ---------------------------------------------------------------------------------------------------------------------


async def pending(connection: Connection, staff: Staff) -> list[ReviewRow]:
    """What waits for a second person, without what a restriction keeps from them.

    Raises:
        AppError: ``forbidden``.
    """
    access_reviews(staff)
    rows = await repository.pending(connection, staff.id, LISTED)
    hidden = await restricted_repository.closed_to(connection, [row["newest_case_id"] for row in rows], staff.id)
    return [_row(row) for row in rows if row["newest_case_id"] not in hidden]


async def open_review(tx: Connection, cipher: Cipher, review_id: int, staff: Staff, *, address: str = "") -> OpenedReview:
    """A proposal with the words it is about; that they were looked at is written down.

    Raises:
        AppError: ``forbidden`` (also while the person has the message in an open blind sample), ``restricted`` or ``not_found``.
    """
    access_reviews(staff)
    row, found = await _with_message(tx, review_id)
    if await repository.is_blind(tx, found["id"], staff.id):
        raise AppError("forbidden", f"staff {staff.id} judges message {found['id']} blind")
    await access_words(tx, found["conversation_id"], staff)
    others = tuple(_verdict(one) for one in await repository.reviews_of(tx, found["id"]) if one["id"] != review_id)
    opened = OpenedReview(_row(row), await _context(tx, cipher, found), _note(cipher, row), others, found["action"], found["score"])
    await audit.record(tx, staff.login, address, "review.view", row["case_id"], cipher.pseudonym(found["conversation_id"]), {"review_id": review_id})
    return opened


async def accept(
    tx: Connection, cipher: Cipher, review_id: int, staff: Staff, *, label: Label | None = None, seen: datetime | None = None, address: str = ""
) -> None:
    """A second person agrees, perhaps with a corrected ``label``: the message has its label, and the other proposals for it are settled.

    ``seen`` is the ``marked_at`` of what the person had before their eyes.

    Raises:
        AppError: ``forbidden``, ``not_found``, ``restricted``, ``own_review``, ``review_changed`` or ``illegal_move``.
    """
    row, found = await _to_decide(tx, review_id, staff, seen)
    if row["account_id"] == staff.id:
        raise AppError("own_review")
    state, final = after(row["state"], Move.ACCEPT), label or _label(row)
    await _yield_others(tx, found["id"], review_id, staff.id)
    await repository.decide(tx, review_id, state, staff.id, final.urgency, final.category)
    detail = {"review_id": review_id, "corrected": label is not None and label != _label(row)} | _detail(found["id"], final)
    await audit.record(tx, staff.login, address, "review.accept", row["case_id"], cipher.pseudonym(found["conversation_id"]), detail)


async def reject(tx: Connection, cipher: Cipher, review_id: int, staff: Staff, *, seen: datetime | None = None, address: str = "") -> None:
    """A proposal is not taken over, or an accepted one is taken back. One's own may be withdrawn.

    Raises:
        AppError: ``forbidden``, ``not_found``, ``restricted``, ``review_changed`` or ``illegal_move``.
    """
    row, found = await _to_decide(tx, review_id, staff, seen)
    await repository.decide(tx, review_id, after(row["state"], Move.REJECT), staff.id, None, None)
    detail = {"review_id": review_id, "message_id": found["id"]}
    await audit.record(tx, staff.login, address, "review.reject", row["case_id"], cipher.pseudonym(found["conversation_id"]), detail)


async def _to_decide(tx: Connection, review_id: int, staff: Staff, seen: datetime | None) -> tuple[Row, Row]:
    access_reviews(staff)
    row, found = await _with_message(tx, review_id)
    await repository.lock_message(tx, found["id"])
    row, found = await _with_message(tx, review_id)  # as it is now that nobody else changes it
    if seen is not None and row["marked_at"] != seen:
        raise AppError("review_changed")
    if await repository.is_blind(tx, found["id"], staff.id):
        raise AppError("forbidden", f"staff {staff.id} judges message {found['id']} blind")
    await access_words(tx, found["conversation_id"], staff)
    return row, found


async def _yield_others(tx: Connection, message_id: int, review_id: int, by: int) -> None:
    """One label a message: what else was said of it has been weighed with this decision."""
    for other in await repository.reviews_of(tx, message_id):
        if other["id"] != review_id and other["state"] != State.REJECTED:
            await repository.decide(tx, other["id"], after(other["state"], Move.YIELD), by, None, None)


# -- the blind sample -------------------------------------------------------------------------------------------------------------


async def my_samples(connection: Connection, staff: Staff, now: datetime | None = None) -> list[SampleRow]:
    """What is this person's to judge, and what they have judged lately.

    Raises:
        AppError: ``forbidden``.
    """
    access_reviews(staff)
    since = ((now or clock_now()) - LATELY).date()
    return [_sample_row(row) for row in await repository.samples_of(connection, staff.id, since)]


async def disputed(connection: Connection, staff: Staff) -> list[SampleRow]:
    """Where two people disagreed and this person may decide.

    Raises:
        AppError: ``forbidden``.
    """
    access_reviews(staff)
    return [_sample_row(row) for row in await repository.disputed(connection, staff.id)]


async def open_sample(tx: Connection, cipher: Cipher, sample_id: int, staff: Staff, *, address: str = "") -> OpenedSample:
    """A sampled message as this person may see it now; that it was looked at is written down.

    Raises:
        AppError: ``forbidden`` or ``not_found``.
    """
    opened, conversation_id = await _opened_sample(tx, cipher, sample_id, staff)
    await audit.record(tx, staff.login, address, "sample.view", subject=cipher.pseudonym(conversation_id), detail={"sample_id": sample_id})
    return opened


async def _opened_sample(tx: Connection, cipher: Cipher, sample_id: int, staff: Staff) -> tuple[OpenedSample, str]:
    """The sample and its conversation; nothing is written down, since the access log is locked last."""
    access_reviews(staff)
    sample, found = await _sample_with_message(tx, sample_id)
    slots = await repository.slots(tx, sample_id)
    mine = next((slot for slot in slots if slot["account_id"] == staff.id), None)
    if mine is None and sample["state"] != "disputed":
        raise AppError("forbidden", f"sample {sample_id} is not staff {staff.id}'s to judge")
    await access_words(tx, found["conversation_id"], staff)
    settled = sample["state"] == "settled"
    # The two learn of each other once nothing can change any more; the third must see what they disagree on.
    blind = [_label(slot) for slot in slots if slot["judged_at"] and slot["slot"] < 3] if settled or mine is None else []
    opened = OpenedSample(
        row=SampleRow(sample_id, sample["week"], sample["state"], bool(mine and mine["judged_at"])),
        context=await _context(tx, cipher, found),
        mine=_label(mine) if mine and mine["judged_at"] else None,
        verdicts=tuple(sorted(blind, key=lambda label: label.urgency.rank)),
        score=found["score"] if settled else None,
        final=_label(sample) if settled else None,
    )
    return opened, found["conversation_id"]


async def judge(tx: Connection, cipher: Cipher, sample_id: int, staff: Staff, label: Label, *, address: str = "") -> str:
    """A blind verdict, changeable until the other one is there. Answers with the sample's state after it.

    Raises:
        AppError: ``forbidden``, ``not_found`` or ``illegal_move`` (both verdicts are in).
    """
    access_reviews(staff)
    sample, found = await _sample_with_message(tx, sample_id, lock=True)
    if sample["state"] != "open":
        raise AppError("illegal_move", f"sample {sample_id} is {sample['state']}")
    if not await repository.give_verdict(tx, sample_id, staff.id, label.urgency, label.category):
        raise AppError("forbidden", f"sample {sample_id} is not staff {staff.id}'s to judge")
    given = [slot for slot in await repository.slots(tx, sample_id) if slot["judged_at"]]
    state = "open"
    if len(given) == 2:
        one, two = (_label(slot) for slot in given)
        final = agreed(one, two)
        state = "disputed" if final is None else "settled"
        if final is None:
            await repository.set_sample(tx, sample_id, state)
        else:
            # The same label from two people needs nobody else; where they differ in degree an editor has the last word on the label.
            await _settle(tx, cipher, sample_id, found, final, given[0]["account_id"], given[1]["account_id"] if one == two else None)
    await audit.record(tx, staff.login, address, "sample.judge", subject=cipher.pseudonym(found["conversation_id"]), detail={"sample_id": sample_id})
    return state


async def decide(tx: Connection, cipher: Cipher, sample_id: int, staff: Staff, label: Label, *, address: str = "") -> None:
    """A third person decides between two who disagreed.

    Raises:
        AppError: ``forbidden`` (one of the two), ``not_found`` or ``illegal_move``.
    """
    access_reviews(staff)
    sample, found = await _sample_with_message(tx, sample_id, lock=True)
    if sample["state"] != "disputed":
        raise AppError("illegal_move", f"sample {sample_id} is {sample['state']}")
    if any(slot["account_id"] == staff.id for slot in await repository.slots(tx, sample_id)):
        raise AppError("forbidden", f"staff {staff.id} is one of the two")
    await repository.third_verdict(tx, sample_id, staff.id, label.urgency, label.category)
    await _settle(tx, cipher, sample_id, found, label, staff.id, staff.id)
    detail = {"sample_id": sample_id} | _detail(found["id"], label)
    await audit.record(tx, staff.login, address, "sample.decide", subject=cipher.pseudonym(found["conversation_id"]), detail=detail)


async def call_for_help(tx: Connection, cipher: Cipher, sample_id: int, staff: Staff, *, address: str = "") -> Case:
    """What a reviewer recognises as danger may be going on still: put the conversation into the queue, as triage should have done.

    Raises:
        AppError: ``forbidden``, ``not_found``, or ``illegal_move`` before the person has judged it an emergency.
    """
    opened, _ = await _opened_sample(tx, cipher, sample_id, staff)
    label = opened.mine or opened.final
    if label is None or not label.was_emergency:
        raise AppError("illegal_move", f"sample {sample_id} was not judged an emergency by staff {staff.id}")
    found = await repository.message(tx, opened.context.message_id)
    if found is None:
        raise AppError("not_found")
    case = await open_or_raise(
        tx,
        cipher,
        found["conversation_id"],
        label.urgency,
        label.category,
        REASON,
        language=found["language"],
        country=found["country"],
        summary=opened.context.text,
    )
    await audit.record(tx, staff.login, address, "sample.call", case.id, cipher.pseudonym(found["conversation_id"]), {"sample_id": sample_id})
    return case


async def _settle(tx: Connection, cipher: Cipher, sample_id: int, found: Row, final: Label, account_id: int, second: int | None) -> None:
    await repository.set_sample(tx, sample_id, "settled", final.urgency, final.category)
    await repository.lock_message(tx, found["id"])
    known = await repository.review_by(tx, found["id"], account_id)
    review = await repository.put(
        tx,
        message_id=found["id"],
        case_id=None,
        account_id=account_id,
        source="sample",
        was_emergency=final.was_emergency,
        urgency=final.urgency,
        category=final.category,
        note=known["note"] if known else None,
    )
    if second is not None:
        await _yield_others(tx, found["id"], review["id"], second)
        await repository.decide(tx, review["id"], State.ACCEPTED, second, final.urgency, final.category)


# -- helpers ----------------------------------------------------------------------------------------------------------------------


async def _put(tx: Connection, cipher: Cipher, message_id: int, case_id: int | None, staff: Staff, source: str, label: Label, note: str) -> Row:
    return await repository.put(
        tx,
        message_id=message_id,
        case_id=case_id,
        account_id=staff.id,
        source=source,
        was_emergency=label.was_emergency,
        urgency=label.urgency,
        category=label.category,
        note=cipher.seal(note, NOTE) if note else None,
    )


async def _with_message(connection: Connection, review_id: int) -> tuple[Row, Row]:
    row = await repository.review(connection, review_id)
    found = await repository.message(connection, row["message_id"]) if row else None
    if row is None or found is None:
        raise AppError("not_found")
    return row, found


async def _sample_with_message(connection: Connection, sample_id: int, *, lock: bool = False) -> tuple[Row, Row]:
    sample = await repository.sample(connection, sample_id, lock=lock)
    found = await repository.message(connection, sample["message_id"]) if sample and sample["message_id"] else None
    if sample is None or found is None:
        raise AppError("not_found")
    return sample, found


async def _context(connection: Connection, cipher: Cipher, found: Row) -> Context:
    """The words, opened; and the citizen's last ones before them."""
    earlier = await repository.before(connection, found["conversation_id"], found["seq"], BEFORE)
    return Context(
        message_id=found["id"],
        text=_words(cipher, found),
        at=found["created_at"],
        before=tuple(Said(_words(cipher, row), row["created_at"]) for row in reversed(earlier)),
        language=found["language"],
        country=found["country"],
    )


def _words(cipher: Cipher, row: Row) -> str:
    return str(conversation.open_body(cipher, row["body"]).get("text") or "")


def _note(cipher: Cipher, row: Row) -> str:
    return cipher.open(row["note"], NOTE) if row["note"] else ""


def _label(row: Row) -> Label:
    return Label.of(row["urgency"], row["category"] or "other")


def _row(row: Row) -> ReviewRow:
    return ReviewRow(
        row["id"], row["message_id"], row["case_id"], row["account_id"], row["account_name"], row["source"], _label(row), row["marked_at"], row["state"]
    )


def _verdict(row: Row) -> Verdict:
    return Verdict(row["account_id"], row["account_name"], _label(row), row["marked_at"])


def _sample_row(row: Row) -> SampleRow:
    return SampleRow(row["id"], row["week"], row["state"], row["judged"])


def _detail(message_id: int, label: Label) -> dict[str, Any]:
    return {"message_id": message_id, "urgency": Urgency(label.urgency).value, "category": label.category.value}
