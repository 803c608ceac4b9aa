"""The records of drills."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """How a drill ended."""

    CLAIMED = "claimed"  # somebody took it, and ended it
    UNCLAIMED = "unclaimed"  # nobody did, until long after the alarm
    UNCLOSED = "unclosed"  # somebody took it and forgot it
    WITHDRAWN = "withdrawn"  # real danger came, or a supervisor ended it before anybody took it
    FAILED = "failed"  # it did not even reach the queue
    MISSED = "missed"  # its slot passed: nothing ran, or nothing was allowed to


#: What ``why`` may say, in words for the terminal.
WHY = {
    "life_threat": "a life threat is open",
    "surge": "surge mode is on",
    "running": "another drill is running",
    "outage": "the program was not running at its time",
    "supervisor": "it was ended before anybody took it",
    "unreachable": "the channel did not take it",
    "unknown_channel": "the running program has no such channel",
    "not_begun": "no worker began it",
    "not_received": "its message was not stored",
    "not_queued": "its message was stored and reached no queue",
}


@dataclass(frozen=True)
class Drill:
    """One drill, as far as it has come."""

    id: int
    slot_at: datetime | None
    channel: str
    requested_by: str
    requested_at: datetime
    state: str
    conversation_id: str | None = None
    case_id: int | None = None
    began_at: datetime | None = None
    received_at: datetime | None = None
    queued_at: datetime | None = None
    offered_at: datetime | None = None
    claimed_at: datetime | None = None
    first_words_at: datetime | None = None
    closed_at: datetime | None = None
    alarmed_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    why: str = ""

    def ms(self, step: str) -> int | None:
        """Milliseconds from its receipt to a step; None while that has not come."""
        at: datetime | None = getattr(self, f"{step}_at")
        if at is None or self.received_at is None:
            return None
        return max(0, round((at - self.received_at).total_seconds() * 1000))


@dataclass(frozen=True)
class Entry:
    """What a channel needs to bring a drill in like a citizen's message."""

    drill_id: int
    channel: str
    conversation_id: str
    text: str
    token: str = field(default="", repr=False)
    visitor: str = field(default="", repr=False)
