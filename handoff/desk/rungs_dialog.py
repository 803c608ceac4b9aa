"""How far a life threat that nobody takes has climbed, rung by rung, and who has heard each."""

from __future__ import annotations

from typing import Any

from handoff.desk import when, words
from handoff.desk.elements import block, button, say
from handoff.desk.floor import Floor
from handoff.desk.sheet import Act, Sheet
from handoff.schemas import Case

#: What a rung has come to, as a sentence; one that reached nobody says what to do.
BECAME = {
    "waiting": "아직 시간이 되지 않았습니다",
    "told": "모든 책임자 데스크를 불렀습니다",
    "calling": "전화를 거는 중입니다",
    "called": "전화를 걸었습니다. 받았는지는 확인을 누른 사람만 압니다",
    "not_configured": "전화를 걸지 못했습니다(번호나 전화 연결이 없음). 직접 전화하세요",
    "failed": "전화를 걸지 못했습니다. 직접 전화하세요",
    "cancelled": "누군가 맡아서 하지 않았습니다",
}
REACHED = ("told", "calling", "called", "not_configured", "failed")


async def show_rungs(floor: Floor, case: Case) -> None:
    """All waits of a case, the newest last; only what was reached in the present wait can be acknowledged."""
    rows = await floor.do.rungs(case.id)
    newest = max((row["wait"] for row in rows), default=0)
    with Sheet(floor.client, "호출 단계", "rungs", is_wide=True) as sheet:
        say("p", words.case_label(case), "what")
        say("p", "확인을 눌러도 다음 단계는 그대로 옵니다. 누군가 맡아야 멈춥니다.", "soft")
        with block("ul", "rows", role="list"):
            for row in rows:
                _fill(floor, sheet, case.id, row, may_acknowledge=case.status == "queued" and row["wait"] == newest)
        if not rows:
            say("p", "아직 시작된 단계가 없습니다.", "none")
        sheet.foot("", None)


def _fill(floor: Floor, sheet: Sheet, case_id: int, row: dict[str, Any], *, may_acknowledge: bool) -> None:
    is_missed = row["state"] in ("not_configured", "failed")
    with block("li", "row-line late" if is_missed else "row-line", data_rung=row["rung"]):
        with block("div"):
            say("b", f"{words.RUNGS.get(row['rung'], row['rung'])} · {row['due_at'].astimezone(when.SEOUL):%H:%M:%S}")
            say("p", BECAME.get(row["state"], row["state"]))
        if row["acknowledged_at"] is not None:
            say("span", f"확인됨 {row['acknowledged_at'].astimezone(when.SEOUL):%H:%M:%S}", "soft")
        elif may_acknowledge and row["state"] in REACHED:
            button("확인", lambda: sheet.run(_hearer(floor, case_id, row["rung"])), classes="small", data_heard="")


def _hearer(floor: Floor, case_id: int, rung: str) -> Act:
    async def act() -> None:
        await floor.do.acknowledge_rung(case_id, rung)
        floor.tell(f"#{case_id} {words.RUNGS.get(rung, rung)} 호출을 확인했습니다. 맡아야 멈춥니다.", "info")

    return act
