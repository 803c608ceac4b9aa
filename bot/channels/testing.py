"""A messenger in memory that behaves as it is told; it satisfies the same contract as the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter

from bot.channels.contract import Action, ActionKind, Actions, Capabilities, Limit, OpenWindow, Parcel, Retry, SendResult, Sent, WindowClosed
from bot.channels.door import Door

#: What becomes of a parcel instead of the ordinary; None: the ordinary.
Fate = Callable[[Parcel], SendResult | None]


class FakeMessenger:
    """Keeps what people see. ``arrives_anyway``: a parcel is shown although its answer gets lost, as on a line that breaks at the wrong moment."""

    def __init__(self, name: str = "fake", capabilities: Capabilities | None = None) -> None:
        self.name = name
        self.capabilities = capabilities or Capabilities(
            Limit(200), messages_per_send=5, quick_replies=Actions(13, Limit(20), frozenset({ActionKind.CHOICE})), may_push=True, push_has_key=True
        )
        self.seen: dict[str, list[str]] = {}
        self.parcels: list[Parcel] = []
        self.windows_used: list[OpenWindow] = []
        self.fate: Fate = lambda parcel: None
        self.arrives_anyway = False
        self.delay_s = 0.0
        self.at_once: dict[str, int] = {}
        self.most_at_once = 0
        self._keys: set[UUID] = set()
        self._tokens: set[str] = set()

    def but(self, **capabilities: object) -> FakeMessenger:
        """The same with another table."""
        self.capabilities = replace(self.capabilities, **capabilities)  # type: ignore[arg-type]
        return self

    def routes(self, door: Door) -> APIRouter:
        """No webhooks."""
        return APIRouter()

    async def send(self, parcel: Parcel) -> SendResult:
        """Show it, unless its fate is another."""
        self.parcels.append(parcel)
        self.at_once[parcel.conversation_id] = self.at_once.get(parcel.conversation_id, 0) + 1
        self.most_at_once = max(self.most_at_once, self.at_once[parcel.conversation_id])
        try:
            await asyncio.sleep(self.delay_s)
            fate = self.fate(parcel)
            if fate is not None and not self.arrives_anyway:
                return fate
            return self._show(parcel) if fate is None else (self._show(parcel), fate)[1]
        finally:
            self.at_once[parcel.conversation_id] -= 1

    def _show(self, parcel: Parcel) -> SendResult:
        if parcel.window is not None:
            if parcel.window.single_use and parcel.window.token in self._tokens:
                return WindowClosed()
            self._tokens.add(parcel.window.token)
            self.windows_used.append(parcel.window)
        elif self.capabilities.push_has_key and parcel.key in self._keys:
            return Sent()
        self._keys.add(parcel.key)
        self.seen.setdefault(parcel.to, []).extend(message.text for message in parcel.messages)
        return Sent()

    async def show_typing(self, to: str) -> None:
        """Nothing to show."""

    async def close(self) -> None:
        """Nothing to close."""


def is_down(parcel: Parcel) -> SendResult:
    """The platform cannot be reached."""
    return Retry("unreachable")


def no_answer(parcel: Parcel) -> SendResult:
    """The request went out and nothing came back."""
    return Retry("timeout", is_unknown=True)


def choices(actions: tuple[Action, ...]) -> list[str]:
    """The labels, for a look at what a person could tap."""
    return [action.label for action in actions]
