"""Events over the line: what a page reads, and how a stream ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import uvicorn

from bot.channels.webchat.stream import PING, EventStream
from bot.server import Server
from core.errors import DatabaseUnavailable


class Reader:
    """Stands in for a followed stream: pages, then an error or silence until it is ended."""

    def __init__(self, *pages: list[dict[str, Any]], error: Exception | None = None) -> None:
        self.given = pages
        self.error = error
        self.ended = asyncio.Event()

    def end(self) -> None:
        self.ended.set()

    async def pages(self, idle_s: float) -> AsyncGenerator[list[dict[str, Any]], None]:
        for page in self.given:
            yield page
        if self.error is not None:
            raise self.error
        await self.ended.wait()


async def served(reader: Reader, render: Any = list) -> list[dict[str, Any]]:
    """What goes to the page, which leaves as soon as it has got everything."""
    sent: list[dict[str, Any]] = []
    got_all = asyncio.Event()
    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        if asked == 1:
            return {"type": "http.request", "body": b"", "more_body": False}
        await got_all.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if len(sent) > sum(1 for page in reader.given if render(page) or not page):
            got_all.set()

    async with asyncio.timeout(5):
        await EventStream(reader, render, 15.0)({"type": "http"}, receive, send)  # type: ignore[arg-type]
    return sent


def entry(seq: int, text: str = "네") -> dict[str, Any]:
    return {"seq": seq, "kind": "message", "text": text}


async def test_a_look_is_one_write_with_number_kind_and_words_of_each_event() -> None:
    start, body, last = await served(Reader([entry(1), entry(2, "줄\n바꿈")]))
    assert start["status"] == 200
    assert dict(start["headers"]) == {
        b"cache-control": b"no-store",
        b"connection": b"keep-alive",
        b"x-accel-buffering": b"no",
        b"content-type": b"text/event-stream; charset=utf-8",
    }
    assert body["more_body"]
    assert body["body"].decode() == (
        'id: 1\r\nevent: message\r\ndata: {"seq": 1, "kind": "message", "text": "네"}\r\n\r\n'
        'id: 2\r\nevent: message\r\ndata: {"seq": 2, "kind": "message", "text": "줄\\n바꿈"}\r\n\r\n'
    )
    assert last == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_a_silent_stream_says_that_it_lives() -> None:
    sent = await served(Reader([], []))
    assert [message["body"] for message in sent[1:]] == [PING, PING, b""]
    assert PING.startswith(b":")


async def test_events_that_a_citizen_does_not_see_are_not_sent() -> None:
    reader = Reader([entry(1)], [entry(2)])
    sent = await served(reader, lambda page: [each for each in page if each["seq"] == 2])
    assert [message["body"][:5] for message in sent[1:-1]] == [b"id: 2"]


async def test_a_page_that_leaves_ends_its_reader() -> None:
    reader = Reader([entry(1)])
    await served(reader)
    assert reader.ended.is_set()


async def test_without_the_database_the_stream_ends_so_that_the_page_notices() -> None:
    assert (await served(Reader([entry(1)], error=DatabaseUnavailable("x"))))[-1]["more_body"] is False


async def test_any_other_fault_is_not_hidden() -> None:
    with pytest.raises(LookupError):
        await served(Reader(error=LookupError()))


async def test_a_server_that_stops_does_not_wait_for_open_streams() -> None:
    reader = Reader([entry(1)])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await EventStream(reader, list, 15.0)(scope, receive, send)  # type: ignore[arg-type]

    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=30)
    server = Server(config, reader.end)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.01)
        address = server.servers[0].sockets[0].getsockname()
        async with httpx.AsyncClient() as client, client.stream("GET", f"http://127.0.0.1:{address[1]}/") as answer:
            lines = answer.aiter_lines()
            assert await anext(lines) == "id: 1"
            server.should_exit = True
            assert [line async for line in lines][-1] == ""
        await serving
