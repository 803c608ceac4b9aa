"""The dialogs of the page: a reason, a day, and what publishing would change, each asked before anything happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from nicegui import ui

from knowledge_base.desk.answers import show_changes
from knowledge_base.desk.elements import attributes, block, button, say
from knowledge_base.editing.schemas import WhatIf

#: Takes what was entered; answers with the sentence to show when it was refused, else with nothing.
Confirmed = Callable[[str], Awaitable[str | None]]
RENEWALS = (("석 달", 91), ("여섯 달", 182), ("한 해", 365))


def ask_reason(title: str, text: str, label: str, on_confirm: Confirmed, *, name: str, danger: bool = False) -> None:
    """Ask why; nothing happens without a reason."""
    with ui.dialog() as dialog, block("div", "dialog", role="dialog", aria_label=title, data_dialog=name):
        say("h2", title)
        say("p", text)
        reason = ui.input(label="까닭", value="").props("outlined dense autocomplete=off maxlength=300 autofocus data-reason")
        reason.classes("wide")
        problem = say("p", "", "problem", role="alert")

        async def confirm() -> None:
            if not (reason.value or "").strip():
                problem.set_text("까닭을 적어 주세요.")
            elif (refused := await on_confirm(reason.value.strip())) is not None:
                problem.set_text(refused)
            else:
                dialog.close()

        with block("div", "dialog-buttons"):
            button("아니요", dialog.close)
            button(label, confirm, classes="danger" if danger else "primary", data_confirm="")
    dialog.on("hide", dialog.delete)
    dialog.open()


def ask_day(today: date, on_confirm: Confirmed) -> None:
    """Until when somebody vouches for a text."""
    with ui.dialog() as dialog, block("div", "dialog", role="dialog", aria_label="기한 연장", data_dialog="renew"):
        say("h2", "검토 기한 연장")
        say("p", "내용이 지금도 맞는지 원문과 대조하셨나요? 연장하면 그날까지 이 공지로 답합니다. 누가 언제 확인했는지 이력에 남습니다.")
        chosen = {"day": (today + timedelta(days=RENEWALS[1][1])).isoformat()}
        with block("label", "field"):
            say("span", "새 검토 기한")
            field = block("input", type="date", value=chosen["day"], min=today.isoformat(), data_day="")
        field.on("input", lambda e: chosen.update(day=str(e.args or "")), js_handler="(e) => emit(e.target.value)")

        def pick(days: int) -> None:
            chosen["day"] = (today + timedelta(days=days)).isoformat()
            attributes(field, value=chosen["day"])

        with block("div", "quick-days"):
            for label, days in RENEWALS:
                button(label, lambda days=days: pick(days), classes="small")
        problem = say("p", "", "problem", role="alert")

        async def confirm() -> None:
            refused = await on_confirm(chosen["day"])
            if refused is None:
                dialog.close()
            else:
                problem.set_text(refused)

        with block("div", "dialog-buttons"):
            button("아니요", dialog.close)
            button("맞습니다. 연장", confirm, classes="primary", data_confirm="")
    dialog.on("hide", dialog.delete)
    dialog.open()


def ask_publish(title: str, found: WhatIf | None, notes: list[str], on_confirm: Confirmed, *, is_canned: bool = False) -> None:
    """What would be answered differently, and the one button that makes it so."""
    with ui.dialog() as dialog, block("div", "dialog publish-dialog", role="dialog", aria_label="게시 확인", data_dialog="publish"):
        say("h2", f"‘{title}’ 게시")
        for note in notes:
            say("p", note, "warning")
        if found is not None:
            worse = len(found.worse)
            if found.changed:
                count = f"이대로 게시하면 답이 바뀌는 질문 {len(found.changed)}개"
                say(
                    "p",
                    count + (f" — 그 가운데 {worse}개는 맞던 답을 잃습니다." if worse else "."),
                    "problem-like" if worse else "strong-line",
                    data_count=len(found.changed),
                )
                with block("div", "publish-changes"):
                    show_changes(found.changed)
            else:
                say("p", f"시험 질문 {found.questions}개의 답은 그대로입니다.", "strong-line", data_count=0)
        say("p", "게시하면 상담관이 바로 이 정형문을 씁니다." if is_canned else "게시하면 1초 안에 모든 창구가 이 공지로 답합니다.", "soft")
        reason = ui.input(label="까닭 (선택, 이력에 남습니다)", value="").props("outlined dense autocomplete=off maxlength=300 data-reason")
        reason.classes("wide")
        problem = say("p", "", "problem", role="alert")

        async def confirm() -> None:
            refused = await on_confirm((reason.value or "").strip())
            if refused is None:
                dialog.close()
            else:
                problem.set_text(refused)

        with block("div", "dialog-buttons"):
            button("더 고치기", dialog.close)
            button("게시", confirm, classes="primary", data_confirm="")
    dialog.on("hide", dialog.delete)
    dialog.open()


def show_diff_dialog(title: str, fill: Callable[[], None], actions: Callable[[Callable[[], object]], None]) -> None:
    """Something to be compared, with buttons below."""
    with ui.dialog() as dialog, block("div", "dialog wide-dialog", role="dialog", aria_label=title, data_dialog="diff"):
        say("h2", title)
        with block("div", "publish-changes"):
            fill()
        with block("div", "dialog-buttons"):
            actions(dialog.close)
    dialog.on("hide", dialog.delete)
    dialog.open()
