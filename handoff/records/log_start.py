"""The oldest part of the access log goes after its time, and the chain goes on: the last removed row's hash is kept, and the rest is checked from there."""

from __future__ import annotations

from datetime import datetime

from core import audit
from core import db as database
from core.db import Connection

#: Rows that one transaction removes; whoever wants to write into the log waits for it meanwhile.
AT_ONCE = 5000


async def cut(tx: Connection, before: datetime) -> int:
    """Remove rows older than ``before``, at most ``AT_ONCE``; how many. A row of a case under a legal hold stops it, since the chain has one beginning."""
    await database.run(tx, "SELECT pg_advisory_xact_lock(%s)", audit.LOCK)
    row = await database.one(
        tx,
        """WITH oldest AS (SELECT id, at, chain, case_id FROM access_log ORDER BY id LIMIT %(most)s),
                stop AS (SELECT min(o.id) AS id FROM oldest o
                         WHERE o.at >= %(before)s OR EXISTS (SELECT 1 FROM cases k JOIN legal_holds h ON h.conversation_id = k.conversation_id
                                                             WHERE k.id = o.case_id AND h.lifted_at IS NULL))
           SELECT o.id, o.chain, count(*) OVER () AS removed FROM oldest o, stop
           WHERE stop.id IS NULL OR o.id < stop.id ORDER BY o.id DESC LIMIT 1""",
        most=AT_ONCE,
        before=before,
    )
    if row is None:
        return 0
    await database.run(tx, "INSERT INTO access_log_starts (after_id, chain, removed) VALUES (%s, %s, %s)", row["id"], row["chain"], row["removed"])
    return await database.run(tx, "DELETE FROM access_log WHERE id <= %s", row["id"])
