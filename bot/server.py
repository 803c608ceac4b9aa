"""uvicorn, told to let go of those who would never go by themselves."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn


class Server(uvicorn.Server):
    """Calls ``dismiss`` when it stops, which ends the open event streams; otherwise they would last until it loses patience."""

    def __init__(self, config: uvicorn.Config, dismiss: Callable[[], None]) -> None:
        super().__init__(config)
        self._dismiss = dismiss

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self._dismiss()
        await super().shutdown(sockets)
