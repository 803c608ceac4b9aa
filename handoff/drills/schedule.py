"""When drills are due: plain times of day in one time zone. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")
_DAY = timedelta(days=1)


def times_of(written: str) -> tuple[time, ...]:
    """The times of day in ``10:00,03:30``; an empty text has none."""
    return tuple(sorted({time.fromisoformat(part.strip()) for part in written.split(",") if part.strip()}))


def slots(times: Sequence[time], after: datetime, until: datetime, zone: ZoneInfo = SEOUL) -> list[datetime]:
    """Every slot later than ``after`` and not later than ``until``, in UTC.

    A time that a change of the clock leaves out comes as much later; one that it brings twice comes once.
    """
    if not times or until <= after:
        return []
    first, last = (moment.astimezone(zone).date() for moment in (after, until))
    days = [first + n * _DAY for n in range(-1, (last - first).days + 2)]
    found = {datetime.combine(day, one, zone).astimezone(UTC) for day in days for one in times}
    return sorted(slot for slot in found if after < slot <= until)


def next_channel(channels: Sequence[str], last_used: Mapping[str, datetime]) -> str:
    """The channel that has gone longest without a drill; those that never had one come first, in the order given."""
    return min(channels, key=lambda name: (name in last_used, last_used.get(name)))
