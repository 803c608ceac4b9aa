"""Marking on the desk: the dialog that asks of an open case, or of one of its lines, whether it was an emergency."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, ui

from core.errors import AppError
from handoff.desk.actions import Actions, ToMark
from handoff.desk.elements import block, button, say
from handoff.desk.verdict import VerdictForm
from handoff.reviews.service import MAX_NOTE_CHARS
from handoff.schemas import CaseCard

Guard = Callable[[Callable[[], Awaitable[Any]]], Awaitable[bool]]


class Marking:
    """Asks, and writes through the desk's actions."""

    def __init__(self, client: Client, actions: Actions, guard: Guard) -> None:
        self._client = client
        self._do = actions
        self._guard = guard

    async def ask(self, card: CaseCard, seq: int | None = None) -> None:
        """Open the dialog for a line, or for the one that the case stands for."""
        found: list[ToMark | None] = []

        async def load() -> None:
            found.append(await self._do.to_mark(card.case.id, seq))

        if not await self._guard(load):
            return
        with self._client:
            if found[0] is None:
                ui.notify("판정할 글이 없습니다. 민원인이 글을 쓰지 않았습니다.", type="info")
            else:
                self._open(card, found[0])

    def _open(self, card: CaseCard, what: ToMark) -> None:
        with ui.dialog() as dialog, block("div", "dialog", role="dialog", aria_label="응급 판정", data_dialog="mark"):
            say("h2", f"#{card.case.id} 응급 판정")
            say("blockquote", what.text, "quoted")
            form = VerdictForm(label=what.label, category=card.case.category)
            note = ui.input(label="까닭 (선택)").props(f"outlined dense autocomplete=off maxlength={MAX_NOTE_CHARS} data-note").classes("wide")
            say("p", "다른 사람이 확인하면 판별을 배우는 데 씁니다. 이름과 번호는 지우고 씁니다.", "soft")

            async def confirm() -> None:
                label = form.label()
                if label is None:
                    return
                try:
                    await self._do.mark(card.case.id, what.message_id, label, note.value or "")
                except AppError as error:
                    form.refuse(error.kind.korean)
                    return
                dialog.close()
                ui.notify("판정을 남겼습니다.", type="positive")

            with block("div", "dialog-buttons"):
                button("닫기", dialog.close)
                button("판정 남기기", confirm, classes="primary", data_confirm="")
        dialog.on("hide", dialog.delete)
        dialog.open()
