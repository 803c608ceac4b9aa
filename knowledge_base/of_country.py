"""What holds today about one country, for staff who look at a place: titles and links, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.db import Connection
from knowledge_base import repository
from knowledge_base.notices import force_table

MOST = 5


@dataclass(frozen=True)
class Current:
    """A notice in force."""

    id: str
    title: str
    effective_from: date
    source: str
    source_url: str
    test_only: bool


@dataclass(frozen=True)
class CurrentNotices:
    """The newest few of ``total``."""

    total: int
    newest: tuple[Current, ...] = ()


async def current_notices(connection: Connection, country: str | None, today: date, *, with_test_only: bool, most: int = MOST) -> CurrentNotices:
    """The notices about a country that are in force on a day; whatever supersedes one counts, also where it names no country."""
    ids = await repository.ids_about(connection, country, with_test_only=with_test_only) if country else []
    if not ids:
        return CurrentNotices(0)
    known = await repository.official_with_successors(connection, ids, with_test_only=with_test_only)
    force = force_table(known)
    holding = [one.content for one in known if country in one.content.countries and force[one.id, one.version].on(today)]
    holding.sort(key=lambda one: (-one.effective_from.toordinal(), one.id))
    newest = tuple(Current(one.id, one.title, one.effective_from, one.source, one.source_url, one.test_only) for one in holding[:most])
    return CurrentNotices(len(holding), newest)
