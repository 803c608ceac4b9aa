"""What day a date means, counted from another; `language.dates` says how relative ones are written."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta


def resolve(value: str, offset: str | None, now: date) -> str:
    """The ISO date meant (or month `2026-03`, year `2026`, week `2026-W48`), counted from `now`; what was left out is filled so that it lies nearest. Pure.

    `relative` comes back when nothing more is known ("며칠 전").
    """
    if isinstance(now, datetime):
        hours = re.fullmatch(r"PT(-?\d+)H", offset or "")
        if hours:
            return (now + timedelta(hours=int(hours.group(1)))).date().isoformat()
        now = now.date()
    if offset:
        return _resolve_offset(offset, now)
    if value.startswith("---"):
        return _nearest([_on(*_shifted(now, shift), int(value[3:])) for shift in (-1, 0, 1)], now)
    if re.fullmatch(r"--\d\d-\d\d", value):
        return _nearest([_on(now.year + shift, int(value[2:4]), int(value[5:])) for shift in (-1, 0, 1)], now)
    if re.fullmatch(r"--\d\d", value):
        month = int(value[2:])
        year = min((now.year - 1, now.year, now.year + 1), key=lambda y: abs((y - now.year) * 12 + month - now.month))
        return f"{year}-{month:02d}"
    return value


def _on(year: int, month: int, day: int) -> date | None:
    return date(year, month, day) if day <= monthrange(year, month)[1] else None


def _nearest(days: list[date | None], now: date) -> str:
    return min((day for day in days if day), key=lambda day: abs((day - now).days)).isoformat()


def _shifted(now: date, months: int) -> tuple[int, int]:
    index = now.year * 12 + now.month - 1 + months
    return index // 12, index % 12 + 1


def _month_later(now: date, months: int) -> date:
    year, month = _shifted(now, months)
    return date(year, month, min(now.day, monthrange(year, month)[1]))


def _resolve_offset(offset: str, now: date) -> str:
    duration = re.fullmatch(r"PT?(-?\d+)([DMYH])", offset)
    if duration:
        count, unit = int(duration.group(1)), duration.group(2)
        if unit == "D":
            return (now + timedelta(days=count)).isoformat()
        if unit == "H":
            return (now + timedelta(days=round(count / 24))).isoformat()
        return _month_later(now, count * (12 if unit == "Y" else 1)).isoformat()
    kind, rest = offset[0], offset[1:]
    if kind in "NL":
        ahead = (int(rest) - now.isoweekday()) % 7
        return (now + timedelta(days=ahead if kind == "N" else (ahead or 7) - 7)).isoformat()
    match = re.fullmatch(r"([+-]\d+)(?:-(.+))?", rest)
    if match is None:
        return "relative"
    shift, part = int(match.group(1)), match.group(2)
    if kind == "W":
        monday = now + timedelta(days=1 - now.isoweekday() + 7 * shift)
        if part is None:
            year, week, _ = monday.isocalendar()
            return f"{year}-W{week:02d}"
        return (monday + timedelta(days=5 if part == "WE" else int(part) - 1)).isoformat()
    if kind == "M":
        year, month = _shifted(now, shift)
        return f"{year}-{month:02d}" + (f"-{part}" if part else "")
    return f"{now.year + shift}" + (f"-{part}" if part else "")
