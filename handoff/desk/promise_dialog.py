"""What was promised to citizens: what one still answers for, and a new promise for the open case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from core.clock import now as clock_now
from handoff.desk import when, words
from handoff.desk.elements import block, button, say
from handoff.desk.floor import Floor
from handoff.desk.moment_field import MomentField
from handoff.desk.sheet import Act, Sheet, field
from handoff.promises import Promise
from handoff.schemas import Case

#: How far ahead the buttons reach; a promise itself may be later.
SUGGESTED = timedelta(days=2)


async def show_promises(floor: Floor, case: Case | None, *, may_write: bool, on_change: Callable[[], Awaitable[None]]) -> None:
    """Those that are open, the most pressing first; ``case`` is the one a new promise would belong to."""
    found = await floor.do.promises()
    with Sheet(floor.client, "내 약속", "promises", is_wide=True) as sheet:
        with block("ul", "rows", role="list"):
            for one in found:
                _fill(floor, sheet, one, on_change)
        if not found:
            say("p", "지키지 않은 약속이 없습니다.", "none")
        if case is None or not may_write:
            sheet.foot("", None)
            return
        with block("div", "optional"):
            say("p", f"새 약속 — {words.case_label(case)}", "what")
            text = field("민원인에게 한 약속 (예: 다시 전화, 서류 확인)", "promise", most=1000)
            due = MomentField("언제까지", SUGGESTED)

        async def act() -> str | None:
            if not (text.value or "").strip():
                return "무엇을 약속했는지 적으세요."
            if due.value is None:
                return "언제까지인지 정하세요."
            await floor.do.promise(case.id, text.value, due.value)
            floor.tell(f"약속을 적었습니다: {when.said(due.value, clock_now())}까지.")
            await on_change()
            return None

        sheet.foot("약속 적기", act)


def _fill(floor: Floor, sheet: Sheet, one: Promise, on_change: Callable[[], Awaitable[None]]) -> None:
    is_late = one.due_at < clock_now()
    with block("li", "row-line late" if is_late else "row-line", data_promise=one.id):
        with block("div"):
            say("b", f"{'지남 · ' if is_late else ''}{when.said(one.due_at, clock_now())}까지 · #{one.case_id}")
            say("p", one.text)
        button("지켰음", lambda: sheet.run(_keeper(floor, one.id, on_change)), classes="small", data_keep="")


def _keeper(floor: Floor, promise_id: int, on_change: Callable[[], Awaitable[None]]) -> Act:
    async def act() -> None:
        await floor.do.keep(promise_id)
        floor.tell("약속을 지킨 것으로 적었습니다.")
        await on_change()

    return act
