"""Which mission answers for which part of a country: the rows that stand, and every row there ever was."""

from __future__ import annotations

from nicegui import Client, ui
from nicegui.element import Element

from accounts.schemas import Staff
from core.clock import now as clock_now
from handoff.desk import when
from handoff.desk.district_dialog import CONFIDENCES, KINDS, ask_end, ask_row
from handoff.desk.elements import block, button, say
from handoff.desk.floor import Guarded
from handoff.desk.team_actions import TeamActions
from handoff.desk.team_numbers import countries
from handoff.jurisdiction.records import REST, Competence
from handoff.jurisdiction.regions import known_regions
from handoff.jurisdiction.service import Line


def region_words(row: Competence, names: dict[str, str]) -> str:
    """The divisions of a row by name. Pure."""
    return ", ".join("나머지 전부" if code == REST else names.get(code, code) for code in row.regions) + (" (일부)" if row.box else "")


def dates_words(row: Competence) -> str:
    """From when until when a row counts. Pure."""
    if row.valid_from is None and row.valid_to is None:
        return "날짜 없음"
    return f"{row.valid_from or '처음'} – {row.valid_to or '계속'}"


class TeamDistricts:
    """One country at a time."""

    def __init__(self, client: Client, viewer: Staff, do: TeamActions, guarded: Guarded) -> None:
        self._client = client
        self._viewer = viewer
        self._do = do
        self._guarded = guarded
        self._country = ""
        with block("section", "team-districts", aria_label="관할"):
            say("p", "고치면 옛 줄은 닫히고 새 줄이 섭니다. 언제 누가 무엇을 믿었는지 모두 남습니다. 고친 나라는 프로그램이 새로 와도 바뀌지 않습니다.", "soft")
            with block("div", "country-pick", data_country=""):
                ui.select(countries(), label="나라", with_input=True, on_change=lambda e: self._choose(str(e.value or ""))).props(
                    "outlined dense options-dense"
                )
            self._root: Element = block("div", "districts")

    async def _choose(self, country: str) -> None:
        self._country = country
        await self._guarded(self.refresh)

    async def refresh(self) -> None:
        """Read and draw the country that is chosen."""
        if not self._country:
            return
        country = self._country
        lines, missions = await self._do.lines(country), await self._do.missions()
        if country != self._country:
            return
        near = [one.name for one in missions if one.country == country]
        names = near + [one.name for one in missions if one.country != country]
        with self._client:
            self._root.clear()
            with self._root:
                self._fill(country, lines, names)

    def _fill(self, country: str, lines: list[Line], missions: list[str]) -> None:
        regions = known_regions(country)
        button("줄 더하기", lambda: ask_row(self._client, self._do, country, missions, None, self.refresh), classes="primary", data_action="new-row")
        standing = [line for line in reversed(lines) if line.replaced_at is None]
        if not standing:
            say("p", "이 나라에는 구역을 나눈 줄이 없습니다. 공관이 하나면 그 공관이, 없으면 가까운 공관이 ‘확인 필요’로 나옵니다.", "none")
        else:
            with block("div", "scroll"), block("table", "grid"):
                self._head("공관", "종류", "구역", "기간", "누가 말했나", "출처", "")
                with block("tbody"):
                    for line in standing:
                        self._row(line, regions, missions)
        if over := [line for line in lines if line.replaced_at is not None]:
            with block("details", "history"):
                say("summary", f"지난 줄 {len(over)}")
                with block("div", "scroll"), block("table", "grid"):
                    self._head("공관", "구역", "기간", "출처", "적은 사람", "닫힌 때")
                    with block("tbody"):
                        for line in over:
                            self._past(line, regions)

    def _head(self, *names: str) -> None:
        with block("thead"), block("tr"):
            for name in names:
                say("th", name, scope="col")

    def _row(self, line: Line, regions: dict[str, str], missions: list[str]) -> None:
        row = line.row
        with block("tr", "", data_line=line.id):
            with block("th", "", scope="row"):
                say("b", row.mission)
                if row.note:
                    say("span", row.note, "soft")
            say("td", KINDS[row.kind])
            say("td", region_words(row, regions))
            say("td", dates_words(row))
            with block("td"):
                say("span", CONFIDENCES[row.confidence], f"mark {'verified' if row.confidence == 'O' else 'unverified'}")
            say("td", row.source)
            with block("td"):
                button("고치기", lambda: ask_row(self._client, self._do, row.country, missions, line, self.refresh), classes="small", data_action="edit-row")
                button("끝내기", lambda: ask_end(self._client, self._do, line, self.refresh), classes="small", data_action="end-row")

    def _past(self, line: Line, regions: dict[str, str]) -> None:
        with block("tr", "", data_past=line.id):
            say("th", line.row.mission, scope="row")
            say("td", region_words(line.row, regions))
            say("td", dates_words(line.row))
            say("td", line.row.source)
            say("td", f"{line.changed_by} · {when.said(line.changed_at, clock_now())}")
            say("td", when.said(line.replaced_at, clock_now()) if line.replaced_at else "")
