"""Who can be chosen, how far a shift change has come, and what a supervisor reads of the team: pure pictures of plain data."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handoff.desk.people import guests, receivers, stands, teams_of
from handoff.desk.shift_dialog import outcome_of, problem_of
from handoff.desk.team_actions import TeamPicture
from handoff.desk.team_districts import dates_words, region_words
from handoff.desk.team_numbers import standing
from handoff.desk.team_people import ordered, shift_words, summary
from handoff.jurisdiction.records import Competence, Confidence, Kind
from handoff.schemas import Colleague, DutyNumber, QueueRow

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
FREE = Colleague(1, "김하늘", frozenset(["agent"]), "available", 3, 1, ("ko", "en"))
FULL = Colleague(2, "박민수", frozenset(["agent"]), "available", 3, 3, ("ko",), teams=("야간",))
AWAY = Colleague(3, "이소라", frozenset(["agent"]), "away", 3, 0, ("ko",), away_reason="meal", since=NOW - timedelta(minutes=42))
OFF = Colleague(4, "정유진", frozenset(["supervisor"]), "offline", 3, 0)
OFFICER = Colleague(5, "박영사", frozenset(["officer"]), "available", 3, 0)
EVERYBODY = (OFF, AWAY, FULL, FREE, OFFICER)
ROW = QueueRow(7, "talk", "claimed", "urgent", "assault", "ko", "TH", NOW, 1, None, 0, 0, False, 3)


@pytest.mark.parametrize(
    ("severity", "first", "why"),
    [("none", [1], {2: "정원이 찼습니다"}), ("urgent", [1, 2], {}), ("life_threat", [1, 2], {})],
)
def test_those_who_can_take_it_stand_first_and_the_others_say_why(severity, first, why):
    rows = receivers(EVERYBODY, severity, without=(), now=NOW)
    assert [row["id"] for row in rows if not row["why"]] == first
    assert {row["id"]: row["why"] for row in rows if row["why"]} == {**why, 3: "자리 비움 · 식사 · 42분째", 4: "데스크 닫힘"}
    assert [row["id"] for row in receivers(EVERYBODY, severity, without=(1,), now=NOW)][:1] != [1]


def test_everybody_may_be_invited_and_an_officer_is_named_as_such():
    found = {row["id"]: row["detail"] for row in guests(EVERYBODY, without=(1,), now=NOW)}
    assert set(found) == {2, 3, 4, 5}
    assert found[5] == "영사 · 응대 가능"


def test_a_team_counts_who_could_take_a_case_now():
    assert teams_of(EVERYBODY) == {"centre": 1, "야간": 1}


@pytest.mark.parametrize(
    ("cases", "promises", "says"),
    [
        ([(7, 0, "")], [(1, 0)], "받는 사람을"),
        ([(7, 2, " "), (8, 2, "경찰과 통화 중"), (9, 0, "")], [], "#7. 받는"),
        ([(7, 2, "경찰과 통화 중")], [], None),
        ([(7, 0, "")], [(1, 2)], None),
    ],
)
def test_what_a_shift_change_still_needs(cases, promises, says):
    found = problem_of(cases, promises)
    assert found is None if says is None else says in str(found)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (ROW, "stayed"),
        (replace(ROW, asked_to=2), "asked"),
        (replace(ROW, owner_id=2), "moved"),
        (replace(ROW, owner_id=None, status="queued"), "gone"),
        (replace(ROW, owner_id=9), "gone"),
        (replace(ROW, severity="none"), "stayed"),
        (None, "gone"),
    ],
)
def test_how_far_a_handed_over_case_has_come(row, code):
    assert outcome_of(7, row, 1, 2)[0] == code


def test_a_supervisor_reads_one_line_and_sees_first_who_is_there_and_who_is_away_longest():
    picture = TeamPicture(NOW, (OFF, replace(AWAY, id=6, since=NOW), AWAY, FULL, FREE), (), ())
    assert summary(picture) == "응대 가능 2명 · 빈자리 2 · 자리 비움 2명 · 데스크 닫힘 1명"
    assert [one.id for one in ordered(picture)] == [1, 2, 3, 6, 4]
    assert stands(FREE, NOW) == "응대 가능"
    assert shift_words(FREE, picture) == "정하지 않음"
    assert shift_words(replace(FREE, shift_ends_at=NOW + timedelta(hours=2)), picture) == "14:00까지"
    assert shift_words(replace(FREE, next_shift_at=NOW + timedelta(hours=2)), picture) == "다음 14:00"


def test_a_number_is_rung_only_while_its_check_is_fresh():
    unchecked = DutyNumber("KH", "+855 12 345 678", "공관", 1, "김하늘", NOW, "", None, False)
    assert [standing(one)[0] for one in (unchecked, replace(unchecked, checked_at=NOW), replace(unchecked, checked_at=NOW, is_called=True))] == [
        "open",
        "open",
        "ok",
    ]
    assert "오래됨" in standing(replace(unchecked, checked_at=NOW))[1]


def test_a_row_of_districts_in_words():
    row = Competence(Kind.DISTRICT, "DE", "주독일대사관", ("DE-BY", "*"), (1.0, 2.0, 3.0, 4.0), NOW.date(), None, Confidence.OFFICIAL, "공관")
    assert region_words(row, {"DE-BY": "바이에른"}) == "바이에른, 나머지 전부 (일부)"
    assert dates_words(row) == "2026-03-01 – 계속"
    assert dates_words(replace(row, valid_from=None)) == "날짜 없음"
