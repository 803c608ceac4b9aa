"""What a case's events tell of its way through hands. Pure.

The stream of a case is its history: every event carries the whole state after the change, so that whoever held it when can be read again
although the row of the case knows only its present owner.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from handoff.board.definitions import Held
from handoff.states import Status


@dataclass(frozen=True)
class Step:
    """A case after one change."""

    at: datetime
    status: str
    owner_id: int | None


def held(steps: Iterable[Step]) -> tuple[Held, ...]:
    """The stretches in which somebody had the case in hand. A case handed back to the bot is nobody's work until it comes back."""
    found: list[Held] = []
    owner: int | None = None
    since: datetime | None = None
    for step in steps:
        now_in_hand = step.owner_id if step.status == Status.CLAIMED else None
        if now_in_hand == owner:
            continue
        if owner is not None and since is not None:
            found.append(Held(owner, since, step.at))
        owner, since = now_in_hand, step.at
    if owner is not None and since is not None:
        found.append(Held(owner, since, None))
    return tuple(found)
