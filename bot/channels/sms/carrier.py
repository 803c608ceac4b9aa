"""What every carrier of texts does, whoever it is: takes texts, says of each what became of it, and later whether it arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import httpx

from bot.channels.contract import Refused, Retry, SendResult
from bot.channels.sms.numbers import Route

TIMEOUT = httpx.Timeout(8.0, connect=4.0)


@dataclass(frozen=True)
class Template:
    """A text that KakaoTalk has approved, what fills its places, and the SMS that goes where KakaoTalk does not reach (empty: none)."""

    code: str
    parameters: Mapping[str, str] = field(repr=False)
    fallback: str = field(default="", repr=False)


@dataclass(frozen=True)
class Text:
    """One text for one person; the same ``key`` again is the same text."""

    key: UUID
    to: Route = field(repr=False)
    words: str = field(repr=False)
    template: Template | None = None


@dataclass(frozen=True)
class Submission:
    """What the carrier said of one text; ``reference`` is what it will be asked about by, empty where it gave none."""

    result: SendResult
    reference: str = ""


class Fate(StrEnum):
    """What has become of a text that a carrier took."""

    UNDERWAY = "underway"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """The fate of one text; ``reason`` is the carrier's code."""

    reference: str
    fate: Fate
    reason: str = ""


class TextCarrier(Protocol):
    """A contract with somebody who brings texts."""

    name: str
    #: Whether a text that is given again under the same key goes out once.
    knows_keys: bool
    #: Most texts in one request.
    batch: int
    #: Whether texts inside Korea go in EUC-KR, so that other letters are lost.
    speaks_euc_kr: bool

    async def submit(self, texts: Sequence[Text]) -> list[Submission]:
        """Give texts to the carrier, at most ``batch``; one answer for each, in order, never an exception."""

    async def look_up(self, reference: str) -> Outcome | None:
        """What became of a text; None where the carrier cannot be asked now, or only tells by itself."""

    async def close(self) -> None:
        """Close what is open."""


async def post(client: httpx.AsyncClient, path: str, content: object, headers: Mapping[str, str]) -> httpx.Response | Retry:
    """A request that answers with a response, or with why there is none."""
    try:
        return await client.post(path, json=content, headers=dict(headers))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return Retry("unreachable")
    except httpx.HTTPError:
        return Retry("timeout", is_unknown=True)


async def get(client: httpx.AsyncClient, path: str, headers: Mapping[str, str], parameters: Mapping[str, str]) -> dict[str, object] | None:
    """The JSON object there; None for anything else."""
    try:
        answer = await client.get(path, params=dict(parameters), headers=dict(headers))
        content = answer.json() if answer.status_code == 200 else None
    except (httpx.HTTPError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def of_status(response: httpx.Response) -> SendResult | None:
    """What a status other than success says; None for success."""
    status = response.status_code
    if 200 <= status < 300:
        return None
    if status == 429:
        return Retry("rate", 2.0)
    if status in (401, 403):
        return Retry("unauthorised", 30.0)
    if status in (502, 503):
        return Retry(f"http_{status}")
    return Retry("http_500", is_unknown=True) if status >= 500 else Refused(f"http_{status}")
