"""Whether a person can be given cases, how many they hold, what they have promised, and how they leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nicegui import Client, ui

from core.clock import now as clock_now
from handoff import service as handoff
from handoff.desk import when, words
from handoff.desk.actions import Actions
from handoff.desk.elements import attributes, block, button, say
from handoff.desk.floor import Guarded
from handoff.desk.sheet import Sheet
from handoff.promises import Promise
from handoff.schemas import Presence


class PresenceControl:
    """응대 가능 / 자리 비움 at the foot of the queue. Going away gives one's cases back, so it asks first, with a reason for colleagues."""

    def __init__(
        self, client: Client, actions: Actions, holding: Callable[[], int], guard: Guarded, on_promises: Callable[[], Any], on_shift: Callable[[], Any]
    ) -> None:
        self._client = client
        self._do = actions
        self._holding = holding
        self._guard = guard
        self._known: Presence | None = None
        with block("footer", "presence", role="group", aria_label="내 상태"):
            with block("div", "stands"):
                self._state = say("span", "상태 확인 중", "state", role="status")
                self._load = say("span", "", "load")
            with block("div", "acts"):
                owed = button("약속", on_promises, classes="small", hint="p", data_key="KeyP", data_action="promises")
                button("교대 인계", on_shift, classes="small", hint="h", data_key="KeyH", data_action="shift")
                self._switch = button("자리 비움", self._toggle, classes="small", data_action="presence")
        self._owed_button = owed
        self._owed: Any = owed.default_slot.children[0]
        self._label: Any = self._switch.default_slot.children[0]

    def held(self, count: int) -> None:
        """The queue has shown how many are in hand; no need to wait for the next beat."""
        if self._known is not None:
            self._show(replace(self._known, held=count))

    async def beat(self) -> None:
        """The desk is open."""
        self._show(await self._do.beat())
        await self.count_promises()

    async def count_promises(self) -> None:
        """How many promises are open, and whether one is overdue."""
        self._show_promises(await self._do.moves.promises())

    def _show_promises(self, found: list[Promise]) -> None:
        now = clock_now()
        late = sum(one.due_at < now for one in found)
        text = f"지난 약속 {late}" if late else f"약속 {len(found)}" if found else "약속"
        if self._owed.text != text:
            self._owed.set_text(text)
            self._owed_button.classes(replace="small late" if late else "small")

    async def _toggle(self) -> None:
        if self._known is None:
            return
        if self._known.state != "available":
            await self._guard(lambda: self._set("available"))
        else:
            self._ask_away()

    def _ask_away(self) -> None:
        held = self._holding()
        with Sheet(self._client, "자리 비움", "away") as sheet:
            if held:
                say("p", f"지금 맡은 상담 {held}건이 바로 대기열로 돌아가 다른 상담관에게 갑니다.", "warning")
                say("p", "이름을 정해 넘기려면 먼저 교대 인계(h)를 하세요.", "soft")
            with block("div", "", data_reason=""):
                reason = ui.radio(handoff.AWAY_REASONS, value="break").props("inline dense")
            say("p", "까닭과 비운 시간은 책임자와 동료에게 보입니다.", "soft")

            async def act() -> None:
                await self._set("away", str(reason.value))

            sheet.foot("자리 비움으로", act, cancel="아니요")

    async def _set(self, state: str, reason: str = "") -> None:
        self._show(await self._do.set_presence(state, reason))

    def _show(self, presence: Presence) -> None:
        before, self._known = self._known, presence
        if before is not None and replace(presence, last_seen_at=before.last_seen_at) == before:
            return
        away = presence.state != "available"
        why = handoff.away_name(presence.away_reason)
        until = f" · {presence.resting_until.astimezone(when.SEOUL):%H:%M}까지" if away and presence.resting_until else ""
        self._state.set_text(words.STATES.get(presence.state, presence.state) + (f" · {why}" if away and why else "") + until)
        attributes(self._state, data_state=presence.state)
        self._load.set_text(f"정원 {presence.held}/{presence.cap}")
        self._label.set_text("응대 시작" if away else "자리 비움")
