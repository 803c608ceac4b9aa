"""Putting a case aside until a time. Only its owner can, so nothing that waits for a person is ever put aside; new danger wakes it at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.schemas import Staff
from core import audit
from core.clock import now as clock_now
from core.db import Connection
from core.errors import AppError
from handoff import later_repository, queue_order
from handoff.access import access_own_case
from handoff.schemas import Case
from handoff.streams import announce, case_of

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=7)
#: Whoever answers for an emergency looks at it at least this often.
LONGEST_EMERGENCY = timedelta(hours=1)


def longest(severity: str) -> timedelta:
    """For how long a case may be put aside."""
    return LONGEST_EMERGENCY if queue_order.is_emergency(severity) else LONGEST


async def snooze(tx: Connection, case_id: int, staff: Staff, until: datetime) -> Case:
    """Put a case aside; it stays its owner's, who is told when the time has come.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``illegal_move`` when it is not in hand, ``invalid_request`` for a time too near or too far.
    """
    row = await access_own_case(tx, case_id, staff)
    if row["status"] != "claimed":
        raise AppError("illegal_move")
    if until.tzinfo is None or not SHORTEST <= until - clock_now() <= longest(row["severity"]):
        raise AppError("invalid_request", field="until")
    changed = await later_repository.snooze(tx, case_id, until)
    await announce(tx, "snoozed", changed)
    await audit.record(tx, staff.login, "", "case.snooze", case_id)
    return case_of(changed)


async def wake(tx: Connection, at: datetime) -> list[int]:
    """End every snooze whose time has come; the ids of those cases."""
    woken = await later_repository.wake(tx, at)
    for row in woken:
        await announce(tx, "woken", row)
    return [int(row["id"]) for row in woken]
