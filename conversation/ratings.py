"""How satisfied citizens say they are: one number a conversation, without words."""

from __future__ import annotations

from core import db as database
from core.db import Connection

LOWEST, HIGHEST = 1, 5


async def keep(tx: Connection, conversation_id: str, score: int) -> None:
    """Store a rating; the last one counts."""
    await database.run(
        tx,
        """INSERT INTO ratings (conversation_id, score) VALUES (%s, %s)
           ON CONFLICT (conversation_id) DO UPDATE SET score = excluded.score, rated_at = clock_timestamp()""",
        conversation_id,
        score,
    )


async def summary(connection: Connection) -> dict[str, float | int | None]:
    """How many have rated, their mean, and the share of 4 and 5; drills do not count."""
    row = await database.one(
        connection,
        """SELECT count(*) AS n, avg(score)::float AS mean, avg((score >= 4)::int)::float AS satisfied
           FROM ratings r JOIN conversations c ON c.id = r.conversation_id WHERE NOT c.synthetic""",
    )
    return dict(row) if row else {"n": 0, "mean": None, "satisfied": None}
