"""The application's way to Rasa. It may be slow, restarting or gone at any time; then the answer is None, at once, and search takes over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from core.logging import get

log = get(__name__)

TOKEN_HEADER = "X-Gildongmu-Token"  # noqa: S105  (a header's name)
WEBHOOK = "/webhooks/gildongmu/webhook"
#: turns in a row without an answer in time, before turns stop waiting for one
SLOW_TURNS = 3
PROBE_EVERY_S = 0.5
PROBE_TIMEOUT_S = 1.0
OK = 200


@dataclass(frozen=True)
class BotMessage:
    """One thing that Rasa says: a text with buttons, or a typed payload of an action."""

    text: str = ""
    buttons: tuple[dict[str, str], ...] = ()
    custom: dict[str, Any] | None = field(default=None)


@dataclass(frozen=True)
class Said:
    """What Rasa says to one message, and how it stands afterwards: whether a form expects something, the country spoken of, failures in a row, whether
    the notices asked back, which form it is.

    Where that is unknown it is taken to expect something.
    """

    messages: tuple[BotMessage, ...]
    expects: bool = True
    topic_country: str | None = None
    failures: int = 0
    asked_back: bool = False
    form: str = ""


class DialogueClient:
    """Asks Rasa, with a circuit breaker: while it is known to be away, a turn costs microseconds, and a probe in the background finds out
    when it is back.
    """

    def __init__(self, base_url: str, token: str, timeout_s: float = 1.5) -> None:
        self.base_url = base_url
        self._timeout_s = timeout_s
        self._headers = {TOKEN_HEADER: token, "Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None
        self._slow = 0
        self._probe: asyncio.Task[None] | None = None

    @property
    def available(self) -> bool:
        """False while Rasa is known to be away."""
        return self._probe is None

    async def ask(self, conversation_id: str, seq: int, text: str, analysis_metadata: Mapping[str, Any]) -> Said | None:
        """What Rasa says to a message; None when it is away, slow, or has nothing to say: then search answers."""
        if not self.available:
            return None
        body = {"sender": f"{conversation_id}:{seq}", "message": text, "metadata": dict(analysis_metadata)}
        try:
            content = json.dumps(body, ensure_ascii=False).encode()
            async with asyncio.timeout(self._timeout_s), self._http.post(WEBHOOK, data=content, headers=self._headers) as answer:
                status, said = answer.status, await answer.read()
        except TimeoutError:
            self._count_slow()
            return None
        except (aiohttp.ClientError, OSError) as error:
            self._stop_asking(type(error).__name__)
            return None
        except (UnicodeError, ValueError):
            return None  # a text that is no JSON (a lone surrogate)
        self._slow = 0
        if status != OK:
            log.warning("dialogue_refused", status=status, conversation=conversation_id)
            return None
        return _said(said)

    @property
    def _http(self) -> aiohttp.ClientSession:
        # aiohttp costs a fifth of what httpx does; a session belongs to the loop that uses it.
        if self._session is None:
            self._session = aiohttp.ClientSession(self.base_url, connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=20))
        return self._session

    async def close(self) -> None:
        """End the probe and the connections."""
        if self._probe is not None:
            self._probe.cancel()
        if self._session is not None:
            await self._session.close()

    def _count_slow(self) -> None:
        self._slow += 1
        if self._slow >= SLOW_TURNS:
            self._stop_asking("slow")

    def _stop_asking(self, reason: str) -> None:
        if self._probe is None:
            log.warning("dialogue_away", reason=reason)
            self._probe = asyncio.create_task(self._wait_until_back(), name="dialogue-probe")

    async def _wait_until_back(self) -> None:
        while True:
            await asyncio.sleep(PROBE_EVERY_S)
            try:
                async with asyncio.timeout(PROBE_TIMEOUT_S), self._http.get("/") as answer:
                    if answer.status == OK:
                        break
            except (aiohttp.ClientError, OSError):
                continue
        self._slow = 0
        self._probe = None
        log.info("dialogue_back")


def _said(answer: bytes) -> Said | None:
    try:
        content = json.loads(answer)
        messages = tuple(_message(raw) for raw in content["messages"] if isinstance(raw, dict))
    except (ValueError, LookupError, TypeError):
        return None
    if not messages:
        return None
    after = content.get("after")
    if not isinstance(after, dict):
        return Said(messages)
    country = after.get("topic_country")
    return Said(
        messages,
        bool(after.get("expects", True)),
        str(country) if country else None,
        int(after.get("failures") or 0),
        bool(after.get("asked_back")),
        str(after.get("form") or ""),
    )


def _message(raw: dict[str, Any]) -> BotMessage:
    buttons = tuple(
        # a payload equal to its title is what pressing the button says; the channel then sends the title as the citizen's words
        {"title": str(b.get("title", "")), "payload": "" if b.get("payload") == b.get("title") else str(b.get("payload") or "")}
        for b in raw.get("buttons") or ()
    )
    custom = raw.get("custom")
    return BotMessage(str(raw.get("text") or ""), buttons, custom if isinstance(custom, dict) and custom else None)
