"""``/desk/access``: the monthly review of who looked at what, restricted cases that were opened with a reason, and the erasing of what is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from nicegui import Client, ui

from accounts.schemas import Staff
from core.clock import now as clock_now
from core.settings import Settings
from handoff.desk import when
from handoff.desk.access_actions import AccessActions
from handoff.desk.access_kept import fill_kept
from handoff.desk.elements import block, button, say, select_tab
from handoff.desk.guarded import guarded
from handoff.records.access_review import LISTED, ZONE, Entry, Line, month_of, next_month
from handoff.records.action_words import said
from handoff.records.restricted import Opening
from handoff.records.unusual import Sign

TABS = (("months", "월별 검토"), ("openings", "비상 열람"), ("kept", "보관과 파기"))


class AccessPage:
    """One open page; nothing moves by itself, since every reading of the log is a line in it."""

    def __init__(self, client: Client, viewer: Staff, do: AccessActions, settings: Settings) -> None:
        self._client = client
        self._viewer = viewer
        self._do = do
        self._settings = settings
        self._month = month_of("")
        self._account = ""

    def build(self) -> None:
        """Make the elements; called once."""
        with block("div", "desk team access"):
            with block("header", "bar"):
                say("span", "길동무 열람 기록", "brand")
                with block("div", "bar-right"):
                    with block("a", "nav", href="/desk"):
                        say("span", "상담 데스크")
                    with block("a", "nav", href="/desk/exports"):
                        say("span", "정보 열람")
                    say("span", self._viewer.display_name, "who")
                    with block("form", "sign-out", method="post", action="/staff/sign-out"), block("button", "small", type="submit"):
                        say("span", "나가기")
            with block("main", "team-main"):
                with block("div", "team-tabs", role="tablist", aria_label="열람 기록 화면"):
                    self._tabs = {code: button(label, self._shower(code), role="tab", data_access_tab=code) for code, label in TABS}
                self._panels = {code: block("div", "panel", role="tabpanel", data_panel=code) for code, _ in TABS}
        select_tab(self._tabs, self._panels, "months")

    async def start(self, case_id: int | None = None) -> None:
        """Fill what is seen first: the month, or one case's lines."""
        if case_id is not None:
            await self._guarded(lambda: self._show_case(case_id))
        else:
            await self._guarded(self._show_months)
        await self._guarded(self._count_openings)

    async def _guarded(self, action: Callable[[], Awaitable[Any]]) -> bool:
        return await guarded(self._client, "/desk/access", action)

    def _shower(self, code: str) -> Callable[[], Awaitable[None]]:
        async def show() -> None:
            select_tab(self._tabs, self._panels, code)
            fill = {"months": self._show_months, "openings": self._show_openings, "kept": self._show_kept}[code]
            await self._guarded(fill)

        return show

    # -- months -------------------------------------------------------------------------------------------------------------------

    async def _show_months(self) -> None:
        entries = await self._do.entries(self._month)
        self._account = ""
        with self._client, self._emptied("months"):
            self._month_bar()
            waiting = sum(one.later > 0 for one in entries)
            say("p", f"계정 {len(entries)}개 · 검토할 계정 {waiting}개", "glance")
            say("p", "눈에 띄는 것이 위에 있습니다. 잘못이라는 뜻이 아니라, 까닭을 물어볼 만하다는 뜻입니다. 이 목록을 본 것도 기록됩니다.", "soft")
            if not entries:
                say("p", "이 달에는 기록이 없습니다.", "none")
                return
            with block("div", "scroll"), block("table", "grid", data_table="months"):
                with block("thead"), block("tr"):
                    for name in ("계정", "눈에 띄는 점", "본 횟수", "상담", "하루 최다", "검토", ""):
                        say("th", name)
                with block("tbody"):
                    for one in entries:
                        self._entry(one)

    def _month_bar(self) -> None:
        with block("div", "months", role="group", aria_label="달"):
            button("‹ 앞 달", self._turner((self._month - timedelta(days=1)).replace(day=1)), classes="small", data_action="month-before")
            say("b", f"{self._month:%Y}년 {self._month.month}월", "month")
            if (after := next_month(self._month)) <= month_of(""):
                button("다음 달 ›", self._turner(after), classes="small", data_action="month-after")
            query = urlencode({"month": f"{self._month:%Y-%m}", "account": self._account})
            with block("a", "nav", href=f"/desk/access/log.csv?{query}", download="", data_action="csv"):
                say("span", "CSV")

    def _turner(self, month: date) -> Callable[[], Awaitable[None]]:
        async def turn() -> None:
            self._month = month
            await self._guarded(lambda: self._show_account(self._account) if self._account else self._show_months())

        return turn

    def _entry(self, one: Entry) -> None:
        month = one.month
        with block("tr", "is-unusual" if one.signs else "", data_account=month.account):
            with block("th", scope="row"):
                say("b", month.name or month.account)
                say("span", month.account, "soft")
            with block("td"):
                for sign in one.signs:
                    say("span", f"{_mark(sign)} {sign.korean}{_much(one, sign)}", f"sign is-{sign.value}")
            say("td", str(month.looks), "number")
            say("td", str(month.cases), "number")
            say("td", str(month.most_in_a_day), "number")
            with block("td"):
                if one.reviewed_at is not None:
                    say("span", f"✓ {one.reviewed_by} · {when.said(one.reviewed_at, clock_now())}")
                    if one.later:
                        say("span", f"그 뒤 {one.later}건 더", "soft block")
                else:
                    say("span", "아직", "soft")
            with block("td"):
                button("살피기", self._opener(month.account), classes="small", data_action="account")

    def _opener(self, account: str) -> Callable[[], Awaitable[None]]:
        async def show() -> None:
            await self._guarded(lambda: self._show_account(account))

        return show

    async def _show_account(self, account: str) -> None:
        lines = await self._do.lines(self._month, account)
        self._account = account
        with self._client, self._emptied("months"):
            button("‹ 모든 계정", self._shower("months"), classes="small", data_action="all-accounts")
            self._month_bar()
            say("h2", f"{account} · {len(lines)}건" + (f" (눈에 띄는 것부터 {LISTED}건까지)" if len(lines) == LISTED else ""))
            _table(lines)
            if account == self._viewer.login:
                say("p", "자기 기록은 다른 책임자가 검토합니다.", "soft")
            else:
                button("이 달을 검토했습니다", self._reviewer(account), classes="primary", data_action="reviewed")

    def _reviewer(self, account: str) -> Callable[[], Awaitable[None]]:
        async def mark() -> None:
            if await self._guarded(lambda: self._do.mark_reviewed(self._month, account)):
                with self._client:
                    ui.notify(f"{account} 계정의 {self._month.month}월 기록을 검토한 것으로 남겼습니다.", type="positive", position="top")
                await self._guarded(self._show_months)

        return mark

    async def _show_case(self, case_id: int) -> None:
        lines = await self._do.of_case(case_id)
        with self._client, self._emptied("months"):
            button("‹ 모든 계정", self._shower("months"), classes="small", data_action="all-accounts")
            say("h2", f"#{case_id} 상담을 누가 보았나 · {len(lines)}건")
            _table(lines)

    # -- openings -----------------------------------------------------------------------------------------------------------------

    async def _count_openings(self) -> None:
        unseen = await self._do.unseen()
        with self._client, self._tabs["openings"] as tab:
            tab.clear()
            say("span", f"비상 열람 {unseen}" if unseen else "비상 열람")

    async def _show_openings(self) -> None:
        found = await self._do.openings()
        with self._client, self._emptied("openings"):
            say("p", "지정되지 않은 사람이 까닭을 적고 연 제한 상담입니다. 아직 아무도 확인하지 않은 것이 위에 있습니다.", "soft")
            if not found:
                say("p", "없습니다.", "none")
            with block("ul", "rows", role="list"):
                for one in found:
                    self._opening(one)

    def _opening(self, one: Opening) -> None:
        with block("li", "row-line" if one.seen_at else "row-line is-unusual", data_opening=one.id), block("div"):
            say(
                "b",
                f"#{one.case_id} · {one.staff_name or one.login} · {one.opened_at.astimezone(ZONE):%m-%d %H:%M}부터 {one.ends_at.astimezone(ZONE):%H:%M}까지",
            )
            say("p", one.reason or "까닭은 보관 기간이 지나 지웠습니다.", "words")
            if one.seen_at is not None:
                say("span", f"✓ {one.seen_by_name} 님이 확인함", "soft")
            elif one.staff_id == self._viewer.id:
                say("span", "자기가 연 것은 다른 책임자가 확인합니다.", "soft")
            else:
                button("확인했습니다", self._seer(one.id), classes="small", data_action="glass-seen")

    def _seer(self, opening_id: int) -> Callable[[], Awaitable[None]]:
        async def see() -> None:
            if await self._guarded(lambda: self._do.see(opening_id)):
                await self._guarded(self._show_openings)
                await self._guarded(self._count_openings)

        return see

    async def _show_kept(self) -> None:
        kept = await self._do.kept()
        with self._client, self._emptied("kept"):
            fill_kept(kept, self._settings)

    def _emptied(self, code: str) -> Any:
        panel = self._panels[code]
        panel.clear()
        return panel


