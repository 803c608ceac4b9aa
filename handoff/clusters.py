"""A flood of emergencies of one kind from one country within minutes is shown as one cluster; each of its cases stays a case, and none is dropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core import db as database
from core.db import Connection
from handoff.choosing import AT_ONCE
from handoff.repository import EMERGENCY
from handoff.streams import announce

WITHIN = timedelta(minutes=15)
#: So many of one kind and place are an event rather than chance.
FLOOD = 5


@dataclass(frozen=True)
class Alarm:
    """One open emergency, as far as grouping must know it."""

    case_id: int
    category: str
    country: str | None
    opened_at: datetime
    cluster: int | None


def clusters_of(alarms: Iterable[Alarm]) -> dict[int, int]:
    """The cluster of each case that belongs to one and does not say so yet. A cluster is named after its first case and keeps its name."""
    kinds: dict[tuple[str, str | None], list[Alarm]] = defaultdict(list)
    for alarm in alarms:
        kinds[alarm.category, alarm.country].append(alarm)
    found: dict[int, int] = {}
    for members in kinds.values():
        members.sort(key=lambda one: (one.opened_at, one.case_id))
        start, name = 0, None
        for last, alarm in enumerate(members):
            while alarm.opened_at - members[start].opened_at > WITHIN:
                start += 1
            if last - start + 1 < FLOOD:
                name = None
                continue
            joining = [alarm] if name is not None else members[start : last + 1]
            if name is None:
                known = (found.get(one.case_id, one.cluster) for one in joining)
                name = min((one for one in known if one is not None), default=joining[0].case_id)
            found |= {one.case_id: name for one in joining if one.cluster is None and one.case_id not in found}
    return found


async def group(tx: Connection, at: datetime) -> list[int]:
    """Name the cluster of every open emergency that has come to belong to one; the ids of those cases. Runs under the sweepers' lock."""
    rows = await database.rows(
        tx,
        f"SELECT id, category, country, opened_at, cluster FROM cases c WHERE status <> 'closed' AND c.{EMERGENCY} AND NOT synthetic AND opened_at > %s",  # noqa: S608
        at - 2 * WITHIN,
    )
    named = clusters_of(Alarm(row["id"], row["category"], row["country"], row["opened_at"], row["cluster"]) for row in rows)
    changed = await database.rows(
        tx,
        """UPDATE cases SET cluster = wanted.cluster, version = version + 1
           FROM (SELECT c.id, n.cluster FROM unnest(%s::bigint[], %s::bigint[]) AS n(id, cluster) JOIN cases c ON c.id = n.id
                 WHERE c.cluster IS NULL ORDER BY c.id LIMIT %s FOR UPDATE OF c SKIP LOCKED) AS wanted
           WHERE cases.id = wanted.id RETURNING cases.*""",
        list(named),
        list(named.values()),
        AT_ONCE,
    )
    for row in changed:
        await announce(tx, "grouped", row)
    return sorted(int(row["id"]) for row in changed)
