"""Which waiting case an agent takes next: the first in the order of the queue that may be theirs."""

from __future__ import annotations

from core import db as database
from core.db import Connection
from handoff.repository import HELD, OPEN_TO, RANK, TAKEN, Row

_RANK = RANK.format("q.severity")
#: The order of the index ``ix_cases_waiting``; conditions on the rank, not on the severity, so that emergencies are a range of it.
_ORDER = f"{_RANK}, q.arrival_at, q.id"
#: Waits, no restriction keeps the agent out, and its conversation is not another person's. A closed page does not matter: its citizen may still be in danger.
_FREE = f"""
q.status = 'queued' AND (SELECT k.status <> 'open' OR k.owner_kind = 'bot' OR k.owner_id = %(staff_id)s FROM conversations k WHERE k.id = q.conversation_id)
AND {OPEN_TO.format("q")}
"""  # noqa: S608  (constants only)
#: Caps as ``queue_order.may_take`` has them; whoever is away (``present`` false) takes nothing but a life threat.
_EMERGENCY = f"""
{_FREE} AND {_RANK} <= 2 AND ({_RANK} = 1 OR (%(present)s AND {HELD} <= %(cap)s))
"""
_ROUTINE = f"""
{_FREE} AND {_RANK} > 2 AND (q.offered_to IS NULL OR q.offered_to = %(staff_id)s) AND %(present)s AND {HELD} < %(cap)s
"""
_NEXT_EMERGENCY = f"SELECT q.id, q.offered_to FROM cases q WHERE {_EMERGENCY} ORDER BY {_ORDER} LIMIT 1"  # noqa: S608  (constants only)
_CLAIM_NEXT = f"""
WITH emergency AS MATERIALIZED ({_NEXT_EMERGENCY} FOR UPDATE SKIP LOCKED),
routine AS MATERIALIZED (
    SELECT q.id, q.offered_to FROM cases q WHERE {_ROUTINE} AND NOT EXISTS ({_NEXT_EMERGENCY}) ORDER BY {_ORDER} LIMIT 1 FOR UPDATE SKIP LOCKED
), next AS (SELECT * FROM emergency UNION ALL SELECT * FROM routine)
UPDATE cases AS c
{TAKEN}
FROM next WHERE c.id = next.id
RETURNING c.*, next.offered_to AS was_offered_to
"""  # noqa: S608  (constants only)


async def claim_next(tx: Connection, staff_id: int, cap: int, *, present: bool) -> Row | None:
    """Give the agent what stands first for them, leaving out what is being taken at this moment; with the person to whom it was offered.

    A routine case is given only if no emergency waits that the agent may take, not even one that another transaction is changing: then
    nothing is given, see ``wait_for_emergency``.
    """
    return await database.one(tx, _CLAIM_NEXT, staff_id=staff_id, cap=cap, present=present)


async def wait_for_emergency(tx: Connection, staff_id: int, cap: int, *, present: bool) -> bool:
    """Wait until nobody else is changing the first emergency that the agent may take; False if none was waiting.

    One row is waited for and none is kept: whoever waited holding another would sooner or later wait for somebody who waits for that.
    """
    found = await database.one(tx, _NEXT_EMERGENCY, staff_id=staff_id, cap=cap, present=present)
    if found is None:
        return False
    async with tx.transaction(force_rollback=True):
        await database.run(tx, "SELECT 1 FROM cases WHERE id = %s FOR SHARE", found["id"])
    return True
