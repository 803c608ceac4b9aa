"""What grows stale: only what dates, states and test questions tell for certain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from core.db import Database
from knowledge_base.editing import listed
from knowledge_base.editing.schemas import Flag, Freshness, FreshnessRow, NoticeRow
from knowledge_base.notices import SEOUL
from knowledge_base.schemas import OFFICIAL, NoticeKind, NoticeStatus


async def freshness(db: Database, today: date, kind: NoticeKind | None = None) -> Freshness:
    """The board of one kind of notices, or of both."""
    found = await listed.stock(db)
    rows = [listed.row_of(found, versions, today) for versions in found.versions.values()]
    return board([row for row in rows if kind is None or row.kind is kind], today)


def board(rows: Iterable[NoticeRow], today: date) -> Freshness:
    """Sort rows into the lists of the board; a pure function."""
    rows = list(rows)
    official = [row for row in rows if row.status in OFFICIAL and (row.in_force or _would_hold(row))]
    in_work = [row for row in rows if Flag.NEVER_PUBLISHED in row.flags or row.pending_version is not None]
    lists = {
        "overdue": _by_day(official, today, lambda row: row.review_by if Flag.REVIEW_OVERDUE in row.flags else None),
        "due_soon": _by_day(official, today, lambda row: row.review_by if Flag.REVIEW_SOON in row.flags else None),
        "expires_soon": _by_day(official, today, lambda row: row.expires_at if Flag.EXPIRES_SOON in row.flags else None),
        "waiting": _by_day(in_work, today, lambda row: row.changed_at.astimezone(SEOUL).date()),
        "no_review_day": _rows(row for row in official if Flag.NO_REVIEW_DAY in row.flags),
        "no_expiry": _rows(row for row in official if row.expires_at is None),
        "untested": _rows(row for row in official if row.in_force and not row.test_questions and row.kind is NoticeKind.NOTICE),
    }
    counts = {name: len(found) for name, found in lists.items()}
    counts |= {"in_force": sum(row.in_force for row in rows), "published": sum(row.status is NoticeStatus.PUBLISHED for row in rows), "all": len(rows)}
    return Freshness(day=today, counts=counts, **lists)


def _would_hold(row: NoticeRow) -> bool:
    """Whether only a missing renewal, or its first day that is still to come, keeps it from being quoted."""
    return Flag.ENDED not in row.flags and bool({Flag.REVIEW_OVERDUE, Flag.STARTS_LATER} & set(row.flags))


def _by_day(rows: Iterable[NoticeRow], today: date, day_of: Callable[[NoticeRow], date | None]) -> tuple[FreshnessRow, ...]:
    found = [
        FreshnessRow(row.id, row.pending_version or row.version, row.title, day, (day - today).days, row.changed_by)
        for row in rows
        if (day := day_of(row)) is not None
    ]
    return tuple(sorted(found, key=lambda row: (row.days_left or 0, row.id)))


def _rows(rows: Iterable[NoticeRow]) -> tuple[FreshnessRow, ...]:
    return tuple(FreshnessRow(row.id, row.version, row.title, None, None, row.changed_by) for row in sorted(rows, key=lambda row: row.id))
