"""Rests after abusive contacts, for supervisors: how long one lasts, and who rested how often."""

from __future__ import annotations

from nicegui import Client, ui

from core.clock import now as clock_now
from core.errors import AppError
from handoff import service as handoff
from handoff.desk import when
from handoff.desk.elements import block, button, say
from handoff.desk.refusals import sentence
from handoff.desk.team_actions import TeamActions


class TeamRests:
    """The rule and the table of the last thirty days."""

    def __init__(self, client: Client, do: TeamActions) -> None:
        self._client = client
        self._do = do
        self._root = block("section", "team-rests", aria_label="폭언 뒤 휴식")

    async def refresh(self) -> None:
        """Read and draw."""
        minutes, rows = await self._do.rests()
        with self._client:
            self._root.clear()
            with self._root:
                self._fill(minutes, rows)

    def _fill(self, minutes: int, rows: list[handoff.RestFigures]) -> None:
        text = f"폭언 표시가 {handoff.THIRD}번이 된 상담이 손을 떠나면 상담관은 쉬어야 합니다. 생명 위험 상담을 맡을 때만 일찍 끝납니다."
        say("p", f"{text} 긴급 상담을 맡고 있으면 그 상담이 끝난 뒤에 시작됩니다.", "soft")
        with block("div", "rule"):
            length = (
                ui.number(label="휴식 시간(분)", value=minutes, min=1, max=120, step=1, format="%d").props("outlined dense data-field=rest").classes("minutes")
            )
            button("저장", lambda: self._save(length.value), classes="primary", data_action="save-rest")
        self._problem = say("p", "", "problem", role="alert")
        if not rows:
            say("p", "지난 30일 동안 쉰 사람이 없습니다.", "none")
            return
        with block("div", "scroll"), block("table", "grid"):
            with block("thead"), block("tr"):
                for head in ("이름", "지금", "30일 동안", "쉰 시간", "일찍 끝냄"):
                    say("th", head, scope="col")
            with block("tbody"):
                for row in rows:
                    with block("tr", "", data_staff=row.staff_id):
                        say("th", row.name or "지워진 계정", scope="row")
                        say("td", stands(row))
                        say("td", f"{row.rests}번", "number")
                        say("td", f"{row.minutes}분", "number")
                        say("td", f"{row.cut}번 (생명 위험)" if row.cut else "-", "number")

    async def _save(self, value: float | None) -> None:
        try:
            await self._do.set_rest_minutes(int(value) if value is not None and value == int(value) else 0)
        except AppError as error:
            self._problem.set_text(sentence(error))
            return
        await self.refresh()
        with self._client:
            ui.notify("휴식 시간을 저장했습니다. 다음 휴식부터 적용됩니다.", type="positive", position="top")


def stands(row: handoff.RestFigures) -> str:
    """How somebody stands with their rest. Pure."""
    if row.resting_until is not None:
        return f"쉬는 중 · {when.said(row.resting_until, clock_now())}까지"
    return "맡은 긴급 상담이 끝나면 시작" if row.is_owed else "-"
