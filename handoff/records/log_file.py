"""The access log of a month as a file for a spreadsheet. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date

from handoff.board.csv_file import BOM, safe
from handoff.records.access_review import ZONE, Line
from handoff.records.action_words import said


def build(first: date, lines: Iterable[Line]) -> str:
    """A line each: when, who, from where, what, on which case and whose, and what stands out."""
    target = io.StringIO()
    write = csv.writer(target, lineterminator="\r\n").writerow
    write([f"# 길동무 열람 기록 {first:%Y-%m} (서울)"])
    write(["번호", "시각(서울)", "계정", "이름", "주소", "한 일", "상담", "민원인(가명)", "눈에 띄는 점"])
    for one in lines:
        at = f"{one.at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"
        signs = ", ".join(sign.korean for sign in one.signs)
        write([one.id, at, safe(one.account), safe(one.name), safe(one.address), safe(said(one.action)), one.case_id or "", one.subject, signs])
    return BOM + target.getvalue()
