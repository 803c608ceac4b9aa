"""The second look at an emergency: what the first person says, and two answers, neither of which a stray key gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.clock import now as clock_now
from handoff import service as handoff
from handoff.desk import when, words
from handoff.desk.elements import block, say
from handoff.desk.floor import Floor
from handoff.desk.sheet import Act, Sheet
from handoff.schemas import CaseCard, CloseRequest


def ask_second(floor: Floor, card: CaseCard, request: CloseRequest, on_confirm: Callable[[], Awaitable[None]]) -> None:
    """Confirm or object; whoever asked can only take the request back."""
    case, is_mine = card.case, request.by_id == floor.viewer.id
    with Sheet(floor.client, "종료 요청" if is_mine else "종료 확인", "confirm-close") as sheet:
        say("p", words.case_label(case), "what")
        if is_mine:
            say("p", "내가 종료를 요청했습니다. 다른 상담관이 확인할 때까지 내 상담으로 남습니다.")
        else:
            say("p", "대화와 메모를 읽고 민원인이 안전하다고 확인될 때만 종료하세요. 답이 없다는 것은 안전하다는 뜻이 아닙니다.", "warning")
        with block("dl", "facts column"):
            for name, value in (
                ("요청한 사람", f"{request.by_name} · {when.said(request.asked_at, clock_now())}"),
                ("결과", handoff.OUTCOMES.get(request.outcome, request.outcome)),
                ("확인한 연락", request.contact or "적지 않음"),
            ):
                with block("div", "fact"):
                    say("dt", name)
                    say("dd", value)

        async def confirm() -> None:
            await on_confirm()

        objected = _objector(floor, case.id, is_mine=is_mine)
        if is_mine:
            sheet.foot("종료 요청 취소", objected)
        else:
            sheet.foot("확인하고 종료", confirm, is_danger=True, others={"반대 · 계속 상담": objected})


def _objector(floor: Floor, case_id: int, *, is_mine: bool) -> Act:
    async def act() -> None:
        await floor.do.object_to_close(case_id)
        floor.tell(f"#{case_id} 종료 요청을 거두었습니다." if is_mine else f"#{case_id} 종료에 반대했습니다. 상담은 계속 열려 있습니다.", "info")

    return act
