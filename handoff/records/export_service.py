"""What is handed out when somebody asks what is kept about them (개인정보 보호법 제35조): prepared by one supervisor, released by another.

The document is taken as a sealed snapshot, so that what the second person has read is what leaves; with the release what is black is gone for good.
Nothing here sends anything: a file is fetched by a supervisor at the page, and handed over by a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from accounts.schemas import Role, Staff
from conversation import guarding
from core import audit
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from core.settings import settings
from handoff import access, repository
from handoff.records import consent_service, export_files, export_gather, export_redaction, export_repository, export_rules, holds, reasons
from handoff.records.consent_rules import guardian_is_danger
from handoff.records.export_document import Document
from handoff.records.export_redaction import Marks, Rules
from handoff.records.export_rules import Care, Requester, State
from handoff.records.export_schemas import Export, Form, Opened

CONTENT = "record_exports.content"
IDENTITY = "record_exports.identity"
RETURNED = "record_exports.returned_why"
LISTED = 200
#: A request is not older than this, nor from the future.
OLDEST_REQUEST = timedelta(days=366)

Row = dict[str, Any]


def access_exports(staff: Staff) -> None:
    """Whether the person may prepare, read, release and fetch exports.

    Raises:
        AppError: ``export_forbidden``.
    """
    if staff.disabled or not staff.has(Role.SUPERVISOR):
        raise AppError("export_forbidden", f"staff {staff.id} may not export")


async def note_refusal(tx: Connection, staff: Staff, case_id: int | None, export_id: int | None) -> None:
    """Somebody without the right has asked for an export; a transaction of its own, since the refusal has undone the other."""
    found = await export_repository.one(tx, export_id) if export_id is not None else None
    asked = found["case_id"] if found else case_id
    known = await repository.case(tx, asked) if asked is not None else None
    await audit.record(tx, staff.login, "", "export.refused", asked if known else None, detail={"export": export_id} if found else {})


async def cares(connection: Connection, cipher: Cipher, case_id: int, staff: Staff) -> tuple[Care, ...]:
    """What must be said before anything is made of a case.

    Raises:
        AppError: ``export_forbidden``, ``not_found`` or ``restricted``.
    """
    access_exports(staff)
    return await _cares(connection, cipher, await access.access_case(connection, case_id, staff))


async def prepare(
    tx: Connection,
    cipher: Cipher,
    case_id: int,
    staff: Staff,
    *,
    requester: str,
    identity: str,
    asked_on: date,
    known: Collection[str],
    address: str = "",
) -> int:
    """Take everything down as it is now, for whoever has asked and whose identity was made sure of; its number.

    ``known``: what the person has read and said so.

    Raises:
        AppError: ``export_forbidden``, ``not_found``, ``restricted``, ``reason_missing`` (how the identity was made sure), ``too_long``, ``bad_date``,
            ``invalid_request``, ``export_nothing`` after an erasure, ``export_care``, or ``export_not_to_them``.
    """
    access_exports(staff)
    identity = reasons.checked(identity)
    today = clock_now().astimezone(export_files.SEOUL).date()
    if not today - OLDEST_REQUEST <= asked_on <= today:
        raise AppError("bad_date")
    if requester not in {one.value for one in Requester}:
        raise AppError("invalid_request", field="requester")
    row = await access.access_case(tx, case_id, staff)
    if await export_repository.is_erased(tx, row["conversation_id"]):
        raise AppError("export_nothing")
    present = await _cares(tx, cipher, row)
    _check_receiver(requester, present)
    _check_known(present, known)
    document = await export_gather.gather(tx, cipher, row, staff, address=address)
    # The case is pinned by now: an erasure that came while this was read has ended.
    if await export_repository.is_erased(tx, row["conversation_id"]):
        raise AppError("export_nothing")
    made = await export_repository.insert(
        tx,
        case_id=case_id,
        conversation_id=row["conversation_id"],
        requester=requester,
        identity=cipher.seal(identity, IDENTITY),
        asked_on=asked_on,
        content=cipher.seal(document.to_json(), CONTENT),
        prepared_by=staff.id,
        expires_at=clock_now() + timedelta(days=settings().export_keep_days),
    )
    detail = {"export": made, "requester": requester, "cares": [care.value for care in present]}
    await audit.record(tx, staff.login, address, "export.prepare", case_id, cipher.pseudonym(row["conversation_id"]), detail)
    return made


async def listing(connection: Connection, cipher: Cipher, staff: Staff) -> list[Export]:
    """Exports that the person may see, those that wait first; that the list was read is written down.

    Raises:
        AppError: ``export_forbidden``.
    """
    access_exports(staff)
    found = []
    for row in await export_repository.listed(connection, LISTED):
        case = await repository.case(connection, row["case_id"])
        if case is not None and await access.is_open_to(connection, case, staff):
            found.append(_export(row, cipher))
    await audit.record(connection, staff.login, "", "export.list", detail={"exports": len(found)})
    return found


async def look(tx: Connection, cipher: Cipher, export_id: int, staff: Staff, *, is_again: bool = False) -> Opened:
    """The document with what is black in it, as a preview; each look is a line of the log, unless the same page reads on (``is_again``).

    Raises:
        AppError: ``export_forbidden``, ``not_found``, ``restricted``, or ``export_over`` when its content is gone.
    """
    found, row = await _found(tx, export_id, staff)
    opened = await _opened(tx, cipher, found, row)
    if not is_again:
        await audit.record(tx, staff.login, "", "export.view", row["id"], cipher.pseudonym(row["conversation_id"]), {"export": export_id})
    return opened


async def mark(tx: Connection, cipher: Cipher, export_id: int, staff: Staff, item_id: str, start: int, end: int) -> None:
    """Black a place out.

    Raises:
        AppError: those of :func:`_draft`, or ``invalid_request``.
    """
    opened = await _draft(tx, cipher, export_id, staff)
    await _save(tx, export_id, export_redaction.mark(opened.document, opened.marks, item_id, start, end))


async def mark_word(tx: Connection, cipher: Cipher, export_id: int, staff: Staff, word: str) -> int:
    """Black a word out wherever it stands; how many places.

    Raises:
        AppError: those of :func:`_draft`, ``empty_message`` or ``too_long``.
    """
    word = word.strip()
    if not word:
        raise AppError("empty_message")
    if len(word) > export_redaction.MAX_WORD_CHARS:
        raise AppError("too_long")
    opened = await _draft(tx, cipher, export_id, staff)
    marks, places = export_redaction.mark_word(opened.document, opened.marks, word)
    if places:
        await _save(tx, export_id, marks)
    return places


async def unmark(tx: Connection, cipher: Cipher, export_id: int, staff: Staff, item_id: str, start: int, end: int) -> None:
    """Uncover a place that is the citizen's own.

    Raises:
        AppError: those of :func:`_draft`, or ``invalid_request`` where nothing is black.
    """
    opened = await _draft(tx, cipher, export_id, staff)
    await _save(tx, export_id, export_redaction.unmark(opened.document, opened.rules, opened.marks, item_id, start, end))


async def submit(tx: Connection, cipher: Cipher, export_id: int, staff: Staff) -> None:
    """Ask a second person to read and release it.

    Raises:
        AppError: ``not_owner`` for anybody but who has prepared it, ``illegal_move``, and those of :func:`look`.
    """
    await _move(tx, cipher, export_id, staff, "submit", is_own=True)


async def take_back(tx: Connection, cipher: Cipher, export_id: int, staff: Staff) -> None:
    """Whoever has prepared it wants to change it once more.

    Raises:
        AppError: those of :func:`submit`.
    """
    await _move(tx, cipher, export_id, staff, "take_back", is_own=True)


async def turn_back(tx: Connection, cipher: Cipher, export_id: int, staff: Staff, why: str) -> None:
    """The second person does not release it, and says why.

    Raises:
        AppError: ``reason_missing``, ``too_long``, ``own_export``, ``illegal_move``, and those of :func:`look`.
    """
    await _move(tx, cipher, export_id, staff, "return", is_own=False, why=reasons.checked(why))


async def release(tx: Connection, cipher: Cipher, export_id: int, staff: Staff, version: int, known: Collection[str]) -> None:
    """The second person has read this very version and lets it go.

    Raises:
        AppError: ``own_export``, ``illegal_move``, ``export_changed``, ``export_care``, ``export_not_to_them``, and those of :func:`look`.
    """
    found, row = await _found(tx, export_id, staff, lock=True)
    if found["prepared_by"] == staff.id:
        raise AppError("own_export")
    if export_rules.after(found["state"], "release") is None:
        raise AppError("illegal_move")
    if found["version"] != version:
        raise AppError("export_changed")
    opened = await _opened(tx, cipher, found, row)
    _check_receiver(found["requester"], opened.cares)
    _check_known(opened.cares, known)
    blacked, black = await asyncio.to_thread(_blacked, opened)
    sealed = cipher.seal(blacked.to_json(), CONTENT)
    at = clock_now()
    warned = [care.value for care in opened.cares]
    await export_repository.release(tx, export_id, staff.id, sealed, warned, at, at + timedelta(days=settings().export_keep_days))
    detail = {"export": export_id, "cares": warned, "black": black}
    await audit.record(tx, staff.login, "", "export.release", row["id"], cipher.pseudonym(row["conversation_id"]), detail)


async def withdraw(tx: Connection, cipher: Cipher, export_id: int, staff: Staff) -> None:
    """It is not handed out; its content is erased at once. Any supervisor who may see the case does it.

    Raises:
        AppError: ``illegal_move``, and those of :func:`look` but ``export_over``.
    """
    found, row = await _found(tx, export_id, staff, lock=True)
    if export_rules.after(found["state"], "withdraw") is None:
        raise AppError("illegal_move")
    await export_repository.withdraw(tx, export_id)
    await audit.record(tx, staff.login, "", "export.withdraw", row["id"], cipher.pseudonym(row["conversation_id"]), {"export": export_id})


async def fetch(tx: Connection, cipher: Cipher, export_id: int, staff: Staff, form: Form) -> str:
    """The file, for whoever hands it over; written down each time. What has come up since the release is said first, by a new release.

    Raises:
        AppError: ``illegal_move`` before its release, ``export_stale``, ``export_not_to_them``, and those of :func:`look`.
    """
    found, row = await _found(tx, export_id, staff)
    if found["state"] != State.RELEASED:
        raise AppError("illegal_move")
    opened = await _opened(tx, cipher, found, row)
    _check_receiver(found["requester"], opened.cares)
    if export_rules.unsaid([care for care in opened.cares if care is not Care.OPEN], found["warned"]):
        raise AppError("export_stale")
    build = export_files.as_json if form == "json" else export_files.as_html
    text = build(opened.document, found["released_at"], found["asked_on"])
    detail = {"export": export_id, "form": form}
    await audit.record(tx, staff.login, "", "export.file", row["id"], cipher.pseudonym(row["conversation_id"]), detail)
    return text


def _blacked(opened: Opened) -> tuple[Document, int]:
    """For a thread: looking through a long conversation takes a while, and desks share this process."""
    counted = export_redaction.counts(opened.document, opened.rules, opened.marks)
    return export_redaction.blacked(opened.document, opened.rules, opened.marks), sum(counted.values())


async def _cares(connection: Connection, cipher: Cipher, row: Row) -> tuple[Care, ...]:
    found = {
        Care.GUARDIAN_DANGER: guardian_is_danger(await consent_service.of_conversation(connection, cipher, row["conversation_id"])),
        Care.GUARDED: await guarding.is_guarded(connection, row["conversation_id"]),
        Care.RESTRICTED: row["restricted_to"] is not None,
        Care.HELD: bool(await holds.held(connection, [row["conversation_id"]])),
        Care.OPEN: row["status"] != "closed",
    }
    return tuple(care for care in Care if found[care])


def _check_receiver(requester: str, present: Sequence[Care]) -> None:
    if not export_rules.may_receive(requester, present):
        raise AppError("export_not_to_them")


def _check_known(present: Sequence[Care], known: Collection[str]) -> None:
    # That a case is open is said and needs no word: it changes nothing of what was taken.
    if missing := export_rules.unsaid([care for care in present if care is not Care.OPEN], known):
        raise AppError("export_care", why=[care.value for care in missing])


async def _found(tx: Connection, export_id: int, staff: Staff, *, lock: bool = False) -> tuple[Row, Row]:
    """The export and its case, for somebody who may see both. Only the export is ever locked: nobody who is served waits for it."""
    access_exports(staff)
    found = await export_repository.one(tx, export_id, lock=lock)
    if found is None:
        raise AppError("not_found")
    return found, await access.access_case(tx, found["case_id"], staff)


async def _opened(tx: Connection, cipher: Cipher, found: Row, row: Row) -> Opened:
    sealed = await export_repository.content(tx, found["id"])
    if sealed is None or found["expires_at"] <= clock_now():
        raise AppError("export_over")
    document = Document.of_json(cipher.open(sealed, CONTENT))
    # A released one holds nothing that is still to be looked for: what stands in it is what a second person has read.
    staff = () if found["state"] == State.RELEASED else tuple(await export_repository.names_of_staff(tx))
    rules = Rules(staff, found["case_id"], is_done=found["state"] == State.RELEASED)
    return Opened(_export(found, cipher), document, Marks.of_data(found["marks"]), rules, await _cares(tx, cipher, row))


async def _draft(tx: Connection, cipher: Cipher, export_id: int, staff: Staff) -> Opened:
    """An export that is still being prepared, by whoever prepares it.

    Raises:
        AppError: ``not_owner``, ``illegal_move``, and those of :func:`look`.
    """
    found, row = await _found(tx, export_id, staff, lock=True)
    if found["prepared_by"] != staff.id:
        raise AppError("not_owner")
    if found["state"] != State.DRAFT:
        raise AppError("illegal_move")
    return await _opened(tx, cipher, found, row)


async def _save(tx: Connection, export_id: int, marks: Marks | None) -> None:
    if marks is None:
        raise AppError("invalid_request", field="marks")
    await export_repository.set_marks(tx, export_id, marks.to_data())


async def _move(tx: Connection, cipher: Cipher, export_id: int, staff: Staff, move: str, *, is_own: bool, why: str = "") -> None:
    found, row = await _found(tx, export_id, staff, lock=True)
    if (found["prepared_by"] == staff.id) is not is_own:
        raise AppError("not_owner" if is_own else "own_export")
    state = export_rules.after(found["state"], move)
    if state is None:
        raise AppError("illegal_move")
    await export_repository.move(tx, export_id, state, returned_why=cipher.seal(why, RETURNED) if why else None)
    detail = {"export": export_id, "move": move}
    await audit.record(tx, staff.login, "", "export.move", row["id"], cipher.pseudonym(row["conversation_id"]), detail)


def _export(row: Row, cipher: Cipher) -> Export:
    return Export(
        id=row["id"],
        case_id=row["case_id"],
        state=State(row["state"]),
        version=row["version"],
        requester=Requester(row["requester"]),
        identity=cipher.open(row["identity"], IDENTITY) if row["identity"] else "",
        asked_on=row["asked_on"],
        due_on=export_rules.due_on(row["asked_on"]),
        prepared_by=row["prepared_by"],
        prepared_by_name=row["prepared_by_name"],
        prepared_at=row["prepared_at"],
        released_by_name=row["released_by_name"],
        released_at=row["released_at"],
        expires_at=row["expires_at"],
        returned_why=cipher.open(row["returned_why"], RETURNED) if row["returned_why"] else "",
        is_there=row["is_there"] and row["expires_at"] > clock_now(),
    )
