"""Which moves a case and its offer may make; anything else is refused with ``illegal_move``."""

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
    HAND = "hand"  # another person owns it
    REOPEN = "reopen"  # it ended too early


MOVES: dict[tuple[Status, Move], Status] = {
    (Status.QUEUED, Move.CLAIM): Status.CLAIMED,
    (Status.QUEUED, Move.RAISE): Status.QUEUED,
    (Status.QUEUED, Move.CLOSE): Status.CLOSED,
    (Status.CLAIMED, Move.RAISE): Status.CLAIMED,
    (Status.CLAIMED, Move.RETURN): Status.QUEUED,
    (Status.CLAIMED, Move.HAND_BACK): Status.HANDED_BACK,
    (Status.CLAIMED, Move.CLOSE): Status.CLOSED,
    (Status.CLAIMED, Move.HAND): Status.CLAIMED,
    (Status.HANDED_BACK, Move.HAND): Status.CLAIMED,
    (Status.CLOSED, Move.REOPEN): Status.QUEUED,
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


class Offering(StrEnum):
    """Whether a waiting case is being offered to one person."""

    OPEN = "open"  # to everyone who may see the queue
    OFFERED = "offered"  # to one agent, until a time; others may still take an emergency


class OfferMove(StrEnum):
    """What can happen to an offer."""

    OFFER = "offer"  # the best agent is asked
    ACCEPT = "accept"  # that agent claims the case
    TAKE = "take"  # somebody else claims the emergency
    DECLINE = "decline"  # that agent says no
    EXPIRE = "expire"  # no answer in time
    WITHDRAW = "withdraw"  # that agent is away, gone or dismissed, or the case is over
    RING = "ring"  # nobody is left to ask: every desk rings


OFFER_MOVES: dict[tuple[Offering, OfferMove], Offering] = {
    (Offering.OPEN, OfferMove.OFFER): Offering.OFFERED,
    (Offering.OPEN, OfferMove.TAKE): Offering.OPEN,
    (Offering.OPEN, OfferMove.RING): Offering.OPEN,
    **{(Offering.OFFERED, move): Offering.OPEN for move in (OfferMove.ACCEPT, OfferMove.TAKE, OfferMove.DECLINE, OfferMove.EXPIRE, OfferMove.WITHDRAW)},
}


def after_offer(state: Offering, move: OfferMove) -> Offering:
    """Where an offer's move leads.

    Raises:
        AppError: ``illegal_move``.
    """
    reached = OFFER_MOVES.get((state, move))
    if reached is None:
        raise AppError("illegal_move", f"an offer that is {state} cannot {move.value}")
    return reached
