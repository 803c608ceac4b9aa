"""uvicorn, told to let go of those who would never go by themselves, and to send a response in one piece."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Server(uvicorn.Server):
    """Calls ``dismiss`` when it stops, which ends the open event streams; otherwise they would last until it loses patience."""

    def __init__(self, config: uvicorn.Config, dismiss: Callable[[], None]) -> None:
        super().__init__(config)
        self._dismiss = dismiss

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self._dismiss()
        await super().shutdown(sockets)


class _Gathering:
    """A transport that sends at once what is written in one round of the event loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> None:
        """Keep it until the round ends."""
        if not self._pieces:
            self._loop.call_soon(self.flush)
        self._pieces.append(piece)

    def flush(self) -> None:
        """Send what is kept."""
        pieces, self._pieces = self._pieces, []
        if pieces:
            self.transport.write(b"".join(pieces))

    def close(self) -> None:
        """Send what is kept, and close."""
        self.flush()
        self.transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)


class WholeResponses(HttpToolsProtocol):
    """uvicorn writes a response's head and its body apart: two packets, and whoever waits for it is woken twice."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has come."""
        super().connection_made(cast("asyncio.Transport", _Gathering(transport, self.loop)))

    def handle_websocket_upgrade(self) -> None:
        """A socket writes each message whole by itself."""
        gathering = cast("_Gathering", self.transport)
        gathering.flush()
        self.transport = gathering.transport
        super().handle_websocket_upgrade()
