"""The figures as a file for a spreadsheet, with what they mean above them. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from handoff.board.definitions import ZONE, Figures, Slot
from handoff.board.wording import GENERAL, MEASURES

#: A spreadsheet takes a cell that begins like this for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"
#: Stands on every line of what a training sandbox gives out.
PRACTICE = "교육용"
UNITS = {"share": "비율(0–1)", "seconds": "초", "count": "건", "hours": "시간", "ratio": "건", "score": "점"}
_TREND = ("offered", "answered", "abandoned", "service_level", "service_level_all", "mean_wait", "p95_wait", "abandonment", "emergencies", "to_human_p95")


def safe(text: str) -> str:
    """A name that a spreadsheet shows instead of running it."""
    return f"'{text}" if text.lstrip(" \u00a0\u3000").startswith(FORMULA) or text.startswith(FORMULA) else text


def build(found: Figures, trend: Sequence[Slot], names: Mapping[int, str], *, is_practice: bool = False) -> str:
    """One value a line: what it is about, when, which figure, whose, how much; figures of practice say so in their first line and beside each value."""
    target = io.StringIO()
    write_row = csv.writer(target, lineterminator="\r\n").writerow
    window = found.window

    def write(cells: list[object]) -> None:
        write_row([*cells, PRACTICE] if is_practice and len(cells) > 1 else cells)

    if is_practice:
        write([f"# {PRACTICE}: 연습에서 나온 숫자입니다. 어느 보고에도 쓰지 마세요."])
    write([f"# 길동무 상황판 {window.start.astimezone(ZONE):%Y-%m-%d %H:%M} – {window.end.astimezone(ZONE):%Y-%m-%d %H:%M} (서울)"])
    for line in GENERAL:
        write([f"# {line}"])
    for measure in MEASURES:
        write([f"# {measure.name} [{UNITS[measure.unit]}]: {measure.meaning}"])
    write(["# 만족도는 점수를 주기 전에 마지막으로 종료된 상담을 종료한 사람의 것입니다. 상담이 없었으면 ‘봇’입니다."])
    write(["구분", "시작(서울)", "지표", "사람", "값", "단위"])
    begins = _moment(window.start)
    for measure in MEASURES:
        write(["전체", begins, measure.name, "", _number(measure.of(found)), UNITS[measure.unit]])
    for credit in found.satisfaction.credits:
        who = safe(names.get(credit.staff_id, f"계정 {credit.staff_id}")) if credit.staff_id is not None else "봇"
        write(["만족도", begins, "만족도 응답", who, credit.ratings, "건"])
        write(["만족도", begins, "평균 점수", who, _number(credit.mean), "점"])
        write(["만족도", begins, "만족", who, _number(credit.satisfied), UNITS["share"]])
    of_trend = [measure for measure in MEASURES if measure.key in _TREND]
    for slot in trend:
        part = replace(found, waiting=slot.waiting, emergencies=slot.emergencies)
        for measure in of_trend:
            write(["추이", _moment(slot.start), measure.name, "", _number(measure.of(part)), UNITS[measure.unit]])
    return BOM + target.getvalue()


def _moment(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}"


def _number(value: float | int | None) -> str:
    return "" if value is None else str(value) if isinstance(value, int) else f"{value:.6g}"
