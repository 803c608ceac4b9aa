"""The private notes of a case: all of them, and a new one."""

from __future__ import annotations

from core.clock import now as clock_now
from handoff.desk import when, words
from handoff.desk.elements import block, say
from handoff.desk.floor import Floor
from handoff.desk.sheet import Sheet, field
from handoff.schemas import CaseCard


async def show_notes(floor: Floor, card: CaseCard) -> None:
    """Oldest first; whoever may only look cannot add one."""
    with Sheet(floor.client, "메모", "notes", is_wide=True) as sheet:
        say("p", f"{words.case_label(card.case)} · 민원인은 볼 수 없습니다", "what")
        with block("ul", "rows notes", role="list"):
            for note in card.notes:
                with block("li", "row-line"), block("div"):
                    say("b", f"{note.staff_name or '사용 중지된 계정'} · {when.said(note.created_at, clock_now())}")
                    say("p", note.text, "words")
        if not card.notes:
            say("p", "메모가 없습니다.", "none")
        if not card.may_write:
            sheet.foot("", None)
            return
        text = field("새 메모", "note", lines=3, most=2000)

        async def act() -> str | None:
            if not (text.value or "").strip():
                return "메모를 적으세요."
            await floor.do.note(card.case.id, text.value)
            return None

        sheet.foot("남기기", act)
