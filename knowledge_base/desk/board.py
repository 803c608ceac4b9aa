"""A tab that shows one list of the database, drawn anew as a whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from nicegui import Client

from knowledge_base.desk.elements import block
from knowledge_base.desk.guard import Guard
from knowledge_base.desk.work import Work

T = TypeVar("T")


class Board(Generic[T]):
    """Redrawn when its tab is opened and when something was saved."""

    def __init__(self, client: Client, work: Work, guard: Guard, label: str) -> None:
        self._client = client
        self._work = work
        self._guard = guard
        self._root = block("section", "board", aria_label=label)

    async def _redraw(self, read: Callable[[], Awaitable[T]], fill: Callable[[T], None]) -> T | None:
        """What was read and drawn; None after saying why not."""
        found = await self._guard.run(read)
        if found is not None:
            with self._client:
                self._root.clear()
                with self._root:
                    fill(found)
        return found
