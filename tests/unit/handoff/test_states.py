import itertools

import pytest

from core.errors import AppError
from handoff.states import MOVES, Move, Offering, OfferMove, Status, after, after_offer

ALLOWED = {
    ("queued", "claim"): "claimed",
    ("queued", "raise"): "queued",
    ("queued", "close"): "closed",
    ("claimed", "raise"): "claimed",
    ("claimed", "return"): "queued",
    ("claimed", "hand_back"): "handed_back",
    ("claimed", "close"): "closed",
    ("claimed", "hand"): "claimed",
    ("handed_back", "hand"): "claimed",
    ("closed", "reopen"): "queued",
    ("handed_back", "claim"): "claimed",
    ("handed_back", "raise"): "queued",
    ("handed_back", "return"): "queued",
    ("handed_back", "close"): "closed",
}


@pytest.mark.parametrize(("status", "move"), itertools.product(Status, Move))
def test_every_pair(status, move):
    expected = ALLOWED.get((status.value, move.value))
    if expected is None:
        with pytest.raises(AppError) as caught:
            after(status, move)
        assert caught.value.code == "illegal_move"
    else:
        assert after(status, move) == expected


def test_only_reopening_leaves_closed():
    assert [move for status, move in MOVES if status is Status.CLOSED] == [Move.REOPEN]


OFFERS_ALLOWED = {
    ("open", "offer"): "offered",
    ("open", "take"): "open",
    ("open", "ring"): "open",
    ("offered", "accept"): "open",
    ("offered", "take"): "open",
    ("offered", "decline"): "open",
    ("offered", "expire"): "open",
    ("offered", "withdraw"): "open",
}


@pytest.mark.parametrize(("state", "move"), itertools.product(Offering, OfferMove))
def test_every_pair_of_an_offer(state, move):
    expected = OFFERS_ALLOWED.get((state.value, move.value))
    if expected is None:
        with pytest.raises(AppError, match="cannot"):
            after_offer(state, move)
    else:
        assert after_offer(state, move) == expected
