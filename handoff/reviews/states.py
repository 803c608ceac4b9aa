"""Which moves a review may make, and what two blind verdicts come to. Pure."""

from __future__ import annotations

from enum import StrEnum

from core.errors import AppError
from handoff.reviews.schemas import Label
from language.categories import Category


class State(StrEnum):
    """Where a review stands."""

    PROPOSED = "proposed"  # waits for an editor
    ACCEPTED = "accepted"  # the message's label: it counts, and it is exported
    REJECTED = "rejected"  # kept, and without effect

    @property
    def label(self) -> str:
        """Korean name shown to staff."""
        return {"proposed": "검토 대기", "accepted": "받아들임", "rejected": "받아들이지 않음"}[self.value]


class Move(StrEnum):
    """What can happen to a review."""

    ACCEPT = "accept"  # an editor agrees, perhaps with a corrected label
    REJECT = "reject"  # an editor does not, or takes an accepted one back
    MARK_ANEW = "mark_anew"  # the same person judges otherwise: it must be looked at again
    YIELD = "yield"  # another review of the same message was accepted


MOVES: dict[tuple[State, Move], State] = {
    (State.PROPOSED, Move.ACCEPT): State.ACCEPTED,
    (State.PROPOSED, Move.REJECT): State.REJECTED,
    (State.PROPOSED, Move.MARK_ANEW): State.PROPOSED,
    (State.PROPOSED, Move.YIELD): State.REJECTED,
    (State.ACCEPTED, Move.REJECT): State.REJECTED,
    (State.ACCEPTED, Move.MARK_ANEW): State.PROPOSED,
    (State.ACCEPTED, Move.YIELD): State.REJECTED,
    (State.REJECTED, Move.MARK_ANEW): State.PROPOSED,
    (State.REJECTED, Move.YIELD): State.REJECTED,
}


def after(state: str, move: Move) -> State:
    """The state a move leads to.

    Raises:
        AppError: ``illegal_move``.
    """
    reached = MOVES.get((State(state), move))
    if reached is None:
        raise AppError("illegal_move", f"a review that is {state} cannot {move.value}")
    return reached


def agreed(one: Label, two: Label) -> Label | None:
    """What two blind verdicts say together: None when they disagree on whether it was an emergency.

    Where they only differ in degree the more urgent one counts, since it is the safer mistake.
    """
    if one.was_emergency != two.was_emergency:
        return None
    worse, other = sorted((one, two), key=lambda label: label.urgency.rank)
    if worse.category is Category.OTHER and worse.urgency is other.urgency:
        return other
    return worse
