"""Whether a person can be given cases, and how many they hold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from handoff.desk import words
from handoff.desk.actions import Actions
from handoff.desk.dialogs import ask_confirm
from handoff.desk.elements import attributes, block, button, say
from handoff.schemas import Presence

Guard = Callable[[Callable[[], Awaitable[Any]]], Awaitable[bool]]


class PresenceControl:
    """응대 가능 / 자리 비움 at the foot of the queue. Going away gives one's cases back, so it asks first."""

    def __init__(self, actions: Actions, holding: Callable[[], int], guard: Guard) -> None:
        self._do = actions
        self._holding = holding
        self._guard = guard
        self._known: Presence | None = None
        with block("footer", "presence", role="group", aria_label="내 상태"):
            self._state = say("span", "상태 확인 중", "state", role="status")
            self._load = say("span", "", "load")
            self._switch = button("자리 비움", self._toggle, classes="small", data_action="presence")
        self._label = self._switch.default_slot.children[0]

    def held(self, count: int) -> None:
        """The queue has shown how many are in hand; no need to wait for the next beat."""
        if self._known is not None:
            self._show(replace(self._known, held=count))

    async def beat(self) -> None:
        """The desk is open."""
        self._show(await self._do.beat())

    async def _toggle(self) -> None:
        if self._known is None:
            return
        if self._known.state != "available":
            await self._guard(lambda: self._set("available"))
        elif held := self._holding():
            text = f"지금 맡은 상담 {held}건이 바로 대기열로 돌아가 다른 상담관에게 갑니다."
            ask_confirm("자리 비움", text, "자리 비움으로", lambda: self._away(), name="away")
        else:
            await self._away()

    async def _away(self) -> None:
        await self._guard(lambda: self._set("away"))

    async def _set(self, state: str) -> None:
        self._show(await self._do.set_presence(state))

    def _show(self, presence: Presence) -> None:
        if self._known is not None and (presence.state, presence.held, presence.cap) == (self._known.state, self._known.held, self._known.cap):
            self._known = presence
            return
        self._known = presence
        away = presence.state != "available"
        self._state.set_text(words.STATES.get(presence.state, presence.state))
        attributes(self._state, data_state=presence.state)
        self._load.set_text(f"정원 {presence.held}/{presence.cap}")
        self._label.set_text("응대 시작" if away else "자리 비움")  # type: ignore[attr-defined]
