"""What others see of abuse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

#: From this mark of a conversation on, the desk offers to end it or to hand it on.
THIRD = 3


@dataclass(frozen=True)
class Abuse:
    """The standing marks of a case's conversation."""

    #: Lines that are marked.
    seqs: tuple[int, ...] = ()
    #: All marks of the conversation, those of spoken words included.
    here: int = 0
    #: How many of these were set in this case: what an earlier one left behind ends nothing.
    of_case: int = 0
    #: All marks of the person in all conversations; none where the channel does not know who it is.
    of_person: int | None = None

    @property
    def is_enough(self) -> bool:
        """Whether ending and handing on are offered."""
        return self.here >= THIRD and self.of_case > 0


@dataclass(frozen=True)
class RestFigures:
    """The rests of one person within a period, for supervisors."""

    staff_id: int
    name: str
    rests: int
    minutes: int
    cut: int
    #: A rest that has not begun, since an emergency is in hand.
    is_owed: bool
    resting_until: datetime | None
