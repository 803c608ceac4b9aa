"""Citizens as the page is: a message is sent again with the same client id until it is acknowledged; events are resumed by number."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

ROUTINE = (
    "여권을 잃어버렸어요. 어떻게 재발급 받나요?",
    "일본 갈 때 비자가 필요한가요?",
    "영사 확인 수수료가 얼마예요?",
    "여행경보 단계가 궁금해요",
    "공동인증서로 민원 신청이 되나요?",
    "안녕하세요",
    "재외국민 등록은 어디서 하나요?",
)
DANGER = ("총소리가 나고 사람들이 쓰러졌어요. 살려주세요", "지금 강도가 칼을 들고 위협하고 있어요. 살려 주세요")
RETRY_S = 0.15


@dataclass
class Citizen:
    """One conversation, its own view of what was acknowledged, and the events it has seen."""

    http: httpx.AsyncClient
    streams: bool = True
    id: str = ""
    token: str = ""
    acknowledged: dict[str, tuple[int, str]] = field(default_factory=dict)
    seen: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    resumed: int = 0
    _numbers: Any = field(default_factory=lambda: count(1))

    @property
    def base(self) -> str:
        return f"/webchat/v1/conversations/{self.id}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def start(self) -> Citizen:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await self.http.post("/webchat/v1/conversations")
                if answer.status_code == 201:
                    self.id, self.token = answer.json()["conversation_id"], answer.json()["token"]
                    return self
            await asyncio.sleep(RETRY_S)

    async def send(self, text: str, **content: Any) -> int:
        """Send until acknowledged; the sequence."""
        client_id = f"m{next(self._numbers)}"
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await self.http.post(f"{self.base}/messages", json={"client_id": client_id, "text": text} | content, headers=self.headers)
                if answer.status_code == 202:
                    self.acknowledged[client_id] = (answer.json()["sequence"], text)
                    return int(answer.json()["sequence"])
                if answer.status_code != 503:
                    self.refusals.append(f"{answer.status_code} {answer.text[:200]}")
            await asyncio.sleep(RETRY_S)

    async def chat(self, until: asyncio.Event, pause_s: float, choice: random.Random) -> None:
        """Ask one thing after the other."""
        while not until.is_set():
            await self.send(choice.choice(ROUTINE))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), choice.uniform(0.5, 1.5) * pause_s)

    async def follow(self) -> None:
        """Follow the events for ever, by stream or by polling, going on from the last number after each break."""
        while True:
            with contextlib.suppress(httpx.HTTPError, json.JSONDecodeError):
                await (self._stream() if self.streams else self.poll())
            self.resumed += 1
            await asyncio.sleep(RETRY_S if self.streams else 0.5)

    @property
    def last(self) -> int:
        return int(self.seen[-1]["seq"]) if self.seen else 0

    async def poll(self) -> int:
        """Ask once for what is new; how much it was."""
        answer = await self.http.get(f"{self.base}/events?after={self.last}", headers=self.headers)
        if answer.status_code != 200:
            if answer.status_code != 503:
                self.refusals.append(f"{answer.status_code} {answer.text[:200]}")
            return -1
        found = answer.json()["events"]
        self.seen += found
        return len(found)

    async def _stream(self) -> None:
        headers = self.headers | {"Accept": "text/event-stream", "Last-Event-ID": str(self.last)}
        async with self.http.stream("GET", f"{self.base}/events", headers=headers, timeout=httpx.Timeout(5, read=30)) as answer:
            if answer.status_code != 200:
                return
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    self.seen.append(json.loads(line[5:]))

    async def catch_up(self) -> None:
        """Read to the end, as a page that comes back does."""
        while await self.poll() != 0:
            pass
