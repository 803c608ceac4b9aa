"""Happytalk (MBI Solution) as the dealer of the consult talk.

Its pages name no id of a webhook, so one is made of what it says: the same webhook told again makes the same.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import httpx

from bot.channels.contract import Refused, Retry, SendResult, Sent, WindowClosed
from bot.channels.kakao.consult import Event, Expired, File, Referred, Session, Spoke
from bot.channels.kakao.http import ask, client, part, text
from conversation.schemas import Attachment

URL = "https://kakao-api.happytalk.io"
OK = "0"
SERIAL_CHARS = 30
KINDS = {"IM": "image", "PHOTO": "image", "IMAGE": "image", "VIDEO": "video", "AUDIO": "audio", "FI": "file", "FILE": "file"}


class Happytalk:
    """One sender profile at Happytalk."""

    dealer = "happytalk"

    def __init__(self, url: str, client_id: str, client_secret: str, sender_key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._sender_key = sender_key
        self._client = client(url or URL, {"HT-Client-Id": client_id, "HT-Client-Secret": client_secret}, transport)

    def is_ours(self, content: Mapping[str, Any]) -> bool:
        """Whether the webhook names our sender key."""
        return hmac.compare_digest(text(content, "sender_key").encode("utf-8", "replace"), self._sender_key.encode())

    def event(self, kind: str, content: Mapping[str, Any]) -> Event | None:
        """What a webhook tells."""
        user = text(content, "user_key")
        if not user or len(user) > 100:
            return None
        number = _number(kind, content)
        if kind == "message":
            return _spoke(content, user, number)
        if kind == "reference":
            return Referred(user, number, text(part(content, "reference"), "extra") or text(part(content, "last_reference"), "extra"))
        return Expired(user, number) if kind == "expired_session" else None

    def acknowledgement(self) -> dict[str, Any]:
        """What Happytalk wants to read is not published; this is what it answers itself."""
        return {"code": 0}

    async def send_text(self, user_key: str, text: str, reference: str) -> SendResult:
        """A message of words."""
        return await self._ask("/v1/chat/write", user_key, {"serial_number": _serial(reference), "message_type": "TX", "message": text})

    async def send_file(self, user_key: str, file: File, reference: str) -> SendResult:
        """A message with a picture or a file."""
        if file.kind == "image":
            content: dict[str, Any] = {"message_type": "IM", "image_url": file.url}
        else:
            content = {"message_type": "FI", "file_url": file.url, "file_name": file.name, "file_size": file.size}
        return await self._ask("/v1/chat/write", user_key, {"serial_number": _serial(reference), **content})

    async def end(self, user_key: str) -> SendResult:
        """End the session."""
        return await self._ask("/v1/chat/end", user_key, {})

    async def end_with_bot(self, user_key: str, bot_event: str) -> SendResult:
        """End the session; the bot goes on."""
        return await self._ask("/kakaoWebhook/v3/bzc/chat/endWithBot", user_key, {"bot_event": bot_event})

    async def session(self, user_key: str) -> Session | None:
        """Happytalk does not tell."""
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, path: str, user_key: str, content: dict[str, Any]) -> SendResult:
        said, failed = await ask(self._client, path, {"user_key": user_key, "sender_key": self._sender_key, **content})
        return outcome(said, failed)


def outcome(said: dict[str, Any], failed: SendResult | None) -> SendResult:
    """What Happytalk's code says; 0 is well. Pure."""
    code, message = text(said, "code"), text(said, "message")
    if failed is None and code == OK:
        return Sent()
    if "session" in message.lower() and failed is None:  # its exceptions are told by name
        return WindowClosed()
    if "sender" in message.lower() and failed is None:
        return Retry("unauthorised", 30.0)
    return failed or Refused(f"code_{code.lstrip('-') or 'none'}")


def _spoke(content: Mapping[str, Any], user: str, number: str) -> Spoke | None:
    given = content.get("contents")
    contents = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
    kind = KINDS.get((text(content, "type") or text(content, "message_type")).upper(), "file")
    words = [text(content, "content"), text(content, "message"), *(text(one, "comment") for one in contents)]
    urls = [text(content, "image_url"), text(content, "file_url"), text(part(content, "attachment"), "url"), *(text(one, "url") for one in contents)]
    files = tuple(Attachment(kind, url) for url in urls if url)
    said = "\n".join(filter(None, words))
    return Spoke(user, number, said, files) if said.strip() or files else None


def _number(kind: str, content: Mapping[str, Any]) -> str:
    """Who, in which session, when, and what: two different words of the same second are two."""
    whole = kind + json.dumps(content, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(whole.encode()).hexdigest()


def _serial(reference: str) -> str:
    """Thirty characters that stand for the reference."""
    return hashlib.sha256(reference.encode()).hexdigest()[:SERIAL_CHARS]
