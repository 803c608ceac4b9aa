"""The cores of ``gildongmu kb sync`` and ``gildongmu kb confirm``: what changed, field by field, before and when it is applied."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TextIO

from core import clock
from core.db import Database
from core.errors import StartError
from core.settings import Settings
from knowledge_base.country_facts import repository, service
from knowledge_base.country_facts.errors import FactError
from knowledge_base.country_facts.service import Difference
from knowledge_base.opendata import sync
from knowledge_base.opendata.catalogue import SERVICES
from knowledge_base.opendata.client import OpenDataClient
from knowledge_base.opendata.errors import OpenDataError, SyncBusy
from knowledge_base.opendata.jobs import access

#: What was shown so recently is applied as it was shown, without asking the ministry again.
SHOWN_HOLDS = timedelta(minutes=15)
MOST_CHARS = 200


def _write(target: TextIO, record: dict[str, Any]) -> None:
    target.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")
    target.flush()


def whoever() -> str:
    """The account at the terminal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "command line"


async def synchronise(
    db: Database,
    settings: Settings,
    names: Sequence[str],
    target: TextIO,
    *,
    applies: bool = False,
    by: str | None = None,
    accepts_losses: bool = False,
    client: OpenDataClient | None = None,
    page_size: int = sync.PAGE_SIZE,
    now: Callable[[], datetime] = clock.now,
) -> int:
    """A JSON line for every change and one for every service; 1 if any service failed.

    Raises:
        StartError: the API's address or key is not set.
    """
    by = (by or "").strip() or whoever()
    if by.lower() == service.SCHEDULE:
        raise StartError(f"Nobody is called {service.SCHEDULE!r}; give --by your own name.")
    if client is None:
        place = access(settings)
        if place is None:
            raise StartError("Set GILDONGMU_OPENDATA_URL and GILDONGMU_OPENDATA_KEY: nothing is fetched by default.")
        async with OpenDataClient(place) as made:
            return await synchronise(
                db, settings, names, target, applies=applies, by=by, accepts_losses=accepts_losses, client=made, page_size=page_size, now=now
            )
    failed = 0
    try:
        async with sync.one_at_a_time(db):
            for name in names or list(SERVICES):
                try:
                    run_id = await _shown(db, name, now()) if applies else None
                    if run_id is None:
                        run_id = await sync.fetch(db, client, SERVICES[name], page_size=page_size, now=now)
                    if applies:
                        async with db.transaction() as tx:
                            found = await service.apply(tx, run_id, by, now(), accepts_losses=accepts_losses)
                    else:
                        async with db.read() as connection:
                            found = await service.difference(connection, run_id)
                except OpenDataError as error:
                    failed += 1
                    _write(target, {"service": name, "error": error.code, "message": _ERRORS.get(error.code, "The service did not answer as it should.")})
                    continue
                except FactError as error:
                    failed += 1
                    _write(target, {"service": name, "error": "not_applied", "message": str(error)})
                    continue
                report(found, target, is_applied=applies)
            async with db.read() as connection:
                for row in await repository.open_changes(connection):
                    _write(target, {"waits": row["id"], **{key: value for key, value in row.items() if key != "id"}})
    except SyncBusy:
        _write(target, {"error": "busy", "message": "Another process is synchronising; try again when it is done."})
        return 1
    return 1 if failed else 0


_ERRORS = {
    "quota": "The day's quota is used up; the next try goes on where this one stopped, or starts anew when that is too long ago.",
    "key_unknown": "The service key is not known; check GILDONGMU_OPENDATA_KEY and that data.go.kr has approved it for this service.",
    "key_expired": "The service key has expired; renew it at data.go.kr.",
    "refused": "The gateway refuses the access; ask for this service at data.go.kr.",
    "timeout": "The service did not answer in time.",
    "unreachable": "The service cannot be reached.",
    "changed_meanwhile": "The list changed while it was read, twice; try again.",
    "incomplete": "The service gave fewer rows than it says it has; nothing was changed.",
}


async def _shown(db: Database, name: str, at: datetime) -> int | None:
    async with db.read() as connection:
        last = await repository.newest_run(connection, name)
    if last is not None and last["state"] == "staged" and timedelta() <= at - last["started_at"] < SHOWN_HOLDS:
        return int(last["id"])
    return None


def report(found: Difference, target: TextIO, *, is_applied: bool) -> None:
    """Every change of a run, then its summary."""
    for change in found.plan.changes:
        fields = {name: [_short(before), _short(after)] for name, (before, after) in change.fields.items()}
        record: dict[str, Any] = {"service": found.service.name, "change": change.kind, "key": list(change.key), "fields": fields}
        if change.waits:
            record["waits_for_a_second_person"] = True
        _write(target, record)
    summary: dict[str, Any] = {
        "service": found.service.name,
        "run": found.run_id,
        "applied": is_applied,
        "complete": found.is_complete,
        "rows": found.came,
        **{kind: len(found.plan.of(kind)) for kind in ("added", "changed", "vanished")},
        "unchanged": len(found.plan.kept),
        "waiting": sum(change.waits for change in found.plan.changes),
    }
    if found.rejected:
        summary["rejected"] = list(found.rejected[:20])
    if found.skipped:
        summary["without_text_or_date"] = len(found.skipped)
    _write(target, summary)


def _short(value: Any) -> Any:
    return value[: MOST_CHARS - 1] + "…" if isinstance(value, str) and len(value) > MOST_CHARS else value


async def decide(db: Database, change_id: int | None, by: str, target: TextIO, *, refuses: bool = False, now: Callable[[], datetime] = clock.now) -> int:
    """Confirm (or refuse) a change as the second person; without a number, list what waits."""
    if change_id is None:
        async with db.read() as connection:
            for row in await repository.open_changes(connection):
                _write(target, dict(row))
        return 0
    try:
        async with db.transaction() as tx:
            row = await (service.refuse if refuses else service.confirm)(tx, change_id, by, now())
    except FactError as error:
        _write(target, {"id": change_id, "error": str(error)})
        return 1
    _write(target, {"id": change_id, "outcome": row["state"], "country": row["country"], "was": row["level"], "by": row["decided_by"]})
    return 0
