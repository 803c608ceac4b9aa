"""Applying what was fetched, and the second person's word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.db import Connection
from knowledge_base import publishing
from knowledge_base import repository as notices
from knowledge_base.country_facts import repository
from knowledge_base.country_facts.changes import Held, Plan, is_doubtful, plan
from knowledge_base.country_facts.errors import FactError
from knowledge_base.errors import NoticeError
from knowledge_base.notices import parse_record
from knowledge_base.opendata.catalogue import SERVICES, Kind, Service
from knowledge_base.opendata.rows import Row, rows_of
from knowledge_base.schemas import NoticeStatus

#: Who stands behind a synchronisation that nobody started; it can never be the second person.
SCHEDULE = "schedule"
#: Who has brought a notice's text, as the notices table says it.
NOTICE_AUTHOR = "open data"
TOPICS = {"notices": "notice", "safety-notices": "safety-notice"}


@dataclass(frozen=True)
class Difference:
    """What a staged run would change."""

    service: Service
    run_id: int
    plan: Plan
    came: int
    held: int
    rejected: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every row could be read, so that what is missing is really gone."""
        return not self.rejected


async def difference(connection: Connection, run_id: int) -> Difference:
    """Compare a staged run with what stands.

    Raises:
        FactError: there is nothing staged under this number.
    """
    run = await repository.run_of(connection, run_id)
    if run is None or run["state"] != "staged":
        raise FactError(f"Run {run_id} is not waiting to be applied.")
    service = SERVICES[run["service"]]
    items = [item for page in await repository.pages(connection, run_id) for item in page]
    rows, wrong = rows_of(service, items)
    if service.kind is Kind.NOTICE:
        usable = [row for row in rows if row.values["body"] and row.values["published_at"]]
        skipped = tuple(row.key[0] for row in rows if not (row.values["body"] and row.values["published_at"]))
        held = await _held_notices(connection, [row.key[0] for row in rows])
        return Difference(service, run_id, plan(held, usable, is_complete=False), len(items), len(held), tuple(wrong), skipped)
    held = await repository.held(connection, service)
    compared = plan(held, rows, is_complete=not wrong, are_alarms=service.kind is Kind.ALARM)
    return Difference(service, run_id, compared, len(items), len(held), tuple(wrong))


async def _held_notices(connection: Connection, ids: Sequence[str]) -> list[Held]:
    """The text that the ministry gave last, whatever editors have made of it since."""
    found = [notice.content for notice, _ in await notices.brought_last(connection, ids, NoticeStatus.DRAFT, by=NOTICE_AUTHOR)]
    return [
        Held(
            0,
            (content.id,),
            {
                "id": content.id,
                "title": content.title,
                "body": content.body,
                "published_at": content.published_at.isoformat(),
                "countries": list(content.countries),
                "source_url": content.source_url,
            },
            content.published_at,
        )
        for content in found
    ]


async def apply(tx: Connection, run_id: int, by: str, at: datetime, *, accepts_losses: bool = False, is_attended: bool = True) -> Difference:
    """Make a staged run true: all of it or nothing. Alarms that fall or vanish only begin to wait.

    Raises:
        FactError: it is not the newest staged run of its service, or it has lost so much that a person should look first.
    """
    await repository.lock(tx)
    found = await difference(tx, run_id)
    service, vanished = found.service, found.plan.of("vanished")
    if is_doubtful(found.held, found.came, len(vanished)) and not accepts_losses and service.kind is not Kind.NOTICE:
        raise FactError(f"{service.name}: {len(vanished)} of {found.held} rows are missing; look, and apply it with --accept-losses if it is true.")
    if not is_attended and service.kind is Kind.ALARM and found.came == 0:
        raise FactError(f"{service.name}: the list is empty; only a person may apply that.")
    run = await repository.run_of(tx, run_id)
    assert run is not None  # noqa: S101
    if not await repository.mark_applied(tx, run_id, at, by):
        raise FactError(f"Run {run_id} of {service.name} is not the newest any more.")
    if service.kind is Kind.NOTICE:
        await _draft(tx, found)
    else:
        await _write(tx, found, run["started_at"], by, at)
    if found.is_complete:
        # What the first page said may have changed before the last one came: the run vouches for its beginning.
        await repository.mark_complete(tx, service.name, run_id, run["started_at"], found.came)
    await repository.announce(tx)
    return found


async def _write(tx: Connection, found: Difference, fetched_at: datetime, by: str, at: datetime) -> None:
    service, kind = found.service, found.service.kind
    closed: list[int] = []
    for change in found.plan.changes:
        if change.waits:
            assert change.held is not None  # noqa: S101
            await repository.propose(tx, change.held.id, change.row, found.run_id, by, at)
            continue
        if change.held is not None:
            await repository.close(tx, kind, [change.held.id], at)
            closed.append(change.held.id)
        if change.row is not None:
            await repository.insert(tx, service, change.row, fetched_at, found.run_id, at)
    kept = [one.id for one in found.plan.kept]
    await repository.seen_again(tx, kind, kept, fetched_at, found.run_id)
    if kind is Kind.ALARM:
        await repository.forget_proposals(tx, [*kept, *closed], at)


async def _draft(tx: Connection, found: Difference) -> None:
    """New and changed texts become drafts: an editor decides what citizens are told."""
    for change in found.plan.changes:
        if change.row is None:
            continue
        record = {**change.row.values, "source": found.service.source, "topics": [TOPICS[found.service.name]]}
        try:
            content = parse_record(record)
        except NoticeError:
            continue  # too long, or no notice at all: it stays with the run's report
        await publishing.save_draft(tx, content, NOTICE_AUTHOR)


async def confirm(tx: Connection, change_id: int, by: str, at: datetime) -> dict[str, Any]:
    """A second person says that an alarm has really fallen or gone: now it holds.

    Raises:
        FactError: unknown, decided already, or the same person who proposed it.
    """
    await repository.lock(tx)
    row = await _decide(tx, change_id, "confirmed", by, at)
    await repository.close(tx, Kind.ALARM, [row["alarm_id"]], at)
    if row["proposal"] is not None:
        values = dict(row["proposal"])
        written = values.pop("written_on")
        run = await repository.run_of(tx, row["run_id"])
        assert run is not None  # noqa: S101
        table = repository.TABLES[Kind.ALARM]
        follows = Row(tuple(values[k] for k in table.key), values, date.fromisoformat(written) if written else None)
        await repository.insert(tx, SERVICES[row["service"]], follows, run["started_at"], row["run_id"], at)
    await repository.announce(tx)
    return row


async def refuse(tx: Connection, change_id: int, by: str, at: datetime) -> dict[str, Any]:
    """A second person does not believe it: the alarm stands, until the source is asked again.

    Raises:
        FactError: as for :func:`confirm`.
    """
    await repository.lock(tx)
    return await _decide(tx, change_id, "refused", by, at)


async def _decide(tx: Connection, change_id: int, state: str, by: str, at: datetime) -> dict[str, Any]:
    by = by.strip()
    if not by or by.lower() == SCHEDULE:
        raise FactError("Say who you are: a fall or a disappearance is confirmed by a person.")
    row = await repository.decide(tx, change_id, state, by, at)
    if row is not None:
        return row
    known = await repository.change(tx, change_id)
    if known is None:
        raise FactError(f"There is no change {change_id}.")
    if known["state"] != "open":
        raise FactError(f"Change {change_id} is {known['state']} already.")
    raise FactError(f"Change {change_id} was proposed by {known['proposed_by']}: a second person has to confirm it.")
