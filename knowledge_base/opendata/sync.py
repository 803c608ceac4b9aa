"""Fetching a service into staging: page by page, each committed, so that an interrupted fetch goes on where it stopped. Facts are not touched here."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

from core import clock
from core import db as database
from core.db import Database
from core.logging import get
from knowledge_base.country_facts import repository
from knowledge_base.opendata.catalogue import Service
from knowledge_base.opendata.client import OpenDataClient
from knowledge_base.opendata.errors import OpenDataError, SyncBusy
from knowledge_base.opendata.rows import rows_of

log = get(__name__)

LOCK = 0x6F70656E64617461
PAGE_SIZE = 500
MOST_PAGES = 1000
#: A list that changes while its pages are read is read again from the start, once.
STARTS = 2


@contextlib.asynccontextmanager
async def one_at_a_time(db: Database) -> AsyncIterator[None]:
    """Only one process synchronises; the lock dies with its connection, so a killed process blocks nobody.

    Raises:
        SyncBusy: another one is at it.
    """
    connection = await db.connect()
    try:
        row = await database.one(connection, "SELECT pg_try_advisory_lock(%s) AS mine", LOCK)
        if not row or not row["mine"]:
            raise SyncBusy("another process is synchronising")
        yield
    finally:
        await connection.close()


async def fetch(
    db: Database,
    client: OpenDataClient,
    service: Service,
    *,
    page_size: int = PAGE_SIZE,
    now: Callable[[], datetime] = clock.now,
) -> int:
    """Bring every page of a service into staging; the run's number. The caller holds :func:`one_at_a_time`.

    Raises:
        OpenDataError: it did not succeed; the run says why, and what it has brought stays for the next try if it may be resumed.
    """
    for start in range(1, STARTS + 1):
        run_id = await _resume_or_begin(db, service, page_size, now())
        try:
            await _fetch_pages(db, client, service, run_id)
        except OpenDataError as error:
            async with db.transaction() as tx:
                await repository.end_run(tx, run_id, "interrupted" if error.can_resume else "failed", now(), error.code)
            if error.code == "changed_meanwhile" and start < STARTS:
                continue
            log.warning("opendata_fetch_failed", service=service.path, run=run_id, code=error.code)
            raise
        async with db.transaction() as tx:
            _, wrong = rows_of(service, await _items(tx, run_id))
            await repository.end_run(tx, run_id, "staged", now(), "rejected_rows" if wrong else "", len(wrong))
        log.info("opendata_fetched", service=service.path, run=run_id, rejected=len(wrong))
        return run_id
    raise AssertionError("unreachable")


async def _resume_or_begin(db: Database, service: Service, page_size: int, at: datetime) -> int:
    async with db.transaction() as tx:
        last = await repository.newest_run(tx, service.name)
        if (
            last is not None
            and last["state"] in ("fetching", "interrupted")
            and last["page_size"] == page_size
            and timedelta() <= at - last["started_at"] < timedelta(seconds=service.resume_s)
        ):
            return int(last["id"])
        return await repository.begin_run(tx, service.name, page_size, at)


async def _items(connection: Any, run_id: int) -> list[dict[str, Any]]:
    return [item for page in await repository.pages(connection, run_id) for item in page]


async def _fetch_pages(db: Database, client: OpenDataClient, service: Service, run_id: int) -> None:
    async with db.read() as connection:
        run = await repository.run_of(connection, run_id)
        brought = await repository.pages(connection, run_id)
    assert run is not None  # noqa: S101
    total: int | None = run["total"]
    have = sum(len(page) for page in brought)
    seen = {_print(item) for page in brought for item in page}
    number = len(brought) + 1
    while total is None or have < total:
        if number > MOST_PAGES:
            raise OpenDataError("incomplete", "too many pages", can_resume=False)
        page = await client.page(service, number, run["page_size"])
        if page.number is not None and page.number != number:
            raise OpenDataError("bad_answer", "another page than asked for", can_resume=False)
        if total is not None and page.total != total:
            raise OpenDataError("changed_meanwhile", can_resume=False)
        prints = {_print(item) for item in page.items}
        if seen & prints or have + len(page.items) > page.total:
            # A row has moved to a later page while we read: then another one was never seen.
            raise OpenDataError("changed_meanwhile", can_resume=False)
        if not page.items and have < page.total:
            raise OpenDataError("incomplete", "an empty page before the end", can_resume=False)
        async with db.transaction() as tx:
            await repository.save_page(tx, run_id, number, page.items, page.total)
        total, have, number = page.total, have + len(page.items), number + 1
        seen |= prints


def _print(item: dict[str, Any]) -> str:
    return json.dumps(item, ensure_ascii=False, sort_keys=True, default=str)
