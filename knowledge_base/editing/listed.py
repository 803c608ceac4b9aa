"""The list of notices, filtered and flagged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from psycopg.rows import DictRow

from core.db import Database
from knowledge_base.editing import repository, rules
from knowledge_base.editing.schemas import Flag, ListFilter, NoticeRow
from knowledge_base.notices import Force, force_table
from knowledge_base.schemas import OFFICIAL, Notice

_URGENT = (Flag.REVIEW_OVERDUE, Flag.REVIEW_SOON)


@dataclass(frozen=True)
class Stock:
    """All notices without their bodies, and when each of them holds."""

    versions: dict[str, list[Notice]]
    rows: dict[tuple[str, int], DictRow]
    force: dict[tuple[str, int], Force]
    changes: Mapping[str, DictRow]
    questions: Mapping[str, int]


async def stock(db: Database) -> Stock:
    """Read them all; ten thousand take a fraction of a second."""
    async with db.read() as connection:
        rows = await repository.versions_of_all(connection)
        changes = await repository.last_changes(connection)
        counts = await repository.question_counts(connection)
    light = [repository.light(row) for row in rows]
    versions = {notice_id: list(group) for notice_id, group in groupby(light, key=lambda notice: notice.id)}
    force = force_table([notice for notice in light if notice.status in OFFICIAL])
    return Stock(versions, {(row["id"], row["version"]): row for row in rows}, force, changes, counts)


async def rows(db: Database, wanted: ListFilter, today: date) -> list[NoticeRow]:
    """The rows that a filter asks for, those that need somebody first."""
    found = await stock(db)
    having = None
    if wanted.text.strip():
        async with db.read() as connection:
            having = await repository.matching(connection, wanted.text.strip())
    out = [
        row
        for notice_id, versions in found.versions.items()
        if (having is None or notice_id in having) and is_wanted(row := row_of(found, versions, today), wanted)
    ]
    out.sort(key=lambda row: (-row.changed_at.timestamp(), row.id))
    out.sort(key=lambda row: next((place for place, flag in enumerate(_URGENT) if flag in row.flags), len(_URGENT)))
    return out[wanted.offset : wanted.offset + wanted.limit]


def row_of(found: Stock, versions: Sequence[Notice], today: date) -> NoticeRow:
    """A notice as one row."""
    lead, work = rules.leading(versions), rules.pending(versions)
    force = found.force.get((lead.id, lead.version))
    content = lead.content
    beside = work if work is not None and work.version != lead.version else None
    change = found.changes.get(lead.id) or {
        "changed_by": found.rows[lead.id, lead.version]["created_by"],
        "changed_at": found.rows[lead.id, lead.version]["created_at"],
    }
    return NoticeRow(
        id=lead.id,
        version=lead.version,
        status=lead.status,
        title=content.title,
        countries=content.countries,
        topics=content.topics,
        published_at=content.published_at,
        effective_from=content.effective_from,
        expires_at=content.expires_at,
        review_by=content.review_by,
        until=force.end if force else None,
        in_force=force is not None and force.on(today),
        flags=rules.flags_of(lead, force, today, has_pending=beside is not None),
        changed_by=change["changed_by"],
        changed_at=change["changed_at"],
        pending_version=beside.version if beside else None,
        pending_status=beside.status if beside else None,
        pending_by=found.rows[beside.id, beside.version]["created_by"] if beside else "",
        test_questions=found.questions.get(lead.id, 0),
        kind=content.kind,
    )


def is_wanted(row: NoticeRow, wanted: ListFilter) -> bool:
    """Whether a row meets every condition but the text, which the database looks for."""
    return (
        (not wanted.states or row.status in wanted.states or row.pending_status in wanted.states)
        and (wanted.country is None or (wanted.country in row.countries if wanted.country else not row.countries))
        and (wanted.topic is None or wanted.topic in row.topics)
        and (wanted.kind is None or row.kind is wanted.kind)
        and rules.is_due(row.flags, wanted.due)
    )
