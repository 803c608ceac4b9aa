"""A conversation's events as server-sent events: plain ASGI, one write for all that a look has found.

Starlette's and sse-starlette's responses put a task group and a lock around every event, and cancel a look in its middle when the page leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from conversation.marks import TYPING
from core.errors import DatabaseUnavailable
from core.events import Following

#: A comment, which browsers pass over: the page takes a line that is silent for longer for dead.
PING = b": ping\r\n\r\n"
TYPES = b'event: typing\r\ndata: {"kind": "typing"}\r\n\r\n'
Entry = dict[str, Any]
#: Subscribes to passing words, for the length of the block.
Hints = Callable[[Callable[[str], None]], AbstractContextManager[None]]


class EventStream(Response):
    """Follows a stream until the page leaves, the server stops or the database is away; the page then comes back with its last number."""

    media_type = "text/event-stream"

    def __init__(
        self, following: Following[Any], render: Callable[[Any], list[Entry]], keep_alive_s: float, hints: Hints | None = None, **headers: str
    ) -> None:
        self._following = following
        self._render = render
        self._keep_alive_s = keep_alive_s
        self._hints = hints
        self._saying: set[asyncio.Task[None]] = set()
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-store", "Connection": "keep-alive", "X-Accel-Buffering": "no"} | headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until one of them ends it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        leaving = asyncio.create_task(self._until_left(receive))
        try:
            with contextlib.ExitStack() as stack:
                if self._hints is not None:
                    stack.enter_context(self._hints(lambda word: self._say(send, word)))
                await self._pages(send)
        except DatabaseUnavailable:
            pass  # the page asks again, is told 503, and shows the hotline
        finally:
            leaving.cancel()
            for saying in self._saying:
                saying.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pages(self, send: Send) -> None:
        async for page in self._following.pages(self._keep_alive_s):
            body = b"".join(map(sent, self._render(page))) if page else PING
            if body:
                await send({"type": "http.response.body", "body": body, "more_body": True})

    def _say(self, send: Send, word: str) -> None:
        """Pass on that a person is typing; without a number, since nobody can ask for it again."""
        if word != TYPING["person"] or self._saying:  # a line that is slow gets no more of them
            return
        saying: asyncio.Task[None] = asyncio.ensure_future(send({"type": "http.response.body", "body": TYPES, "more_body": True}))  # type: ignore[arg-type]
        self._saying.add(saying)
        saying.add_done_callback(self._said)

    def _said(self, saying: asyncio.Task[None]) -> None:
        self._saying.discard(saying)
        if not saying.cancelled():
            saying.exception()  # the page has left: the stream itself will notice

    async def _until_left(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._following.end()


def sent(entry: Entry) -> bytes:
    """One event as it goes over the line."""
    return b"id: %d\r\nevent: %s\r\ndata: %s\r\n\r\n" % (entry["seq"], entry["kind"].encode(), json.dumps(entry, ensure_ascii=False).encode())
