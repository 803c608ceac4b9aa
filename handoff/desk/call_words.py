"""Calls in words, for staff."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from handoff.calls.schemas import CallRow, PastCall
from handoff.desk import words

SEOUL = ZoneInfo("Asia/Seoul")
#: Why a call has ended, for staff.
WHYS = {
    "hung_up": "",
    "withdrawn": "받기 전에 끊음",
    "declined": "거절",
    "no_answer": "받지 않음",
    "gone": "연결이 끊김",
    "left": "화면을 닫음",
    "failed": "두 기기가 이어지지 않음",
    "over": "상담이 넘어가거나 끝남",
}


def row_words(row: CallRow) -> dict[str, Any]:
    """A call as the strip shows it."""
    place = words.country_names().get(row.country or "", "")
    return {
        "call_id": row.call_id,
        "case_id": row.case_id,
        "state": row.state,
        "by": row.started_by,
        "label": " · ".join(part for part in (f"#{row.case_id}", words.severity_word(row.severity), place) if part),
        "own": row.is_own,
        "at": (row.answered_at or row.started_at).timestamp() * 1000,
        "clock": row.started_at.astimezone(SEOUL).strftime("%H:%M"),
    }


def past_words(call: PastCall) -> str:
    """A call of a case's history in one line."""
    began = call.started_at.astimezone(SEOUL)
    who = "민원인이 건 음성 통화" if call.started_by == "citizen" else f"{call.staff_name or '사용 중지된 계정'} 님이 건 음성 통화"
    if call.ended_at is None:
        became = "통화 중" if call.answered_at else "벨이 울리는 중"
    elif call.answered_at is not None:
        seconds = int((call.ended_at - call.answered_at).total_seconds())
        became = f"{call.staff_name or '사용 중지된 계정'} · {seconds // 60}분 {seconds % 60:02d}초"
    else:
        became = "부재중" if call.is_missed else "연결되지 않음"
    why = WHYS.get(call.why, "")
    return f"{began:%m-%d %H:%M} · {who} · {became}" + (f" ({why})" if why else "")
