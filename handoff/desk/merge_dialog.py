"""Ending a case as a duplicate of another that somebody has in hand."""

from __future__ import annotations

from nicegui import ui

from accounts.schemas import Role, Staff
from handoff.desk import words
from handoff.desk.elements import block, say
from handoff.desk.floor import Floor
from handoff.desk.live import QueueFeed
from handoff.desk.queue_pane import is_hidden
from handoff.desk.sheet import Sheet
from handoff.queue_order import is_emergency
from handoff.schemas import Case, QueueRow


def others(feed: QueueFeed, case: Case, viewer: Staff) -> list[QueueRow]:
    """Cases that this one could be joined to: in hand, and the viewer's (for supervisors: of the same owner, or of anybody while it waits)."""
    return [
        row
        for row in feed.rows.values()
        if row.case_id != case.id
        and row.status in ("claimed", "handed_back")
        and (row.owner_id == viewer.id or viewer.has(Role.SUPERVISOR))
        and case.owner_id in (None, row.owner_id)
        and not is_hidden(row, viewer)
    ]


async def ask_merge(floor: Floor, case: Case) -> None:
    """Which one stays."""
    rows = sorted(others(floor.feed, case, floor.viewer), key=lambda row: (row.country != case.country, row.category != case.category, row.case_id))
    options = {row.case_id: words.case_label(row) + (f" · {row.owner_name}" if row.owner_id != floor.viewer.id and row.owner_name else "") for row in rows}
    with Sheet(floor.client, "중복으로 합치기", "merge") as sheet:
        say("p", words.case_label(case), "what")
        say("p", "이 상담은 ‘중복’으로 끝나고, 고른 상담이 남습니다. 더 급한 등급이 남고, 남은 상담의 담당자가 두 사람 모두에게 쓸 수 있습니다.", "soft")
        if is_emergency(case.severity):
            say("p", "긴급 상담입니다. 같은 사람이나 같은 일이 틀림없을 때만 합치세요. 다른 사람이면 각각 도와야 합니다.", "warning")
        with block("div", "", data_into=""):
            into = ui.select(options, label="남길 상담").props("outlined dense options-dense").classes("wide")

        async def act() -> str | None:
            if not into.value:
                return "남길 상담을 고르세요."
            await floor.do.merge(case.id, int(into.value))
            floor.tell(f"#{case.id} 상담을 #{into.value} 에 합쳤습니다.")
            return None

        sheet.foot("합치기", act, is_danger=is_emergency(case.severity))
