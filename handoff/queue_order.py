"""Who comes first, and who may take one more: plain rules over plain data."""

from __future__ import annotations

from datetime import datetime

from language.categories import Urgency

SEVERITIES = tuple(urgency.value for urgency in Urgency)  # the most severe first
EMERGENCIES = tuple(urgency.value for urgency in Urgency if urgency.is_emergency)


def rank(severity: str) -> int:
    """0 is the most severe."""
    return SEVERITIES.index(severity)


def is_emergency(severity: str) -> bool:
    """Whether a person must be brought in."""
    return severity in EMERGENCIES


def order_key(severity: str, arrival_at: datetime, case_id: int = 0) -> tuple[int, datetime, int]:
    """Sort key of the queue: the class, then first come first served. A returned case keeps its arrival, hence its place."""
    return rank(severity), arrival_at, case_id


def worst(one: str, other: str) -> str:
    """The more severe of two."""
    return min(one, other, key=rank)


def limit(severity: str, cap: int) -> int | None:
    """How many cases an agent may hold with this one included; None means no limit.

    A life threat ignores caps; an urgent case may exceed the cap by one.
    """
    if severity == Urgency.LIFE_THREAT:
        return None
    return cap + 1 if severity == Urgency.URGENT else cap


def may_take(severity: str, held: int, cap: int) -> bool:
    """Whether an agent who holds ``held`` cases may take one more of this severity."""
    allowed = limit(severity, cap)
    return allowed is None or held < allowed
