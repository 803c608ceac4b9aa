"""News of one's cases, times that people choose, and why a move was refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from accounts.schemas import Staff
from core.errors import CATALOGUE, AppError
from handoff.desk.live import Change
from handoff.desk.news import news, unattended
from handoff.desk.refusals import sentence
from handoff.desk.when import SEOUL, from_field, lasted, said, suggestions, to_field
from handoff.schemas import QueueRow

NOW = datetime(2026, 3, 1, 14, 30, tzinfo=UTC)  # 23:30 in Seoul
ROW = QueueRow(7, "talk", "claimed", "urgent", "assault", "ko", "TH", NOW, 1, None, 0, 0, False, 3, owner_name="김하늘")


@pytest.mark.parametrize(
    ("kind", "before", "after", "payload", "mine", "others"),
    [
        ("asked", ROW, replace(ROW, asked_to=2), {}, None, "맡아 달라는 요청"),
        ("refused", ROW, ROW, {"staff_id": 2}, "계속 내 상담", None),
        ("refused", ROW, ROW, {"staff_id": 1}, None, None),
        ("accepted", ROW, replace(ROW, owner_id=2, owner_name="박민수"), {"from_id": 1, "why": "shift"}, "박민수 님이 넘겨받았습니다", "메모를 먼저"),
        ("accepted", ROW, replace(ROW, owner_id=2, owner_name="박민수"), {"from_id": 1}, "박민수 님이 넘겨받았습니다", None),
        ("overridden", ROW, replace(ROW, owner_id=2, owner_name="박민수"), {"from_id": 1}, "책임자로서 가져갔습니다", None),
        ("offer_expired", None, replace(ROW, owner_id=None, status="queued"), {"staff_id": 2}, None, "다음 상담관"),
        ("closing_withdrawn", ROW, ROW, {"staff_id": 2}, "반대했습니다", None),
        ("closing_withdrawn", ROW, ROW, {"staff_id": 1}, None, None),
        ("closed", replace(ROW, closing_by=1), None, {}, "동료가 확인해", None),
        ("closed", ROW, None, {}, None, None),
        ("woken", ROW, ROW, {}, "볼 시간", None),
        ("returned", ROW, replace(ROW, owner_id=None, status="queued"), {"why": "desk_silent"}, "연결이 끊긴", None),
        ("returned", ROW, replace(ROW, owner_id=None, status="queued"), {"why": "asked"}, None, None),
        ("claimed", None, ROW, {}, None, None),
        ("unattended", ROW, ROW, {"waited_s": 310}, "5분째", None),
    ],
)
def test_who_is_told_what(kind, before, after, payload, mine, others):
    for viewer, says in ((1, mine), (2, others), (3, None)):
        told = news(Change(kind, 7, before, after, payload), viewer)
        assert (told is None) if says is None else (says in (told or "") and "#7" in told)


def test_supervisors_are_told_of_an_emergency_that_nobody_answers_in_the_same_words_each_time():
    agent, owner, chief = (Staff(number, f"s{number}", "직원", frozenset([role])) for number, role in ((3, "agent"), (1, "supervisor"), (2, "supervisor")))
    first, second = (Change("unattended", 7, ROW, ROW, {"waited_s": waited}) for waited in (310, 620))
    assert "김하늘" in (unattended(first, chief) or "")
    assert unattended(first, chief) == unattended(second, chief)
    assert (unattended(first, agent), unattended(first, owner)) == (None, None)


def test_buttons_never_offer_more_than_is_allowed():
    assert [label for label, _ in suggestions(NOW, timedelta(hours=1))] == ["10분 뒤", "30분 뒤", "1시간 뒤"]
    assert all(NOW < at < NOW + timedelta(hours=1) for _, at in suggestions(NOW, timedelta(hours=1)))
    label, morning = suggestions(NOW, timedelta(days=7))[-1]
    assert (label, morning.astimezone(SEOUL).isoformat()) == ("내일 09:00", "2026-03-02T09:00:00+09:00")
    assert suggestions(NOW - timedelta(hours=18), timedelta(days=7))[-1][0] == "오늘 09:00"


@pytest.mark.parametrize("text", ["", "내일", "2026-13-01T00:00", "2026-03-01T10:00+00:00", "25:00"])
def test_what_is_no_local_time_is_refused(text):
    assert from_field(text) is None


def test_a_field_holds_korean_time_to_the_minute():
    at = from_field("2026-03-02T09:05")
    assert at is not None
    assert at.astimezone(UTC) == datetime(2026, 3, 2, 0, 5, tzinfo=UTC)
    assert to_field(at) == "2026-03-02T09:05"
    assert (said(NOW, NOW), said(at, NOW)) == ("23:30", "3월 2일 09:05")


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (timedelta(seconds=-5), "0분"),
        (timedelta(minutes=59), "59분"),
        (timedelta(minutes=61), "1시간 1분"),
        (timedelta(hours=2), "2시간"),
        (timedelta(days=3), "3일"),
    ],
)
def test_how_long(since, words):
    assert lasted(NOW - since, NOW) == words


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (AppError("invalid_request", field="to"), "받을 수 없는 사람"),
        (AppError("invalid_request", field="until"), "1시간"),
        (AppError("invalid_request", field="nobody-knows"), CATALOGUE["invalid_request"].korean),
        (AppError("not_owner"), "담당이 바뀌었습니다"),
        (AppError("too_late_to_reopen"), CATALOGUE["too_late_to_reopen"].korean),
    ],
)
def test_why_it_was_refused(error, says):
    assert says in sentence(error)
