"""Dealers of the consult talk that behave like the real ones: sessions that must be open, keys that must be right, webhooks told again until they are
acknowledged. What Bizgo is asked and tells is held against the models of its own SDK, which is installed for development only.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import httpx
from bizgo import webhooks
from bizgo.models import CounselEndRequest, CounselEndWithBotRequest, CounselPlainMessageRequest
from bizgo.testing import error_envelope, success_envelope
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

SEOUL = ZoneInfo("Asia/Seoul")
TRIES = 4
Tell = Callable[[str, str], None]


class SimulatedDealer(Protocol):
    """A dealer as the simulated platform uses it: people come, speak, look and go; the program's words are shown to them."""

    open: dict[str, str]
    refused: list[str]

    async def comes(self, person: str, extra: str) -> bool:
        """The person presses the button; whether the program took the webhook."""

    async def says(self, person: str, text: str, url: str = "") -> bool:
        """The person writes or sends a picture."""

    async def goes(self, person: str) -> bool:
        """The person ends the talk."""

    def add(self, app: FastAPI, show: Tell, ended: Tell) -> None:
        """The dealer's API, as the program asks it."""


def key_of(person: str) -> str:
    """The dealer's key of a person, which says nothing of the bot's."""
    return hashlib.sha256(f"dealer:{person}".encode()).hexdigest()[:20]


