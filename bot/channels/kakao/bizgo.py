"""Bizgo (Infobank) as the dealer of the consult talk. The SDK is not loaded here: tests hold every request and webhook against its models."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from bot.channels.contract import Refused, Retry, SendResult, Sent, WindowClosed
from bot.channels.kakao.consult import Event, Expired, File, Referred, Reported, Seen, Session, Spoke
from bot.channels.kakao.http import ask, client, failure, object_of, part, text
from conversation.schemas import Attachment

URL = "https://mars.ibapi.kr"
OK = "A000"
NO_SESSION = "A821"
BUSY = "A020"
KINDS = {"IMAGE": "image", "PHOTO": "image", "VIDEO": "video", "AUDIO": "audio", "FILE": "file"}
SEOUL = ZoneInfo("Asia/Seoul")


class Bizgo:
    """One sender profile at Bizgo."""

    dealer = "bizgo"

    def __init__(self, url: str, key: str, sender_key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._sender_key = sender_key
        self._client = client(url or URL, {"Authorization": key}, transport)

    def is_ours(self, content: Mapping[str, Any]) -> bool:
        """Whether the webhook names our sender key."""
        return hmac.compare_digest(text(content, "senderKey").encode("utf-8", "replace"), self._sender_key.encode())

    def event(self, kind: str, content: Mapping[str, Any]) -> Event | None:
        """What a webhook below ``/cstalk`` tells; consented personal data and certificates are none of our business."""
        user, number = text(content, "userKey"), text(content, "msgKey")
        if kind == "result":
            return Reported(user, number, text(content, "ref"), text(content, "requestType") == "write", text(content, "reportCode"))
        if not user or not number or len(user) > 100:
            return None
        if kind == "message":
            return _spoke(content, user, number)
        if kind == "reference":
            return Referred(user, number, text(part(content, "reference"), "extra") or text(part(content, "lastReference"), "extra"))
        if kind == "expired_session":
            return Expired(user, number)
        return Seen(user, number) if kind == "seen_info" else None

    def acknowledgement(self) -> dict[str, Any]:
        """Anything else makes Bizgo tell it up to three times more."""
        return {"code": OK, "result": "Success"}

    async def send_text(self, user_key: str, text: str, reference: str) -> SendResult:
        """A plain message."""
        return await self._ask("plain", user_key, {"msgType": "TEXT", "message": text, "ref": reference})

    async def send_file(self, user_key: str, file: File, reference: str) -> SendResult:
        """A plain message with a file."""
        if file.kind == "image":
            kind, attachment = "IMAGE", {"image": {"imgUrl": file.url}}
        else:
            kind = {"video": "VIDEO", "audio": "AUDIO"}.get(file.kind, "FILE")
            attachment = {"file": {"fileUrl": file.url, "fileName": file.name, "fileSize": str(file.size)}}
        return await self._ask("plain", user_key, {"msgType": kind, "message": "", "attachment": attachment, "ref": reference})

    async def end(self, user_key: str) -> SendResult:
        """End the session."""
        return await self._ask("end", user_key, {})

    async def end_with_bot(self, user_key: str, bot_event: str) -> SendResult:
        """End the session; the bot goes on."""
        return await self._ask("endWithBot", user_key, {"botEvent": bot_event})

    async def session(self, user_key: str) -> Session | None:
        """The open session; an end that lies ahead is the planned one."""
        try:
            answer = await self._client.get("/api/comm/v1/center/cstalk/session", params={"userKey": user_key})
        except httpx.HTTPError:
            return None
        found = part(part(part(object_of(answer), "data"), "data"), "session")
        number, ends_at = text(found, "sessionId"), _moment(text(found, "expiredAt"))
        if not number or (ends_at is not None and ends_at <= datetime.now(SEOUL)):
            return None
        return Session(number, ends_at)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, what: str, user_key: str, content: dict[str, Any]) -> SendResult:
        said, failed = await ask(self._client, f"/api/comm/v1/cstalk/{what}", {"userKey": user_key, "senderKey": self._sender_key, **content})
        return outcome(said, failed)


def outcome(said: dict[str, Any], failed: SendResult | None) -> SendResult:
    """What Bizgo's envelope says: the gateway's code, then the service's. Pure."""
    gateway, service = text(part(said, "common"), "authCode"), text(part(said, "data"), "code")
    if failed is None and (gateway, service) == (OK, OK):
        return Sent()
    code = service if gateway in ("", OK) else gateway
    if code == NO_SESSION:
        return WindowClosed()
    if code == BUSY:
        return Retry("rate", 2.0)
    if isinstance(failed, Retry):
        return failed
    if gateway not in ("", OK):  # the key or our address is not registered: once that is mended, what waited goes
        return failure(401) or Retry("unauthorised", 30.0)
    return Refused(code.lower() if code.isalnum() else "not_taken")


def _spoke(content: Mapping[str, Any], user: str, number: str) -> Spoke | None:
    given = content.get("contents")
    contents = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
    words = "\n".join(filter(None, (text(one, "comment") for one in contents))) or text(content, "content")
    kind = KINDS.get(text(content, "msgType").upper(), "file")
    files = [Attachment(kind, url) for one in contents if (url := text(one, "url"))]
    if whole := text(part(content, "attachment"), "url"):  # of words beyond four thousand characters
        files.append(Attachment("file", whole, media_type="text/plain"))
    return Spoke(user, number, words, tuple(files)) if words.strip() or files else None


def _moment(given: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=SEOUL)
