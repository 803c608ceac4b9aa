"""What may happen at once, what waits, and when "no alarm" may be said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from knowledge_base.country_facts.changes import Held, falls, is_doubtful, is_fresh, may_say_none, plan
from knowledge_base.opendata.jobs import LastRun, next_due
from knowledge_base.opendata.rows import Row

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def held(number: int, key: str, level: str) -> Held:
    return Held(number, (key,), {"level": level})


def row(key: str, level: str) -> Row:
    return Row((key,), {"level": level})


@pytest.mark.parametrize(
    ("before", "after", "waits"),
    [("1", "2", False), ("2", "special", False), ("special", "3", False), ("3", "4", False), ("4", "3", True), ("3", "special", True), ("special", "2", True),
     ("2", "1", True), ("4", "special", True)],
)  # fmt: skip
def test_falls_wait_and_rises_do_not(before: str, after: str, waits: bool) -> None:
    assert falls(before, after) is waits
    (change,) = plan([held(1, "a", before)], [row("a", after)], is_complete=True, are_alarms=True).changes
    assert (change.kind, change.waits, change.fields["level"]) == ("changed", waits, (before, after))


def test_vanished_only_when_complete() -> None:
    stand = [held(1, "a", "2"), held(2, "b", "3")]
    whole = plan(stand, [row("a", "2")], is_complete=True, are_alarms=True)
    assert [(c.kind, c.key, c.waits) for c in whole.changes] == [("vanished", ("b",), True)]
    assert [one.id for one in whole.kept] == [1]
    partial = plan(stand, [row("a", "2")], is_complete=False, are_alarms=True)
    assert partial.changes == ()
    assert [one.id for one in partial.kept] == [1]


def test_other_facts_never_wait() -> None:
    found = plan([held(1, "a", "4"), held(2, "b", "4")], [row("a", "1"), row("c", "1")], is_complete=True)
    assert [(c.kind, c.waits) for c in found.changes] == [("changed", False), ("added", False), ("vanished", False)]


@pytest.mark.parametrize(
    ("stand", "came", "vanished", "doubtful"),
    [(0, 0, 0, False), (5, 0, 5, True), (1, 0, 1, True), (10, 6, 5, False), (10, 4, 6, True), (2, 1, 1, False), (3, 1, 2, False)],
)
def test_a_list_that_lost_much_is_doubtful(stand: int, came: int, vanished: int, doubtful: bool) -> None:
    assert is_doubtful(stand, came, vanished) is doubtful


@pytest.mark.parametrize(
    ("age", "fresh"),
    [(timedelta(), True), (timedelta(hours=23, minutes=59, seconds=59), True), (timedelta(hours=24), False), (timedelta(days=3), False),
     (timedelta(minutes=-4), True), (timedelta(hours=-1), False)],
)  # fmt: skip
def test_fresh_under_a_day(age: timedelta, fresh: bool) -> None:
    assert is_fresh(NOW - age, NOW) is fresh
    assert is_fresh(None, NOW) is False


def test_no_alarm_needs_every_service_that_was_ever_synchronised() -> None:
    young, old = NOW - timedelta(hours=1), NOW - timedelta(hours=25)
    others = ("a", "b", "c")
    assert may_say_none({"a": young}, NOW, "a", others)
    assert may_say_none({"a": young, "b": young}, NOW, "a", others)
    assert not may_say_none({"a": young, "b": old}, NOW, "a", others)
    assert not may_say_none({"b": young}, NOW, "a", others)
    assert not may_say_none({}, NOW, "a", others)


class TestWhenTheJobRunsAgain:
    every = timedelta(hours=6)
    start = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

    def last(self, state: str, error: str = "") -> LastRun:
        return LastRun(self.start, self.start + timedelta(minutes=1), state, error)

    def test_never_ran(self) -> None:
        assert next_due(None, self.every) is None

    def test_after_success(self) -> None:
        assert next_due(self.last("applied"), self.every) == self.start + self.every

    def test_what_nobody_has_applied_is_asked_for_again(self) -> None:
        assert next_due(self.last("staged"), self.every) == self.start + timedelta(minutes=61)

    def test_soon_after_a_failure(self) -> None:
        assert next_due(self.last("interrupted", "timeout"), self.every) == self.start + timedelta(minutes=11)
        assert next_due(self.last("interrupted", "timeout"), timedelta(minutes=5)) == self.start + timedelta(minutes=6)

    def test_a_quota_comes_back_at_midnight_in_seoul(self) -> None:
        assert next_due(self.last("interrupted", "quota"), self.every) == datetime(2026, 11, 22, 15, 10, tzinfo=UTC)

    def test_a_bad_key_is_not_tried_all_the_time(self) -> None:
        assert next_due(self.last("interrupted", "key_unknown"), self.every) == self.start + timedelta(minutes=1) + self.every
