"""What the board says of free calls. Pure; who may call and how a call ends is ``handoff.calls``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from handoff.board.arithmetic import percentile


@dataclass(frozen=True)
class Call:
    """One call; ``why`` is the code of why it ended, empty while it goes on."""

    started_at: datetime
    by_citizen: bool
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    why: str = ""


@dataclass(frozen=True)
class Calls:
    """The citizens' calls, and how many went the other way.

    ``missed`` ended before anybody answered, whoever ended them; one that an agent declined is not missed. ``failed`` were answered, and no way was found
    between the two browsers.
    """

    started: int
    answered: int
    missed: int
    failed: int
    p50_wait_s: float | None
    by_agents: int


def calls(begun: Iterable[Call]) -> Calls:
    """The figures of the calls that began in a window."""
    every = list(begun)
    ours = [one for one in every if one.by_citizen]
    waits = [(one.answered_at - one.started_at).total_seconds() for one in ours if one.answered_at is not None]
    return Calls(
        started=len(ours),
        answered=len(waits),
        missed=sum(one.answered_at is None and one.ended_at is not None and one.why != "declined" for one in ours),
        failed=sum(one.answered_at is not None and one.why == "failed" for one in every),
        p50_wait_s=percentile(waits, 0.50),
        by_agents=len(every) - len(ours),
    )