class _Webhooks:
    """What both dealers share: open sessions, and webhooks that are told again until they are acknowledged as the dealer wants it.

    ``state`` is ``up`` or ``down`` (503).
    """

    def __init__(self, url: str, sender_key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url
        self.sender_key = sender_key
        self.open: dict[str, str] = {}
        self.refused: list[str] = []
        self.told: list[tuple[int, str, dict[str, Any]]] = []
        self.state = "up"
        self._transport = transport

    async def tell(self, kind: str, content: dict[str, Any], acknowledged: Any) -> bool:
        for _ in range(TRIES):
            status, answer = await self.deliver(kind, json.dumps(content, ensure_ascii=False).encode())
            self.told.append((status, kind, content))
            if status == 200 and answer == acknowledged:
                return True
        return False

    async def deliver(self, kind: str, raw: bytes) -> tuple[int, Any]:
        """One webhook as it is; its status (0 without an answer) and its answer."""
        try:
            async with httpx.AsyncClient(timeout=5, transport=self._transport) as client:
                answer = await client.post(f"{self.url}/{kind}", content=raw, headers={"Content-Type": "application/json"})
        except httpx.HTTPError:
            return 0, None
        return answer.status_code, answer.json()

    def person_of(self, user_key: Any) -> str | None:
        return next((person for person in self.open if key_of(person) == user_key), None)


def _kind_of(url: str) -> str:
    return "TEXT" if not url else "IMAGE" if (mimetypes.guess_type(url)[0] or "").startswith("image/") else "FILE"


class BizgoSimulator(_Webhooks):
    """Bizgo. ``fails``: what it accepts and Kakao then does not deliver is reported with this code."""

    def __init__(self, url: str, *, key: str, sender_key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__(f"{url}/cstalk", sender_key, transport)
        self.key = key
        self.fails = ""

    async def comes(self, person: str, extra: str) -> bool:
        """A session begins; the reference is told."""
        self.open[person] = secrets.token_hex(4)
        content = self.hook(person, msgType="REFERENCE", requestType="reference", reference={"extra": extra} if extra else None)
        webhooks.parse_counsel_reference(json.dumps(content))
        return await self.tell("reference", content, webhooks.counsel_ack())

    async def says(self, person: str, text: str, url: str = "") -> bool:
        """A message; one without a session begins one."""
        self.open.setdefault(person, secrets.token_hex(4))
        contents = [{"comment": text}] if text else []
        content = self.hook(person, msgType=_kind_of(url), contents=[*contents, *([{"url": url}] if url else [])])
        webhooks.parse_counsel_message(json.dumps(content))
        return await self.tell("message", content, webhooks.counsel_ack())

    async def goes(self, person: str) -> bool:
        """The session ends."""
        content = self.hook(person, msgType="SESSION", requestType="expired_session")
        webhooks.parse_counsel_expired_session(json.dumps(content))
        self.open.pop(person, None)
        return await self.tell("expired_session", content, webhooks.counsel_ack())

    async def looks(self, person: str) -> bool:
        """The person has seen what was said."""
        return await self.tell("seen_info", self.hook(person, msgType="SEEN", requestType="seen_info"), webhooks.counsel_ack())

    def hook(self, person: str, **values: Any) -> dict[str, Any]:
        """A webhook with a fresh key."""
        at = datetime.now(SEOUL).isoformat(timespec="milliseconds")
        content = {
            "msgKey": secrets.token_hex(8),
            "userKey": key_of(person),
            "senderKey": self.sender_key,
            "serviceType": "CSTALK",
            "sendTime": at,
            "reportTime": at,
            "kakaoTime": at,
            "sessionId": self.open.get(person, "0"),
            **values,
        }
        return {name: value for name, value in content.items() if value is not None}

    def add(self, app: FastAPI, show: Tell, ended: Tell) -> None:
        """``/api/comm/v1/cstalk/…``."""

        @app.post("/api/comm/v1/cstalk/{what}")
        async def cstalk(what: str, request: Request) -> JSONResponse:
            if self.state == "down":
                return JSONResponse({}, 503)
            if request.headers.get("authorization") != self.key:
                return JSONResponse(error_envelope("gateway", "A401"), 401)
            model: Any = {"plain": CounselPlainMessageRequest, "end": CounselEndRequest, "endWithBot": CounselEndWithBotRequest}.get(what)
            try:
                asked: Any = model.model_validate_json(await request.body()) if model else None
            except ValueError as error:
                self.refused.append(str(error))
                return JSONResponse(error_envelope("service", "A400"), 400)
            if asked is None or asked.sender_key != self.sender_key:
                return JSONResponse(error_envelope("service", "A502"), 400)
            person = self.person_of(asked.user_key)
            if person is None:
                return JSONResponse(error_envelope("service", "A821"), 400)
            if what != "plain":
                self.open.pop(person)
                ended(person, asked.bot_event or "" if what == "endWithBot" else "")
            elif self.fails:
                await self._report(person, asked.ref)
            else:
                show(person, asked.message)
            return JSONResponse(success_envelope({"msgKey": secrets.token_hex(8)}))

        @app.get("/api/comm/v1/center/cstalk/session")
        async def session(userKey: str) -> JSONResponse:
            person = self.person_of(userKey)
            return JSONResponse(success_envelope({"session": {"sessionId": int(self.open[person], 16), "senderKey": self.sender_key}} if person else {}))

    async def _report(self, person: str, reference: str | None) -> None:
        content = self.hook(person, requestType="write", reportCode=self.fails, reportText="", ref=reference)
        webhooks.parse_counsel_result(json.dumps(content))
        await self.tell("result", content, webhooks.counsel_ack())


class HappytalkSimulator(_Webhooks):
    """Happytalk."""

    def __init__(self, url: str, *, client_id: str, client_secret: str, sender_key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__(url, sender_key, transport)
        self.client_id = client_id
        self.client_secret = client_secret

    async def comes(self, person: str, extra: str) -> bool:
        """A session begins; the reference is told."""
        self.open[person] = secrets.token_hex(4)
        return await self.tell("reference", self.hook(person, reference={"extra": extra, "text": ""}, last_reference={}), {"code": 0})

    async def says(self, person: str, text: str, url: str = "") -> bool:
        """A message; one without a session begins one."""
        self.open.setdefault(person, secrets.token_hex(4))
        kind = {"IMAGE": "photo", "TEXT": "text"}.get(_kind_of(url), "file")
        hook = self.hook(person, type=kind, content=text, attachment={"url": url} if url else None)
        return await self.tell("message", hook, {"code": 0})

    async def goes(self, person: str) -> bool:
        """The session ends."""
        content = self.hook(person)
        self.open.pop(person, None)
        return await self.tell("expired_session", content, {"code": 0})

    def hook(self, person: str, **values: Any) -> dict[str, Any]:
        """A webhook of this moment."""
        at = str(datetime.now(SEOUL).timestamp())
        return {"user_key": key_of(person), "session_id": self.open.get(person, "0"), "sender_key": self.sender_key, "time": at, **values}

    def add(self, app: FastAPI, show: Tell, ended: Tell) -> None:
        """``/v1/chat/…`` and the third version's way back to the bot."""

        async def handle(request: Request, what: str) -> JSONResponse:
            if self.state == "down":
                return JSONResponse({}, 503)
            given = (request.headers.get("ht-client-id"), request.headers.get("ht-client-secret"))
            if given != (self.client_id, self.client_secret):
                return JSONResponse({"code": -401, "message": "Unauthorized"}, 401)
            asked = json.loads(await request.body())
            if asked.get("sender_key") != self.sender_key:
                return JSONResponse({"code": -501, "message": f"InvalidSenderException(senderKey: {asked.get('sender_key')})"})
            person = self.person_of(asked.get("user_key"))
            if person is None:
                return JSONResponse({"code": -505, "message": "SessionNotFoundException"})
            if what == "write":
                if not 0 < len(asked.get("serial_number", "")) <= 30 or not 0 < len(asked.get("message", "")) <= 1000:
                    self.refused.append("serial number or message")
                    return JSONResponse({"code": -400, "message": "InvalidParameterException"})
                show(person, asked["message"])
            else:
                self.open.pop(person)
                ended(person, str(asked.get("bot_event") or ""))
            return JSONResponse({"code": 0})

        @app.post("/v1/chat/write")
        async def write(request: Request) -> JSONResponse:
            return await handle(request, "write")

        @app.post("/v1/chat/end")
        @app.post("/kakaoWebhook/v3/bzc/chat/endWithBot")
        async def end(request: Request) -> JSONResponse:
            return await handle(request, "end")
