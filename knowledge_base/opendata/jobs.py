"""The scheduled synchronisation, beside everything else a worker does. Nothing remembers when it last ran but the runs' own rows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from core import clock
from core.db import Database
from core.errors import DatabaseUnavailable
from core.logging import get
from core.settings import Settings
from knowledge_base.country_facts import repository, service
from knowledge_base.country_facts.errors import FactError
from knowledge_base.country_facts.phrases import SEOUL
from knowledge_base.opendata import sync
from knowledge_base.opendata.catalogue import SERVICES, Service
from knowledge_base.opendata.client import Access, OpenDataClient
from knowledge_base.opendata.errors import OpenDataError, SyncBusy

log = get(__name__)
LOOK_S = 30.0
RETRY = timedelta(minutes=10)
UNDECIDED = timedelta(hours=1)
#: The portal counts a day's requests from midnight in Seoul.
QUOTA_RESET = time(0, 10)


@dataclass(frozen=True)
class LastRun:
    """How a service's last run began and ended."""

    started_at: datetime
    ended_at: datetime | None
    state: str
    error: str


def next_due(last: LastRun | None, every: timedelta) -> datetime | None:
    """When a service is to be asked again; None: at once.

    After a failure soon, but not before the portal's next day when the day's quota is used up, and not sooner than usual when the key is at fault.
    """
    if last is None:
        return None
    ended = last.ended_at or last.started_at
    if last.state == "applied":
        return last.started_at + every
    if last.state == "staged":  # shown to somebody, or too doubtful to be applied: a person has some time to decide
        return ended + min(every, UNDECIDED)
    if last.error == "quota":
        return datetime.combine(ended.astimezone(SEOUL).date() + timedelta(days=1), QUOTA_RESET, SEOUL)
    if last.error in ("key_unknown", "key_expired", "refused", "address_unknown", "no_service", "bad_parameter", "closed"):
        return ended + every
    return ended + min(every, RETRY)


def access(settings: Settings) -> Access | None:
    """Where to ask and with which key; None while either is not set."""
    if not settings.opendata_url or settings.opendata_key is None or not settings.opendata_key.get_secret_value():
        return None
    return Access(settings.opendata_url, settings.opendata_key, settings.opendata_legacy_tls)


async def _last(db: Database, name: str) -> LastRun | None:
    async with db.read() as connection:
        row = await repository.newest_run(connection, name)
    return None if row is None else LastRun(row["started_at"], row["finished_at"], row["state"], row["error"])


async def sync_due(db: Database, client: OpenDataClient, every: timedelta, now: Callable[[], datetime] = clock.now) -> list[str]:
    """Fetch and apply every service that is due; the names of those that succeeded. Another process at it: nothing."""
    done: list[str] = []
    due: list[Service] = []
    for found in SERVICES.values():
        when = next_due(await _last(db, found.name), every)
        if when is None or when <= now():
            due.append(found)
    if not due:
        return done
    try:
        async with sync.one_at_a_time(db):
            for found in due:
                when = next_due(await _last(db, found.name), every)
                if when is not None and when > now():
                    continue  # another process has done it while we waited
                try:
                    run_id = await sync.fetch(db, client, found, now=now)
                    async with db.transaction() as tx:
                        await service.apply(tx, run_id, service.SCHEDULE, now(), is_attended=False)
                except OpenDataError:
                    continue  # logged, and due again
                except FactError:
                    log.error("opendata_not_applied", service=found.path)
                    continue
                done.append(found.name)
    except SyncBusy:
        pass
    return done


async def run(db: Database, settings: Settings) -> None:
    """The worker's round, for ever; at once over when it is not switched on."""
    place = access(settings)
    if place is None or settings.opendata_every_minutes == 0:
        return
    every = timedelta(minutes=settings.opendata_every_minutes)
    async with OpenDataClient(place) as client:
        while True:
            try:
                await sync_due(db, client, every)
            except DatabaseUnavailable:
                pass
            except Exception as error:  # noqa: BLE001  (the edge of a background task: its next round is its recovery)
                log.error("opendata_job_failed", error=type(error).__name__)
            await asyncio.sleep(LOOK_S)
