"""What happens without anybody: the weekly draw, slots that change hands, gauges. Beside triage, never in its way.

Nothing here remembers when it last ran: a week without a draw is due, whoever looks first draws it, and a start on Wednesday makes up for
Monday. All of it runs on a connection of the pool and has a statement timeout.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from core import db as database
from core.clock import now as clock_now
from core.db import Database
from core.errors import DatabaseUnavailable
from core.logging import get
from handoff.reviews import figures, repository, sampling

log = get(__name__)
LOOK_S = 60.0
LONGEST_PAUSE_S = 3600.0
TIMEOUT_MS = 60_000


async def draw_if_due(db: Database, now: datetime | None = None) -> int | None:
    """Draw last week's sample unless it is there; None when there was nothing to do or another worker is at it."""
    at = now or clock_now()
    week = sampling.last_week(at)
    async with db.read() as connection:
        if await repository.is_drawn(connection, week):
            return None
    async with db.transaction() as tx:
        held = await database.one(tx, "SELECT pg_try_advisory_xact_lock(%s) AS held", sampling.LOCK)
        if not held or not held["held"]:
            return None
        await database.run(tx, f"SET LOCAL statement_timeout = {TIMEOUT_MS}")
        drawn = await sampling.draw(tx, week)
    if drawn is not None:
        log.info("sample_drawn", week=week.isoformat(), count=drawn)
    return drawn


async def reassign(db: Database, now: datetime | None = None) -> int:
    """Give vacant slots to somebody who can fill them."""
    async with db.transaction() as tx:
        return await sampling.reassign(tx, now or clock_now())


async def run(db: Database) -> None:
    """The worker's round, for ever; what fails (a draw that takes too long counts as that) is tried again less and less often."""
    pause_s = LOOK_S
    while True:
        try:
            await draw_if_due(db)
            await reassign(db)
            pause_s = LOOK_S
        except DatabaseUnavailable as error:
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            log.warning("review_job_waits", reason=str(error), seconds=pause_s)
        except Exception as error:
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            log.error("review_job_failed", error=type(error).__name__, exc_info=error)
        await asyncio.sleep(pause_s)


async def watch_figures(db: Database) -> None:
    """Keep the gauges of the process that ``/metrics`` is asked of, for ever."""
    while True:
        try:
            async with db.read() as connection:
                await figures.refresh_metrics(connection)
        except DatabaseUnavailable:
            pass
        except Exception as error:
            log.error("review_figures_failed", error=type(error).__name__, exc_info=error)
        await asyncio.sleep(LOOK_S)
