"""The Event API: a message of ours without a question before it. It costs money, so it is off until a daily budget is set, and stops when that is spent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from bot.channels.contract import Outbound, Refused, Retry, SendResult, Sent
from bot.channels.kakao import repository
from bot.channels.kakao.http import QUOTA_S, ask, client, text
from bot.channels.kakao.parsing import NAME
from bot.channels.kakao.wire import plain
from core.clock import now
from core.db import Database
from core.logging import get
from core.metrics import CHANNEL_QUOTA_REACHED

log = get(__name__)
SEOUL = ZoneInfo("Asia/Seoul")
URL = "https://bot-api.kakao.com"


class EventApi:
    """One bot's events. The event's block shows ``{{#current.event.data.text}}``."""

    def __init__(self, url: str, bot_id: str, key: str, event: str, daily_budget: int, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.event = event
        self._bot_id = bot_id
        self._budget = daily_budget
        self._client = client(url, {"Authorization": f"KakaoAK {key}"}, transport)

    async def send(self, db: Database, user: str, messages: Sequence[Outbound]) -> SendResult:
        """Send the words, one event for each part; the budget is asked before each, and its refusal is counted and logged."""
        result: SendResult = Sent()
        for number, words in enumerate(plain(messages)):
            result = await self._one(db, user, words)
            if not isinstance(result, Sent):
                # What went before it has arrived, so that nobody knows how much has.
                return Retry(_reason(result), is_unknown=True) if number else result
        return result

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _one(self, db: Database, user: str, words: str) -> SendResult:
        day = now().astimezone(SEOUL).date()
        async with db.transaction() as tx:
            is_allowed = await repository.spend(tx, day, self._budget)
        if not is_allowed:
            CHANNEL_QUOTA_REACHED.labels(channel=NAME).inc()
            log.error("event_budget_spent", channel=NAME, budget=self._budget)
            return Retry("quota", QUOTA_S)
        said, failed = await ask(self._client, f"/v2/bots/{self._bot_id}/talk", self.request(user, words))
        result = outcome(said, failed)
        if isinstance(result, Refused) or (isinstance(result, Retry) and not result.is_unknown):
            async with db.transaction() as tx:
                await repository.give_back(tx, day)
        return result

    def request(self, user: str, words: str) -> dict[str, Any]:
        """The body of one event for one person."""
        return {"event": {"name": self.event, "data": {"text": words}}, "user": [{"type": "botUserKey", "id": user}]}


def outcome(said: dict[str, Any], failed: SendResult | None) -> SendResult:
    """What Kakao's answer says. Pure."""
    if failed is not None:
        return failed
    status = text(said, "status")
    if status == "SUCCESS":
        return Sent()
    return Retry("http_500", is_unknown=True) if status == "ERROR" else Refused("event_refused")


def _reason(result: SendResult) -> str:
    return result.reason if isinstance(result, Retry | Refused) else "no_window"
