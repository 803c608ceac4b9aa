"""The weekly draw: who was let pass and shall be looked at, by chance, with the chance written down."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from core import db as database
from core.db import Connection
from core.settings import settings
from handoff.reviews import repository

WEEK = timedelta(days=7)
LOCK = 0x726576696577
#: Bands of falling score, as the share of messages down to their end, and which part of the second half of the draw each gets.
BANDS = (0.05, 0.20, 0.50, 1.0)
PARTS = (0.45, 0.30, 0.15, 0.10)
#: A slot that nobody has filled after this goes to somebody else.
PATIENCE = timedelta(days=10)
BLIND_SLOTS = (1, 2)


def week_of(at: datetime) -> date:
    """The Monday (UTC) of a moment's ISO week."""
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def last_week(at: datetime) -> date:
    """The Monday of the last week that is over."""
    return week_of(at) - WEEK


def bounds(week: date) -> tuple[datetime, datetime]:
    """From Monday 00:00 UTC up to the next."""
    start = datetime.combine(week, time(), UTC)
    return start, start + WEEK


def plan(wanted: int) -> tuple[int, tuple[int, ...]]:
    """How many are drawn from all, and how many from each band; together ``wanted``."""
    uniform = wanted - wanted // 2
    rest = wanted - uniform
    takes = [int(rest * part) for part in PARTS]
    takes[0] += rest - sum(takes)
    return uniform, tuple(takes)


def probability(uniform: int, population: int, take: int, band: int) -> float:
    """The chance of being drawn by one or the other of two independent drawings."""
    first = min(1.0, uniform / population)
    second = min(1.0, take / band)
    return 1 - (1 - first) * (1 - second)


async def draw(tx: Connection, week: date, *, wanted: int | None = None, seed: str | None = None) -> int | None:
    """Draw one week's sample and give each message to two people; None when that week has been drawn.

    One draw at a time; and the row of the week stands under a unique key.
    """
    wanted = settings().review_sample_size if wanted is None else wanted
    seed = seed or secrets.token_hex(16)
    await database.run(tx, "SELECT pg_advisory_xact_lock(%s)", LOCK)
    if await repository.is_drawn(tx, week):
        return None
    start, end = bounds(week)
    uniform, takes = plan(wanted)
    salts = _salt(f"{seed}:uniform"), _salt(f"{seed}:band")
    drawn = await repository.draw(tx, week, start, end, wanted=wanted, seed=seed, salts=salts, uniform=uniform, edges=BANDS, takes=takes)
    if drawn and int(drawn[0]["size"]) <= wanted:
        uniform, takes = int(drawn[0]["size"]), (0,) * len(BANDS)
    people = await repository.reviewers(tx)
    load = {row["id"]: int(row["load"]) for row in people}
    for row in _shuffled(drawn, seed):
        chance = probability(uniform, int(row["size"]), takes[row["band"] - 1], int(row["band_size"]))
        stratum = "both" if row["is_uniform"] and row["is_banded"] else "uniform" if row["is_uniform"] else "high_score"
        sample_id = await repository.insert_sample(tx, week, row["message_id"], stratum, chance)
        chosen = least_busy(load, len(BLIND_SLOTS), seed + str(sample_id))
        for place, slot in enumerate(BLIND_SLOTS):
            await repository.insert_slot(tx, sample_id, slot, chosen[place] if place < len(chosen) else None)
    return len(drawn)


def least_busy(load: dict[int, int], count: int, salt: str, barred: Sequence[int] = ()) -> list[int]:
    """Who has least to do, by lot among equals; their load rises."""
    free = [person for person in load if person not in barred]
    chosen = sorted(free, key=lambda person: (load[person], _lot(f"{salt}:{person}")))[:count]
    for person in chosen:
        load[person] += 1
    return chosen


async def reassign(tx: Connection, now: datetime) -> int:
    """Give what nobody will judge to somebody who can; how many slots have changed hands."""
    vacant = await repository.vacant_slots(tx, now - PATIENCE)
    if not vacant:
        return 0
    load = {row["id"]: int(row["load"]) for row in await repository.reviewers(tx)}
    changed = 0
    taken: dict[int, set[int]] = {}
    for slot in vacant:
        barred = {*slot["others"], *taken.get(slot["sample_id"], ()), slot["account_id"]} - {None}
        for person in least_busy(load, 1, f"{slot['sample_id']}:{slot['slot']}", tuple(barred)):
            await repository.assign(tx, slot["sample_id"], slot["slot"], person)
            taken.setdefault(slot["sample_id"], set()).add(person)
            changed += 1
    return changed


def _shuffled(rows: list[dict[str, Any]], seed: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: _lot(f"{seed}:order:{row['message_id']}"))


def _salt(word: str) -> int:
    return int.from_bytes(_lot(word)[:8], signed=True)


def _lot(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()
