"""Whether a mission works at a moment, and when it opens next. Pure: wall clocks of its zone, summer time included."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = "월화수목금토일"
CLOSED_NOW = "업무 시간 아님"
WEEKEND = "주말"
REST_DAY = "쉬는 날"
#: What is assumed of a mission whose hours nobody has written down; always shown as unverified.
ASSUMED = "09:00-12:00 13:00-17:00"
LOOK_AHEAD_DAYS = 31
_TIMES = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-~–]\s*([01]?\d|2[0-3]):([0-5]\d)")
_DAYS = re.compile(rf"^\s*([{WEEKDAYS}])(?:\s*[-~–]\s*([{WEEKDAYS}]))?(?=\s|요일|\d|$)")

#: Why nobody works on a day, or None.
DayOff = Callable[[date], str | None]


@dataclass(frozen=True)
class Hours:
    """The daily hours of a mission. ``days`` None: every day that the calendar does not take off."""

    zone: str
    spans: tuple[tuple[time, time], ...]
    days: frozenset[int] | None = None
    is_verified: bool = False


@dataclass(frozen=True)
class Openness:
    """How a mission stands at a moment: ``why`` it is closed, in Korean, and when it opens next (UTC; None: not within a month)."""

    is_open: bool
    is_verified: bool
    why: str
    local_time: datetime
    next_opening: datetime | None


def parse_hours(text: str, zone: str) -> Hours | None:
    """Hours as staff write them, "월-금 09:00-12:00, 13:30-17:00"; None when the text says something else.

    Days may be left out (the calendar's), also a week that wraps ("일-목"). Anything beside days and times makes the text one for people only.
    """
    days = _DAYS.match(text)
    rest = text[days.end() :].removeprefix("요일") if days else text
    spans = tuple((time(int(a), int(b)), time(int(c), int(d))) for a, b, c, d in _TIMES.findall(rest))
    if not spans or re.sub(r"[\s,·/]", "", _TIMES.sub("", rest)):
        return None
    if any(start >= end for start, end in spans) or any(a[1] > b[0] for a, b in itertools.pairwise(spans)):
        return None
    return Hours(zone, spans, _week(days.group(1), days.group(2) or days.group(1)) if days else None, is_verified=True)


def _week(first: str, last: str) -> frozenset[int]:
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
    return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))


def assumed_hours(zone: str) -> Hours:
    """What stands in for hours that nobody has written down."""
    spans = tuple((time(int(a), int(b)), time(int(c), int(d))) for a, b, c, d in _TIMES.findall(ASSUMED))
    return Hours(zone, spans)


def openness(hours: Hours, day_off: DayOff, at: datetime) -> Openness:
    """How a mission stands at a moment (aware)."""
    local = at.astimezone(ZoneInfo(hours.zone))
    why = _why_off(hours, day_off, local.date())
    is_open = why is None and any(start <= at < end for start, end in _spans_of(hours, local.date()))
    return Openness(is_open, hours.is_verified, "" if is_open else why or CLOSED_NOW, local, None if is_open else _next_opening(hours, day_off, at))


def _why_off(hours: Hours, day_off: DayOff, day: date) -> str | None:
    why = day_off(day)
    if hours.days is None:
        return why
    if day.weekday() not in hours.days:
        return why or REST_DAY
    # A mission that says it works on this weekday works on it although the country rests; holidays still count.
    return None if why == WEEKEND else why


def _spans_of(hours: Hours, day: date) -> Iterator[tuple[datetime, datetime]]:
    zone = ZoneInfo(hours.zone)
    for start, end in hours.spans:
        yield datetime.combine(day, start, zone).astimezone(UTC), datetime.combine(day, end, zone).astimezone(UTC)


def _next_opening(hours: Hours, day_off: DayOff, at: datetime) -> datetime | None:
    first = at.astimezone(ZoneInfo(hours.zone)).date()
    for step in range(LOOK_AHEAD_DAYS):
        day = first + timedelta(days=step)
        if _why_off(hours, day_off, day) is None:
            for start, _ in _spans_of(hours, day):
                if start > at:
                    return start
    return None
