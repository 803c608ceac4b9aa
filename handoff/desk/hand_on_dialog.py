"""Those who help further: whom to call, with checked numbers alone to tap, and the record of what was handed on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import Client, ui

from accounts.schemas import Role, Staff
from handoff import guidance
from handoff.desk.elements import block, button, say
from handoff.desk.hand_on_actions import HandOnActions
from handoff.desk.sheet import Sheet, field
from handoff.hand_on.directory import Listed, in_order
from handoff.hand_on.service import MAX_SAID_CHARS
from handoff.schemas import CaseCard

SEOUL = ZoneInfo("Asia/Seoul")
Guarded = Callable[[Callable[[], Awaitable[Any]]], Awaitable[bool]]


def state_words(one: Listed) -> str:
    """Whether the number may be called, and why."""
    if one.is_callable and one.checked_at is not None:
        return f"✓ {one.checked_at.astimezone(SEOUL):%Y-%m-%d} {one.checked_by} 확인"
    if not one.number:
        return "번호 없음 — 책임자가 적고 다른 책임자가 확인해야 합니다"
    why = "확인한 지 180일이 지남" if one.checked_at is not None else "확인 안 됨"
    return f"? {why} — 걸 수 없습니다"


class HandOn:
    """Belongs to one desk."""

    def __init__(self, client: Client, viewer: Staff, do: HandOnActions, guarded: Guarded) -> None:
        self._client = client
        self._viewer = viewer
        self._do = do
        self._guarded = guarded

    async def ask(self, card: CaseCard) -> None:
        """Open the directory for a case."""
        found: list[Listed] = []

        async def load() -> None:
            found.extend(await self._do.listing())

        if not await self._guarded(load):
            return
        known = guidance.of_category(card.case.category)
        ordered = in_order(found, card.case.category, known.hand_on if known else ())
        with self._client, Sheet(self._client, "도움 줄 곳", "hand-on", is_wide=True) as sheet:
            with block("ul", "targets", role="list"):
                for one in ordered:
                    self._row(one, sheet)
            if not card.may_write or card.case.status == "closed":
                sheet.foot("", None)
                return
            say("p", "넘겼으면 적어 두세요. 누가, 언제, 어디에, 무엇을 말했는지 상담 기록에 남습니다.", "soft")
            choices = {one.target.key: one.target.label for one in ordered}
            target = ui.select(choices, label="넘긴 곳", value=ordered[0].target.key).props("outlined dense options-dense data-field=target").classes("wide")
            said = field("말한 것", "said", lines=2, most=MAX_SAID_CHARS)

            async def act() -> str | None:
                if not (said.value or "").strip():
                    return "무엇을 말했는지 적으세요."
                await self._do.record(card.case.id, str(target.value), said.value)
                return None

            sheet.foot("넘긴 기록 남기기", act)

    def _row(self, one: Listed, sheet: Sheet) -> None:
        with block("li", "target", data_target=one.target.key):
            say("b", one.target.label)
            if one.is_callable:
                say("a", one.number, "tel", href="tel:" + "".join(c for c in one.number if c in "+0123456789"))
            elif one.number:
                say("span", one.number, "soft")
            say("p", state_words(one), "soft")
            if one.target.note:
                say("p", one.target.note, "soft")
            if one.source:
                day = f" ({one.target.source_date})" if one.source == one.target.source and one.target.source_date else ""
                say("p", f"출처: {one.source}{day}", "soft")
            if self._viewer.has(Role.SUPERVISOR):
                with block("div", "target-acts"):
                    if one.number and not one.is_callable and one.entered_by != self._viewer.id:
                        button("걸어 보고 확인했습니다", lambda: sheet.run(lambda: self._check(one)), classes="small", data_check=one.target.key)
                    button("번호 고치기", lambda: self._edit(one, sheet), classes="small", data_edit=one.target.key)

    async def _check(self, one: Listed) -> str | None:
        await self._do.check_number(one.target.key, one.number)
        return None

    def _edit(self, one: Listed, before: Sheet) -> None:
        before.close()
        with Sheet(self._client, f"번호 고치기 — {one.target.label}", "target-number") as sheet:
            number = field("번호 (국가 번호부터)", "target-number", most=30, value=one.number)
            source = field("어디에서 확인했나요", "target-source", most=300)

            async def act() -> str | None:
                await self._do.save_number(one.target.key, number.value or "", source.value or "")
                return None

            sheet.foot("적기", act, cancel="취소")
