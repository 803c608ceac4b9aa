"""The rest that an agent must take after an abusive contact: owed when the contact ends, begun by the next sign of life of their desk.

It is only owed here; beginning it needs the agent's own lock, which comes before a case's (``handoff.moves`` names the order).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.schemas import Role, Staff
from core import audit
from core.db import Connection
from core.errors import AppError
from handoff import queue_order
from handoff.abuse import repository
from handoff.abuse.schemas import Abuse, RestFigures

RULE = "abuse_rest_minutes"
DEFAULT_MINUTES = 10
MOST_MINUTES = 120
#: A rest that could not begin for so long is over: the agent has been at home meanwhile.
LAPSES = timedelta(hours=12)
STATISTICS = timedelta(days=30)


async def counted(connection: Connection, case_id: int, conversation_id: str) -> Abuse:
    """The marks of a case's conversation; the caller has checked access."""
    row = await repository.counts(connection, case_id, conversation_id)
    return Abuse(tuple(row["seqs"]), row["here"], row["of_case"], row["of_person"])


async def owe(tx: Connection, row: Mapping[str, Any], *, is_over: bool = False) -> None:
    """A contact leaves its owner's hands: if it was abusive while they had it, they are owed a rest. ``row`` is the case as it was.

    An emergency that stays open owes nothing; one that has just ended does (``is_over``).
    """
    if row["owner_id"] is None or (queue_order.is_emergency(row["severity"]) and not is_over):
        return
    if not await repository.has_marked(tx, row["id"], row["owner_id"], row["claimed_at"]):
        return
    if (await counted(tx, row["id"], row["conversation_id"])).is_enough:
        await repository.owe(tx, row["owner_id"], row["id"])


async def due(tx: Connection, staff_id: int) -> int | None:
    """The rest that may begin now, by its id: never while an open emergency is theirs. The caller holds the agent's lock."""
    row = await repository.owed(tx, staff_id, LAPSES)
    return None if row is None or await repository.holds_emergency(tx, staff_id) else int(row["id"])


async def begin(tx: Connection, rest_id: int, staff: Staff) -> datetime:
    """It begins; when it ends. The caller has made the agent away; called last, as all that writes into the access log."""
    until = await repository.begin(tx, rest_id, timedelta(minutes=await minutes(tx)))
    await audit.record(tx, staff.login, "", "staff.rest", detail={"staff_id": staff.id, "until": until.isoformat()})
    return until


async def resting_until(connection: Connection, staff_id: int) -> datetime | None:
    """Until when somebody must rest; None: they need not."""
    return await repository.running(connection, staff_id)


async def cut(tx: Connection, staff: Staff, case_id: int) -> None:
    """A life threat was taken in the middle of a rest: it is over. Called last."""
    if await repository.cut(tx, staff.id):
        await audit.record(tx, staff.login, "", "staff.rest_cut", case_id, detail={"staff_id": staff.id})


async def minutes(connection: Connection) -> int:
    """How long a rest lasts."""
    found = await repository.rule(connection, RULE)
    return DEFAULT_MINUTES if found is None else found


async def set_minutes(tx: Connection, by: Staff, value: int) -> None:
    """From the next rest on.

    Raises:
        AppError: ``forbidden`` or ``invalid_request``.
    """
    if by.disabled or not by.has(Role.SUPERVISOR, Role.ADMIN):
        raise AppError("forbidden")
    if not 1 <= value <= MOST_MINUTES:
        raise AppError("invalid_request", field="rest_minutes")
    await repository.set_rule(tx, RULE, value, by.id)
    await audit.record(tx, by.login, "", "staff.rest_minutes", detail={"minutes": value})


async def figures(connection: Connection, by: Staff, at: datetime) -> list[RestFigures]:
    """The rests of the last thirty days by person, the most first.

    Raises:
        AppError: ``forbidden``.
    """
    if by.disabled or not by.has(Role.SUPERVISOR, Role.ADMIN):
        raise AppError("forbidden")
    return [
        RestFigures(row["staff_id"], row["name"], row["rests"], row["minutes"], row["cut"], row["is_owed"], row["resting_until"])
        for row in await repository.figures(connection, at - STATISTICS)
    ]
