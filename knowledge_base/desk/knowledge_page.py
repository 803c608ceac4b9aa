"""``/kb``: the page's frame, its tabs, and what leads from one to the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, background_tasks, ui

from accounts.schemas import Role
from core.errors import AppError
from knowledge_base.desk.changes_pane import ChangesPane
from knowledge_base.desk.elements import Keys, attributes, block, button, say, select_tab
from knowledge_base.desk.form import kind_of_new
from knowledge_base.desk.freshness_pane import FreshnessPane
from knowledge_base.desk.guard import Guard, place
from knowledge_base.desk.import_pane import ImportPane
from knowledge_base.desk.list_pane import ListPane
from knowledge_base.desk.notice_pane import NoticePane
from knowledge_base.desk.unanswered_pane import UnansweredPane
from knowledge_base.desk.work import Viewer, Work
from knowledge_base.schemas import NoticeKind

#: The list is read again so often while the page is open: colleagues work on the same notices.
LOOK_S = 20.0
LIST, UNANSWERED, FRESHNESS, IMPORT, CHANGES = "list", "unanswered", "freshness", "import", "changes"
TABS = {LIST: "공지", UNANSWERED: "답하지 못한 질문", FRESHNESS: "기한 점검", IMPORT: "가져오기", CHANGES: "공공데이터"}
FOR_WRITERS = (UNANSWERED, IMPORT)


class KnowledgePage:
    """One open page."""

    def __init__(self, client: Client, viewer: Viewer, work: Work) -> None:
        self._client = client
        self._viewer = viewer
        self._work = work
        self._guard = Guard(client)
        self._names = [name for name in TABS if viewer.may_write or name not in FOR_WRITERS]
        self._labels: dict[str, Any] = {}
        self._counts: dict[str, int] = {}
        self._task: asyncio.Task[Any] | None = None

    def build(self) -> None:
        """Make the page's elements."""
        with block("div", "desk kb"):
            self._header()
            with block("div", "kb-tabs", role="tablist", aria_label="화면"):
                self._tabs = {name: self._tab(name) for name in self._names}
            with block("main", "kb-main"):
                self._panels = {name: block("div", f"kb-panel view-{name}", role="tabpanel", aria_label=TABS[name]) for name in self._names}
                with self._panels[LIST]:
                    with block("nav", "kb-list", aria_label="공지 목록"):
                        self._list = ListPane(self._client, self._work, self._guard, self.open, self._new if self._viewer.may_write else None)
                    self._notice = NoticePane(self._client, self._viewer, self._work, self._guard, self._saved, self._close)
                self._refreshers: dict[str, Callable[[], Awaitable[int]]] = {}
                with self._panels[FRESHNESS]:
                    self._refreshers[FRESHNESS] = FreshnessPane(self._client, self._work, self._guard, self.open).refresh
                with self._panels[CHANGES]:
                    self._refreshers[CHANGES] = ChangesPane(self._client, self._work, self._guard, may_write=self._viewer.may_write).refresh
                if self._viewer.may_write:
                    with self._panels[UNANSWERED]:
                        self._refreshers[UNANSWERED] = UnansweredPane(self._client, self._work, self._guard, self.open).refresh
                    with self._panels[IMPORT]:
                        ImportPane(self._client, self._work, self._guard, self.open, self._reload)
            Keys()
        self._show(LIST)

    def _header(self) -> None:
        staff = self._viewer.staff
        with block("header", "bar"):
            say("span", "길동무 공지", "brand")
            with block("div", "bar-right"):
                if staff.has(Role.AGENT, Role.SUPERVISOR):
                    with block("a", "nav", href="/desk"):
                        say("span", "상담 데스크")
                if staff.has(Role.AGENT, Role.SUPERVISOR, Role.EDITOR):
                    with block("a", "nav", href="/desk/reviews"):
                        say("span", "판정 검토")
                say("span", staff.display_name, "who")
                with block("form", "sign-out", method="post", action="/staff/sign-out"), block("button", "small", type="submit"):
                    say("span", "나가기")

    def _tab(self, name: str) -> ui.element:
        with block("button", "kb-tab", type="button", role="tab", data_tab=name) as tab:
            self._labels[name] = say("span", TABS[name])
        tab.on("click", lambda: self._choose(name), [])
        return tab

    async def _choose(self, name: str) -> None:
        self._show(name)
        address = self._guard.here if name == LIST else f"{place()}?tab={name}"
        ui.run_javascript(f"history.replaceState(null, '', '{address}')")
        if name in self._refreshers:
            await self._refresh(name)

    def _show(self, name: str) -> None:
        self._shown = name
        select_tab(self._tabs, self._panels, name)

    async def _refresh(self, name: str) -> None:
        count = await self._refreshers[name]()
        with self._client:
            self._labels[name].set_text(f"{TABS[name]} {count}" if count else TABS[name])

    # -- what leads where ---------------------------------------------------------------------------------------------------------

    async def open(self, notice_id: str) -> None:
        """Open a notice, from wherever."""
        with self._client:
            if self._shown != LIST:
                self._show(LIST)
        if await self._notice.open(notice_id):
            with self._client:
                self._mark(notice_id)

    def _new(self, kind: NoticeKind) -> None:
        self._notice.new(kind)
        self._mark(self._notice.notice_id, is_new=True)

    def _close(self) -> None:
        self._notice.clear()
        self._mark("")

    def _mark(self, notice_id: str, *, is_new: bool = False) -> None:
        attributes(self._panels[LIST], data_open=str(bool(notice_id)).lower())
        self._list.mark(notice_id)
        # The address names what is open, so that a reload finds it again, with what was typed.
        ui.run_javascript(f"history.replaceState(null, '', '{place(notice_id, is_new=is_new)}')")

    async def _saved(self, notice_id: str) -> None:
        await self._list.refresh()
        with self._client:
            self._mark(notice_id)

    async def _reload(self) -> None:
        """The list and what the form offers, after many notices may have come."""
        facets = await self._guard.run(self._work.facets)
        if facets is not None:
            with self._client:
                self._list.choices(facets)
            self._notice.offer(facets)
        await self._list.refresh()

    # -- its life -----------------------------------------------------------------------------------------------------------------

    def start(self, notice_id: str = "", new_id: str = "", tab: str = "") -> None:
        """Fill it, with what the address names opened, and keep it fresh while it is open."""
        self._task = background_tasks.create(self._live(notice_id, new_id, tab), name="kb-page")

    def stop(self) -> None:
        """The page is gone."""
        if self._task is not None:
            self._task.cancel()

    async def _live(self, notice_id: str, new_id: str, tab: str) -> None:
        await self._client.connected()
        await self._reload()
        if notice_id:
            await self.open(notice_id)
        elif kind := kind_of_new(new_id) if self._viewer.may_write else None:
            with self._client:
                self._notice.new(kind, new_id)
                self._mark(new_id, is_new=True)
        if tab in self._names and tab != LIST:
            with self._client:
                await self._choose(tab)
        for name in (FRESHNESS, CHANGES):  # looking at citizens' questions is written down, so it waits until somebody asks for them
            await self._refresh(name)
        while True:
            await asyncio.sleep(LOOK_S)
            await self._list.refresh()


def refuse(error: AppError) -> None:
    """The page for who may not come in."""
    with block("div", "refused"):
        say("h1", "공지 화면을 열 수 없습니다")
        say("p", error.kind.korean)
        button("다시", lambda: ui.navigate.reload(), classes="small")
