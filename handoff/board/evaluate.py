"""Whether the board tells the truth: a day and a year in small through the real services, a large year through the queue's rules, Erlang-A against its law."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from core.crypto import load_cipher
from core.db import Database
from core.logging import keep_off_standard_output
from core.migrate import migrate
from core.postgres import EmbeddedPostgres
from handoff.board import definitions, erlang, replayed, service, simulated, year
from handoff.board.definitions import ZONE, Window, days
from handoff.board.simulated_clock import SimulatedClock, install
from handoff.board.truth import differences, truth

SEED = 20260217
DAY = days(date(2026, 2, 17), date(2026, 2, 17))
YEAR = days(date(2026, 1, 1), date(2026, 12, 31))
EARTHQUAKE_DAY = 200


def evaluate(seed: int = SEED) -> dict[str, Any]:
    """Everything, on databases of its own that are thrown away; some minutes."""
    keep_off_standard_output()
    return {
        "evaluation": "board",
        "seed": seed,
        "day": _lived(_day, seed),
        "year_on_the_database": _lived(_replayed, seed),
        "year": _year(seed),
        "erlang_a": _erlang(),
    }


def _lived(living: Callable[[str, Path, int], Awaitable[dict[str, Any]]], seed: int) -> dict[str, Any]:
    """What comes of it on a database whose clock can be set."""
    with tempfile.TemporaryDirectory(prefix="gildongmu-board-") as folder, EmbeddedPostgres(Path(folder)) as server:
        install(server.dsn)
        migrate(server.dsn)
        return asyncio.run(_awaited(living(server.dsn, Path(folder), seed)))


async def _awaited(living: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return await living


async def _replayed(dsn: str, folder: Path, seed: int) -> dict[str, Any]:
    db = await Database.open(dsn, min_size=1, max_size=4)
    try:
        found = await replayed.replay(db, load_cipher(folder / "keys.json"), YEAR, seed, EARTHQUAKE_DAY)
    finally:
        await db.close()
    return {
        "contacts": found.contacts,
        "different": found.different,
        "violations": found.violations,
        "out_of_order": found.out_of_order,
        "abandoned": found.left,
        "patience_rate_times_waits": round(found.by_law, 1),
        "deviations": round(found.deviations, 2),
        "busiest_day": found.busiest_day,
        "earthquake_day": found.earthquake_day,
    }


async def _day(dsn: str, folder: Path, seed: int) -> dict[str, Any]:
    shifts, callers = simulated.plan(seed)
    db = await Database.open(dsn, min_size=1, max_size=4)
    try:
        driver = simulated.Driver(db, load_cipher(folder / "keys.json"), SimulatedClock(DAY.start - timedelta(hours=3)), DAY)
        lived = await driver.live(shifts, callers)
        async with db.read() as connection:
            found = await service.figures(connection, DAY, DAY.start + timedelta(days=12))
    finally:
        await db.close()
    true = truth(lived)
    return {
        "contacts": found.waiting.offered,
        "figures": len(true),
        "different": differences(found, true),
        "violations": lived.violations,
        "out_of_order": lived.out_of_order,
        "service_level": found.waiting.service_level,
        "abandonment": found.waiting.abandonment,
        "emergency_p95_s": found.emergencies.p95_s,
    }


def _year(seed: int) -> dict[str, Any]:
    start, scale = datetime(2026, 1, 1, tzinfo=ZONE), year.Scale()
    lived = year.live(start, seed, scale=scale)
    found = definitions.waiting(lived.contacts, Window(start, start + timedelta(days=366)), start + timedelta(days=400))
    left, expected, deviations = year.law(lived, scale)
    known = (lived.offered, lived.answered, lived.abandoned)
    return {
        "contacts": lived.offered,
        "steps": lived.steps,
        "broken": lived.broken,
        "figures_equal": known == (found.offered, found.answered, found.abandoned),
        "abandoned_share": round(left, 5),
        "patience_rate_times_mean_wait": round(expected, 5),
        "deviations": round(deviations, 2),
        "longest_queue": lived.longest_queue,
    }


def _erlang() -> dict[str, Any]:
    """The largest difference between the two sides of the law, which the module computes separately."""
    shifts = [erlang.Shift(arrivals, 540, agents, 300) for arrivals in (27, 41, 82, 1640) for agents in (1, 6, 12, 60)]
    gap = max(abs(found.abandonment - found.mean_wait_s / 300) for found in (erlang.expected(shift, 60) for shift in shifts))
    return {"shifts": len(shifts), "largest_gap_of_the_law": gap}
