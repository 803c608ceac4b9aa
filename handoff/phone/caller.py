"""What a card shows of a caller. Apart from the other records, because the card's own record holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

#: The channel of a conversation that is a call: nothing is ever written to its citizen.
CHANNEL = "phone"


@dataclass(frozen=True)
class Call:
    """One call: who took it, when, and how long (None: it goes on)."""

    id: int
    staff_name: str
    started_at: datetime
    ended_at: datetime | None

    @property
    def seconds(self) -> int | None:
        """How long it was."""
        return None if self.ended_at is None else max(0, round((self.ended_at - self.started_at).total_seconds()))


@dataclass(frozen=True)
class CallerCard:
    """What the card shows of a caller."""

    name: str = field(repr=False)
    number: str = field(repr=False)
    calls: tuple[Call, ...]
    code_until: datetime | None  # until when a code that was read out can be typed
    code_used_at: datetime | None  # when the newest code was typed
