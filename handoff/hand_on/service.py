"""The directory as it stands now, who may change it, and the record of each handing on."""

from __future__ import annotations

from datetime import datetime

from accounts.schemas import Role, Staff
from core import audit, events
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff.access import access_writable_case
from handoff.hand_on import directory, repository
from handoff.hand_on.directory import Listed
from handoff.schemas import HandedOn
from handoff.streams import case_stream

SAID = "case_hand_ons.said"
MAX_SAID_CHARS = 2000


async def listing(connection: Connection, now: datetime | None = None) -> list[Listed]:
    """Every target as it stands."""
    known, at = await repository.numbers(connection), now or clock_now()
    return [directory.listed(target, known.get(key), at) for key, target in directory.targets().items()]


def _supervisor(staff: Staff, key: str) -> directory.Target:
    if staff.disabled or not staff.has(Role.SUPERVISOR):
        raise AppError("forbidden", f"staff {staff.id} may not change the directory")
    target = directory.targets().get(key)
    if target is None:
        raise AppError("not_found")
    return target


async def save_number(tx: Connection, staff: Staff, key: str, number: str, source: str) -> None:
    """A target's number as a supervisor has found it; it cannot be called before another supervisor has checked it.

    Raises:
        AppError: ``forbidden``, ``not_found`` or ``invalid_request`` (``field`` says which).
    """
    _supervisor(staff, key)
    number, source = number.strip(), source.strip()
    if not (number.startswith("+") and 5 <= sum(c.isdigit() for c in number) <= 15 and set(number) <= set("+0123456789- ")):
        raise AppError("invalid_request", field="number")
    if not source or len(source) > 300:
        raise AppError("invalid_request", field="source")
    await repository.save_number(tx, key, number, source, staff.id)
    await audit.record(tx, staff.login, "", "target.number", detail={"target": key})


async def check_number(tx: Connection, staff: Staff, key: str, number: str) -> None:
    """A supervisor has called the number and heard the right people: from now on agents may call it, for 180 days.

    Raises:
        AppError: ``forbidden``, ``own_review``, or ``not_found`` when the number is not the one that stands there.
    """
    target = _supervisor(staff, key)
    row = await repository.number(tx, key)
    stands = directory.listed(target, (row | {"checked_name": ""}) if row else None, clock_now())
    if not number or stands.number != number:
        raise AppError("not_found")
    if stands.entered_by == staff.id:
        raise AppError("own_review")
    if row is None or row["number"] != number:
        await repository.save_number(tx, key, number, target.source, None)
    await repository.mark_checked(tx, key, staff.id)
    await audit.record(tx, staff.login, "", "target.check", detail={"target": key})


async def record(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, key: str, said: str) -> int:
    """Write down that a case was handed on, to whom and what was said.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``illegal_move``, ``empty_message`` or ``too_long``.
    """
    if key not in directory.targets():
        raise AppError("not_found")
    words = said.strip()
    if not words:
        raise AppError("empty_message")
    if len(words) > MAX_SAID_CHARS:
        raise AppError("too_long")
    row = await access_writable_case(tx, case_id, staff, lock=True)
    if row["status"] == "closed":
        raise AppError("illegal_move")
    hand_on_id = await repository.insert(tx, case_id, staff.id, key, cipher.seal(words, SAID))
    await events.append(tx, case_stream(case_id), "handed_on", {"case_id": case_id, "staff_id": staff.id, "target": key})
    await audit.record(tx, staff.login, "", "case.hand_on", case_id, detail={"target": key})
    return hand_on_id


async def of_case(connection: Connection, cipher: Cipher, case_id: int) -> list[HandedOn]:
    """What was handed on in a case; whoever calls has checked access."""
    known = directory.targets()
    return [
        HandedOn(
            row["staff_name"],
            known[row["target"]].label if row["target"] in known else row["target"],
            cipher.open(row["said"], SAID) if row["said"] else "",
            row["handed_at"],
        )
        for row in await repository.of_case(connection, case_id)
    ]
