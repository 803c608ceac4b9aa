"""A line that a messenger did not take is told to whoever has the case."""

from __future__ import annotations

from core import events
from core.db import Connection
from handoff import repository
from handoff.streams import announce, case_stream


async def tell_undelivered(tx: Connection, conversation_id: str, seqs: list[int], reason: str) -> None:
    """Say on the open case's stream which lines did not arrive, and why (a code)."""
    case = await repository.open_case(tx, conversation_id, lock=True)
    if case is not None:
        await events.append(tx, case_stream(case["id"]), "undelivered", {"case_id": case["id"], "seqs": seqs, "reason": reason})


async def tell_lost_link(tx: Connection, conversation_id: str, reason: str) -> None:
    """Say to the desks that the location link has not reached the caller's telephone, and why (a code)."""
    case = await repository.open_case(tx, conversation_id, lock=True)
    if case is not None:
        await announce(tx, "link_lost", case, reason=reason)
