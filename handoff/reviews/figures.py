"""The figures of the board: what the last complete samples say triage misses, beside what written sentences say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from core.db import Connection
from core.metrics import MISSED_DANGER, REVIEWS_PENDING
from handoff.reviews import repository
from handoff.reviews.estimate import Drawn, Item, confirmed_share, missed_share, omission
from handoff.reviews.schemas import Figures, Share, WeekProgress
from handoff.reviews.written import written_missed

#: So many complete samples are taken together; so many draws are looked through for them.
WEEKS = 4
LOOKED_THROUGH = 12


async def figures(connection: Connection, weeks: int = WEEKS) -> Figures:
    """Everything for the board. A week counts once all of it has been judged: an early look would favour what is quick to judge."""
    rows = {row["week"]: row for row in await repository.draws(connection, LOOKED_THROUGH)}
    progress = [WeekProgress(week, row["population"], row["drawn"], row["settled"], row["gone"], row["disputed"], row["missed"]) for week, row in rows.items()]
    counted = [one.week for one in progress if one.is_complete and one.settled][:weeks]
    drawn = await _drawn(connection, rows, counted)
    judged = await repository.judged_of_caught(connection, counted)
    confirmed = confirmed_share(judged["yes"], judged["judged"])
    population, caught = sum(week.population for week in drawn), sum(int(rows[week]["caught"]) for week in counted)
    passed = omission(drawn)
    return Figures(
        weeks=tuple(progress[: weeks + 1]),
        counted=tuple(counted),
        population=population,
        caught=caught,
        confirmed=confirmed,
        missed_found=sum(one.missed for one in progress if one.week in counted),
        omission=passed,
        missed=missed_share(passed, population, caught * confirmed),
        written=written_missed(),
        pending=await repository.pending_count(connection),
        last_missed_rate=await _alone(connection, rows, counted[:1], drawn[:1]),
    )


async def since(connection: Connection, first: date) -> dict[str, Any]:
    """The same estimate over every complete sample of the weeks from ``first`` on, as plain data."""
    rows = {row["week"]: row for row in await repository.draws(connection, 520) if row["week"] >= first}
    complete = [week for week, row in rows.items() if row["settled"] and row["settled"] + row["gone"] >= row["drawn"]]
    drawn = await _drawn(connection, rows, complete)
    judged = await repository.judged_of_caught(connection, complete)
    population, caught = sum(week.population for week in drawn), sum(int(rows[week]["caught"]) for week in complete)
    passed = omission(drawn)
    missed = missed_share(passed, population, caught * confirmed_share(judged["yes"], judged["judged"]))
    return {
        "weeks": [week.isoformat() for week in complete],
        "judged": sum(len(week.answered) for week in drawn),
        "population": population,
        "caught": caught,
        "omission_rate": as_json(passed),
        "missed_rate": as_json(missed),
    }


def summary(found: Figures) -> dict[str, Any]:
    """The figures as plain data."""
    return {
        "missed_rate": as_json(found.missed),
        "written_missed_rate": as_json(found.written),
        "omission_rate": as_json(found.omission),
        "weeks_counted": [week.isoformat() for week in found.counted],
        "population": found.population,
        "caught": found.caught,
        "confirmed_share": round(found.confirmed, 4),
        "missed_found": found.missed_found,
        "pending": found.pending,
        "weeks": [
            {"week": one.week.isoformat(), "population": one.population, "drawn": one.drawn, "settled": one.settled, "disputed": one.disputed}
            for one in found.weeks
        ],
    }


async def refresh_metrics(connection: Connection) -> Figures:
    """Set the gauges to what the database says."""
    found = await figures(connection)
    MISSED_DANGER.set(found.last_missed_rate if found.last_missed_rate is not None else float("nan"))
    REVIEWS_PENDING.set(found.pending)
    return found


def as_json(share: Share | None) -> dict[str, Any]:
    """The shape that evaluations print."""
    if share is None:
        return {"rate": None, "interval": [0.0, 1.0], "n": 0}
    return {"rate": round(share.rate, 6), "interval": [round(share.low, 6), round(share.high, 6)], "n": round(share.n, 1)}


async def _drawn(connection: Connection, rows: dict[date, Any], weeks: Sequence[date]) -> list[Drawn]:
    items: dict[date, list[Item]] = {week: [] for week in weeks}
    for row in await repository.items(connection, weeks):
        items[row["week"]].append(Item(row["probability"], row["was_emergency"]))
    return [Drawn(int(rows[week]["population"]), tuple(items[week])) for week in weeks]


async def _alone(connection: Connection, rows: dict[date, Any], weeks: Sequence[date], drawn: Sequence[Drawn]) -> float | None:
    """The missed rate of the newest complete week by itself, for the gauge."""
    judged = await repository.judged_of_caught(connection, weeks)
    confirmed = confirmed_share(judged["yes"], judged["judged"])
    caught = sum(int(rows[week]["caught"]) for week in weeks)
    found = missed_share(omission(drawn), sum(week.population for week in drawn), caught * confirmed)
    return found.rate if found else None
