"""The callback: one late response to an address that Kakao gives with the request. Only Kakao's own addresses are ever asked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.channels.contract import Refused, Retry, SendResult, Sent, WindowClosed

#: Kakao gives a minute; the rest is for the way.
WINDOW = timedelta(seconds=55)
MAX_URL_CHARS = 2000


def is_allowed(url: str, hosts: Collection[str]) -> bool:
    """Whether an address may be asked: https on the ordinary port of one of these hosts or below it; an entry with a scheme allows exactly its origin.

    Whoever forges a request must not make us ask inside our own network.
    """
    if not url.isascii() or not url.isprintable() or any(c in url for c in "\\ ") or len(url) > MAX_URL_CHARS:
        return False
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None or not host:
        return False
    if f"{parts.scheme}://{parts.netloc}" in hosts:
        return True
    below = any("://" not in one and (host == one or host.endswith(f".{one}")) for one in hosts)
    return parts.scheme == "https" and port in (None, 443) and below


async def post(client: httpx.AsyncClient, url: str, content: dict[str, Any]) -> SendResult:
    """Send the response. It can be used once, so that nobody tries it again after an answer that got lost."""
    try:
        answer = await client.post(url, json=content)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return WindowClosed()
    except httpx.HTTPError:
        return Retry("timeout", is_unknown=True)
    return outcome(answer)


def outcome(answer: httpx.Response) -> SendResult:
    """What Kakao's answer says. Pure."""
    if answer.status_code >= 500:
        return Retry("http_500", is_unknown=True)
    try:
        said: Any = answer.json()
    except ValueError:
        said = {}
    status = said.get("status") if isinstance(said, dict) else None
    if answer.status_code == 200 and status == "SUCCESS":
        return Sent()
    message = str(said.get("message", "")) if isinstance(said, dict) else ""
    if "token" in message.lower() or "callback" in message.lower():  # used, over, or not allowed for the block
        return WindowClosed()
    return Retry("http_500", is_unknown=True) if status == "ERROR" else Refused(f"http_{answer.status_code}")
