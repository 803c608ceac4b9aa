"""The list of notices with its filters; drawn from what the database has, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from nicegui import Client, ui
from nicegui.element import Element

from core.staff_rows import Rows
from knowledge_base.desk import words
from knowledge_base.desk.elements import attributes, block, button, choose, say
from knowledge_base.desk.guard import Guard, Later
from knowledge_base.desk.work import Facets, Listed, Work
from knowledge_base.editing.schemas import STATUS_LABELS, Due, ListFilter, NoticeRow
from knowledge_base.schemas import NoticeKind, NoticeStatus

PAGE = 100
PAUSE_S = 0.25
IN_FORCE = "in_force"
NO_COUNTRY = "-"
STATES = {"": "모든 상태", IN_FORCE: "시행 중"} | {status.value: label for status, label in STATUS_LABELS.items()}
DUES = {"": "모든 기한", Due.OVERDUE.value: "검토 기한 지남", Due.SOON.value: "검토 임박 (30일)"}


class ListPane:
    """Filters above, rows below."""

    def __init__(
        self, client: Client, work: Work, guard: Guard, on_open: Callable[[str], Awaitable[None]], on_new: Callable[[NoticeKind], None] | None
    ) -> None:
        self._client = client
        self._work = work
        self._guard = guard
        self._on_open = on_open
        self._filter = ListFilter(limit=PAGE)
        self._current = ""
        self._in_force = False
        self._later = Later(PAUSE_S)
        self._asked = 0
        with block("div", "kb-filters", role="search", aria_label="공지 찾기"):
            with block("label", "search"):
                say("span", "찾기", "unseen")
                search = block("input", type="search", placeholder="제목·본문에서 찾기", autocomplete="off", data_search="", aria_keyshortcuts="/")
            search.on("input", lambda e: self._set(text=str(e.args or "")[:200]), js_handler="(e) => emit(e.target.value)")
            self._choices = block("div", "choices")
            if on_new is not None:
                with block("div", "new-buttons"):
                    button("새 공지", lambda: on_new(NoticeKind.NOTICE), classes="primary small", data_action="new")
                    button("새 정형문", lambda: on_new(NoticeKind.CANNED), classes="small", data_action="new-canned")
        self._count = say("p", "", "list-count", role="status")
        self._rows = Rows(block("ul", "entries", role="list"))
        with block("div", "more") as self._more:
            button("더 보기", self._show_more, classes="small wide", data_action="more")
        self._more.set_visibility(False)

    def _set(self, **changes: object) -> None:
        self._in_force = bool(changes.pop("in_force", self._in_force))
        self._filter = replace(self._filter, limit=PAGE, **changes)  # type: ignore[arg-type]
        self._later.ask(self.refresh)

    async def refresh(self) -> None:
        """Read it again."""
        self._asked += 1
        asked = self._asked
        listed = await self._guard.run(lambda: self._work.listed(self._filter, self._in_force))
        if listed is not None and asked == self._asked:
            with self._client:
                self._fill(listed)

    def choices(self, facets: Facets) -> None:
        """The filters' choices: the countries and topics that notices have."""
        countries = dict(sorted(((code, words.country_name(code)) for code in facets.countries), key=lambda pair: pair[1]))
        topics = dict(sorted(((code, words.topic_word(code)) for code in facets.topics), key=lambda pair: pair[1]))
        self._choices.clear()
        with self._choices:
            self._choice("상태", STATES, "state", self._set_state)
            self._choice("나라", {"": "모든 나라", NO_COUNTRY: "나라 없음"} | countries, "country", self._set_country)
            self._choice("주제", {"": "모든 주제"} | topics, "topic", lambda v: self._set(topic=v or None))
            self._choice("기한", DUES, "due", lambda v: self._set(due=Due(v) if v else None))
            self._choice("종류", {"": "모든 종류"} | words.KINDS, "kind", lambda v: self._set(kind=NoticeKind(v) if v else None))

    def _set_state(self, value: str) -> None:
        self._set(in_force=value == IN_FORCE, states=(NoticeStatus(value),) if value not in ("", IN_FORCE) else ())

    def _set_country(self, value: str) -> None:
        self._set(country=None if not value else "" if value == NO_COUNTRY else value)

    def _choice(self, label: str, options: dict[str, str], name: str, chosen: Callable[[str], None]) -> None:
        def take(event: object) -> None:
            value = str(getattr(event, "args", "") or "")
            if value in options:
                chosen(value)

        choose(label, options, data_filter=name).on("change", take, js_handler="(e) => emit(e.target.value)")

    def _fill(self, listed: Listed) -> None:
        self._count.set_text(f"{listed.total:,}건" if len(listed.rows) == listed.total else f"{listed.total:,}건 가운데 {len(listed.rows):,}건")
        self._rows.show({row: partial(self._row, row) for row in listed.rows} or {None: partial(say, "li", "찾는 공지가 없습니다.", "empty")})
        self._more.set_visibility(len(listed.rows) < listed.total)

    def _row(self, row: NoticeRow) -> Element:
        state = words.state_of(row.status, row.in_force, row.flags)
        with block("li", "entry") as drawn, block("button", "main", type="button", data_entry=row.id) as entry:
            attributes(entry, aria_current="true" if row.id == self._current else None)
            with block("span", "top"):
                chip(state)
                for flag in words.more_flags(state, row.flags):
                    say("span", flag, "flag")
                if row.kind == NoticeKind.CANNED:
                    say("span", words.KINDS["canned"], "flag kind")
            say("span", row.title, "what")
            where = [words.country_name(code) for code in row.countries[:3]] + ([f"외 {len(row.countries) - 3}"] if len(row.countries) > 3 else [])
            dates = f"{row.effective_from} 시행" + (f" · {row.until}부터 끝" if row.until and state.code in ("ended", "superseded") else "")
            say("span", " · ".join([*([", ".join(where)] if where else []), dates]), "where")
        entry.on("click", lambda: self._on_open(row.id), [])
        return drawn

    async def _show_more(self) -> None:
        self._filter = replace(self._filter, limit=self._filter.limit + PAGE)
        await self.refresh()

    def mark(self, notice_id: str) -> None:
        """Show which one is open."""
        self._current = notice_id
        ui.run_javascript(f"document.dispatchEvent(new CustomEvent('kb:current', {{ detail: {json.dumps(notice_id)} }}))")


def chip(state: words.State) -> None:
    """A state as a shape and a word."""
    with block("span", f"state is-{state.code}"):
        say("span", state.shape, aria_hidden="true")
        say("span", state.word)
