"""What every dialog of a desk works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from nicegui import Client, ui

from accounts.schemas import Staff
from handoff.desk.live import QueueFeed
from handoff.desk.move_actions import MoveActions

#: ``Desk._guarded``: an expected failure becomes a sentence.
Guarded = Callable[[Callable[[], Awaitable[Any]]], Awaitable[bool]]


@dataclass(frozen=True)
class Floor:
    """One desk's page, person, actions and picture of the queue."""

    client: Client
    viewer: Staff
    do: MoveActions
    feed: QueueFeed
    guarded: Guarded

    def tell(self, text: str, kind: str = "positive") -> None:
        """A sentence that goes by itself."""
        with self.client:
            ui.notify(text, type=kind, position="top", close_button="닫기")  # type: ignore[arg-type]
