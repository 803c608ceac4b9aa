"""Duty numbers of missions: one supervisor writes, another tries and checks; only then does the ladder ring it."""

from __future__ import annotations

from functools import lru_cache

from nicegui import Client, ui

from accounts.schemas import Role, Staff
from core.clock import now as clock_now
from handoff import service as handoff
from handoff.desk import when, words
from handoff.desk.elements import block, button, say
from handoff.desk.sheet import Sheet, field
from handoff.desk.team_actions import TeamActions
from handoff.ladder_repository import CHECK_HOLDS_DAYS

#: Codes of the locale data that are no country abroad.
NO_COUNTRY = ("ZZ", "EU", "EZ", "UN", "QO", "XA", "XB", "KR")


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """Code and Korean name of every country, by name."""
    from babel import Locale

    known = {code: str(name) for code, name in Locale("ko").territories.items() if len(code) == 2 and code.isalpha() and code not in NO_COUNTRY}
    return dict(sorted(known.items(), key=lambda item: item[1]))


def standing(row: handoff.DutyNumber) -> tuple[str, str]:
    """(code, words) of whether a number would be rung. Pure."""
    if row.is_called:
        return "ok", "걸 수 있음"
    return ("open", "두 번째 사람의 확인 필요") if row.checked_at is None else ("open", "확인한 지 오래됨 · 다시 확인 필요")


class TeamNumbers:
    """The table, with the two moves."""

    def __init__(self, client: Client, viewer: Staff, do: TeamActions) -> None:
        self._client = client
        self._viewer = viewer
        self._do = do
        self._root = block("section", "team-numbers", aria_label="당직 번호")

    async def refresh(self) -> None:
        """Read and draw."""
        rows = await self._do.numbers()
        with self._client:
            self._root.clear()
            with self._root:
                self._fill(rows)

    def _fill(self, rows: list[handoff.DutyNumber]) -> None:
        may_write = self._viewer.has(Role.SUPERVISOR)
        text = "생명 위험 상담을 120초 동안 아무도 맡지 않으면 그 나라 공관의 이 번호로 겁니다."
        say("p", f"{text} 적은 사람이 아닌 책임자가 걸어 보고 확인해야 하고, 확인은 {CHECK_HOLDS_DAYS}일 동안 유효합니다.", "soft")
        if may_write:
            button("번호 적기", lambda: self._ask(), classes="primary", data_action="new-number")
        if not rows:
            say("p", "적어 둔 번호가 없습니다. 그동안은 어느 공관에도 걸지 않고, 데스크에 ‘미설정’으로 보입니다.", "warning")
            return
        with block("div", "scroll"), block("table", "grid"):
            with block("thead"), block("tr"):
                for head in ("나라", "번호", "상태", "출처", "적은 사람", "확인한 사람", ""):
                    say("th", head, scope="col")
            with block("tbody"):
                for row in rows:
                    self._row(row, may_write=may_write)

    def _row(self, row: handoff.DutyNumber, *, may_write: bool) -> None:
        code, text = standing(row)
        now = clock_now()
        with block("tr", "", data_number=row.country):
            say("th", words.country_name(row.country), scope="row")
            say("td", row.number, "tel")
            with block("td"):
                say("span", text, f"mark {'verified' if code == 'ok' else 'unverified'}")
            say("td", row.source)
            say("td", f"{row.entered_by_name} · {when.said(row.entered_at, now)}")
            say("td", f"{row.checked_by_name} · {when.said(row.checked_at, now)}" if row.checked_at else "-")
            with block("td"):
                if may_write and not row.is_called and row.entered_by != self._viewer.id:
                    button("걸어 보고 확인", lambda: self._ask_check(row), classes="small", data_action="check-number")
                if may_write:
                    button("고치기", lambda: self._ask(row), classes="small", data_action="edit-number")

    def _ask(self, row: handoff.DutyNumber | None = None) -> None:
        with Sheet(self._client, "당직 번호", "number") as sheet:
            if row is not None:
                say("p", "번호를 고치면 확인이 지워집니다. 다른 책임자가 다시 확인할 때까지 걸지 않습니다.", "warning")
            with block("div", "", data_country=""):
                country = ui.select(countries(), label="나라", value=row.country if row else None, with_input=True)
                country.props("outlined dense options-dense").classes("wide").set_enabled(row is None)
            number = field("번호 (국가 번호부터)", "number", most=30, value=row.number if row else "")
            source = field("출처 (어디서, 언제 확인했는지)", "source", most=300)

            async def act() -> str | None:
                await self._do.save_number(str(country.value or ""), number.value or "", source.value or "")
                await self.refresh()
                return None

            sheet.foot("적기", act)

    def _ask_check(self, row: handoff.DutyNumber) -> None:
        with Sheet(self._client, "당직 번호 확인", "check-number") as sheet:
            say("p", f"{words.country_name(row.country)} {row.number}", "what tel")
            say("p", "직접 걸어 보고, 밤에도 받는 공관의 당직 번호가 맞을 때만 확인하세요.", "warning")

            async def act() -> None:
                await self._do.check_number(row.country, row.number)
                await self.refresh()

            sheet.foot("걸어 보았고 맞습니다", act)
