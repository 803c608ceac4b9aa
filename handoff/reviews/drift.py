"""``gildongmu evaluate triage --since``: what accepted labels say of triage since a day, and how its scores have moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from core import db as database
from core.clock import now as clock_now
from core.db import Connection
from handoff.reviews import figures
from handoff.reviews.estimate import drift_level, share, stability_index
from handoff.reviews.figures import as_json
from handoff.reviews.sampling import week_of
from handoff.reviews.written import written_missed

BINS = 10

_LABELLED = """
SELECT date_trunc('week', i.received_at AT TIME ZONE 'UTC')::date AS week, r.source, i.action, r.accepted_urgency IN ('life_threat', 'urgent') AS was_emergency
FROM triage_reviews r JOIN inbox i ON i.message_id = r.message_id JOIN conversations c ON c.id = i.conversation_id
WHERE r.state = 'accepted' AND i.received_at >= %s AND i.received_at < %s AND i.triage_state = 'done' AND NOT c.synthetic
"""
#: Real people's own words, judged by triage; a press of a button has no score worth the name.
_SCORED = """
FROM inbox i JOIN messages m ON m.id = i.message_id JOIN conversations c ON c.id = i.conversation_id
WHERE i.received_at >= %(start)s AND i.received_at < %(end)s AND i.triage_state = 'done' AND i.score IS NOT NULL AND m.kind = 'text' AND NOT c.synthetic
"""
_SUMMARY = """
SELECT count(*) AS n, avg(i.score) AS mean_score, count(*) FILTER (WHERE i.action = 'escalate') AS escalate,
       count(*) FILTER (WHERE i.action = 'ask') AS ask, count(*) FILTER (WHERE i.action = 'none') AS none
"""


async def evaluate_since(connection: Connection, since: datetime, until: datetime | None = None) -> dict[str, Any]:
    """One object: labels since a moment, over all and by week; the blind samples' estimate; drift against the same length of time before."""
    until = until or clock_now()
    since = since.astimezone(UTC)
    before = max(since - (until - since), datetime(2000, 1, 1, tzinfo=UTC))
    labelled = await database.rows(connection, _LABELLED, since, until)
    weeks = sorted({row["week"] for row in labelled})
    scored = {row["week"]: row for row in await _weekly(connection, since, until)}
    written = written_missed()
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        **judged(labelled),
        "by_source": {source: judged([row for row in labelled if row["source"] == source]) for source in ("case", "sample")},
        "by_week": [
            {"week": week.isoformat(), **judged([row for row in labelled if row["week"] == week]), "scores": _summary(scored.get(week))}
            for week in sorted({*weeks, *scored})
        ],
        "sample": await figures.since(connection, week_of(since)),
        "drift": await _drift(connection, before, since, until),
        "written_missed_rate": as_json(written) if written else None,
    }


def judged(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What accepted labels say of triage's decisions. Missed: danger that was neither escalated nor asked about."""
    found = list(rows)
    danger = [row for row in found if row["was_emergency"]]
    escalated = [row for row in found if row["action"] == "escalate"]
    missed = sum(row["action"] == "none" for row in danger)
    right = sum(row["was_emergency"] for row in escalated)
    return {
        "n": len(found),
        "emergencies": len(danger),
        "missed": missed,
        "missed_rate": as_json(share(missed, len(danger))),
        "false_escalations": len(escalated) - right,
        "precision": as_json(share(right, len(escalated))),
    }


async def _weekly(connection: Connection, start: datetime, end: datetime) -> list[dict[str, Any]]:
    return await database.rows(
        connection,
        f"{_SUMMARY}, date_trunc('week', i.received_at AT TIME ZONE 'UTC')::date AS week {_SCORED} GROUP BY week ORDER BY week",
        start=start,
        end=end,
    )


async def _drift(connection: Connection, before: datetime, since: datetime, until: datetime) -> dict[str, Any]:
    """Scores before and since, and their stability index over the tenths of the time before."""
    periods = [await database.one(connection, f"{_SUMMARY} {_SCORED}", start=start, end=end) for start, end in ((before, since), (since, until))]
    edges = await _edges(connection, before, since)
    counts = [await _histogram(connection, edges, start, end) for start, end in ((before, since), (since, until))]
    index = stability_index(*counts) if edges else None
    return {
        "before": {"from": before.isoformat(), "to": since.isoformat(), **_summary(periods[0])},
        "since": {"from": since.isoformat(), "to": until.isoformat(), **_summary(periods[1])},
        "population_stability_index": round(index, 4) if index is not None else None,
        "level": drift_level(index),
    }


async def _edges(connection: Connection, start: datetime, end: datetime) -> list[float]:
    """The inner edges of ten equally full bins of the scores of a time; equal ones are one."""
    row = await database.one(
        connection,
        f"SELECT percentile_disc(%(at)s::float8[]) WITHIN GROUP (ORDER BY i.score) AS edges {_SCORED}",
        at=[step / BINS for step in range(1, BINS)],
        start=start,
        end=end,
    )
    return sorted(set(row["edges"])) if row and row["edges"] else []


async def _histogram(connection: Connection, edges: Sequence[float], start: datetime, end: datetime) -> list[int]:
    counts = [0] * (len(edges) + 1)
    if edges:
        statement = f"SELECT width_bucket(i.score, %(edges)s::float8[]) AS bin, count(*) AS n {_SCORED} GROUP BY bin"
        for row in await database.rows(connection, statement, edges=list(edges), start=start, end=end):
            counts[row["bin"]] = int(row["n"])
    return counts


def _summary(row: dict[str, Any] | None) -> dict[str, Any]:
    count = int(row["n"]) if row else 0
    if row is None or not count:
        return {"n": 0, "mean_score": None, "escalate": None, "ask": None, "none": None}
    return {"n": count, "mean_score": round(row["mean_score"], 4)} | {action: round(row[action] / count, 4) for action in ("escalate", "ask", "none")}
