"""The switch of surge mode on the board: what it will do stands beside it, and it takes a second confirmation."""

from __future__ import annotations

from nicegui import Client, ui

from core.staff_elements import attributes, block, button, say
from handoff.board.definitions import ZONE
from handoff.desk import words
from handoff.desk.sheet import Sheet, field
from handoff.surge.actions import SurgeActions, SurgeState
from handoff.surge.service import MAX_OPENING

#: What the switch does, in the order in which it matters.
DOES = (
    "새로 온 사람과 봇이 답하는 사람에게 아래 첫 안내를 먼저 보여 줍니다. 공지를 고르면 함께 붙습니다.",
    "사고를 고르면 그 사고의 상담은 전용 줄(팀 ‘incident’)로 갑니다. 그 팀에 사람이 없으면 모두가 받습니다.",
    "급하지 않은 상담관 연결은 처음 한 번 예상 대기 시간과 전화번호를 알리고 되묻습니다. 다시 원하면 연결합니다.",
)
DOES_NOT = "위험 신고는 아무것도 바뀌지 않습니다. 언제나 맨 앞입니다."
#: Whoever presses second must know whose words people read.
FIRST = "다른 책임자가 먼저 켰습니다. 지금은 그 첫 안내가 나가고, 여기에 적은 것은 쓰이지 않았습니다. 바꾸려면 끄고 다시 켜세요."
OFF_ALREADY = "이미 꺼져 있습니다. 다른 책임자가 먼저 껐습니다."


class SwitchPane:
    """A part of the board; ``refresh`` looks at the database again and draws what it says."""

    def __init__(self, client: Client, actions: SurgeActions) -> None:
        self._client = client
        self._do = actions
        self._drawn: SurgeState | None = None
        with block("section", "surge", aria_label="비상 모드") as self._whole:
            with block("div", "surge-now"):
                say("h2", "비상 모드")
                self._stands = say("b", "꺼짐", "stands")
                self._said = say("span", "", "soft")
                self._button = block("div")
            with block("div", "surge-does"):
                say("b", "켜면")
                with block("ol"):
                    for line in DOES:
                        say("li", line)
                say("p", DOES_NOT, "never")
            self._history = block("ul", "surge-history", aria_label="켜고 끈 기록")

    async def refresh(self) -> None:
        """Draw how it stands, if that has changed."""
        state = await self._do.state()
        if state == self._drawn:
            return
        self._drawn = state
        with self._client:
            self._show(state)

    def _show(self, state: SurgeState) -> None:
        surge = state.surge
        attributes(self._whole, data_surge="on" if surge else "off").update()
        self._stands.text = "● 켜짐" if surge else "○ 꺼짐"
        if surge is not None:
            lane = f" · 사고 #{surge.incident_id} 전용 줄" if surge.incident_id else ""
            self._said.text = f"{surge.since.astimezone(ZONE):%m-%d %H:%M}부터{lane} · 되물은 상담관 연결 {state.shed:,}건 · 첫 안내: {surge.opening}"
        else:
            self._said.text = ""
        self._button.clear()
        with self._button:
            if surge is not None:
                button("비상 모드 끄기", self._ask_off, data_action="surge-off")
            else:
                button("비상 모드 켜기", lambda: self._ask_on(state), classes="danger", data_action="surge-on")
        self._history.clear()
        with self._history:
            for one in state.history:
                say("li", f"{one.at.astimezone(ZONE):%m-%d %H:%M} {one.by_name} · {'켬' if one.is_on else '끔'}", "soft")

    def _ask_on(self, state: SurgeState) -> None:
        with Sheet(self._client, "비상 모드 켜기", "surge-on") as sheet:
            opening = field("첫 안내 (모든 사람이 먼저 읽습니다)", "opening", lines=3, most=MAX_OPENING)
            labels = {
                number: f"#{number} {words.country_name(country)} · {words.category_word(category)} · 상담 {cases}건"
                for number, category, country, cases in state.incidents
            }
            incident = ui.select(labels, label="사고 (없어도 됩니다)", clearable=True).props("data-field=incident").classes("wide")
            notice = field("붙일 공지 번호 (없어도 됩니다)", "notice", most=200)
            for line in (*DOES, DOES_NOT):
                say("p", line, "soft")
            sure = ui.checkbox("무엇이 바뀌는지 읽었습니다").props("data-field=sure")

            async def act() -> str | None:
                if len((opening.value or "").strip()) < 5:
                    return "첫 안내를 다섯 글자 이상 적으세요."
                if not sure.value:
                    return "무엇이 바뀌는지 읽고 표시한 뒤 켜세요."
                is_mine = await self._do.switch_on(opening.value, (notice.value or "").strip() or None, incident.value)
                await self.refresh()
                return None if is_mine else FIRST

            sheet.foot("켜기", act, is_danger=True)

    def _ask_off(self) -> None:
        with Sheet(self._client, "비상 모드 끄기", "surge-off") as sheet:
            say("p", "첫 안내와 전용 줄이 없어지고, 상담관 연결이 평소대로 됩니다. 기다리는 상담은 차례를 지킵니다.", "soft")

            async def act() -> str | None:
                is_mine = await self._do.switch_off()
                await self.refresh()
                return None if is_mine else OFF_ALREADY

            sheet.foot("끄기", act)
