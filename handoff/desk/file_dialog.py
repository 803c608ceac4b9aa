"""Where a picture says that it was taken: shown when the owner of the case asks, and written down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, ui

from handoff.desk.elements import block, button, say
from handoff.desk.file_actions import FileActions

Guard = Callable[[Callable[[], Awaitable[Any]]], Awaitable[bool]]


class FilePlaces:
    """Asks, and shows what was answered."""

    def __init__(self, client: Client, actions: FileActions, guard: Guard, case_id: Callable[[], int]) -> None:
        self._client = client
        self._do = actions
        self._guard = guard
        self._case_id = case_id

    async def show(self, file_id: int) -> None:
        """Open the dialog."""
        found: list[tuple[float, float]] = []

        async def load() -> None:
            found.append(await self._do.position(self._case_id(), file_id))

        if not await self._guard(load):
            return
        lat, lon = found[0]
        with self._client, ui.dialog() as dialog, block("div", "dialog", role="dialog", aria_label="사진의 위치", data_dialog="file-place"):
            say("h2", "사진의 위치")
            say("p", f"{lat:.5f}, {lon:.5f}", "coordinates")
            say("p", "사진을 찍은 곳입니다. 지금 있는 곳과 다를 수 있고, 다른 사람이 찍은 사진일 수 있습니다. 민원인에게 확인하세요.", "warning")
            say("p", "이 위치를 본 것은 열람 기록에 남았습니다.", "soft")
            with block("div", "dialog-buttons"):
                button("닫기", dialog.close)
        dialog.on("hide", dialog.delete)
        dialog.open()
