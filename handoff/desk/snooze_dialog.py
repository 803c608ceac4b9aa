"""Putting a case aside until a time."""

from __future__ import annotations

from core.clock import now as clock_now
from handoff import service as handoff
from handoff.desk import when, words
from handoff.desk.elements import say
from handoff.desk.floor import Floor
from handoff.desk.moment_field import MomentField
from handoff.desk.sheet import Sheet
from handoff.queue_order import is_emergency
from handoff.schemas import Case


async def ask_snooze(floor: Floor, case: Case) -> None:
    """Until when; the case stays its owner's."""
    with Sheet(floor.client, "미루기", "snooze") as sheet:
        say("p", words.case_label(case), "what")
        limit = "긴급 상담은 1시간까지만 미룰 수 있습니다. " if is_emergency(case.severity) else ""
        say("p", f"{limit}계속 내 상담이고, 시간이 되거나 위험한 글이 오면 바로 알려 줍니다.", "soft")
        until = MomentField("언제까지", handoff.longest_snooze(case.severity))

        async def act() -> str | None:
            if until.value is None:
                return "언제까지 미룰지 정하세요."
            await floor.do.snooze(case.id, until.value)
            floor.tell(f"#{case.id} 상담을 {when.said(until.value, clock_now())}까지 미뤘습니다.")
            return None

        sheet.foot("미루기", act)
