"""Erasing what is over, class by class, and the proof that it was done.

Each batch is a transaction of its own and waits for nobody: what is being changed is left for the next run. A class that fails does not stop the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled
from psycopg.types.json import Jsonb

from core import audit
from core import db as database
from core.clock import now as clock_now
from core.db import Connection, Database
from core.errors import DatabaseUnavailable
from core.logging import get
from core.settings import Settings
from handoff.records import log_start
from handoff.records.data_classes import ACCESS_LOG, CLASSES, DataClass

log = get(__name__)
#: Conversations, or rows, of one transaction.
AT_ONCE = 200
#: What ended one statement; the database is there, and the other classes go on.
ONE_CLASS_ONLY = (QueryCanceled, DeadlockDetected, LockNotAvailable)
#: Between two transactions: those who serve somebody come in between.
PAUSE_S = 0.02
TIMEOUT_MS = 30_000
#: Who stands in the access log as having erased.
ACCOUNT = "retention"
#: A day's run that is missing for so long is an alarm.
ALARM_AFTER = timedelta(hours=48)


@dataclass(frozen=True)
class Run:
    """One run: rows erased by class, and classes that failed with the kind of error."""

    started_at: datetime
    ended_at: datetime
    erased: Mapping[str, int]
    failed: Mapping[str, str] = field(default_factory=dict)


async def run_once(db: Database, settings: Settings, now: datetime | None = None) -> Run:
    """Erase whatever is over in every class, and write down what was done.

    Raises:
        DatabaseUnavailable: then nothing is written down, and the next look begins again.
    """
    started = clock_now()
    at = now or started
    erased: dict[str, int] = {}
    failed: dict[str, str] = {}
    for one in (*CLASSES, ACCESS_LOG):
        try:
            erased[one.code] = await _erase(db, settings, one, at)
        except Exception as error:  # the edge of a class: the others must not wait until this one is mended
            if isinstance(error, DatabaseUnavailable) and not isinstance(error.__cause__, ONE_CLASS_ONLY):
                raise
            why = error.__cause__ if isinstance(error, DatabaseUnavailable) else error
            failed[one.code] = type(why).__name__
            log.error("retention_failed", data_class=one.code, error=failed[one.code], exc_info=error)
    run = Run(started, clock_now(), erased, failed)
    async with db.transaction() as tx:
        await database.run(
            tx,
            "INSERT INTO retention_runs (started_at, ended_at, erased, failed) VALUES (%s, %s, %s, %s)",
            run.started_at,
            run.ended_at,
            Jsonb(erased),
            Jsonb(failed),
        )
        await audit.record(tx, ACCOUNT, "", "record.retention", detail={code: count for code, count in erased.items() if count} | {"failed": sorted(failed)})
    log.info("retention_ran", rows=sum(erased.values()), failed=len(failed))
    return run


async def _erase(db: Database, settings: Settings, one: DataClass, at: datetime) -> int:
    before = at - one.kept_for(settings)
    if one is ACCESS_LOG:
        return await _until_nothing(db, lambda tx: log_start.cut(tx, before))
    values = {"now": at, "before": before, "reopenable": at - timedelta(days=settings.reopen_days), "limit": AT_ONCE, "ids": None}
    if one.due:
        return await _until_nothing(db, lambda tx: _due(tx, one, values))
    total = 0
    for statement in one.statements:
        total += await _until_nothing(db, lambda tx, sql=statement: database.run(tx, sql, **values))  # type: ignore[misc]
    return total


async def _until_nothing(db: Database, batch: Any) -> int:
    total = 0
    while True:
        async with db.transaction() as tx:
            await database.run(tx, f"SET LOCAL statement_timeout = {TIMEOUT_MS}")
            touched: int = await batch(tx)
        total += touched
        if not touched:
            return total
        await asyncio.sleep(PAUSE_S)


async def _due(tx: Connection, one: DataClass, values: dict[str, Any]) -> int:
    locked = [row["id"] for row in await database.rows(tx, one.due, **values)]
    if not locked:
        return 0
    # A hold or a case that was written before the lock was had is seen only by a second look.
    ids = [row["id"] for row in await database.rows(tx, one.due, **values | {"ids": locked})]
    return sum([await database.run(tx, statement, **values | {"ids": ids}) for statement in one.statements])


async def last_run(connection: Connection) -> Run | None:
    """The newest run, whole or not."""
    row = await database.one(connection, "SELECT * FROM retention_runs ORDER BY id DESC LIMIT 1")
    return Run(row["started_at"], row["ended_at"], row["erased"], row["failed"]) if row else None


async def last_whole(connection: Connection) -> datetime | None:
    """When a run last went through without a failure."""
    row = await database.one(connection, "SELECT max(ended_at) AS at FROM retention_runs WHERE failed = '{}'")
    return row["at"] if row else None


async def erased_since(connection: Connection, since: datetime) -> dict[str, int]:
    """Rows erased by class in the runs since a moment."""
    found = await database.rows(
        connection,
        """SELECT e.key AS code, sum(e.value::bigint)::bigint AS n FROM retention_runs r, jsonb_each_text(r.erased) e
           WHERE r.ended_at >= %s GROUP BY e.key""",
        since,
    )
    return {row["code"]: int(row["n"]) for row in found}


def is_overdue(whole: datetime | None, watched_since: datetime, now: datetime) -> bool:
    """Whether the erasing has been missing for too long; before the first run, since somebody began to watch."""
    return now - (whole or watched_since) > ALARM_AFTER
