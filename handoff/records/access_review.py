"""The monthly review of the access log: who looked at what, what stands out, and that a supervisor has been through it. Reading it is written down too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.schemas import Staff
from core import audit
from core.clock import now as clock_now
from core.db import Connection
from core.errors import AppError
from core.settings import settings
from handoff.access import access_records
from handoff.records import access_repository
from handoff.records.unusual import Month, Sign, in_order

ZONE = ZoneInfo("Asia/Seoul")
LISTED = 500
#: Lines of a file; a spreadsheet shows a million.
EXPORTED = 200_000


@dataclass(frozen=True)
class Entry:
    """One account's month on the list; ``later`` lines have come since it was looked through."""

    month: Month
    signs: tuple[Sign, ...]
    reviewed_by: str
    reviewed_at: datetime | None
    later: int


@dataclass(frozen=True)
class Line:
    """One line of the log."""

    id: int
    at: datetime
    account: str
    name: str
    address: str
    action: str
    case_id: int | None
    subject: str
    signs: tuple[Sign, ...]


def month_of(text: str, now: datetime | None = None) -> date:
    """The first day of a month as ``2026-11``; empty: the present month in Seoul.

    Raises:
        AppError: ``bad_date``.
    """
    today = (now or clock_now()).astimezone(ZONE).date()
    if not text:
        return today.replace(day=1)
    year, _, month = text.partition("-")
    if not (len(year) == 4 and len(month) == 2 and (year + month).isascii() and (year + month).isdigit() and 1 <= int(month) <= 12 and int(year) >= 2000):
        raise AppError("bad_date")
    return date(int(year), int(month), 1)


def next_month(first: date) -> date:
    """The first day of the month after."""
    return (first + timedelta(days=32)).replace(day=1)


def bounds(first: date) -> tuple[datetime, datetime]:
    """When the month begins and ends, in Seoul."""
    return datetime(first.year, first.month, 1, tzinfo=ZONE), datetime(next_month(first).year, next_month(first).month, 1, tzinfo=ZONE)


async def entries(tx: Connection, staff: Staff, first: date) -> list[Entry]:
    """Every account's month, the unusual first; that the list was read is written down.

    Raises:
        AppError: ``forbidden``.
    """
    access_records(staff)
    start, end = bounds(first)
    found = [Month(**row) for row in await access_repository.months(tx, start, end)]
    reviews = await access_repository.reviews(tx, first)
    many = settings().access_many_cases
    made = []
    for one in in_order(found, many):
        review = reviews.get(one.account)
        later = max(0, one.lines - review["lines"]) if review else one.lines
        made.append(Entry(one, one.signs(many), review["by_name"] if review else "", review["reviewed_at"] if review else None, later))
    await audit.record(tx, staff.login, "", "access.list", detail={"month": first.isoformat()[:7]})
    return made


async def lines(tx: Connection, staff: Staff, first: date, account: str) -> list[Line]:
    """What one account did in a month; that it was looked through is written down.

    Raises:
        AppError: ``forbidden``.
    """
    access_records(staff)
    found = await access_repository.lines(tx, *bounds(first), account, LISTED)
    await audit.record(tx, staff.login, "", "access.detail", detail={"month": first.isoformat()[:7], "account": account})
    return [_line(row) for row in found]


async def of_case(tx: Connection, staff: Staff, case_id: int) -> list[Line]:
    """Who has done what with one case.

    Raises:
        AppError: ``forbidden``.
    """
    access_records(staff)
    found = await access_repository.of_case(tx, case_id, LISTED)
    await audit.record(tx, staff.login, "", "access.detail", case_id)
    return [_line(row) for row in found]


async def export(tx: Connection, staff: Staff, first: date, account: str | None) -> list[Line]:
    """The same for a file, of one account or of all.

    Raises:
        AppError: ``forbidden``.
    """
    access_records(staff)
    found = await access_repository.lines(tx, *bounds(first), account or None, EXPORTED)
    await audit.record(tx, staff.login, "", "access.export", detail={"month": first.isoformat()[:7], "account": account or "", "lines": len(found)})
    return [_line(row) for row in found]


async def mark_reviewed(tx: Connection, staff: Staff, first: date, account: str) -> None:
    """A supervisor has looked an account's month through. Nobody reviews themselves.

    Raises:
        AppError: ``forbidden``, ``own_access``, or ``not_found`` for an account that did nothing.
    """
    access_records(staff)
    if account == staff.login:
        raise AppError("own_access")
    seen = await access_repository.count(tx, *bounds(first), account)
    if not seen:
        raise AppError("not_found")
    await access_repository.write_review(tx, first, account, staff.login, seen)
    await audit.record(tx, staff.login, "", "access.reviewed", detail={"month": first.isoformat()[:7], "account": account, "lines": seen})


def _line(row: access_repository.Row) -> Line:
    marks = {Sign.RESTRICTED: row["is_restricted"], Sign.NOT_THEIRS: row["is_not_theirs"], Sign.NIGHT: row["is_night"]}
    signs = tuple(sign for sign, is_so in marks.items() if is_so)
    return Line(row["id"], row["at"], row["account"], row["name"], row["address"], row["action"], row["case_id"], row["subject"], signs)
