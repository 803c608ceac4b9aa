"""Which moves a case may make; anything else is refused with ``illegal_move``."""

from __future__ import annotations

from enum import StrEnum

from core.errors import AppError


class Status(StrEnum):
    """Where a case stands."""

    QUEUED = "queued"  # waits for a person
    CLAIMED = "claimed"  # a person owns the case and its conversation
    HANDED_BACK = "handed_back"  # an emergency whose conversation the bot serves again; its owner still answers for it
    CLOSED = "closed"  # over

    @property
    def label(self) -> str:
        """Korean name shown to staff."""
        return {"queued": "대기", "claimed": "상담 중", "handed_back": "봇에 되돌림", "closed": "종료"}[self.value]


class Move(StrEnum):
    """What can happen to a case."""

    CLAIM = "claim"  # a person takes it
    RAISE = "raise"  # danger again, or more of it
    RETURN = "return"  # back to the queue, keeping its arrival time
    HAND_BACK = "hand_back"  # the bot serves the conversation again, the emergency stays someone's
    CLOSE = "close"  # over, with an outcome


MOVES: dict[tuple[Status, Move], Status] = {
    (Status.QUEUED, Move.CLAIM): Status.CLAIMED,
    (Status.QUEUED, Move.RAISE): Status.QUEUED,
    (Status.QUEUED, Move.CLOSE): Status.CLOSED,
    (Status.CLAIMED, Move.RAISE): Status.CLAIMED,
    (Status.CLAIMED, Move.RETURN): Status.QUEUED,
    (Status.CLAIMED, Move.HAND_BACK): Status.HANDED_BACK,
    (Status.CLAIMED, Move.CLOSE): Status.CLOSED,
    (Status.HANDED_BACK, Move.CLAIM): Status.CLAIMED,
    (Status.HANDED_BACK, Move.RAISE): Status.QUEUED,
    (Status.HANDED_BACK, Move.RETURN): Status.QUEUED,
    (Status.HANDED_BACK, Move.CLOSE): Status.CLOSED,
}


def after(status: str, move: Move) -> Status:
    """The status a move leads to.

    Raises:
        AppError: ``illegal_move``.
    """
    reached = MOVES.get((Status(status), move))
    if reached is None:
        raise AppError("illegal_move", f"{status} cannot {move.value}")
    return reached
