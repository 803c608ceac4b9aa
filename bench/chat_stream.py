"""A web chat's event stream as light as can be: one asyncio protocol a citizen, who comes back with the last number when the line drops."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import time
from typing import cast

EVENT = re.compile(rb"(?<![^\n])id: (\d+)\r\nevent: [^\r]*\r\ndata: [^\r]*\r\n\r\n")
#: As the citizens' page does it: after a refusal it asks again a little later, not all at the same moment.
AGAIN_S, MOST_S = 0.5, 8.0
#: The page gives a silent line up after so long.
CONNECT_S = 40.0


@dataclass
class Seen:
    """What one citizen has seen: each number with its time, once for each time that it came."""

    times: dict[int, float] = field(default_factory=dict)
    twice: list[int] = field(default_factory=list)
    last: int = 0

    def take(self, seq: int, at: float) -> None:
        """An event has come."""
        if seq in self.times:
            self.twice.append(seq)
        else:
            self.times[seq] = at
        self.last = max(self.last, seq)


class Reading(asyncio.Protocol):
    """One connection."""

    def __init__(self, request: bytes, seen: Seen, opened: asyncio.Future[int], lost: Callable[[], None]) -> None:
        self._request = request
        self._seen = seen
        self._opened = opened
        self._lost = lost
        self._buffer = b""
        self.transport: asyncio.Transport | None = None
        self._is_over = False

    def end(self) -> None:
        """Nobody reads on: a line that comes about after its time must not bring what another brings too."""
        self._is_over = True
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none, but does the same
        if self._is_over:
            self.transport.abort()
            return
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Events are whole within a chunk, so that looking for them passes over the framing."""
        if self._is_over:
            return
        at = time()
        self._buffer += data
        if not self._opened.done():
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self._buffer = rest
            self._opened.set_result(int(head.split(b" ", 2)[1]))
        end = 0
        for event in EVENT.finditer(self._buffer):
            self._seen.take(int(event[1]), at)
            end = event.end()
        self._buffer = self._buffer[end:]

    def connection_lost(self, error: Exception | None) -> None:
        """The line is gone."""
        if not self._opened.done():
            self._opened.set_result(0)
        self._lost()


class Chat:
    """A citizen with the page open."""

    def __init__(self, host: str, port: int, conversation_id: str, token: str) -> None:
        self.conversation_id = conversation_id
        self.seen = Seen()
        self.refused = 0
        self._host, self._port, self._token = host, port, token
        self._reading: Reading | None = None
        self._gone = asyncio.Event()
        self._wait_for: asyncio.Event | None = None
        self.is_open = asyncio.Event()

    def _asking(self) -> bytes:
        return (
            f"GET /webchat/v1/conversations/{self.conversation_id}/events HTTP/1.1\r\nHost: {self._host}\r\nAccept: text/event-stream\r\n"
            f"Authorization: Bearer {self._token}\r\nLast-Event-ID: {self.seen.last}\r\n\r\n"
        ).encode()

    async def connect(self) -> None:
        """Open the stream, however often it takes."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            opened: asyncio.Future[int] = loop.create_future()
            self._gone = gone = asyncio.Event()
            reading = Reading(self._asking(), self.seen, opened, gone.set)
            status = 0
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    await loop.create_connection(lambda reading=reading: reading, self._host, self._port)  # type: ignore[misc]
                    status = await opened
            if status == 200:
                self._reading = reading
                self.is_open.set()
                return
            self.refused += 1
            failures += 1
            reading.end()
            await asyncio.sleep(min(AGAIN_S * 2**failures, MOST_S) * random.uniform(0.5, 1.5))

    async def stay(self) -> None:
        """Come back whenever the line drops, until cancelled."""
        while True:
            await self._gone.wait()
            self.is_open.clear()
            if self._wait_for is not None:
                await self._wait_for.wait()
            await self.connect()

    def drop(self, come_back: asyncio.Event) -> None:
        """The link breaks without a word, and there is none until ``come_back``."""
        self._wait_for = come_back
        self.is_open.clear()
        if self._reading is not None and self._reading.transport is not None:
            self._reading.transport.abort()


def audit(seen: Seen, numbers: set[int]) -> tuple[int, int]:
    """How many of the stream's numbers were missed, and how many events came twice or are not in the stream."""
    return len(numbers - seen.times.keys()), len(seen.twice) + len(seen.times.keys() - numbers)
