"""When a notice holds, and what a notice must look like."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from knowledge_base.errors import NoticeError
from knowledge_base.notices import MOVES, content_hash, force_table, may_move, parse_record, supersedes_in_a_loop, today_in_seoul
from knowledge_base.schemas import Notice, NoticeContent, NoticeStatus


def make(notice_id: str = "a", version: int = 1, status: NoticeStatus = NoticeStatus.PUBLISHED, **changes: Any) -> Notice:
    record = {"id": notice_id, "title": "제목", "body": "본문입니다.", "published_at": "2026-01-10", **changes}
    return Notice(parse_record(record), version, status)


def holds(notices: list[Notice], key: tuple[str, int], day: str) -> bool:
    return force_table(notices)[key].on(date.fromisoformat(day))


class TestForce:
    @pytest.mark.parametrize(("day", "expected"), [("2026-01-31", False), ("2026-02-01", True), ("2026-02-28", True), ("2026-03-01", False)])
    def test_first_day_counts_and_day_of_expiry_does_not(self, day: str, expected: bool) -> None:
        notice = make(effective_from="2026-02-01", expires_at="2026-03-01")
        assert holds([notice], ("a", 1), day) is expected

    def test_review_day_still_counts_and_the_next_does_not(self) -> None:
        notice = make(review_by="2026-06-30")
        assert holds([notice], ("a", 1), "2026-06-30")
        assert not holds([notice], ("a", 1), "2026-07-01")

    def test_a_stored_review_day_at_the_end_of_the_calendar_ends_nothing(self) -> None:
        endless = replace(make(), content=replace(make().content, review_by=date.max))
        assert force_table([endless])["a", 1].end is None
        newer = make("b", supersedes=["a"], effective_from="2026-05-01")
        assert force_table([endless, newer])["a", 1].end == date(2026, 5, 1)

    def test_superseded_from_the_day_the_other_starts(self) -> None:
        both = [make("a"), make("b", supersedes=["a"], effective_from="2026-05-01")]
        assert holds(both, ("a", 1), "2026-04-30")
        assert not holds(both, ("a", 1), "2026-05-01")
        assert holds(both, ("b", 1), "2026-05-01")

    def test_what_was_replaced_does_not_come_back(self) -> None:
        chain = [
            make("a"),
            make("b", supersedes=["a"], effective_from="2026-02-01"),
            make("c", supersedes=["b"], effective_from="2026-03-01", expires_at="2026-04-01"),
        ]
        for notice_id in "abc":
            assert not holds(chain, (notice_id, 1), "2026-04-15")

    def test_what_begins_after_its_replacement_has_expired_is_not_replaced(self) -> None:
        back = [
            make("a", status=NoticeStatus.SUPERSEDED),
            make("a", 2, effective_from="2026-03-01"),
            make("b", supersedes=["a"], effective_from="2026-02-01", expires_at="2026-03-01", status=NoticeStatus.EXPIRED),
        ]
        assert [holds(back, ("a", 1), day) for day in ("2026-01-31", "2026-02-01", "2026-03-01")] == [True, False, False]
        assert [holds(back, ("a", 2), day) for day in ("2026-02-28", "2026-03-01", "2026-08-01")] == [False, True, True]
        early = [*back[:1], make("a", 2, effective_from="2026-02-28"), back[2]]
        assert not any(holds(early, ("a", 2), day) for day in ("2026-02-28", "2026-03-01", "2026-08-01"))

    def test_a_withdrawn_notice_replaces_nothing(self) -> None:
        both = [make("a"), make("b", supersedes=["a"], status=NoticeStatus.WITHDRAWN)]
        assert holds(both, ("a", 1), "2026-08-01")
        assert ("b", 1) not in force_table(both)

    @pytest.mark.parametrize("status", [NoticeStatus.DRAFT, NoticeStatus.REVIEW])
    def test_what_is_not_published_has_no_force(self, status: NoticeStatus) -> None:
        assert force_table([make(status=status)]) == {}

    def test_next_version_takes_over_on_its_own_day(self) -> None:
        both = [make(status=NoticeStatus.SUPERSEDED), make(version=2, effective_from="2026-06-01")]
        assert holds(both, ("a", 1), "2026-05-31")
        assert not holds(both, ("a", 1), "2026-06-01")

    def test_a_corrected_version_was_never_true(self) -> None:
        both = [make(status=NoticeStatus.SUPERSEDED), make(version=2)]
        assert not any(holds(both, ("a", 1), day) for day in ("2026-01-09", "2026-01-10", "2026-05-01"))

    def test_a_year_meets_a_notice_of_two_months(self) -> None:
        force = force_table([make(effective_from="2020-05-18", published_at="2020-05-18", expires_at="2020-07-13")])["a", 1]
        assert force.within(date(2020, 1, 1), date(2020, 12, 31))
        assert not force.within(date(2020, 7, 13), date(2020, 12, 31))
        assert not force.within(date(2020, 1, 1), date(2020, 5, 17))


def test_the_day_is_the_ministrys() -> None:
    assert today_in_seoul(datetime(2026, 2, 28, 15, 0, tzinfo=UTC)) == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": ""}, "id"),
        ({"id": True}, "id"),
        ({"id": 1.5}, "id"),
        ({"id": 10**300}, "id"),
        ({"id": "a b"}, "id"),
        ({"title": None}, "title is missing"),
        ({"title": "  "}, "title is empty"),
        ({"body": ["x"]}, "body must be text"),
        ({"body": "x" * 200_001}, "longer"),
        ({"published_at": None}, "published_at is missing"),
        ({"published_at": "어제"}, "date"),
        ({"published_at": 20260101}, "date"),
        ({"published_at": "2026-02-30T00:00:00Z"}, "date"),
        ({"review_by": "9999-12-31"}, "review_by must be a date"),
        ({"review_by": "9999-12-31T23:59:59Z"}, "review_by must be a date"),
        ({"expires_at": "2026-01-10"}, "after effective_from"),
        ({"supersedes": ["a"]}, "itself"),
        ({"supersedes": [1.5]}, "list of words"),
        ({"supersedes": ["b\x00"]}, "list of words"),
        ({"topics": ["\ud800"]}, "list of words"),
        ({"id": "\ud800"}, "id"),
        ({"kind": "canned", "review_by": "2026-06-30", "shortcut": "\ud800"}, "shortcut"),
        ({"countries": ["Korea"]}, "ISO"),
        ({"source_url": "javascript:alert(1)"}, "http"),
        ({"test_only": "no"}, "true or false"),
        ({"language": "Korean!"}, "language"),
    ],
)
def test_a_bad_record_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(NoticeError, match=message):
        parse_record({"id": "a", "title": "t", "body": "b", "published_at": "2026-01-10", **changes})


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-02-28T15:00:00.000Z", date(2026, 3, 1)),
        ("2026-02-28T14:59:59Z", date(2026, 2, 28)),
        ("2026-02-28 15:00:00+00", date(2026, 3, 1)),
        ("2026-03-01T00:30:00+09:00", date(2026, 3, 1)),
        ("2026-02-28T15:00:00", date(2026, 2, 28)),
        ("2026-02-28 at noon", date(2026, 2, 28)),
        (datetime(2026, 2, 28, 15, 0, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 2, 28, 15, 0), date(2026, 2, 28)),
        ("9999-12-31T23:59:59Z", date.max),
        (date(2026, 2, 28), date(2026, 2, 28)),
    ],
)
def test_a_moment_that_names_its_offset_is_a_day_of_seoul(written: Any, day: date) -> None:
    assert make(expires_at=written).content.expires_at == day


def test_defaults_of_a_users_own_row() -> None:
    content = parse_record({"id": "a", "title": "t\n2", "body": "b\x00\ud800", "published_at": "2026-01-10T00:00:00", "countries": "kh"})
    assert content == NoticeContent("a", "t 2", "b", date(2026, 1, 10), date(2026, 1, 10), countries=("KH",))


def test_hash_follows_the_content() -> None:
    assert content_hash(make().content) == content_hash(make().content)
    assert content_hash(make().content) != content_hash(make(expires_at="2027-01-01").content)


def test_supersedes_loop() -> None:
    known = {"b": ["c"], "c": ["a"]}
    assert supersedes_in_a_loop(make("a", supersedes=["b"]).content, known)
    assert not supersedes_in_a_loop(make("d", supersedes=["b"]).content, known)


def test_moves_are_a_table_without_gaps() -> None:
    assert set(MOVES) == set(NoticeStatus)
    assert may_move(NoticeStatus.DRAFT, NoticeStatus.PUBLISHED)
    assert not may_move(NoticeStatus.WITHDRAWN, NoticeStatus.PUBLISHED)
    assert not may_move(NoticeStatus.SUPERSEDED, NoticeStatus.PUBLISHED)
