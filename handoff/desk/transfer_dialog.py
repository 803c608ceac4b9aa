"""To a colleague by name, or to another team: whom, and what they must know."""

from __future__ import annotations

from nicegui import ui

from core.clock import now as clock_now
from handoff.desk import words
from handoff.desk.elements import block, say
from handoff.desk.floor import Floor
from handoff.desk.people import PersonPicker, receivers, team_name, teams_of
from handoff.desk.sheet import Sheet, field
from handoff.queue_order import is_emergency
from handoff.schemas import Case

#: What an emergency's receiver has to do first.
ASKED = "긴급 상담은 상대가 맡아야 넘어갑니다. 그때까지는 내 상담이고, 내가 답합니다."


async def ask_transfer(floor: Floor, case: Case) -> None:
    """Whom, and a note. The owner of another's case (for supervisors) stands out of the list too."""
    rows = receivers(await floor.do.roster(), case.severity, without=(case.owner_id or 0, floor.viewer.id), now=clock_now())
    with Sheet(floor.client, "동료에게 넘기기", "transfer") as sheet:
        say("p", words.case_label(case), "what")
        if is_emergency(case.severity):
            say("p", ASKED, "warning")
        picker = PersonPicker(rows, "받는 사람")
        note = field("받는 사람이 알아야 할 것 (지금까지, 다음 할 일)", "note", lines=3, most=2000)

        async def act() -> str | None:
            if picker.chosen is None:
                return "받는 사람을 고르세요."
            to = next(row["name"] for row in rows if row["id"] == picker.chosen)
            is_theirs = await floor.do.transfer(case.id, picker.chosen, note.value or "")
            floor.tell(f"#{case.id} 상담을 {to} 님에게 넘겼습니다." if is_theirs else f"#{case.id} 인계를 {to} 님에게 요청했습니다.")
            return None

        sheet.foot("넘기기" if not is_emergency(case.severity) else "인계 요청", act)


async def ask_team(floor: Floor, case: Case) -> None:
    """Which team, and a note; how many of it could take it now stands beside each."""
    teams = teams_of(await floor.do.roster())
    options = {team: f"{team_name(team)} · 지금 {free}명" for team, free in teams.items() if team != case.team}
    with Sheet(floor.client, "다른 팀으로 보내기", "to-team") as sheet:
        say("p", words.case_label(case), "what")
        say("p", "대기열로 돌아가 그 팀에 먼저 제안됩니다. 처음 온 시각의 순서를 지킵니다.", "soft")
        with block("div", "", data_team=""):
            team = ui.select(options, label="팀").props("outlined dense options-dense").classes("wide")
        note = field("팀이 알아야 할 것", "note", lines=3, most=2000)

        async def act() -> str | None:
            if not team.value:
                return "팀을 고르세요."
            await floor.do.to_team(case.id, str(team.value), note.value or "")
            floor.tell(f"#{case.id} 상담을 {team_name(str(team.value))}(으)로 보냈습니다.")
            return None

        sheet.foot("보내기", act)
