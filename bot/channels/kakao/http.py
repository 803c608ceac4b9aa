"""Asking Kakao's and the dealers' servers: what an answer, or none, says of a send."""

from __future__ import annotations

from typing import Any

import httpx

from bot.channels.contract import Refused, Retry, SendResult

TIMEOUT = httpx.Timeout(8.0, connect=4.0)
QUOTA_S = 60.0


def client(base_url: str, headers: dict[str, str], transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client that follows no redirects: an address of ours or Kakao's is final."""
    return httpx.AsyncClient(base_url=base_url.rstrip("/"), headers=headers, timeout=TIMEOUT, follow_redirects=False, transport=transport)


async def ask(http: httpx.AsyncClient, path: str, content: dict[str, Any]) -> tuple[dict[str, Any], SendResult | None]:
    """Post JSON; the answer, and the failure of the way there if it is one."""
    try:
        answer = await http.post(path, json=content)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return {}, Retry("unreachable")
    except httpx.HTTPError:
        return {}, Retry("timeout", is_unknown=True)
    return object_of(answer), failure(answer.status_code)


def failure(status: int) -> SendResult | None:
    """What a status says that is not 200. Pure."""
    if status == 200:
        return None
    if status == 429:
        return Retry("rate", 2.0)
    if status in (401, 403):  # a key that was changed or withdrawn: once it is mended, what waited goes
        return Retry("unauthorised", 30.0)
    if status in (502, 503):
        return Retry(f"http_{status}")
    if status >= 500:
        return Retry("http_500", is_unknown=True)
    return Refused(f"http_{status}")


def object_of(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer, empty where it is none."""
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def part(content: Any, name: str) -> dict[str, Any]:
    """A part of a JSON object that is an object, else an empty one."""
    found = content.get(name) if isinstance(content, dict) else None
    return found if isinstance(found, dict) else {}


def text(content: Any, name: str) -> str:
    """A part of a JSON object as words; numbers count, since dealers write ids both ways."""
    found = content.get(name) if isinstance(content, dict) else None
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    return str(found)
