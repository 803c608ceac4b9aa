"""``/desk/incidents``: open incidents, and cases that may be one. A person confirms; nothing is grouped by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import Client, ui

from accounts.schemas import Staff
from core.clock import now as clock_now
from handoff.board.definitions import ZONE
from handoff.board.wording import ago
from handoff.desk import words
from handoff.desk.elements import block, button, say
from handoff.desk.guarded import guarded
from handoff.desk.sheet import Sheet, field
from handoff.incidents.pages.actions import IncidentActions
from handoff.incidents.pages.bar import bar
from handoff.incidents.schemas import Incident, Suggestion
from language.categories import Category

REFRESH_S = 3.0
HERE = "/desk/incidents"


class ListPage:
    """One open page, read anew every three seconds."""

    def __init__(self, client: Client, viewer: Staff, actions: IncidentActions) -> None:
        self._client = client
        self._viewer = viewer
        self._do = actions
        self._drawn: Any = None

    def build(self) -> None:
        """Make the elements."""
        with block("div", "desk team incident"):
            bar(self._viewer)
            with block("main", "team-main"):
                with block("section", aria_label="제안"):
                    say("h2", "하나의 사고일 수 있는 상담")
                    self._suggested = block("div", "rows")
                with block("section", aria_label="열린 사고"):
                    with block("div", "head"):
                        say("h2", "열린 사고")
                        button("직접 만들기", lambda: self._ask(None), data_action="open")
                    self._open = block("div", "rows")
        ui.timer(REFRESH_S, self._tick, immediate=True)

    async def _tick(self) -> None:
        await guarded(self._client, HERE, self._refresh, quiet=self._drawn is not None)

    async def _refresh(self) -> None:
        found = await self._do.overview()
        if found == self._drawn:
            return
        self._drawn = found
        incidents, suggestions = found
        with self._client:
            self._fill_suggested(suggestions)
            self._fill_open(incidents)

    def _fill_suggested(self, suggestions: list[Suggestion]) -> None:
        self._suggested.clear()
        with self._suggested:
            if not suggestions:
                say("p", "지금은 없습니다. 같은 나라·같은 분야의 긴급 상담이 몇 시간 안에 5건, 가까운 곳이면 3건 모이면 여기에 나옵니다.", "empty")
            for one in suggestions:
                with block("article", "row", data_suggestion=f"{one.category}-{one.country}"):
                    say("b", f"{words.country_name(one.country)} · {words.category_word(one.category)} {len(one.case_ids)}건")
                    say("span", f"{'가까운 곳 · ' if one.near else ''}처음 {one.since.astimezone(ZONE):%m-%d %H:%M} (서울) · {_numbers(one.case_ids)}", "soft")
                    if one.incident_id is None:
                        button("사고로 묶기", self._asker(one), classes="primary", data_action="confirm")
                    else:
                        button(f"사고 #{one.incident_id}에 넣기", self._adder(one, one.incident_id), classes="primary", data_action="add")

    def _fill_open(self, incidents: list[tuple[Incident, int, int]]) -> None:
        self._open.clear()
        with self._open:
            if not incidents:
                say("p", "열린 사고가 없습니다.", "empty")
            for one, cases, need_help in incidents:
                with block("article", "row", data_incident=str(one.id)):
                    with block("a", href=f"/desk/incident/{one.id}"):
                        say("b", f"#{one.id} {one.title}")
                    place = f"{words.country_name(one.country)} · {words.category_word(one.category)}"
                    say("span", f"{place} · 상담 {cases}건 · 도움 필요 {need_help}명 · {ago(one.opened_at, clock_now())}", "soft")

    def _asker(self, one: Suggestion) -> Callable[[], None]:
        return lambda: self._ask(one)

    def _adder(self, one: Suggestion, incident_id: int) -> Callable[[], Any]:
        async def add() -> None:
            if await guarded(self._client, HERE, lambda: self._do.add_cases(incident_id, one.case_ids)):
                await self._tick()

        return add

    def _ask(self, one: Suggestion | None) -> None:
        with Sheet(self._client, "사고 만들기", "incident") as sheet:
            if one is not None:
                say("p", f"상담 {len(one.case_ids)}건이 함께 들어갑니다. 각 상담과 맡은 사람은 그대로입니다.", "soft")
            title = field("무슨 일인지 (예: 도쿄 지진)", "title", most=80)
            category = ui.select({str(c): c.label for c in Category}, label="분야", value=one.category if one else None).props("data-field=category")
            countries = words.country_names()
            country = ui.select(countries, label="나라", value=one.country if one and one.country in countries else None, with_input=True, clearable=True)

            async def act() -> str | None:
                if not category.value:
                    return "분야를 고르세요."
                if len((title.value or "").strip()) < 2:
                    return "무슨 일인지 두 글자 이상 적으세요."
                number = await self._do.open_incident(title.value, category.value, country.value, one.case_ids if one else ())
                with self._client:
                    ui.navigate.to(f"/desk/incident/{number}")
                return None

            sheet.foot("만들기", act)


def _numbers(case_ids: tuple[int, ...], most: int = 8) -> str:
    shown = " ".join(f"#{case_id}" for case_id in case_ids[:most])
    return f"{shown} 외 {len(case_ids) - most}건" if len(case_ids) > most else shown
