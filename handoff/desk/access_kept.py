"""How long what is kept, and the proof that what is over was erased."""

from __future__ import annotations

from datetime import timedelta

from core.clock import now as clock_now
from core.settings import Settings
from handoff.desk import when
from handoff.desk.access_actions import Kept
from handoff.desk.elements import block, say
from handoff.records.data_classes import ACCESS_LOG, CLASSES


def lasting(span: timedelta) -> str:
    """A clock in words."""
    return f"{span.days}일" if span >= timedelta(days=7) or not span.seconds else f"{int(span.total_seconds() // 3600)}시간"


def fill_kept(kept: Kept, settings: Settings) -> None:
    """The state of the daily run, and a row for each class."""
    if kept.last is None:
        say("p", "아직 한 번도 지우지 않았습니다. 작업 프로세스가 켜진 뒤 몇 분 안에 처음 지웁니다.", "warning", data_kept="never")
    else:
        say("p", f"마지막으로 지운 때: {when.said(kept.last.ended_at, clock_now())} · {sum(kept.last.erased.values())}건", "glance", data_kept="ran")
        if kept.last.failed:
            say("p", "끝내지 못한 종류가 있어 한 시간 뒤에 다시 합니다: " + ", ".join(kept.last.failed), "warning")
        if kept.is_overdue:
            say("p", "이틀 넘게 끝까지 지우지 못했습니다. 운영 담당자에게 알리세요.", "warning", data_kept="overdue")
    say("p", f"보존 지정 {kept.holds}건. 보존 지정된 대화, 끝나지 않은 상담, 다시 열 수 있는 상담에서는 지우지 않습니다.", "soft")
    say("p", "정확한 위치와 사진·파일은 보존 지정이 없으면 상담이 열려 있어도 제 기간에 지웁니다.", "soft")
    with block("div", "scroll"), block("table", "grid", data_table="kept"):
        with block("thead"), block("tr"):
            for name in ("종류", "보관 기간", "마지막에 지운 건수", "30일 동안"):
                say("th", name)
        with block("tbody"):
            for one in (*CLASSES, ACCESS_LOG):
                with block("tr", data_class=one.code):
                    say("th", one.korean, scope="row")
                    say("td", lasting(one.kept_for(settings)), "number")
                    failed = kept.last is not None and one.code in kept.last.failed
                    say("td", "실패" if failed else str(kept.last.erased.get(one.code, 0)) if kept.last else "", "number")
                    say("td", str(kept.lately.get(one.code, 0)), "number")
