"""Each process says every two seconds that it lives and what it has loaded; ``/readyz`` and the sweeper read it."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from core import db as database
from core.db import Connection, Database
from core.errors import DatabaseUnavailable

EVERY_S = 2.0
#: A process not heard of for this long counts as dead.
STALE_S = 10


async def beat(db: Database, role: str, state: Callable[[], dict[str, Any]]) -> None:
    """Beat for ever; a lost database is waited out."""
    process = f"{role}-{socket.gethostname()}-{os.getpid()}"
    while True:
        try:
            async with db.transaction() as tx:
                await database.run(
                    tx,
                    """INSERT INTO heartbeats (process, role, state, beat_at) VALUES (%s, %s, %s, now())
                       ON CONFLICT (process) DO UPDATE SET state = excluded.state, beat_at = excluded.beat_at""",
                    process,
                    role,
                    Jsonb(state()),
                )
        except DatabaseUnavailable:
            pass
        await asyncio.sleep(EVERY_S)


async def living(connection: Connection) -> list[dict[str, Any]]:
    """The processes heard of lately."""
    return await database.rows(
        connection, "SELECT process, role, state FROM heartbeats WHERE beat_at > now() - make_interval(secs => %s) ORDER BY beat_at DESC", STALE_S
    )


async def forget_dead(tx: Connection) -> None:
    """Remove the rows of processes dead for an hour."""
    await database.run(tx, "DELETE FROM heartbeats WHERE beat_at < now() - interval '1 hour'")
