"""What the board shows: the figures of a window, and how things stand at this moment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.schemas import Role, Staff
from core.clock import now as clock_now
from core.db import Connection
from core.errors import AppError
from handoff.board import definitions, repository
from handoff.board.channels import Channel, Health, channels
from handoff.board.definitions import ANSWER_WITHIN_S, ZONE, Emergencies, Figures, Records, Slot, Window
from handoff.choosing import SILENT_AFTER
from handoff.queue_order import EMERGENCIES
from handoff.reviews import figures as reviews

#: The longest window of one look: a quarter. More is a report's matter, and would keep the pages' process busy for too long.
MOST_DAYS = 93
#: Given-up messages are looked at this far back.
DEAD_SINCE = timedelta(days=1)


@dataclass(frozen=True)
class Missed:
    """What the blind reviews say of danger that triage let pass, and how many judgements wait."""

    rate: float | None
    interval: tuple[float, float] | None
    found: int
    pending: int


@dataclass(frozen=True)
class Live:
    """How things stand at this moment; ``left`` are waiting cases, none of them emergencies, whose citizen has gone."""

    at: datetime
    waiting: int
    left: int
    oldest_s: float | None
    emergencies: int
    emergencies_waiting: int
    oldest_emergency_s: float | None
    available: int
    away: int
    held: int
    today: Emergencies
    missed: Missed
    channels: tuple[Channel, ...]


def access_board(staff: Staff) -> None:
    """Whether the person may see the board: it tells how colleagues work.

    Raises:
        AppError: ``forbidden``.
    """
    if staff.disabled or not staff.has(Role.SUPERVISOR):
        raise AppError("forbidden", f"staff {staff.id} may not see the board")


def window_of(first: str, last: str, at: datetime) -> Window:
    """The window of two days as people write them (2026-11-22), in Seoul; nothing written means today.

    Raises:
        AppError: ``bad_date`` for what is no day, ``invalid_request`` for days that are turned round or too many.
    """
    try:
        begins = datetime.strptime(first, "%Y-%m-%d").date() if first else at.astimezone(ZONE).date()
        ends = datetime.strptime(last, "%Y-%m-%d").date() if last else begins
    except ValueError:
        raise AppError("bad_date") from None
    if begins.year < 2000 or ends.year > 9000:
        raise AppError("bad_date")
    if not 0 <= (ends - begins).days < MOST_DAYS:
        raise AppError("invalid_request", field="days")
    return definitions.days(begins, ends)


async def records(connection: Connection, window: Window) -> Records:
    """All that the figures of a window are made of."""
    return Records(
        contacts=await repository.contacts(connection, window),
        at_desk=await repository.at_desk(connection, window),
        visits=await repository.visits(connection, window),
        ratings=await repository.ratings(connection, window),
        asked_to_rate=await repository.asked_to_rate(connection, window),
        calls=await repository.calls(connection, window),
    )


async def figures(connection: Connection, window: Window, at: datetime | None = None, within_s: float = ANSWER_WITHIN_S) -> Figures:
    """The figures of a window."""
    return definitions.figures(await records(connection, window), window, at or clock_now(), within_s)


async def figures_and_trend(connection: Connection, window: Window, at: datetime | None = None) -> tuple[Figures, list[Slot]]:
    """The figures of a window, and its course by the hour, or by the day if it is longer than two."""
    at = at or clock_now()
    read = await records(connection, window)
    # Thousands of contacts take a while to count, and the same process answers citizens.
    return await asyncio.to_thread(_figures_and_trend, read, window, at)


def _figures_and_trend(read: Records, window: Window, at: datetime) -> tuple[Figures, list[Slot]]:
    step = timedelta(hours=1) if is_hourly(window) else timedelta(days=1)
    return definitions.figures(read, window, at), definitions.slots(read.contacts, window, step, at)


def is_hourly(window: Window) -> bool:
    """Whether a window is short enough for its course to be shown by the hour."""
    return window.end - window.start <= timedelta(days=2)


async def live(connection: Connection, at: datetime | None = None, health: Health | None = None) -> Live:
    """How things stand now; ``health`` is asked how the configured channels do."""
    at = at or clock_now()
    waits = await repository.now_waiting(connection)
    crew = await repository.crew(connection, at - SILENT_AFTER)
    today = window_of("", "", at)
    missed = await reviews.figures(connection)
    return Live(
        at=at,
        waiting=waits["waiting"],
        left=waits["gone"],
        oldest_s=_since(waits["oldest_at"], at),
        emergencies=waits["emergencies"],
        emergencies_waiting=waits["emergencies_waiting"],
        oldest_emergency_s=_since(waits["oldest_emergency_at"], at),
        available=crew["available"],
        away=crew["away"],
        held=crew["held"],
        today=definitions.emergencies(await repository.contacts(connection, today, EMERGENCIES), today, at),
        missed=Missed(
            missed.missed.rate if missed.missed else None,
            (missed.missed.low, missed.missed.high) if missed.missed else None,
            missed.missed_found,
            missed.pending,
        ),
        channels=channels(await repository.channels(connection, at - DEAD_SINCE), await health(connection) if health is not None else ()),
    )


def _since(then: datetime | None, at: datetime) -> float | None:
    return max(0.0, (at - then).total_seconds()) if then is not None else None
