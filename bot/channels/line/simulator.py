"""A server that behaves like LINE: signs webhooks, delivers again what was not taken, gives reply tokens that work once and for a minute, knows
retry keys and a monthly quota, and refuses what the official SDK's models or LINE's limits do not allow.

Needs the SDK, which is installed for development only.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from linebot.v3.messaging import PushMessageRequest, ReplyMessageRequest, ShowLoadingAnimationRequest

from bot.channels.line.signature import sign
from bot.channels.simulation import Shown, Simulation, Telephones, add_page, picked
from conversation.schemas import TextUnit

TOKEN_S = 60.0
ANSWER_S = 2.0
#: LINE does not say when it delivers again; these are short, so that a person who tries it out sees it.
AGAIN_S = (1.0, 3.0, 10.0, 30.0)
LIMITS = {"messages": 5, "quick replies": 13, "text": 5000, "title": 40, "text under a title": 60, "text of a template": 160, "actions": 4, "label": 20}


@dataclass
class Token:
    """A reply token."""

    person: str
    until: float
    used: bool = False


class LineSimulator:
    """LINE, for one account. ``state`` is ``up``, ``down`` (503) or ``crashes`` (takes a message and fails before saying so)."""

    def __init__(
        self,
        webhook_url: str,
        *,
        secret: str,
        token: str,
        monthly_limit: int = 10_000,
        again_s: tuple[float, ...] = AGAIN_S,
        clock: Callable[[], float] = time.monotonic,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.webhook_url = webhook_url
        self.secret = secret
        self.access_token = token
        self.monthly_limit = monthly_limit
        self.telephones = Telephones()
        self.state = "up"
        self.redelivers = True
        self.delivered: list[tuple[int, dict[str, Any]]] = []
        self.refused: list[str] = []
        self.loading: list[str] = []
        #: What people have sent, until LINE deletes it; a number in ``preparing`` is not ready yet.
        self.contents: dict[str, bytes] = {}
        self.preparing: set[str] = set()
        self.replies = self.pushes = 0
        self._again_s = again_s
        self._clock = clock
        self._transport = transport
        self._tokens: dict[str, Token] = {}
        self._keys: set[str] = set()
        self._running: set[asyncio.Task[int]] = set()

    # --- what people do

    async def does(self, person: str, what: dict[str, Any]) -> None:
        """Something that a person does on the telephone."""
        if text := what.get("text"):
            await self.says(person, str(text))
        elif button := what.get("button"):
            await self.presses(person, dict(button))
        elif place := what.get("location"):
            await self.shares_place(person, float(place["lat"]), float(place["lon"]))
        elif file := what.get("file"):
            chosen = picked(file)
            await self.sends_file(person, chosen.content, chosen.kind, chosen.name, shown=str(chosen))
        elif kind := what.get("event"):
            await self.happens(person, str(kind))

    async def says(self, person: str, text: str) -> int:
        """Write words; the status that the program answered with."""
        self.telephones.show(person, Shown("person", text))
        return await self.happens(person, "message", message={"type": "text", "id": _number(), "text": text, "quoteToken": secrets.token_hex(8)})

    async def sends_file(self, person: str, content: bytes, kind: str = "image", name: str = "", *, shown: str = "") -> int:
        """Send a picture (or ``video``, ``audio``, ``file``), which the program has to fetch."""
        number = _number()
        self.contents[number] = content
        message: dict[str, Any] = {"type": kind, "id": number}
        message |= {"fileName": name, "fileSize": len(content)} if kind == "file" else {"contentProvider": {"type": "line"}}
        if kind in ("image", "video"):
            message["quoteToken"] = secrets.token_hex(8)
        self.telephones.show(person, Shown("person", shown or f"({kind}) {name}".strip()))
        return await self.happens(person, "message", message=message)

    async def shares_place(self, person: str, lat: float, lon: float, address: str = "") -> int:
        """Send a place, as the location button does."""
        self.telephones.show(person, Shown("person", f"{lat}, {lon}"))
        return await self.happens(
            person, "message", message={"type": "location", "id": _number(), "title": "위치", "address": address, "latitude": lat, "longitude": lon}
        )

    async def presses(self, person: str, button: dict[str, Any]) -> int:
        """Tap a button that was shown."""
        action = button["action"]
        if action["type"] == "message":
            return await self.says(person, action["text"])
        if action["type"] != "postback":
            return 0
        self.telephones.show(person, Shown("person", action.get("displayText", "")))
        return await self.happens(person, "postback", postback={"data": action["data"]})

    async def happens(self, person: str, kind: str, **values: Any) -> int:
        """Deliver an event; again later if the program does not take it."""
        if kind == "unfollow":
            self.telephones.blocked.add(person)
        elif kind == "follow":
            self.telephones.blocked.discard(person)
            values = {"follow": {"isUnblocked": False}} | values
        event = self.event(person, kind, **values)
        status = await self.deliver({"destination": "U" + "0" * 32, "events": [event]})
        if self.redelivers and not 200 <= status < 300:
            task = asyncio.create_task(self._again(event), name="redelivery")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return status

    def event(self, person: str, kind: str, **values: Any) -> dict[str, Any]:
        """An event with a fresh number and, where LINE gives one, a fresh reply token."""
        event: dict[str, Any] = {
            "type": kind,
            "mode": "active",
            "timestamp": int(time.time() * 1000),
            "source": {"type": "user", "userId": person},
            "webhookEventId": "01" + secrets.token_hex(12).upper(),
            "deliveryContext": {"isRedelivery": False},
        } | values
        if kind not in ("unfollow", "unsend"):
            event["replyToken"] = secrets.token_hex(16)
            self._tokens[event["replyToken"]] = Token(person, self._clock() + TOKEN_S)
        return event

    async def deliver(self, hook: dict[str, Any], *, signature: str | None = None, raw: bytes | None = None) -> int:
        """Send one webhook; its status, 0 without an answer in time."""
        body = json.dumps(hook, ensure_ascii=False).encode() if raw is None else raw
        headers = {"Content-Type": "application/json; charset=utf-8", "X-Line-Signature": sign(self.secret, body) if signature is None else signature}
        try:
            async with httpx.AsyncClient(timeout=ANSWER_S, transport=self._transport) as client:
                status = (await client.post(self.webhook_url, content=body, headers=headers)).status_code
        except httpx.HTTPError:
            status = 0
        self.delivered.append((status, hook))
        return status

    async def _again(self, event: dict[str, Any]) -> int:
        status = 0
        for wait_s in self._again_s:
            await asyncio.sleep(wait_s)
            if (token := event.get("replyToken")) in self._tokens and not self._tokens[token].used:
                self._tokens[token].until = self._clock() + TOKEN_S
            status = await self.deliver({"destination": "U" + "0" * 32, "events": [event | {"deliveryContext": {"isRedelivery": True}}]})
            if 200 <= status < 300:
                break
        return status

    async def settle(self) -> None:
        """Wait until nothing is being delivered again."""
        while self._running:
            await asyncio.wait(set(self._running))

    # --- what the program asks

    def app(self) -> FastAPI:
        """The API and the page."""
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        add_page(app, "라인", self.telephones, self.does, self)

        @app.post("/v2/bot/message/reply")
        async def reply(request: Request) -> Response:
            return await self._answer(request, self._reply)

        @app.post("/v2/bot/message/push")
        async def push(request: Request) -> Response:
            return await self._answer(request, self._push)

        @app.get("/v2/bot/message/{number}/content")
        async def content(number: str, request: Request) -> Response:
            if self.state == "down":
                return _error(503, "Service Unavailable")
            if request.headers.get("authorization") != f"Bearer {self.access_token}":
                return _error(401, "Authentication failed. Confirm that the access token in the authorization header is valid.")
            if number not in self.contents:
                return _error(404, "Not found")
            if number in self.preparing:
                return Response(status_code=202)
            return Response(self.contents[number], media_type="application/octet-stream")

        @app.post("/v2/bot/chat/loading/start")
        async def loading(request: Request) -> Response:
            return await self._answer(request, self._loading)

        return app

    async def _answer(self, request: Request, handle: Callable[[dict[str, Any], str | None], Response]) -> Response:
        if self.state == "down":
            return _error(503, "Service Unavailable")
        if request.headers.get("authorization") != f"Bearer {self.access_token}":
            return _error(401, "Authentication failed. Confirm that the access token in the authorization header is valid.")
        try:
            content = json.loads(await request.body())
        except ValueError:
            return _error(400, "The request body could not be parsed as JSON.")
        response = handle(content, request.headers.get("x-line-retry-key"))
        if response.status_code == 400:
            self.refused.append(bytes(response.body).decode())
        return _error(500, "Internal server error") if self.state == "crashes" and response.status_code == 200 else response

    def _reply(self, content: dict[str, Any], key: str | None) -> Response:
        if key is not None:
            return _error(400, "The retry key is not supported in this endpoint.")
        if faults := _faults(ReplyMessageRequest, content):
            return _error(400, f"The request body has {len(faults)} error(s)", faults)
        token = self._tokens.get(content["replyToken"])
        if token is None or token.used or token.until < self._clock():
            return _error(400, "Invalid reply token")
        token.used = True
        self.replies += 1
        return self._show(token.person, content["messages"])

    def _push(self, content: dict[str, Any], key: str | None) -> Response:
        if key is not None and not _is_uuid(key):
            return _error(400, "Invalid retry key")
        if faults := _faults(PushMessageRequest, content):
            return _error(400, f"The request body has {len(faults)} error(s)", faults)
        if key is not None and key in self._keys:
            return _error(409, "The retry key is already accepted")
        if self.pushes >= self.monthly_limit:
            return _error(429, "You have reached your monthly limit.")
        if key is not None:
            self._keys.add(key)
        self.pushes += 1
        return self._show(content["to"], content["messages"])

    def _loading(self, content: dict[str, Any], key: str | None) -> Response:
        ShowLoadingAnimationRequest.from_dict(content)
        self.loading.append(content["chatId"])
        return JSONResponse({}, status_code=202)

    def _show(self, person: str, messages: list[dict[str, Any]]) -> Response:
        for number, message in enumerate(messages, 1):
            quick = message.get("quickReply", {}).get("items", ()) if number == len(messages) else ()
            template = message.get("template", {})
            self.telephones.show(
                person,
                Shown(
                    "us",
                    str(message.get("text") or template.get("text") or message.get("originalContentUrl", "")),
                    str(template.get("title", "")),
                    tuple(map(_button, template.get("actions", ()))),
                    tuple(_button(item["action"]) for item in quick),
                    str(message.get("previewImageUrl", "")),
                ),
            )
        return JSONResponse({"sentMessages": [{"id": _number(), "quoteToken": secrets.token_hex(8)} for _ in messages]})


def _button(action: dict[str, Any]) -> dict[str, Any]:
    return {"label": action["label"], "link": action.get("uri", ""), "asks_location": action["type"] == "location", "action": action}


def _faults(model: Any, content: dict[str, Any]) -> list[str]:
    """What LINE would not take: by the SDK's models, and by the limits that are written in its documents only."""
    try:
        model.from_dict(content)
    except Exception as error:  # noqa: BLE001  (whatever the models raise, the request is not one of LINE's)
        return [type(error).__name__]
    messages = content.get("messages") or []
    sizes = [("messages", len(messages))] + [size for message in messages for size in _sizes(message)]
    faults = [f"{what}: {size}" for what, size in sizes if size > LIMITS[what]]
    texts = [message.get("text") or message.get("template", {}).get("text") for message in messages if message["type"] in ("text", "template")]
    return faults + ["May not be empty"] * (not messages or not all(texts))


