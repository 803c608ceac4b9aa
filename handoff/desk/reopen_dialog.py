"""Cases that ended lately, and the way to open one again."""

from __future__ import annotations

from collections.abc import Callable

from core.clock import now as clock_now
from handoff import service as handoff
from handoff.desk import when, words
from handoff.desk.elements import block, button, say
from handoff.desk.floor import Floor
from handoff.desk.sheet import Act, Sheet
from handoff.schemas import ClosedCase


async def show_closed(floor: Floor) -> None:
    """The newest first, with nothing personal."""
    rows = await floor.do.recently_closed()
    with Sheet(floor.client, "최근 종료한 상담", "closed", is_wide=True) as sheet:
        say("p", "다시 열면 처음 온 시각의 순서로 대기열에 오르고, 메모와 기록이 그대로 이어집니다.", "soft")
        with block("ul", "rows", role="list"):
            for row in rows:
                _fill(row, sheet, _reopener(floor, row.case_id))
        if not rows:
            say("p", "다시 열 수 있는 상담이 없습니다.", "none")
        sheet.foot("", None)


def _fill(row: ClosedCase, sheet: Sheet, reopen: Act) -> None:
    with block("li", "row-line", data_closed=row.case_id):
        with block("div"):
            say("b", f"{words.severity_shape(row.severity)} {words.severity_word(row.severity)} · {words.category_word(row.category)} · #{row.case_id}")
            parts = [words.country_name(row.country), handoff.OUTCOMES.get(row.outcome, row.outcome), when.said(row.closed_at, clock_now()), row.closed_by_name]
            say("p", " · ".join(part for part in parts if part), "soft")
        if row.is_overtaken:
            say("span", "같은 대화에 열린 상담이 있습니다", "soft")
        else:
            button("다시 열기", _runner(sheet, reopen), classes="small", data_reopen="")


def _runner(sheet: Sheet, act: Act) -> Callable[[], object]:
    return lambda: sheet.run(act)


def _reopener(floor: Floor, case_id: int) -> Act:
    async def act() -> None:
        await floor.do.reopen(case_id)
        floor.tell(f"#{case_id} 상담을 다시 열었습니다. 대기열에 있습니다.")

    return act
