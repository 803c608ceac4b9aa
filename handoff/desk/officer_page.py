"""``/desk/mission``: the district's emergencies of one mission, and the case an officer has joined."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nicegui import Client, ui
from nicegui.element import Element

from accounts.schemas import Staff
from core.clock import now as clock_now
from core.logging import get
from core.staff_rows import Rows
from handoff.desk import drafts, words
from handoff.desk.context_pane import ContextPane
from handoff.desk.conversation_pane import MAX_CHARS
from handoff.desk.elements import Signals, block, button, say
from handoff.desk.guarded import guarded
from handoff.desk.officer_actions import OfficerActions
from handoff.desk.press import Press
from handoff.officers.service import DistrictCase
from handoff.schemas import Case, CaseCard

log = get(__name__)
REFRESH_S = 2.0
LINES_SHOWN = 100


class OfficerPage:
    """One open page: the list is read anew every two seconds, which for one district is cheap."""

    def __init__(self, client: Client, viewer: Staff, mission: str, do: OfficerActions, tile_url: str) -> None:
        self._client = client
        self._viewer = viewer
        self._mission = mission
        self._do = do
        self._tile_url = tile_url
        self._rows: list[DistrictCase] | None = None
        self._card: CaseCard | None = None
        self._press = Press(self._guarded)
        self._seen: tuple[Any, ...] = ()

    def build(self) -> None:
        """Make the elements; called once."""
        with block("div", "desk officer"):
            with block("header", "bar"):
                say("span", f"길동무 공관 데스크 · {self._mission}", "brand")
                with block("div", "bar-right"):
                    self._signals = Signals()
                    say("span", self._viewer.display_name, "who")
                    with block("form", "sign-out", method="post", action="/staff/sign-out"), block("button", "small", type="submit"):
                        say("span", "나가기")
            with block("main", "panes"):
                with block("section", "pane queue-pane", aria_label="관할 긴급 상담"):
                    say("h1", "관할 긴급 상담")
                    self._list = Rows(block("div", "district", role="list"))
                with block("section", "pane conversation-pane", aria_label="상담"):
                    self._nothing = say("p", "목록에서 참여한 상담을 여세요.", "nothing")
                    self._talk = block("div", "lines", role="log", aria_label="대화")
                    self._reply = block("div", "reply")
                self._context = ContextPane(self._tile_url, on_ask=lambda: None)
        self._reply.set_visibility(False)
        ui.timer(REFRESH_S, self._refresh, immediate=True)

    async def _guarded(self, action: Callable[[], Awaitable[Any]]) -> bool:
        return await guarded(self._client, "/desk/mission", action)

    async def _refresh(self) -> None:
        async def read() -> None:
            rows = await self._do.cases()
            if rows != self._rows:
                self._rows = rows
                self._fill_list(rows)
            if self._card is not None and any(row.case_id == self._card.case.id and row.has_joined for row in rows):
                card = await self._do.open(self._card.case.id)
                if self._card is not None and self._card.case.id == card.case.id:  # meanwhile another one may have been opened
                    self._show(card)
            elif self._card is not None:
                self._close()

        if await self._guarded(read):
            with self._client:
                self._signals.run_method("pulse", clock_now().timestamp() * 1000, "live", 0)

    def _fill_list(self, rows: list[DistrictCase]) -> None:
        open_id = self._card.case.id if self._card is not None else None
        drawn = {(row, row.case_id == open_id): partial(self._row, row, row.case_id == open_id) for row in rows}
        self._list.show(drawn or {None: partial(say, "p", "관할에 열린 긴급 상담이 없습니다.", "none")})

    def _row(self, row: DistrictCase, is_open: bool) -> Element:
        with block("div", f"district-case {row.severity}" + (" opened" if is_open else ""), role="listitem", data_case=row.case_id) as drawn:
            with block("div", "top"):
                say("span", f"{words.severity_shape(row.severity)} {words.severity_word(row.severity)}", f"badge sev-{row.severity}")
                block("time", "wait", data_tick="wait", data_at=row.arrival_at.timestamp() * 1000, title="기다린 시간")
            say("b", f"{words.category_word(row.category)} · #{row.case_id}")
            say("p", f"{words.country_name(row.country)} · {words.STATUS[row.status]} {row.owner_name}")
            say("p", row.basis, "soft")
            if not row.is_acknowledged and not row.has_joined:
                button("확인했습니다", self._on(self._do.acknowledge, row.case_id), classes="small", data_action="officer-ack")
            if row.has_joined:
                button("열기", lambda: self._guarded(lambda: self._open(row.case_id)), classes="small", data_action="officer-open")
            else:
                button("참여하기", self._on(self._do.join, row.case_id), classes="small", data_action="officer-join")
        return drawn

    def _on(self, act: Callable[[int], Awaitable[None]], case_id: int) -> Callable[[], Awaitable[None]]:
        async def pressed() -> None:
            if await self._guarded(lambda: act(case_id)):
                await self._refresh()

        return pressed

    async def _open(self, case_id: int) -> None:
        self._seen = ()
        self._show(await self._do.open(case_id))
        with self._client:
            self._fill_list(self._rows or [])

    def _show(self, card: CaseCard) -> None:
        places = tuple(place.fix_id for place in (card.place, card.typed_place) if place)
        seen = (card.case.id, card.case.version, card.transcript[-1].seq if card.transcript else 0, places)
        is_another, self._card = self._card is None or self._card.case.id != card.case.id, card
        if seen == self._seen:
            return
        self._seen = seen
        with self._client:
            if is_another:
                self._fill_reply(card)
            self._nothing.set_visibility(False)
            self._talk.clear()
            with self._talk:
                for line in card.transcript[-LINES_SHOWN:]:
                    with block("p", f"line {line.author_kind}"):
                        say("b", words.AUTHORS.get(line.author_kind, line.author_kind) + " ")
                        say("span", words.line_text(line.kind, line.body))
            self._reply.set_visibility(card.may_write)
            self._context.show(card, may_ask=False)

    def _fill_reply(self, card: CaseCard) -> None:
        """A box of the case's own, with what was begun in it: whatever stands in another one can never go to this citizen."""
        self._press.disarm()
        begun = drafts.of(self._viewer.id, card.case.conversation_id)
        self._reply.clear()
        with self._reply:
            box = self._box = ui.textarea(
                placeholder="민원인에게 쓰기",
                value=begun.text if begun else "",
                on_change=lambda e: drafts.keep(self._viewer.id, card.case.conversation_id, str(e.value or "")[:MAX_CHARS]),
            )
            box.props(f"outlined autogrow maxlength={MAX_CHARS}").classes("officer-reply")
            button("보내기", lambda: self._write(card.case, str(box.value or "")), classes="primary", data_action="officer-send")

    def _close(self) -> None:
        if self._card is not None:
            drafts.forget(self._viewer.id, self._card.case.conversation_id)
        self._press.disarm()
        self._card, self._seen = None, ()
        self._nothing.set_visibility(True)
        self._talk.clear()
        self._reply.clear()
        self._reply.set_visibility(False)
        self._context.clear()

    async def _write(self, case: Case, text: str) -> None:
        if not text.strip():
            return
        if not await self._press.run((case.id, text), lambda client_id, is_confirmed: self._do.write(case.id, text, client_id, is_confirmed=is_confirmed)):
            return
        drafts.forget(self._viewer.id, case.conversation_id)
        if self._card is not None and self._card.case.id == case.id and self._box.value == text:
            self._box.set_value("")
        await self._refresh()
