"""What is to be done with a drill at a moment: plain rules over plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from handoff.choosing import MAX_OFFERS
from handoff.drills.schemas import Drill, Outcome

#: No worker has begun it: whoever asked is told, rather than surprised by a drill much later.
BEGIN_WITHIN = timedelta(seconds=60)
#: From beginning to storing, and from storing to the queue; a citizen's takes a fraction of a second.
ARRIVE_WITHIN = timedelta(seconds=30)
#: A drill that nobody has taken rings on for this long after the alarm.
RINGS_ON = timedelta(minutes=10)
#: A drill in hand that nobody ends.
LONGEST = timedelta(minutes=60)


class Act(StrEnum):
    """The next thing to do."""

    WAIT = "wait"
    BEGIN = "begin"
    ALARM = "alarm"
    END = "end"


@dataclass(frozen=True)
class Decision:
    """An act, and for an end how it ends."""

    act: Act
    outcome: Outcome | None = None
    why: str = ""


WAIT = Decision(Act.WAIT)


def alarm_after(offer_timeout_s: int) -> timedelta:
    """Each offer has had its time and every desk has rung for as long once more."""
    return timedelta(seconds=(MAX_OFFERS + 1) * offer_timeout_s)


def decide(drill: Drill, at: datetime, offer_timeout_s: int) -> Decision:
    """What to do now; real danger is looked at elsewhere and comes before this."""
    if drill.closed_at is not None:
        return _end(Outcome.CLAIMED) if drill.claimed_at is not None else _end(Outcome.WITHDRAWN, "supervisor")
    if drill.claimed_at is not None:
        return _end(Outcome.UNCLOSED) if at - drill.claimed_at > LONGEST else WAIT
    if drill.began_at is None:
        return _end(Outcome.FAILED, "not_begun") if at - drill.requested_at > BEGIN_WITHIN else Decision(Act.BEGIN)
    if drill.received_at is None:
        return _end(Outcome.FAILED, "not_received") if at - drill.began_at > ARRIVE_WITHIN else WAIT
    if drill.queued_at is None:
        return _end(Outcome.FAILED, "not_queued") if at - drill.received_at > ARRIVE_WITHIN else WAIT
    waited, patience = at - drill.queued_at, alarm_after(offer_timeout_s)
    if drill.alarmed_at is None:
        return Decision(Act.ALARM) if waited > patience else WAIT
    return _end(Outcome.UNCLAIMED) if waited > patience + RINGS_ON else WAIT


def _end(outcome: Outcome, why: str = "") -> Decision:
    return Decision(Act.END, outcome, why)
