"""The worker's daily round of erasing, and the watch that calls when it has been missing. Beside everything that serves a person, never in its way."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta

from core import db as database
from core.clock import now as clock_now
from core.db import Database
from core.errors import DatabaseUnavailable
from core.logging import get
from core.metrics import RETENTION_AGE, RETENTION_ROWS
from core.settings import Settings
from handoff.records.retention import Run, is_overdue, last_run, last_whole, run_once

log = get(__name__)
LOOK_S = 600.0
#: The next run after a whole one, and after one in which a class failed.
EVERY = timedelta(hours=23)
AGAIN = timedelta(hours=1)
LOCK = 0x72657465


def is_due(last: Run | None, now: datetime) -> bool:
    """Whether it is time to run."""
    return last is None or now - last.ended_at >= (AGAIN if last.failed else EVERY)


async def run_if_due(db: Database, settings: Settings, now: datetime | None = None) -> Run | None:
    """Run once a day, in one worker; None when it was not time or another worker is at it."""
    async with db.read() as connection:
        if not is_due(await last_run(connection), now or clock_now()):
            return None
    line = await db.connect()
    try:
        held = await database.one(line, "SELECT pg_try_advisory_lock(%s) AS held", LOCK)
        if not held or not held["held"] or not is_due(await last_run(line), now or clock_now()):
            return None
        run = await run_once(db, settings, now)
    finally:
        with contextlib.suppress(Exception):  # the lock goes with its line, however that ends
            await line.close()
    for code, count in run.erased.items():
        RETENTION_ROWS.labels(code).inc(count)
    return run


async def check(db: Database, watched_since: datetime, now: datetime | None = None) -> bool:
    """Set the gauge, and call when the erasing has been missing for too long; whether it has."""
    at = now or clock_now()
    async with db.read() as connection:
        whole = await last_whole(connection)
    RETENTION_AGE.set((at - (whole or watched_since)).total_seconds())
    if overdue := is_overdue(whole, watched_since, at):
        log.error("retention_overdue", hours=round((at - (whole or watched_since)) / timedelta(hours=1)))
    return overdue


async def run(db: Database, settings: Settings) -> None:
    """The worker's round, for ever; it begins a while after the start, since then there is enough to do."""
    since = clock_now()
    while True:
        await asyncio.sleep(LOOK_S / 10)
        try:
            await run_if_due(db, settings)
            await check(db, since)
        except DatabaseUnavailable:
            pass
        except Exception as error:
            log.error("retention_round_failed", error=type(error).__name__, exc_info=error)
        await asyncio.sleep(LOOK_S)


async def watch(db: Database) -> None:
    """The same alarm from a process that does not erase: a worker that is gone cannot call."""
    since = clock_now()
    while True:
        try:
            await check(db, since)
        except DatabaseUnavailable:
            pass
        except Exception as error:
            log.error("retention_watch_failed", error=type(error).__name__, exc_info=error)
        await asyncio.sleep(LOOK_S)
