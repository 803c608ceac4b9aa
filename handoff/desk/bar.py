"""The bar above the three panes, and the tabs where only one of them fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts.schemas import Role, Staff
from handoff.desk.dialogs import show_help
from handoff.desk.elements import Signals, block, button, say

PANES = (("queue", "대기열"), ("conversation", "상담"), ("context", "상황"))


def front(pane: str) -> str:
    """Script that brings a pane to the front where only one fits."""
    return f"document.dispatchEvent(new CustomEvent('desk:pane', {{ detail: '{pane}' }}))"


def addressed(case_id: int | None) -> str:
    """Script that keeps the open case's number in the address, so that a page which must begin anew (a lost connection) opens it again."""
    return f"history.replaceState(null, '', '/desk{f'?case={case_id}' if case_id else ''}')"


def top_bar(viewer: Staff, *, on_next: Callable[[], Any], on_caller: Callable[[], Any]) -> Signals:
    """Build the bar; the signals (sound, title, how true the picture is) live in it."""
    with block("header", "bar"):
        say("span", "길동무 상담 데스크", "brand")
        with block("div", "bar-right"):
            signals = Signals()
            with block("a", "nav", href="/desk/incidents"):
                say("span", "사고")
            with block("a", "nav", href="/desk/reviews"):
                say("span", "판정 검토")
            if viewer.has(Role.SUPERVISOR, Role.ADMIN):
                with block("a", "nav", href="/desk/team"):
                    say("span", "팀")
            if viewer.has(Role.SUPERVISOR):
                with block("a", "nav", href="/board"):
                    say("span", "상황판")
                with block("a", "nav", href="/desk/access"):
                    say("span", "열람 기록")
                with block("a", "nav", href="/desk/exports"):
                    say("span", "정보 열람")
            button("다음 상담", on_next, classes="small", hint="n", data_key="KeyN", data_action="take-next")
            button("전화 상담", on_caller, classes="small", hint="c", data_key="KeyC", data_action="phone")
            button("도움말", show_help, classes="small", hint="?", data_key="?")
            say("span", viewer.display_name, "who")
            with block("form", "sign-out", method="post", action="/staff/sign-out"), block("button", "small", type="submit"):
                say("span", "나가기")
    return signals


def tabs(on_context: Callable[[], Any]) -> None:
    """One pane at a time on a narrow screen; ``on_context`` hears when the situation has come to the front, whose map knew no size before."""
    with block("div", "tabs", role="tablist", aria_label="화면"):
        for name, label in PANES:
            with block("button", "tab", type="button", role="tab", data_tab=name, aria_selected=str(name == "queue").lower()) as tab:
                say("span", label)
            tab.on("click", js_handler=f"() => {front(name)}")
            if name == "context":
                tab.on("click", lambda: on_context())
