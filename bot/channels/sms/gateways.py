"""Simulators of the carriers that are spoken to over HTTP: NHN's SMS and AlimTalk, and Solapi. They refuse what the real ones refuse.

``state`` of each: ``up``, ``down`` (503), ``crashes`` (takes a text and fails before saying so).
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from bot.channels.sms.alphabets import is_gsm7
from bot.channels.sms.solapi import signature

_OK = {"resultCode": 0, "resultMessage": "success", "isSuccessful": True}


@dataclass
class Taken:
    """A text that was taken, and what the carrier will say of it."""

    to: str
    words: str
    fate: dict[str, Any] = field(default_factory=dict)


@dataclass
class Gateway:
    """What the simulators share."""

    state: str = "up"
    taken: dict[str, Taken] = field(default_factory=dict)
    #: Numbers that are refused one by one, although the request succeeds.
    refused_numbers: set[str] = field(default_factory=set)

    def take(self, reference: str, to: str, words: str) -> None:
        """Keep a text."""
        self.taken[reference] = Taken(to, words)

    def fault(self) -> JSONResponse | None:
        """What is wrong before anything was taken."""
        return JSONResponse({}, 503) if self.state == "down" else None

    def answer(self, content: dict[str, Any]) -> JSONResponse:
        """The answer, unless it gets lost."""
        return JSONResponse({}, 500) if self.state == "crashes" else JSONResponse(content)


class Nhn(Gateway):
    """NHN Cloud: SMS v3.0 and AlimTalk v2.3 under one secret."""

    def __init__(self, secret: str, app_key: str = "app", sender_key: str = "sender", templates: dict[str, str] | None = None) -> None:
        super().__init__()
        self.secret = secret
        self.app_key = app_key
        self.sender_key = sender_key
        self.templates = templates or {}
        self._keys: set[str] = set()
        self._requests = 0

    def app(self) -> FastAPI:
        """The API."""
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.add_api_route("/sms/v3.0/appKeys/{key}/sender/sms", self._sms, methods=["POST"])
        app.add_api_route("/sms/v3.0/appKeys/{key}/sender/sms/{request_id}", self._sms_result, methods=["GET"])
        app.add_api_route("/alimtalk/v2.3/appkeys/{key}/messages", self._alimtalk, methods=["POST"])
        app.add_api_route("/alimtalk/v2.3/appkeys/{key}/messages/{request_id}/{sequence}", self._alimtalk_result, methods=["GET"])
        return app

    def _unknown(self, key: str, request: Request) -> JSONResponse | None:
        if (fault := self.fault()) is not None:
            return fault
        if key != self.app_key:
            return _refusal(-1000)
        return None if request.headers.get("x-secret-key") == self.secret else _refusal(-1001)

    async def _sms(self, key: str, request: Request) -> JSONResponse:
        if (wrong := self._unknown(key, request)) is not None:
            return wrong
        content = await request.json()
        self._requests += 1
        results = [self._sms_to(f"s{self._requests}", place, one, content) for place, one in enumerate(content["recipientList"], 1)]
        return self.answer({"header": _OK, "body": {"data": {"requestId": f"s{self._requests}", "statusCode": "2", "sendResultList": results}}})

    def _sms_to(self, request: str, place: int, one: dict[str, str], content: dict[str, Any]) -> dict[str, Any]:
        number = one.get("recipientNo") or one.get("internationalRecipientNo") or ""
        code = 0
        if not number.isdigit() or number in self.refused_numbers:
            code = -5000
        elif "recipientNo" in one:
            try:
                code = -2000 if len(content["body"].encode("cp949")) > 255 else 0
            except UnicodeEncodeError:
                code = -2001
        elif len(content["body"]) > (160 if is_gsm7(content["body"]) else 70):
            code = -2000
        if not code:
            self.take(f"{request}/{place}", number, content["body"])
        return {"recipientNo": number, "resultCode": code, "resultMessage": "", "recipientSeq": place}

    async def _sms_result(self, key: str, request_id: str, request: Request, recipientSeq: str = "1") -> JSONResponse:
        if (wrong := self._unknown(key, request)) is not None:
            return wrong
        text = self.taken.get(f"{request_id}/{recipientSeq}")
        return JSONResponse({"header": _OK, "body": {"data": text.fate}} if text else {"header": {**_OK, "isSuccessful": False, "resultCode": -3001}})

    async def _alimtalk(self, key: str, request: Request) -> JSONResponse:
        if (wrong := self._unknown(key, request)) is not None:
            return wrong
        once = request.headers.get("x-nc-api-idempotency-key", "")
        if once in self._keys:
            return _refusal(-1005)
        content = await request.json()
        if content["senderKey"] != self.sender_key or len(content["recipientList"]) > 1000:
            return _refusal(-3000)
        template = self.templates.get(content["templateCode"])
        if template is None:
            return _refusal(-3003)
        self._keys |= {once} - {""}
        self._requests += 1
        results = [self._alimtalk_to(f"a{self._requests}", place, one, template) for place, one in enumerate(content["recipientList"], 1)]
        return self.answer({"header": _OK, "message": {"requestId": f"a{self._requests}", "sendResults": results}})

    def _alimtalk_to(self, request: str, place: int, one: dict[str, Any], template: str) -> dict[str, Any]:
        words = re.sub(r"#\{(\w+)\}", lambda found: str(one["templateParameter"].get(found.group(1), found.group(0))), template)
        code = -5000 if not one["recipientNo"].isdigit() or one["recipientNo"] in self.refused_numbers else -3004 if "#{" in words else 0
        if not code:
            self.take(f"{request}/{place}", one["recipientNo"], words)
        return {"recipientSeq": place, "recipientNo": one["recipientNo"], "resultCode": code, "resultMessage": ""}

    async def _alimtalk_result(self, key: str, request_id: str, sequence: str, request: Request) -> JSONResponse:
        if (wrong := self._unknown(key, request)) is not None:
            return wrong
        text = self.taken.get(f"{request_id}/{sequence}")
        return JSONResponse({"header": _OK, "message": text.fate if text else {}})


class SolapiGateway(Gateway):
    """Solapi."""

    def __init__(self, key: str, secret: str) -> None:
        super().__init__()
        self.key = key
        self.secret = secret

    def app(self) -> FastAPI:
        """The API."""
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.add_api_route("/messages/v4/send", self._send, methods=["POST"])
        app.add_api_route("/messages/v4/list", self._list, methods=["GET"])
        return app

    def _wrong(self, request: Request) -> JSONResponse | None:
        if (fault := self.fault()) is not None:
            return fault
        given = dict(part.split("=", 1) for part in request.headers.get("authorization", "").removeprefix("HMAC-SHA256 ").split(", ") if "=" in part)
        ours = signature(self.secret, given.get("Date", ""), given.get("salt", ""))
        is_ours = given.get("ApiKey") == self.key and hmac.compare_digest(ours, given.get("signature", ""))
        return None if is_ours else JSONResponse({"errorCode": "SignatureDoesNotMatch"}, 403)

    async def _send(self, request: Request) -> JSONResponse:
        if (wrong := self._wrong(request)) is not None:
            return wrong
        message = (await request.json())["message"]
        if message["to"] in self.refused_numbers:
            return JSONResponse({"statusCode": "3010"})
        number = f"M{len(self.taken) + 1}"
        self.take(number, message["to"], message["text"])
        self.taken[number].fate = {"statusCode": "2000"}
        return self.answer({"messageId": number, "groupId": "G1", "statusCode": "2000"})

    async def _list(self, request: Request, messageId: str) -> JSONResponse:
        if (wrong := self._wrong(request)) is not None:
            return wrong
        text = self.taken.get(messageId)
        return JSONResponse({"messageList": {messageId: {"messageId": messageId, **text.fate}} if text else {}})


def _refusal(code: int) -> JSONResponse:
    return JSONResponse({"header": {"resultCode": code, "resultMessage": "", "isSuccessful": False}})
