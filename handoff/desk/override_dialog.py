"""A supervisor takes a case over from its owner, with a reason that stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from handoff.desk import words
from handoff.desk.elements import say
from handoff.desk.floor import Floor
from handoff.desk.sheet import Sheet, field
from handoff.schemas import CaseCard


async def ask_take_from(floor: Floor, card: CaseCard, on_taken: Callable[[int], Awaitable[None]]) -> None:
    """Why."""
    case = card.case
    with Sheet(floor.client, "책임자로 가져오기", "take-from") as sheet:
        say("p", f"{words.case_label(case)} · {card.owner_name or ''}", "what")
        say("p", "바로 내 상담이 됩니다. 까닭은 상담의 메모와 열람 기록에 남고, 지금 맡은 사람에게 알려집니다.", "warning")
        reason = field("까닭 (다섯 글자 이상)", "reason", lines=2)

        async def act() -> str | None:
            await floor.do.take_from(case.id, reason.value or "")
            await on_taken(case.id)
            return None

        sheet.foot("가져오기", act, is_danger=True)
