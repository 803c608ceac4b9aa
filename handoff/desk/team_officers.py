"""Officers and where they sit: a supervisor seats an account at a mission, moves it, or takes the seat away."""

from __future__ import annotations

from nicegui import Client, ui

from core.clock import now as clock_now
from handoff.desk import when
from handoff.desk.elements import block, button, say
from handoff.desk.sheet import Sheet, field
from handoff.desk.team_actions import TeamActions
from handoff.officers.seats import Seat

WHAT = "영사는 소속 공관의 관할에서 열린 긴급 상담을 자기 화면(/desk/mission)에서 봅니다. 메일 주소를 적으면 상담 번호만 적힌 메일이 갑니다."


def standing(seat: Seat) -> tuple[str, str]:
    """(class of the mark, words) of how an officer sits. Pure."""
    if seat.is_disabled:
        return "unverified", "계정 중지됨"
    return ("verified", "소속됨") if seat.mission else ("unverified", "소속 없음 · 상담을 볼 수 없음")


class TeamOfficers:
    """The table, with the two moves."""

    def __init__(self, client: Client, team: TeamActions) -> None:
        self._client = client
        self._do = team.officers
        self._team = team
        self._root = block("section", "team-officers", aria_label="공관 영사")

    async def refresh(self) -> None:
        """Read and draw."""
        rows, missions = await self._do.seats(), sorted({one.name for one in await self._team.missions()})
        with self._client:
            self._root.clear()
            with self._root:
                self._fill(rows, missions)

    def _fill(self, rows: list[Seat], missions: list[str]) -> None:
        say("p", WHAT, "soft")
        if not rows:
            say("p", "영사 계정이 없습니다. 관리자가 초대 링크를 만들 때 영사 역할을 고르면 여기에 나옵니다.", "warning")
            return
        with block("div", "scroll"), block("table", "grid"):
            with block("thead"), block("tr"):
                for head in ("이름", "소속 공관", "상태", "알림 메일", "참여 중", "정한 사람", ""):
                    say("th", head, scope="col")
            with block("tbody"):
                for row in rows:
                    self._row(row, missions)

    def _row(self, row: Seat, missions: list[str]) -> None:
        mark, text = standing(row)
        with block("tr", "", data_officer=row.staff_id):
            with block("th", "", scope="row"):
                say("b", row.name)
                say("span", row.login, "soft")
            say("td", row.mission or "-")
            with block("td"):
                say("span", text, f"mark {mark}")
            say("td", row.email or "없음 · 화면에만")
            say("td", f"{row.joined}건")
            say("td", f"{row.changed_by} · {when.said(row.changed_at, clock_now())}" if row.changed_at else "-")
            with block("td"):
                if not row.is_disabled:
                    label = "고치기" if row.mission else "소속 정하기"
                    button(label, lambda: self._ask(row, missions), classes="small", data_action="seat")
                if row.mission:
                    button("소속 빼기", lambda: self._ask_unseat(row), classes="small", data_action="unseat")

    def _ask(self, row: Seat, missions: list[str]) -> None:
        with Sheet(self._client, f"{row.name} 영사의 소속", "seat") as sheet:
            if row.joined:
                say("p", f"이미 참여한 상담 {row.joined}건에는 소속을 바꾸어도 계속 참여합니다.", "soft")
            with block("div", "", data_mission=""):
                mission = ui.select(missions, label="공관", value=row.mission if row.mission in missions else None, with_input=True)
                mission.props("outlined dense options-dense").classes("wide")
            email = field("알림 메일 (비우면 화면에만 알립니다)", "email", most=320, value=row.email)

            async def act() -> str | None:
                if not mission.value:
                    return "공관을 고르세요."
                await self._do.seat(row.staff_id, str(mission.value), (email.value or "").strip())
                await self.refresh()
                return None

            sheet.foot("저장", act)

    def _ask_unseat(self, row: Seat) -> None:
        with Sheet(self._client, f"{row.name} 영사의 소속 빼기", "unseat") as sheet:
            say("p", f"{row.mission} · {row.name}", "what")
            text = "이 공관의 상담과 알림이 바로 끊깁니다."
            say("p", f"{text} 참여 중인 열린 상담 {row.joined}건에서도 빠집니다." if row.joined else text, "warning")

            async def act() -> None:
                await self._do.unseat(row.staff_id)
                await self.refresh()

            sheet.foot("소속 빼기", act, is_danger=True)
