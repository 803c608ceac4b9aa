"""Which version leads, what is flagged, which moves are open, and when a text may be published."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from core.errors import AppError
from knowledge_base.editing import rules
from knowledge_base.editing.rules import House
from knowledge_base.editing.schemas import Due, Flag
from knowledge_base.notices import force_table
from knowledge_base.schemas import Notice, NoticeContent, NoticeStatus

TODAY = date(2026, 11, 22)
DRAFT, REVIEW, PUBLISHED = NoticeStatus.DRAFT, NoticeStatus.REVIEW, NoticeStatus.PUBLISHED
SUPERSEDED, EXPIRED, WITHDRAWN = NoticeStatus.SUPERSEDED, NoticeStatus.EXPIRED, NoticeStatus.WITHDRAWN


def make(version: int = 1, status: NoticeStatus = PUBLISHED, **values: Any) -> Notice:
    given = {"id": "n", "title": "제목", "body": "본문입니다.", "published_at": date(2026, 1, 1), "effective_from": date(2026, 1, 1)}
    return Notice(NoticeContent(**{**given, "review_by": date(2027, 5, 1), **values}), version, status)


def flags(notice: Notice, *others: Notice, has_pending: bool = False) -> set[Flag]:
    force = force_table([notice, *others]).get((notice.id, notice.version))
    return set(rules.flags_of(notice, force, TODAY, has_pending=has_pending))


@pytest.mark.parametrize(
    ("statuses", "leads", "works"),
    [
        ([DRAFT], 1, 1),
        ([PUBLISHED], 1, None),
        ([PUBLISHED, DRAFT], 1, 2),
        ([PUBLISHED, DRAFT, REVIEW], 1, 3),
        ([SUPERSEDED, PUBLISHED], 2, None),
        ([SUPERSEDED, EXPIRED], 2, None),
        ([EXPIRED, DRAFT], 1, 2),
        ([PUBLISHED, DRAFT, WITHDRAWN], 1, None),  # an older draft is history
        ([WITHDRAWN], 1, None),
        ([DRAFT, DRAFT], 2, 2),
    ],
)
def test_the_version_that_leads_and_the_one_in_work(statuses: list[NoticeStatus], leads: int, works: int | None) -> None:
    versions = [make(number, status) for number, status in enumerate(statuses, 1)]
    assert rules.leading(versions).version == leads
    work = rules.pending(versions)
    assert (work.version if work else None) == works


class TestFlags:
    def test_all_is_well(self) -> None:
        assert flags(make()) == set()

    @pytest.mark.parametrize(
        ("review_by", "expected"),
        [
            (TODAY - timedelta(days=1), {Flag.REVIEW_OVERDUE}),
            (TODAY, {Flag.REVIEW_SOON}),
            (TODAY + timedelta(days=30), {Flag.REVIEW_SOON}),
            (TODAY + timedelta(days=31), set()),
            (None, {Flag.NO_REVIEW_DAY}),
        ],
    )
    def test_the_review_day(self, review_by: date | None, expected: set[Flag]) -> None:
        assert flags(make(review_by=review_by)) == expected

    def test_an_overdue_one_is_not_in_force_but_not_ended_either(self) -> None:
        notice = make(review_by=date(2026, 11, 21))
        assert not force_table([notice])["n", 1].on(TODAY)
        assert flags(notice) == {Flag.REVIEW_OVERDUE}

    @pytest.mark.parametrize(
        ("expires_at", "expected"),
        [(TODAY, {Flag.ENDED}), (TODAY + timedelta(days=1), {Flag.EXPIRES_SOON}), (TODAY + timedelta(days=31), set())],
    )
    def test_the_last_day(self, expires_at: date, expected: set[Flag]) -> None:
        assert flags(make(expires_at=expires_at)) == expected

    def test_a_review_day_at_the_end_of_the_calendar(self) -> None:
        assert flags(make(review_by=date.max)) == set()
        assert flags(make(review_by=date.max, expires_at=TODAY)) == {Flag.ENDED}

    def test_ended_and_overdue_is_only_ended(self) -> None:
        assert flags(make(expires_at=date(2026, 6, 1), review_by=date(2026, 5, 1))) == {Flag.ENDED}

    def test_what_is_superseded_has_ended(self) -> None:
        newer = replace(make(), content=replace(make().content, id="m", supersedes=("n",), effective_from=date(2026, 6, 1)))
        assert flags(make(status=SUPERSEDED), newer) == {Flag.ENDED}
        later = replace(newer, content=replace(newer.content, effective_from=date(2027, 1, 1)))
        assert flags(make(status=SUPERSEDED), later) == set()  # still speaks until then

    def test_a_draft_beside_it_and_a_first_day_to_come(self) -> None:
        assert flags(make(effective_from=date(2026, 12, 1)), has_pending=True) == {Flag.STARTS_LATER, Flag.CHANGED_SINCE}

    def test_a_draft_alone(self) -> None:
        assert flags(make(status=DRAFT, test_only=True), has_pending=True) == {Flag.NEVER_PUBLISHED, Flag.TEST_ONLY}

    def test_every_flag_has_a_korean_word(self) -> None:
        assert len({flag.label for flag in Flag}) == len(Flag)

    @pytest.mark.parametrize(("due", "shown"), [(None, True), (Due.OVERDUE, True), (Due.SOON, False)])
    def test_lists_by_due(self, due: Due | None, shown: bool) -> None:
        assert rules.is_due((Flag.REVIEW_OVERDUE,), due) is shown


class TestRenewing:
    @pytest.mark.parametrize(
        ("notice", "may"),
        [
            (make(review_by=date(2026, 1, 2)), True),
            (make(review_by=None), True),
            (make(effective_from=date(2027, 1, 1), review_by=date(2026, 12, 1)), True),
            (make(expires_at=TODAY, review_by=date(2026, 5, 1)), False),
            (make(status=EXPIRED, expires_at=TODAY), False),
            (make(status=DRAFT), False),
            (make(status=WITHDRAWN), False),
        ],
    )
    def test_only_what_would_hold_with_a_new_day(self, notice: Notice, may: bool) -> None:
        assert rules.is_renewable(notice, [notice], TODAY) is may

    def test_not_what_something_else_has_replaced(self) -> None:
        newer = make(2, effective_from=date(2026, 6, 1))
        assert not rules.is_renewable(make(1, SUPERSEDED), [make(1, SUPERSEDED), newer], TODAY)

    @pytest.mark.parametrize(("day", "fits"), [(TODAY, True), (TODAY + rules.LONGEST_REVIEW, True), (TODAY - timedelta(days=1), False), (None, False)])
    def test_the_new_day(self, day: date | None, fits: bool) -> None:
        if fits:
            assert rules.check_review_day(day, TODAY) == day
            return
        with pytest.raises(AppError) as refused:
            rules.check_review_day(day, TODAY)
        assert (refused.value.code, refused.value.extra) == ("review_day", {"field": "review_by"})

    def test_in_the_far_future_is_never(self) -> None:
        with pytest.raises(AppError):
            rules.check_review_day(TODAY + rules.LONGEST_REVIEW + timedelta(days=1), TODAY)


@pytest.mark.parametrize(
    ("notice", "newest", "moves"),
    [
        (make(1, DRAFT), 1, {"submit", "publish", "withdraw"}),
        (make(1, REVIEW), 1, {"send_back", "publish", "withdraw"}),
        (make(1, DRAFT), 2, {"withdraw", "revert"}),
        (make(1, PUBLISHED), 1, {"withdraw", "revert", "renew"}),
        (make(1, WITHDRAWN), 1, {"revert"}),
        (make(1, EXPIRED), 2, {"withdraw", "revert"}),
    ],
)
def test_the_moves_that_are_open(notice: Notice, newest: int, moves: set[str]) -> None:
    renewable = rules.is_renewable(notice, [notice], TODAY)
    assert rules.open_moves(notice, newest, renewable=renewable) == moves


class TestPublishing:
    @pytest.mark.parametrize(
        ("values", "needs_second", "by", "code"),
        [
            ({}, False, "kim", None),
            ({}, True, "lee", None),
            ({}, True, "kim", "second_person"),
            ({"review_by": date(2026, 11, 21)}, False, "kim", "review_day"),
            ({"review_by": None}, False, "kim", "review_day"),
            ({"expires_at": TODAY}, False, "kim", "already_over"),
            ({"expires_at": TODAY + timedelta(days=1)}, False, "kim", None),
            ({"body": rules.BODY_TO_WRITE}, False, "kim", "bad_notice"),
            ({"title": rules.TITLE_TO_WRITE}, False, "kim", "bad_notice"),
        ],
    )
    def test_what_people_may_publish(self, values: dict[str, Any], needs_second: bool, by: str, code: str | None) -> None:
        house = House(needs_second_person=needs_second)
        if code is None:
            rules.check_publishable(make(1, DRAFT, **values).content, "kim", by, house, TODAY)
            return
        with pytest.raises(AppError) as refused:
            rules.check_publishable(make(1, DRAFT, **values).content, "kim", by, house, TODAY)
        assert refused.value.code == code


class TestGoingBack:
    def test_an_old_text_holds_from_today_so_that_the_past_stays_as_it_was(self) -> None:
        old, since = make(1, SUPERSEDED), make(2, effective_from=date(2026, 6, 1))
        back = replace(make(3), content=rules.reverted(old.content, TODAY, 180))
        table = force_table([old, since, back])
        assert (back.content.effective_from, back.content.review_by) == (TODAY, TODAY + timedelta(days=180))
        assert table["n", 2].on(date(2026, 11, 21))
        assert not table["n", 2].on(TODAY)
        assert table["n", 3].on(TODAY)

    def test_a_last_day_that_has_passed_is_left_out_and_one_to_come_stays(self) -> None:
        assert rules.reverted(make(expires_at=date(2026, 6, 1)).content, TODAY, 180).expires_at is None
        assert rules.reverted(make(expires_at=date(2027, 6, 1)).content, TODAY, 180).expires_at == date(2027, 6, 1)

    def test_a_first_day_to_come_stays(self) -> None:
        assert rules.reverted(make(effective_from=date(2027, 2, 1)).content, TODAY, 180).effective_from == date(2027, 2, 1)


def test_a_record_without_a_review_day_gets_one() -> None:
    assert rules.with_review_day({"title": "가"}, TODAY, 10)["review_by"] == "2026-12-02"
    assert rules.with_review_day({"review_by": date(2027, 1, 1)}, TODAY, 10)["review_by"] == date(2027, 1, 1)
