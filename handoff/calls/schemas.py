"""The records of free calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Side = Literal["citizen", "agent"]


@dataclass(frozen=True)
class Party:
    """One end of a call: the citizen of a conversation, or a member of staff; ``key`` is held by the one page that is in the call."""

    side: Side
    conversation_id: str = ""
    staff_id: int = 0
    key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Joined:
    """A page is in a call from now on, with the key that no other page has."""

    call_id: str
    case_id: int
    key: str = field(repr=False)


@dataclass(frozen=True)
class Signal:
    """What the other page has said."""

    n: int
    kind: str
    body: str = field(repr=False)


@dataclass(frozen=True)
class View:
    """How a call stands for one who is in it."""

    state: str
    why: str
    signals: tuple[Signal, ...] = ()


@dataclass(frozen=True)
class CallRow:
    """A call as a desk lists it: ringing, going on, or missed and not yet seen."""

    call_id: str
    case_id: int
    state: str
    started_by: str
    staff_id: int | None
    severity: str
    country: str | None
    started_at: datetime
    answered_at: datetime | None
    is_own: bool


@dataclass(frozen=True)
class PastCall:
    """A call in a case's history."""

    started_by: str
    staff_name: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    why: str

    @property
    def is_missed(self) -> bool:
        """Whether the citizen has called and nobody has answered."""
        return self.started_by == "citizen" and self.ended_at is not None and self.answered_at is None and self.why != "declined"
