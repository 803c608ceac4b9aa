import itertools

import pytest

from core.errors import AppError
from handoff.states import MOVES, Move, Status, after

ALLOWED = {
    ("queued", "claim"): "claimed",
    ("queued", "raise"): "queued",
    ("queued", "close"): "closed",
    ("claimed", "raise"): "claimed",
    ("claimed", "return"): "queued",
    ("claimed", "hand_back"): "handed_back",
    ("claimed", "close"): "closed",
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


def test_nothing_leaves_closed():
    assert not any(status is Status.CLOSED for status, _ in MOVES)