def _mark(sign: Sign) -> str:
    return {Sign.RESTRICTED: "■", Sign.NOT_THEIRS: "▲", Sign.MANY: "●", Sign.NIGHT: "☾"}[sign]


def _much(one: Entry, sign: Sign) -> str:
    month = one.month
    if sign is Sign.RESTRICTED:
        return f" {month.restricted}" + (f" · 거절 {month.refused}" if month.refused else "")
    return {Sign.NOT_THEIRS: f" {month.not_theirs}", Sign.MANY: f" {month.most_in_a_day}", Sign.NIGHT: f" {month.night}"}[sign]


def _table(lines: list[Line]) -> None:
    if not lines:
        say("p", "기록이 없습니다.", "none")
        return
    with block("div", "scroll"), block("table", "grid", data_table="lines"):
        with block("thead"), block("tr"):
            for name in ("시각", "계정", "한 일", "상담", "주소", "민원인(가명)", "눈에 띄는 점"):
                say("th", name)
        with block("tbody"):
            for one in lines:
                with block("tr", "is-unusual" if one.signs else "", data_line=one.id):
                    say("td", f"{one.at.astimezone(ZONE):%m-%d %H:%M:%S}", "number")
                    say("td", one.name or one.account)
                    say("td", said(one.action))
                    say("td", f"#{one.case_id}" if one.case_id else "", "number")
                    say("td", one.address, "number")
                    say("td", one.subject[:12], "number")
                    say("td", " ".join(f"{_mark(sign)} {sign.korean}" for sign in one.signs))
