"""``/desk/exports``: what was asked for, the preview in which it is marked what is black, its release by a second person, and consents that wait for one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, ui
from nicegui.element import Element

from accounts.schemas import Staff
from core.clock import now as clock_now
from handoff.desk import when
from handoff.desk.consent_actions import ConsentActions
from handoff.desk.consent_words import detail, headline
from handoff.desk.elements import attributes, block, button, say, select_tab
from handoff.desk.export_actions import ExportActions
from handoff.desk.export_dialog import acknowledged
from handoff.desk.guarded import guarded
from handoff.desk.sheet import Sheet, field
from handoff.records.consent_rules import Consent
from handoff.records.export_redaction import HAND, KINDS, segments
from handoff.records.export_rules import CARES, REQUESTERS, STATES, State
from handoff.records.export_schemas import Export, Opened

TABS = (("exports", "정보 열람 자료"), ("consents", "동의 확인"))
Act = Callable[[], Awaitable[Any]]


class ExportMarks(Element, component="static/export_marks.js"):
    """The lines of an export, with what is black in them."""


class ExportPage:
    """One open page; nothing moves by itself, since every look is a line of the access log."""

    def __init__(self, client: Client, viewer: Staff, do: ExportActions, consents: ConsentActions) -> None:
        self._client = client
        self._viewer = viewer
        self._do = do
        self._consents = consents

    def build(self) -> None:
        """Make the elements; called once."""
        with block("div", "desk team access exports"):
            with block("header", "bar"):
                say("span", "길동무 정보 열람", "brand")
                with block("div", "bar-right"):
                    with block("a", "nav", href="/desk"):
                        say("span", "상담 데스크")
                    with block("a", "nav", href="/desk/access"):
                        say("span", "열람 기록")
                    say("span", self._viewer.display_name, "who")
                    with block("form", "sign-out", method="post", action="/staff/sign-out"), block("button", "small", type="submit"):
                        say("span", "나가기")
            with block("main", "team-main"):
                with block("div", "team-tabs", role="tablist", aria_label="정보 열람 화면"):
                    self._tabs = {code: button(label, self._shower(code), role="tab", data_export_tab=code) for code, label in TABS}
                self._panels = {code: block("div", "panel", role="tabpanel", data_panel=code) for code, _ in TABS}
        select_tab(self._tabs, self._panels, "exports")

    async def start(self, number: int | None = None) -> None:
        """Fill what is seen first: one export, or the list."""
        await self._guarded(self._show_list if number is None else lambda: self._show(number))

    async def _guarded(self, action: Act) -> bool:
        return await guarded(self._client, "/desk/exports", action)

    def _shower(self, code: str) -> Act:
        async def show() -> None:
            select_tab(self._tabs, self._panels, code)
            await self._guarded({"exports": self._show_list, "consents": self._show_consents}[code])

        return show

    def _emptied(self, code: str) -> Any:
        panel = self._panels[code]
        panel.clear()
        return panel

    # -- the list -----------------------------------------------------------------------------------------------------------------

    async def _show_list(self) -> None:
        found = await self._do.listing()
        with self._client, self._emptied("exports"):
            say(
                "p",
                "본인이나 대리인이 요청한 것입니다. 상담의 메뉴(.)에서 ‘정보 열람 자료’로 만들고, 만들지 않은 책임자가 읽고 내줍니다.",
                "soft",
            )
            if not found:
                say("p", "없습니다.", "none")
            with block("ul", "rows", role="list"):
                for one in found:
                    self._row(one)

    def _row(self, one: Export) -> None:
        is_late = one.state in (State.DRAFT, State.WAITING) and one.due_on < clock_now().astimezone(when.SEOUL).date()
        with block("li", "row-line is-unusual" if is_late else "row-line", data_export=one.id), block("div"):
            say("b", f"#{one.case_id} 상담 · {REQUESTERS[one.requester]} · {STATES[one.state]}")
            say("p", f"{one.asked_on:%Y-%m-%d} 요청, {one.due_on:%Y-%m-%d}까지" + (" · 기한이 지났습니다" if is_late else ""), "soft")
            say("p", _by(one), "soft")
            if one.returned_why:
                say("p", f"되돌린 까닭: {one.returned_why}", "warning")
            if one.is_there:
                button("열기", self._opener(one.id), classes="small", data_action="open")
            elif one.state != State.WITHDRAWN:
                say("span", "기한이 지나 지웠습니다.", "soft")

    def _opener(self, number: int) -> Act:
        async def show() -> None:
            await self._guarded(lambda: self._show(number))

        return show

    # -- one export ---------------------------------------------------------------------------------------------------------------

    async def _show(self, number: int, *, is_again: bool = False) -> None:
        opened = await self._do.look(number, is_again=is_again)
        sections = await asyncio.to_thread(_sections, opened)
        one = opened.export
        is_own = one.prepared_by == self._viewer.id
        with self._client, self._emptied("exports"):
            button("‹ 모두", self._shower("exports"), classes="small", data_action="all")
            say("h1", f"#{one.case_id} 상담 · {REQUESTERS[one.requester]} · {STATES[one.state]}")
            say("p", f"확인한 방법: {one.identity}", "words")
            say("p", f"{_by(one)} · {one.due_on:%Y-%m-%d}까지 보여 주어야 합니다.", "soft")
            if one.returned_why:
                say("p", f"되돌린 까닭: {one.returned_why}", "warning")
            known = None
            if one.state is State.WAITING and not is_own:
                known = acknowledged(opened.cares)
            else:
                _said(opened)
            self._acts(opened, is_own, known)
            if one.state is State.DRAFT:
                say(
                    "p",
                    "줄 그은 곳이 가려집니다. 본인의 것이면 눌러서 보이게 하고, 다른 사람의 것은 골라서 가리세요. 규칙은 이름을 다 알지 못합니다.",
                )
                if is_own:
                    self._word(one.id)
            lines = attributes(ExportMarks(), sections=sections, editable=one.state is State.DRAFT and is_own)
            lines.on("mark", lambda e: self._change(one.id, lambda: self._do.mark(one.id, *_place(e.args))), None)
            lines.on("unmark", lambda e: self._change(one.id, lambda: self._do.unmark(one.id, *_place(e.args))), None)

    def _acts(self, opened: Opened, is_own: bool, known: Any) -> None:
        one = opened.export
        with block("div", "row-acts", role="group", aria_label="할 수 있는 일"):
            if one.state is State.DRAFT and is_own:
                button("다른 책임자에게 확인 요청", self._doer(one.id, lambda: self._do.submit(one.id)), classes="primary", data_action="submit")
            if one.state is State.WAITING and is_own:
                button("다시 고치기", self._doer(one.id, lambda: self._do.take_back(one.id)), classes="small", data_action="take-back")
                say("span", "만든 사람은 내줄 수 없습니다. 다른 책임자가 읽고 확인합니다.", "soft")
            if one.state is State.WAITING and not is_own:

                def said() -> list[str]:
                    return [care.value for care in opened.cares] if known is None or known.value else []

                button(
                    "읽었습니다 · 내주기", self._doer(one.id, lambda: self._do.release(one.id, one.version, said())), classes="primary", data_action="release"
                )
                button("되돌리기", lambda: self._ask_back(one.id), classes="small", data_action="turn-back")
            if one.state is State.RELEASED:
                for form, label in (("html", "읽는 파일(HTML) 받기"), ("json", "JSON 받기")):
                    with block("a", "nav", href=f"/desk/exports/{one.id}/file.{form}", download="", data_action=f"file-{form}"):
                        say("span", label)
                say("span", f"{when.said(one.expires_at, clock_now())}까지. 본인이나 확인된 대리인에게 직접 건네세요. 채팅으로는 보낼 수 없습니다.", "soft")
            button("취소하고 지우기", lambda: self._ask_withdraw(one.id), classes="small danger", data_action="withdraw")

    def _word(self, number: int) -> None:
        with block("div", "row-acts", role="group", aria_label="말로 가리기"):
            word = field("모두 가릴 말 (이름 …)", "word", most=100)

            async def cover() -> None:
                places: list[int] = []

                async def act() -> None:
                    places.append(await self._do.mark_word(number, word.value or ""))

                if await self._guarded(act):
                    with self._client:
                        ui.notify(f"{places[0]}곳을 가렸습니다." if places[0] else "그런 말이 없습니다.", type="info", position="top")
                    if places[0]:
                        await self._guarded(lambda: self._show(number, is_again=True))

            button("모두 가리기", cover, classes="small", data_action="mark-word")

    async def _change(self, number: int, act: Act) -> None:
        if await self._guarded(act):
            await self._guarded(lambda: self._show(number, is_again=True))

    def _doer(self, number: int, act: Act) -> Act:
        async def press() -> None:
            await self._change(number, act)

        return press

    def _ask_back(self, number: int) -> None:
        with Sheet(self._client, "되돌리기", "export-back") as sheet:
            why = field("무엇을 고쳐야 하나요 (다섯 글자 이상)", "back-why", lines=2)

            async def act() -> str | None:
                await self._do.turn_back(number, why.value or "")
                await self._guarded(self._show_list)
                return None

            sheet.foot("되돌리기", act)

    def _ask_withdraw(self, number: int) -> None:
        with Sheet(self._client, "취소하고 지우기", "export-withdraw") as sheet:
            say("p", "떠 둔 사본을 바로 지웁니다. 원본은 그대로입니다.")

            async def act() -> str | None:
                await self._do.withdraw(number)
                await self._guarded(self._show_list)
                return None

            sheet.foot("지우기", act, is_danger=True)

    # -- consents -----------------------------------------------------------------------------------------------------------------

    async def _show_consents(self) -> None:
        found = await self._do.unchecked()
        with self._client, self._emptied("consents"):
            say(
                "p",
                "보호자 대신 아동의 말로, 또는 본인에게 묻지 않고 한 일입니다. 적지 않은 사람이 상담을 열어 읽고 확인합니다.",
                "soft",
            )
            if not found:
                say("p", "없습니다.", "none")
            with block("ul", "rows", role="list"):
                for one in found:
                    self._consent(one)

    def _consent(self, one: Consent) -> None:
        with block("li", "row-line is-unusual", data_consent=one.id), block("div"):
            say("b", f"#{one.case_id} · {headline(one)}")
            say("p", one.said, "words")
            say("p", f"{detail(one)} · {one.written_by_name or '동료'} 님이 {when.said(one.written_at, clock_now())} 적음", "soft")
            with block("div", "row-acts"):
                with block("a", "nav", href=f"/desk?case={one.case_id}"):
                    say("span", "상담 열기")
                if one.written_by != self._viewer.id:
                    button("확인했습니다", self._checker(one.id), classes="small", data_action="consent-agree")

    def _checker(self, consent_id: int) -> Act:
        async def check() -> None:
            if await self._guarded(lambda: self._consents.check(consent_id, is_agreed=True)):
                await self._guarded(self._show_consents)

        return check


def _sections(opened: Opened) -> list[dict[str, Any]]:
    """The document cut into what is shown and what is black; made in a thread, since a long conversation takes a while."""
    return [
        {
            "code": section.code,
            "title": section.title,
            "items": [
                {
                    "id": item.id,
                    "label": item.label,
                    "segments": [
                        {"start": one.start, "end": one.start + len(one.text), "text": one.text, "kind": one.kind, "label": KINDS.get(one.kind, KINDS[HAND])}
                        for one in segments(item, opened.rules, opened.marks)
                    ],
                }
                for item in section.items
            ],
        }
        for section in opened.document.sections
    ]


def _said(opened: Opened) -> None:
    """What must be known, where nothing has to be confirmed."""
    for care in opened.cares:
        say("p", CARES[care], "warning", data_care=care.value)


def _by(one: Export) -> str:
    made = f"{one.prepared_by_name or '동료'} 님이 {when.said(one.prepared_at, clock_now())} 만듦"
    if one.released_at is None:
        return made
    return f"{made} · {one.released_by_name or '동료'} 님이 {when.said(one.released_at, clock_now())} 내주기 확인"


def _place(args: Any) -> tuple[str, int, int]:
    """What the browser said of a place; anything else is no place, which the service refuses."""
    item, start, end = args.get("item"), args.get("start"), args.get("end")
    return str(item), start if isinstance(start, int) else -1, end if isinstance(end, int) else -1
