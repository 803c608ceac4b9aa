"""The load: citizens who each wait for an answer before they write again. One asyncio process, one HTTP client for both systems."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import orjson

from bench.program import new_id
from bench.sentences import varied
from bench.stats import Phase

ANSWER_TIMEOUT_S = 15.0
#: Turns of one conversation in the load, before its citizen leaves and another comes.
TURNS = 8
#: Kinds of answers that are not a routine turn's: triage has stepped in.
DIVERTED = ("crisis", "danger_question", "passed_on")


class Failed(Exception):
    """A message that was not answered; the text says how."""


class Diverted(Exception):
    """Triage took the message for danger, so that it was not a routine turn."""


class Citizen(Protocol):
    """One conversation of either system."""

    async def say(self, text: str) -> float:
        """Send, wait for the answer; milliseconds from one to the other."""


@asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client without limits of its own."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, json_serialize=_json) as http:
        yield http


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


class RestCitizen:
    """A sender on Rasa's REST channel, whose HTTP answer is the bot's answer."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url + "/webhooks/rest/webhook"
        self._sender = new_id()

    async def say(self, text: str) -> float:
        """Post and read."""
        began = time.perf_counter()
        async with asyncio.timeout(ANSWER_TIMEOUT_S), self._http.post(self._url, json={"sender": self._sender, "message": text}) as answer:
            content = orjson.loads(await answer.read()) if answer.status == 200 else None
        if not content:
            raise Failed(f"status {answer.status}, {'no' if content == [] else 'bad'} answer")
        return (time.perf_counter() - began) * 1000


@dataclass(frozen=True)
class Said:
    """A bot's line on the event stream."""

    kind: str
    seq: int
    seen_at: float


class ChatCitizen:
    """A conversation of the web chat with its event stream open."""

    def __init__(self, http: aiohttp.ClientSession, url: str, conversation_id: str, token: str) -> None:
        self._http = http
        self._url = f"{url}/webchat/v1/conversations/{conversation_id}"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._said: asyncio.Queue[Said] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None
        self.conversation_id = conversation_id

    @classmethod
    async def arrive(cls, http: aiohttp.ClientSession, url: str) -> ChatCitizen:
        """Open a conversation and follow its events."""
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            async with http.post(url + "/webchat/v1/conversations", json={}) as answer:
                if answer.status != 201:
                    raise Failed(f"no conversation: status {answer.status}")
                made = orjson.loads(await answer.read())
            citizen = cls(http, url, made["conversation_id"], made["token"])
            stream = await http.get(citizen._url + "/events", headers=citizen._headers | {"Accept": "text/event-stream"})
        if stream.status != 200:
            stream.close()
            raise Failed(f"no events: status {stream.status}")
        citizen._reader = asyncio.create_task(citizen._follow(stream))
        return citizen

    async def leave(self) -> None:
        """Close the stream."""
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError, aiohttp.ClientError):
                await self._reader

    async def post(self, **message: Any) -> int:
        """Send a message; the sequence of its acknowledgement."""
        async with self._http.post(self._url + "/messages", json={"client_id": new_id(), **message}, headers=self._headers) as answer:
            content = orjson.loads(await answer.read())
            if answer.status != 202:
                raise Failed(f"status {answer.status} {content.get('code') or content}")
            return int(content["sequence"])

    async def say(self, text: str) -> float:
        """Send, and wait until the bot's stored answer to it arrives on the stream."""
        began = time.perf_counter()
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            sequence = await self.post(text=text)
            while (said := await self._said.get()).seq < sequence:
                pass
        if said.kind in DIVERTED:
            raise Diverted(said.kind)
        return (said.seen_at - began) * 1000

    async def _follow(self, stream: aiohttp.ClientResponse) -> None:
        async with stream:
            async for line in stream.content:
                if line.startswith(b"data:") and b'"bot"' in line:
                    message = orjson.loads(line[5:]).get("message") or {}
                    if message.get("author") == "bot":
                        self._said.put_nowait(Said(message["kind"], message["seq"], time.perf_counter()))


class Load:
    """Several citizens at a time, for so many seconds."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self._sentences = varied(sentences)

    async def run(self, arrive: Callable[[], Awaitable[Citizen]], concurrency: int, seconds: float) -> Phase:
        """A phase; a message that began in it counts when it is answered."""
        phase = Phase()
        began = time.perf_counter()
        await asyncio.gather(*(self._citizens(arrive, phase, began + seconds) for _ in range(concurrency)))
        phase.seconds = time.perf_counter() - began
        return phase

    async def _citizens(self, arrive: Callable[[], Awaitable[Citizen]], phase: Phase, until: float) -> None:
        while time.perf_counter() < until:
            try:
                citizen = await arrive()
                try:
                    await self._talk(citizen, phase, until)
                finally:
                    if isinstance(citizen, ChatCitizen):
                        await citizen.leave()
            except Diverted:
                phase.diverted += 1
            except (Failed, TimeoutError, aiohttp.ClientError) as error:
                phase.errors.append(f"{type(error).__name__} {error}".strip())
                await asyncio.sleep(0.05)

    async def _talk(self, citizen: Citizen, phase: Phase, until: float) -> None:
        for _ in range(TURNS):
            if time.perf_counter() >= until:
                return
            phase.times.append(await citizen.say(next(self._sentences)))
