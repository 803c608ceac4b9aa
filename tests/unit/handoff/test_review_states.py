"""Which moves a review may make, and what two verdicts come to."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from core.errors import AppError
from handoff.reviews import sampling
from handoff.reviews.schemas import Label, WeekProgress
from handoff.reviews.states import MOVES, Move, State, after, agreed
from handoff.reviews.written import written_missed


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_every_move_is_declared_or_refused(state, move):
    if (state, move) in MOVES:
        assert after(state, move) is MOVES[state, move]
    else:
        with pytest.raises(AppError) as refused:
            after(state, move)
        assert refused.value.code == "illegal_move"


def test_what_was_decided_is_decided_again_only_when_marked_anew():
    assert (State.REJECTED, Move.ACCEPT) not in MOVES
    assert (State.ACCEPTED, Move.ACCEPT) not in MOVES
    assert all(after(state, Move.MARK_ANEW) is State.PROPOSED for state in State)


def label(urgency: str, category: str = "other") -> Label:
    return Label.of(urgency, category)


@pytest.mark.parametrize(
    ("one", "two", "together"),
    [
        (label("none"), label("none"), label("none")),
        (label("none"), label("urgent", "assault"), None),
        (label("life_threat", "death"), label("non_urgent"), None),
        (label("urgent", "assault"), label("life_threat", "confinement"), label("life_threat", "confinement")),
        (label("none"), label("non_urgent", "stranded"), label("non_urgent", "stranded")),
        (label("urgent", "other"), label("urgent", "assault"), label("urgent", "assault")),
        (label("urgent", "assault"), label("urgent", "other"), label("urgent", "assault")),
    ],
)
def test_two_verdicts(one, two, together):
    assert agreed(one, two) == together
    if together is None or one.urgency != two.urgency or "other" in (one.category, two.category):
        assert agreed(two, one) == together


@pytest.mark.parametrize(("urgency", "category"), [("grave", "other"), ("none", "weather"), ("", "")])
def test_a_label_outside_the_lists_is_refused(urgency, category):
    with pytest.raises(AppError, match="invalid_request"):
        Label.of(urgency, category)


@pytest.mark.parametrize(
    ("at", "week"),
    [
        (datetime(2026, 11, 22, 23, 59, tzinfo=UTC), date(2026, 11, 9)),
        (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), date(2026, 11, 16)),
        (datetime(2026, 1, 1, tzinfo=UTC), date(2025, 12, 22)),
        (datetime.fromisoformat("2026-11-23T08:00:00+09:00"), date(2026, 11, 9)),
    ],
)
def test_the_last_week_that_is_over(at, week):
    assert sampling.last_week(at) == week
    start, end = sampling.bounds(week)
    assert week.weekday() == 0
    assert end <= at
    assert (end - start).days == 7


def test_the_least_busy_are_chosen_and_their_load_rises():
    load = {1: 5, 2: 0, 3: 0}
    assert set(sampling.least_busy(load, 2, "a")) == {2, 3}
    assert load == {1: 5, 2: 1, 3: 1}
    assert sampling.least_busy(load, 1, "a", barred=(2, 3)) == [1]
    assert sampling.least_busy({}, 2, "a") == []


def test_a_week_waits_for_everything_but_what_is_gone():
    def week(settled, gone):
        return WeekProgress(date(2026, 11, 16), 100, 10, settled, gone, 0, 0)

    assert week(9, 1).is_complete
    assert not week(9, 0).is_complete


class TestWritten:
    def test_the_committed_card_tells_it(self):
        found = written_missed()
        assert found is not None
        assert 0 <= found.low <= found.rate <= found.high < 0.2
        assert found.n > 100

    def test_without_a_card_or_in_other_words_there_is_none(self, tmp_path):
        assert written_missed(tmp_path / "no.md") is None
        (tmp_path / "card.md").write_text("Nothing was missed.")
        assert written_missed(tmp_path / "card.md") is None
