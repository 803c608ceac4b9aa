"""uvicorn, told to let go of those who would never go by themselves, and to send a response in one piece."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
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


#: Kept bytes beyond this go at once, so that a slow reader is noticed: as many as uvicorn lets wait.
MOST_KEPT = HIGH_WATER_LIMIT


class _Gathering:
    """A transport that sends at once what is written in one round of the event loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []
        self._size = 0

    def write(self, piece: bytes) -> None:
        """Keep it until the round ends."""
        if not self._pieces:
            self._loop.call_soon(self.flush)
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > MOST_KEPT:
            self.flush()

    def flush(self) -> None:
        """Send what is kept."""
        pieces = self._pieces
        self.forget()
        if pieces:
            self.transport.write(b"".join(pieces))

    def forget(self) -> None:
        """Nobody is there any more."""
        self._pieces, self._size = [], 0

    def close(self) -> None:
        """Send what is kept, and close."""
        self.flush()
        self.transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)


class WholeResponses(HttpToolsProtocol):
    """uvicorn writes a response's head and its body apart: two packets, and whoever waits for it is woken twice."""

    _gathering: _Gathering

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has come."""
        self._gathering = _Gathering(transport, self.loop)
        super().connection_made(cast("asyncio.Transport", self._gathering))

    def eof_received(self) -> None:
        """They will say no more, whereupon the loop closes the line under us: what is kept goes first."""
        self._gathering.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone, and what is kept with it."""
        self._gathering.forget()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """A socket writes each message whole by itself."""
        self._gathering.flush()
        self.transport = self._gathering.transport
        super().handle_websocket_upgrade()
