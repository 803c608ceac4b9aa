"""What a fetch would change, and which of it may happen at once. Pure functions of the rows that stand and the rows that came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from knowledge_base.opendata.rows import Row, rank

#: "No alarm" may be said only on the word of a complete synchronisation younger than this.
FRESH = timedelta(hours=24)
#: Clocks of two machines may differ by so much.
CLOCK_SKEW = timedelta(minutes=5)
#: A list that has lost more than this share at once is more likely broken than true.
MOST_LOST = 0.5
FEW = 4


@dataclass(frozen=True)
class Held:
    """A row that stands now."""

    id: int
    key: tuple[str, ...]
    values: Mapping[str, Any]
    written_on: date | None = None


@dataclass(frozen=True)
class Change:
    """One difference; ``fields`` maps each field to what it was and what it becomes."""

    kind: str  # added | changed | vanished
    key: tuple[str, ...]
    held: Held | None
    row: Row | None
    fields: Mapping[str, tuple[Any, Any]]
    #: An alarm that falls or vanishes: a second person has to confirm it.
    waits: bool = False


@dataclass(frozen=True)
class Plan:
    """Every change, and the rows that came again as they are."""

    changes: tuple[Change, ...]
    kept: tuple[Held, ...]

    def of(self, kind: str) -> list[Change]:
        """The changes of one kind."""
        return [change for change in self.changes if change.kind == kind]


def plan(held: Sequence[Held], rows: Iterable[Row], *, is_complete: bool, are_alarms: bool = False) -> Plan:
    """Compare. Only a complete fetch can show that something has vanished."""
    by_key = {one.key: one for one in held}
    changes: list[Change] = []
    kept: list[Held] = []
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        seen.add(row.key)
        known = by_key.get(row.key)
        if known is None:
            changes.append(Change("added", row.key, None, row, {name: (None, value) for name, value in row.values.items() if value not in ("", None, [])}))
            continue
        fields = field_changes(known, row)
        if fields:
            changes.append(Change("changed", row.key, known, row, fields, waits=are_alarms and falls(known.values["level"], row.values["level"])))
        else:
            kept.append(known)
    for one in held:
        if one.key in seen:
            continue
        if is_complete:
            changes.append(Change("vanished", one.key, one, None, {}, waits=are_alarms))
    return Plan(tuple(changes), tuple(kept))


def field_changes(held: Held, row: Row) -> dict[str, tuple[Any, Any]]:
    """Fields that differ, with both values."""
    found = {name: (held.values.get(name), value) for name, value in row.values.items() if held.values.get(name) != value}
    if held.written_on != row.written_on:
        found["written_on"] = (_iso(held.written_on), _iso(row.written_on))
    return found


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def falls(before: str, after: str) -> bool:
    """Whether a level becomes less severe."""
    return rank(after) < rank(before)


def is_doubtful(held: int, came: int, vanished: int) -> bool:
    """Whether a fetch has lost so much that a person should look before anything is believed."""
    if held == 0:
        return False
    return came == 0 or (held >= FEW and vanished > held * MOST_LOST)


def is_fresh(complete_at: datetime | None, now: datetime) -> bool:
    """Whether a complete synchronisation is young enough to say "no alarm" on its word."""
    return complete_at is not None and -CLOCK_SKEW <= now - complete_at < FRESH


def may_say_none(synced: Mapping[str, datetime], now: datetime, first: str, others: Iterable[str]) -> bool:
    """Whether "no alarm" may be said: ``first`` must be fresh, and so must every further service of alarms that was ever synchronised."""
    return is_fresh(synced.get(first), now) and all(is_fresh(synced[name], now) for name in others if name in synced)
