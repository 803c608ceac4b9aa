"""What happens to notices without anybody: those whose last day has passed are marked as expired, old questions of citizens are removed.

Nothing that citizens are told depends on it: the dates alone decide what is quoted, at midnight in Seoul, whether or not this has run. It
keeps the states true for the people who look at lists. A review day that has passed changes no state: such a notice stays published, is
not quoted, and is flagged until somebody renews it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from core import db as database
from core.clock import now as clock_now
from core.db import Database
from core.errors import DatabaseUnavailable
from core.logging import get
from core.settings import Settings
from knowledge_base import repository as notices
from knowledge_base.editing import repository, unanswered
from knowledge_base.notices import today_in_seoul
from knowledge_base.schemas import NoticeStatus

log = get(__name__)
LOOK_S = 60.0
LONGEST_PAUSE_S = 3600.0
TIMEOUT_MS = 30_000
SCHEDULE = "schedule"


async def expire(db: Database, now: datetime | None = None) -> list[tuple[str, int]]:
    """Move what has ended from published to expired, with a line of history for each; every process hears of it."""
    today = today_in_seoul(now or clock_now())
    async with db.read() as connection:
        if not await repository.past_their_end(connection, today):
            return []
    done = []
    async with db.transaction() as tx:
        await notices.lock(tx)
        for notice_id, version in await repository.past_their_end(tx, today):
            if await notices.move(tx, notice_id, version, NoticeStatus.PUBLISHED, NoticeStatus.EXPIRED, SCHEDULE, "its last day has passed"):
                done.append((notice_id, version))
        if done:
            await notices.announce(tx, *(notice_id for notice_id, _ in done))
    log.info("notices_expired", count=len(done))
    return done


async def forget(db: Database, keep_days: int, now: datetime | None = None) -> int:
    """Remove what citizens asked longer ago than is kept."""
    async with db.transaction() as tx:
        await database.run(tx, f"SET LOCAL statement_timeout = {TIMEOUT_MS}")
        removed = await unanswered.forget_old(tx, (now or clock_now()) - timedelta(days=keep_days))
    if removed:
        log.info("unanswered_forgotten", count=removed)
    return removed


async def run(db: Database, settings: Settings) -> None:
    """The worker's round, for ever; what fails is tried again less and less often."""
    pause_s = LOOK_S
    while True:
        try:
            await expire(db)
            await forget(db, settings.unanswered_keep_days)
            pause_s = LOOK_S
        except DatabaseUnavailable as error:
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            log.warning("editing_job_waits", reason=str(error), seconds=pause_s)
        except Exception as error:
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            log.error("editing_job_failed", error=type(error).__name__, exc_info=error)
        await asyncio.sleep(pause_s)
