"""Who may see a case, and that nothing of it may be erased: set with a reason, taken away with one."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from accounts.schemas import Role
from core.clock import now as clock_now
from handoff.desk import when, words
from handoff.desk.elements import say
from handoff.desk.floor import Floor
from handoff.desk.sheet import Act, Sheet, field
from handoff.schemas import Case


async def show_restriction(floor: Floor, case: Case) -> None:
    """Name the people; a supervisor may also let everybody see it again."""
    do = floor.do.records
    standing = await do.restriction(case.id)
    people: dict[int, str] = {one.id: one.name for one in await floor.do.roster() if one.roles & {Role.AGENT.value, Role.SUPERVISOR.value, Role.OFFICER.value}}
    chosen = [one for one in (standing.people if standing else (floor.viewer.id,)) if one in people]
    with Sheet(floor.client, "열람 제한", "restrict", is_wide=True) as sheet:
        say("p", words.case_label(case), "what")
        say("p", "고른 사람, 맡은 사람, 초대된 사람만 대화와 위치를 봅니다. 다른 사람은 까닭을 적어야 잠시 볼 수 있고, 책임자에게 바로 알려집니다.", "soft")
        say("p", "대기열에서는 숨기지 않습니다. 번호·긴급도·나라는 그대로 보이고, 생명 위험은 누구나 맡을 수 있습니다.", "soft")
        if standing is not None:
            say("p", f"지금: {', '.join(standing.names)} · {standing.set_by_name}, {when.said(standing.set_at, clock_now())}", "warning")
            say("p", f"까닭: {standing.reason}", "words")
        who: Any = ui.select(people, multiple=True, value=chosen, label="볼 수 있는 사람")
        who.props("outlined dense options-dense use-chips data-field=people").classes("wide")
        reason = field("까닭 (다섯 글자 이상)", "reason", lines=2)

        async def restrict() -> str | None:
            await do.restrict(case.id, [int(one) for one in who.value or []], reason.value or "")
            floor.tell(f"#{case.id} 상담의 열람을 제한했습니다.")
            return None

        async def lift() -> str | None:
            await do.lift(case.id, reason.value or "")
            floor.tell(f"#{case.id} 상담의 열람 제한을 풀었습니다. 까닭은 메모에 남았습니다.", "info")
            return None

        others: dict[str, Act] = {"제한 풀기": lift} if standing is not None and floor.viewer.has(Role.SUPERVISOR) else {}
        sheet.foot("제한하기" if standing is None else "사람 바꾸기", restrict, others=others)


async def show_hold(floor: Floor, case: Case) -> None:
    """Set or lift a hold; supervisors only, which the service decides."""
    do = floor.do.records
    standing = await do.standing_hold(case.id)
    with Sheet(floor.client, "보존 지정", "hold") as sheet:
        say("p", words.case_label(case), "what")
        if standing is not None:
            say("p", f"보존하고 있습니다: {standing.set_by}, {when.said(standing.set_at, clock_now())}", "warning")
            say("p", f"까닭: {standing.reason}", "words")
        say("p", "보존하는 동안에는 보관 기간이 지나거나 민원인이 요청해도 이 대화의 글·위치·메모를 지우지 않습니다.", "soft")
        reason = field("푸는 까닭 (다섯 글자 이상)" if standing is not None else "까닭 (소송, 감사 …)", "reason", lines=2)

        async def hold() -> str | None:
            await do.hold(case.id, reason.value or "")
            floor.tell(f"#{case.id} 상담을 보존합니다.")
            return None

        async def lift() -> str | None:
            await do.lift_hold(case.id, reason.value or "")
            floor.tell(f"#{case.id} 상담의 보존 지정을 풀었습니다. 까닭은 메모에 남았습니다.", "info")
            return None

        if standing is None:
            sheet.foot("보존하기", hold)
        else:
            sheet.foot("보존 풀기", lift, is_danger=True)
