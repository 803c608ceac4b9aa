"""Opening a restricted case: a reason, a press, and it is open for some minutes while supervisors are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client

from core.settings import settings
from handoff.desk.elements import say
from handoff.desk.record_actions import RecordActions
from handoff.desk.sheet import Sheet, field


def ask_break_glass(client: Client, do: RecordActions, case_id: int, then: Callable[[int], Awaitable[Any]]) -> None:
    """Ask why; ``then`` opens the case."""
    with Sheet(client, "열람이 제한된 상담", "glass") as sheet:
        say("p", f"#{case_id} 상담은 지정된 사람만 봅니다.", "what")
        say("p", f"꼭 봐야 하면 까닭을 적고 여세요. {settings().break_glass_minutes}분 동안 열립니다.")
        say("p", "누가 왜 열었는지 책임자에게 바로 알려지고 열람 기록에 남습니다. 생명 위험은 까닭 없이도 대기열에서 맡을 수 있습니다.", "warning")
        reason = field("까닭 (다섯 글자 이상)", "reason", lines=2)

        async def act() -> str | None:
            await do.break_glass(case_id, reason.value or "")
            sheet.close()
            await then(case_id)
            return None

        sheet.foot("까닭을 적고 열기", act, is_danger=True)
