"""An open desk without a browser: the page is asked for and its socket kept as NiceGUI's own script does, and what the list is told is kept."""

from __future__ import annotations

import ast
import asyncio
import html
import json
import re
from collections.abc import Sequence, Set
from contextlib import suppress
from time import time
from typing import Any
from urllib.parse import urlencode

import aiohttp

from accounts.schemas import COOKIE
from bench.program import new_id

ELEMENTS = re.compile(r"parseElements\(String\.raw`(.*?)`\)", re.DOTALL)
QUERY = re.compile(r"^\s*query: (\{.*\}),$", re.MULTILINE)
CALL = re.compile(r"^return runMethod\((\d+), \"(patch|reset)\", (.*)\)$", re.DOTALL)
SOCKET = "/_nicegui_ws/socket.io/"
AGAIN_S = 0.5


class NotNow(aiohttp.ClientError):
    """The page was refused; it is asked for again."""


def audit_desk(rows: Set[int], seen: Set[int], waiting: Sequence[int], published: Set[int], shown: int) -> int:
    """How many cases a desk has missed. ``waiting`` is the queue in its order, of which a desk is given the first ``shown``, and of the rest the number.

    What stands first at the end, while nothing leaves the queue, has stood among the first since it came: the desk must have seen it, and must show
    it still. Whatever else it shows must wait too.
    """
    first = set(waiting[:shown])
    return len((first & published) - seen) + len(first - rows) + len(rows - set(waiting))


class Desk:
    """One agent's page."""

    #: Pages asked for at the same time: people do not sit down all in the same second.
    loading = asyncio.Semaphore(4)

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http = http
        self._url = url
        self._headers = {"Cookie": f"{COOKIE}={token}"}
        self._query: dict[str, Any] = {}
        self._next = 0
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.rows: dict[int, dict[str, Any]] = {}
        self.seen: dict[int, float] = {}
        self.gaps = 0
        self.twice = 0
        self.loads = 0
        self.is_open = asyncio.Event()
        self._wait_for: asyncio.Event | None = None

    async def run(self) -> None:
        """Keep the page open until cancelled: resume when the line drops, load it anew when the server has given it up."""
        while True:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                if not self._query:
                    await self._load()
                await self._listen()
            self.is_open.clear()
            if self._wait_for is not None and not self._wait_for.is_set():
                await self._wait_for.wait()
            else:
                await asyncio.sleep(AGAIN_S)

    def drop(self, come_back: asyncio.Event) -> None:
        """The link breaks without a word, and there is none until ``come_back``."""
        self._wait_for = come_back
        self.is_open.clear()
        if self._socket is not None:
            response = self._socket._response
            if response.connection is not None and response.connection.transport is not None:
                response.connection.transport.abort()

    async def _load(self) -> None:
        async with self.loading, asyncio.timeout(30.0), self._http.get(self._url + "/desk", headers=self._headers) as answer:
            page = await answer.text()
        query, elements = QUERY.search(page), ELEMENTS.search(page)
        if answer.status != 200 or query is None or elements is None:
            raise NotNow(f"no desk: status {answer.status}")
        self._query = ast.literal_eval(query[1]) | {"tab_id": new_id(), "document_id": new_id()}
        self._next = int(self._query["next_message_id"])
        self.loads += 1
        for element in json.loads(html.unescape(elements[1])).values():
            if "rows" in element.get("props", {}):
                self._reset(element["props"]["rows"], time())

    async def _listen(self) -> None:
        query = self._query | {"next_message_id": self._next, "implicit_handshake": "true", "EIO": "4", "transport": "websocket"}
        address = f"{self._url}{SOCKET}?{urlencode(query)}"
        async with self._http.ws_connect(address, headers=self._headers | {"Origin": self._url}, max_msg_size=0) as socket:
            self._socket = socket
            highest = self._next - 1
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                text: str = message.data
                if text.startswith("0"):
                    await socket.send_str("40")
                elif text == "2":
                    await socket.send_str("3")
                elif text.startswith("44"):  # refused: this page is gone
                    self._query = {}
                    return
                elif text.startswith("40"):
                    self.is_open.set()
                elif text.startswith("42"):
                    name, data = json.loads(text[2:])
                    number = data.get("_id") if isinstance(data, dict) else None
                    if number is not None:
                        self.twice += number <= highest  # on one line each number comes once
                        highest = max(highest, number)
                        if number < self._next:
                            continue
                        self.gaps += number - self._next
                        self._next = number + 1
                    self._take(name, data, time())

    def _take(self, name: str, data: Any, at: float) -> None:
        call = CALL.match(data.get("code", "")) if name == "run_javascript" else None
        if call is None:
            return
        arguments = json.loads(call[3])
        if call[2] == "reset":
            self._reset(arguments[0], at)
            return
        for row in arguments[0]:
            self.rows[row["id"]] = row
            self.seen.setdefault(row["id"], at)
        for case_id in arguments[1]:
            self.rows.pop(case_id, None)

    def _reset(self, rows: list[dict[str, Any]], at: float) -> None:
        self.rows = {row["id"]: row for row in rows}
        for case_id in self.rows:
            self.seen.setdefault(case_id, at)