def _sizes(message: dict[str, Any]) -> list[tuple[str, int]]:
    length = TextUnit.UTF16.length
    quick = message.get("quickReply", {}).get("items", [])
    sizes = [("quick replies", len(quick)), ("text", length(message.get("text", "")))]
    template = message.get("template", {})
    actions = [*template.get("actions", ()), *(item["action"] for item in quick)]
    sizes += [("label", len(action["label"])) for action in actions]
    if template:
        sizes += [("title", length(template.get("title", ""))), ("actions", len(template["actions"]))]
        sizes.append(("text under a title" if template.get("title") else "text of a template", length(template["text"])))
    return sizes


def _error(status: int, message: str, details: list[str] | None = None) -> Response:
    content: dict[str, Any] = {"message": message}
    if details:
        content["details"] = [{"message": detail, "property": "messages"} for detail in details]
    return JSONResponse(content, status_code=status)


def _number() -> str:
    return str(secrets.randbelow(10**18))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


#: Of one run of a demo; nobody else knows them.
_SECRET, _ACCESS = secrets.token_hex(16), secrets.token_hex(32)
SIMULATION = Simulation(
    "라인",
    lambda program: LineSimulator(f"{program}/channels/line/webhook", secret=_SECRET, token=_ACCESS).app(),
    lambda url: {
        "GILDONGMU_LINE_CHANNEL_SECRET": _SECRET,
        "GILDONGMU_LINE_CHANNEL_TOKEN": _ACCESS,
        "GILDONGMU_LINE_API_URL": url,
        "GILDONGMU_LINE_DATA_URL": url,
    },
)
