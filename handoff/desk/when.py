"""Times that people choose in a dialog, in Korean time. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")
MORNING = 9
_STEPS = (
    (timedelta(minutes=10), "10분 뒤"),
    (timedelta(minutes=30), "30분 뒤"),
    (timedelta(hours=1), "1시간 뒤"),
    (timedelta(hours=3), "3시간 뒤"),
)


def suggestions(now: datetime, longest: timedelta) -> list[tuple[str, datetime]]:
    """Moments worth a button, none later than ``longest`` allows. What lasts exactly as long as allowed is a second short, since pressing takes time."""
    return [(label, min(at, now + longest - timedelta(seconds=1))) for label, at in _all(now) if at <= now + longest]


def _all(now: datetime) -> Iterator[tuple[str, datetime]]:
    for step, label in _STEPS:
        yield label, now + step
    here = now.astimezone(SEOUL)
    morning = here.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    if morning <= here:
        morning += timedelta(days=1)
    yield ("오늘" if morning.date() == here.date() else "내일") + f" {MORNING:02d}:00", morning


def from_field(text: str) -> datetime | None:
    """The moment that a date-and-time field names, in Korean time; None for anything else."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at.replace(tzinfo=SEOUL) if at.tzinfo is None else None


def to_field(at: datetime) -> str:
    """A moment as a date-and-time field holds it, to the minute."""
    return at.astimezone(SEOUL).strftime("%Y-%m-%dT%H:%M")


def said(at: datetime, now: datetime) -> str:
    """A moment in words: the clock alone today, with the day otherwise."""
    here = at.astimezone(SEOUL)
    return f"{here:%H:%M}" if here.date() == now.astimezone(SEOUL).date() else f"{here.month}월 {here.day}일 {here:%H:%M}"


def lasted(since: datetime, now: datetime) -> str:
    """How long something has lasted, in the largest units that matter."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes}분"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}시간 {minutes}분" if minutes else f"{hours}시간"
    return f"{hours // 24}일"
