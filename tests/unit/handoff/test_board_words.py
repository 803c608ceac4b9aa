"""The board's words and its file: every figure has its meaning, nothing to count is empty, no cell is run by a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest

from handoff.board import charts, csv_file, definitions
from handoff.board.definitions import Contact, Rating, Records, days
from handoff.board.erlang import Shift
from handoff.board.what_if import STOPS, USUAL, nearest, seen
from handoff.board.wording import MEASURES, NOTHING, brief, duration, written

DAY = days(date(2026, 11, 22), date(2026, 11, 22))
LATE = DAY.start + timedelta(days=9)


def rows_of(records, names=None):
    found = definitions.figures(records, DAY, LATE)
    text = csv_file.build(found, definitions.slots(records.contacts, DAY, timedelta(hours=1), LATE), names or {})
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_every_figure_stands_in_the_file_under_its_meaning():
    rows = rows_of(Records())
    heading = next(index for index, row in enumerate(rows) if row[0] == "구분")
    above, below = rows[:heading], rows[heading + 1 :]
    for measure in MEASURES:
        assert any(row[0].startswith(f"# {measure.name} [") and measure.meaning in row[0] for row in above)
        assert sum(row[0] == "전체" and row[2] == measure.name for row in below) == 1
    assert {len(row) for row in below} == {6}


def test_an_empty_day_is_empty_cells():
    values = {row[2]: row[4] for row in rows_of(Records()) if row[0] == "전체"}
    assert values["응답률 (60초 안)"] == values["평균 대기"] == values["업무 밀도"] == ""
    assert values["들어온 상담"] == "0"


def test_figures_of_the_sandbox_say_so_on_every_line():
    found = definitions.figures(Records(), DAY, LATE)
    lines = csv_file.build(found, definitions.slots([], DAY, timedelta(hours=12), LATE), {}, is_practice=True).removeprefix("\ufeff")
    first, *rows = csv.reader(io.StringIO(lines))
    assert first[0].startswith("# 교육용")
    assert {row[-1] for row in rows if not row[0].startswith("#")} == {"교육용"}
    assert all("교육용" not in cell for row in rows_of(Records()) for cell in row)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u3000=1", "＝1"])
def test_a_name_that_looks_like_a_formula_is_a_name(name):
    ratings = [Rating(DAY.start, 5, 7), Rating(DAY.start, 3, None)]
    rows = rows_of(Records(ratings=ratings), {7: name})
    people = {row[3] for row in rows if row[0] == "만족도"}
    assert people == {"'" + name, "봇"}
    assert csv_file.safe("김하늘") == "김하늘"


def test_the_trend_adds_up():
    contacts = [Contact(n, DAY.start + timedelta(minutes=25 * n), DAY.start + timedelta(minutes=25 * n, seconds=9)) for n in range(50)]
    rows = rows_of(Records(contacts))
    assert sum(int(row[4]) for row in rows if row[0] == "추이" and row[2] == "들어온 상담") == 50


def test_times_as_people_read_them():
    assert [duration(second) for second in (None, 0, 59.4, 60, 3599, 3600, 90_061)] == [
        NOTHING,
        "0초",
        "59초",
        "1분 0초",
        "59분 59초",
        "1시간 0분",
        "25시간 1분",
    ]
    assert [brief(second) for second in (None, 34, 94, 600, 3599, 3600, 64_400)] == [NOTHING, "34초", "1분 34초", "10분", "59분", "1시간", "17시간"]
    assert [written(0.1234, "share"), written(None, "share"), written(1234, "count"), written(3.456, "score")] == ["12.3 %", NOTHING, "1,234", "3.46"]


def test_sliders_begin_where_the_day_is():
    contacts = [
        Contact(n, DAY.start + timedelta(minutes=n), DAY.start + timedelta(minutes=n), closed_at=DAY.start + timedelta(minutes=n + 9)) for n in range(59)
    ]
    found = definitions.figures(Records(contacts), DAY, DAY.start + timedelta(hours=2))
    assert seen(found, DAY.start + timedelta(hours=2), 9).arrivals_per_hour == nearest("arrivals_per_hour", 59 / 2)
    assert seen(found, DAY.start + timedelta(hours=2), 9).agents == 9
    empty = definitions.figures(Records(), DAY, LATE)
    assert seen(empty, LATE, 0) == USUAL
    assert all(list(stops) == sorted(set(stops)) for stops in STOPS.values())
    assert nearest("agents", 1e9) == STOPS["agents"][-1]
    assert Shift(*(stops[-1] for stops in STOPS.values()))


def test_charts_leave_gaps_where_nothing_was():
    slots = definitions.slots([Contact(1, DAY.start, DAY.start + timedelta(seconds=5))], DAY, timedelta(hours=1), LATE)
    assert charts.service_level(slots)["series"][0]["data"] == [100.0, *[None] * 23]
    assert charts.arrivals([])["xAxis"]["data"] == []
    assert charts.time_to_human([])["yAxis"]["max"] == 120
