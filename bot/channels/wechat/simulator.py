"""A server that behaves like WeChat: signs and encrypts what it pushes, waits five seconds and asks three times, shows the answer that rides on its
request, gives access tokens, and counts the messages of the customer-service interface.

``kind`` is an official account (XML) or a mini-program (JSON, and no answer rides on its requests).
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree.ElementTree import Element

import httpx
from defusedxml.ElementTree import fromstring
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from bot.channels.contract import DANGER
from bot.channels.simulation import Picked, Shown, Simulation, Telephones, add_page, picked, share_on_page
from bot.channels.wechat.crypto import Envelope, sign
from bot.phrases import PERSON
from conversation.schemas import TextUnit
from handoff.datum import to_gcj02
from handoff.geography import countries_at

ANSWER_S = 5.0
TRIES = 3
TOKEN_S = 7200
FORCED_A_DAY = 20
MAX_TEXT_BYTES = 2048
UNAVAILABLE = "该公众号提供的服务出现故障，请稍后再试"
#: How many messages a happening allows, and for how long.
ALLOWED = {"message": (5, 48 * 3600.0), "menu": (3, 60.0), "session": (2, 60.0)}
#: What messages that carry something are called here, and as what it is kept.
FILES = {"image": "image", "video": "video", "audio": "voice", "file": "file"}
MENU = ({"label": "지금 위험해요", "key": DANGER}, {"label": "상담관과 이야기", "key": PERSON})

Mode = Literal["plain", "compatible", "safe"]


@dataclass
class Allowance:
    """What may still be sent to somebody because of one happening."""

    left: int
    until: float


class WeChatSimulator:
    """WeChat, for one account. ``state`` is ``up``, ``down`` (503) or ``crashes`` (shows a message and fails before saying so)."""

    def __init__(
        self,
        webhook_url: str,
        *,
        app_id: str,
        secret: str,
        token: str,
        key: str = "",
        mode: Mode = "safe",
        kind: Literal["official", "mini"] = "official",
        original_id: str = "gh_simulated",
        answer_s: float = ANSWER_S,
        clock: Callable[[], float] = time.time,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.webhook_url = webhook_url
        self.app_id, self.secret, self.token, self.original_id = app_id, secret, token, original_id
        self.mode, self.kind = mode, kind
        self.envelope = Envelope(key, app_id) if mode != "plain" else None
        self.telephones = Telephones()
        self.state = "up"
        self.answers: list[tuple[int, str]] = []
        self.refused: list[str] = []
        self.passive = self.active = self.tokens_given = self.forced = 0
        self.daily_limit = 500_000
        #: What people have sent, for three days.
        self.contents: dict[str, Picked] = {}
        #: Other accounts of the operator's: all are asked for at one address, and told apart by what they are asked with.
        self.beside: list[WeChatSimulator] = []
        self._answer_s = answer_s
        self._clock = clock
        self._transport = transport
        self._token, self._token_until = "", 0.0
        self._allowed: dict[str, dict[str, Allowance]] = {}

    # --- what people do

    async def does(self, person: str, what: dict[str, Any]) -> None:
        """Something that a person does on the telephone."""
        if text := what.get("text"):
            await self.says(person, str(text))
        elif button := what.get("button"):
            await self.presses(person, str(button["key"]))
        elif place := what.get("location"):
            await self.shares_place(person, float(place["lat"]), float(place["lon"]))
        elif file := what.get("file"):
            await self.sends_file(person, picked(file))
        elif kind := what.get("event"):
            follows = "subscribe" if self.kind == "official" else "user_enter_tempsession"
            await self.happens(person, {"follow": follows, "unfollow": "unsubscribe"}.get(str(kind), str(kind)))

    async def says(self, person: str, text: str) -> int:
        """Write words; the status that the program answered with."""
        self._tapped(person, text)
        return await self.push(person, self.message(person, "text", Content=text))

    async def shares_place(self, person: str, lat: float, lon: float, label: str = "") -> int:
        """Send a place as it is; inside mainland China the platform's map shifts it. The room of a mini-program takes none."""
        if self.kind == "mini":
            return await share_on_page(self.telephones, person, lat, lon, self._transport)
        self._tapped(person, f"{lat}, {lon}")
        x, y = self.on_map(lat, lon)
        return await self.push(person, self.message(person, "location", Location_X=f"{x:.6f}", Location_Y=f"{y:.6f}", Scale="16", Label=label))

    async def sends_file(self, person: str, file: Picked) -> int:
        """Send a picture, a sound, a film or a file, which the program has to fetch by its number."""
        self._tapped(person, str(file))
        number = secrets.token_urlsafe(24)
        self.contents[number] = file
        more = {"image": {"PicUrl": f"https://mmbiz.qpic.cn/{number}/0"}, "audio": {"Format": "amr"}, "file": {"Title": file.name}}.get(file.kind, {})
        return await self.push(person, self.message(person, FILES[file.kind], MediaId=number, **more))

    async def presses(self, person: str, key: str) -> int:
        """Tap an entry of the account's menu."""
        self._tapped(person, next((entry["label"] for entry in MENU if entry["key"] == key), key))
        return await self.happens(person, "CLICK", EventKey=key)

    async def happens(self, person: str, event: str, **values: str) -> int:
        """Push an event."""
        if event == "unsubscribe":
            self.telephones.blocked.add(person)
        elif event == "subscribe":
            self.telephones.blocked.discard(person)
        allowed = {"CLICK": "menu", "subscribe": "menu", "user_enter_tempsession": "session"}.get(event)
        return await self.push(person, self.fields(person, "event", Event=event, **values), allowed)

    @staticmethod
    def on_map(lat: float, lon: float) -> tuple[float, float]:
        """Where the platform's map puts a place."""
        near = countries_at(lat, lon, 0.0)
        return to_gcj02(lat, lon) if near and near[0].country == "CN" else (lat, lon)

    def fields(self, person: str, kind: str, **values: str) -> dict[str, str]:
        """What every push carries."""
        return {"ToUserName": self.original_id, "FromUserName": person, "CreateTime": str(int(self._clock())), "MsgType": kind} | values

    def message(self, person: str, kind: str, **values: str) -> dict[str, str]:
        """A message with a fresh number."""
        return self.fields(person, kind, **values, MsgId=str(secrets.randbelow(2**63)))

    # --- pushing

    async def push(self, person: str, fields: dict[str, str], allowed: str | None = "message") -> int:
        """Push until it is taken, three times at most; then the person reads that the account is out of order."""
        if allowed is not None:
            many, lasts_s = ALLOWED[allowed]
            self._allowed.setdefault(person, {})[allowed] = Allowance(many, self._clock() + lasts_s)
        status = 0
        for _ in range(TRIES):
            status, answer = await self.deliver(fields)
            self.answers.append((status, answer))
            if status == 200:
                self._answered(person, answer)
                return status
        self.telephones.show(person, Shown("us", UNAVAILABLE))
        return status

    async def deliver(self, fields: dict[str, str], *, raw: bytes | None = None, **query: str) -> tuple[int, str]:
        """Send one request; its status (0 without an answer in time) and answer. ``query`` overrides what is in the address."""
        body, signed = self.request(fields)
        body = body if raw is None else raw
        kind = "application/json" if self.kind == "mini" else "text/xml"
        try:
            async with asyncio.timeout(self._answer_s), httpx.AsyncClient(timeout=2 * self._answer_s, transport=self._transport) as client:
                response = await client.post(self.webhook_url, params=signed | query, content=body, headers={"Content-Type": kind})
        except (httpx.HTTPError, TimeoutError):
            return 0, ""
        return response.status_code, response.text

    def request(self, fields: dict[str, str], *, at: int | None = None, nonce: str = "") -> tuple[bytes, dict[str, str]]:
        """The body and the address of a push."""
        timestamp, nonce = str(at if at is not None else int(self._clock())), nonce or str(secrets.randbelow(10**10))
        query = {"signature": sign(self.token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce, "openid": fields.get("FromUserName", "")}
        if self.envelope is None:
            return self._written(fields), query
        sealed = self.envelope.seal(self._written(fields))
        query |= {"encrypt_type": "aes", "msg_signature": sign(self.token, timestamp, nonce, sealed)}
        around = {"ToUserName": fields.get("ToUserName", "")} if self.mode == "safe" else dict(fields)
        return self._written(around | {"Encrypt": sealed}), query

    def _written(self, fields: dict[str, str]) -> bytes:
        if self.kind == "mini":
            return json.dumps({name: int(value) if name in ("CreateTime", "MsgId") else value for name, value in fields.items()}, ensure_ascii=False).encode()
        return ("<xml>" + "".join(f"<{name}><![CDATA[{_in_cdata(value)}]]></{name}>" for name, value in fields.items()) + "</xml>").encode()

    def _answered(self, person: str, answer: str) -> None:
        if answer in ("", "success"):
            return
        if self.kind == "mini":
            self.refused.append("a mini-program's push cannot be answered with words")
            return
        root = fromstring(answer)
        if self.envelope is not None:
            sealed = _value(root, "Encrypt")
            if _value(root, "MsgSignature") != sign(self.token, _value(root, "TimeStamp"), _value(root, "Nonce"), sealed):
                self.refused.append("the answer's signature is wrong")
                return
            root = fromstring(self.envelope.open(sealed))
        text = _value(root, "Content")
        if (_value(root, "ToUserName"), _value(root, "FromUserName")) != (person, self.original_id) or not _value(root, "CreateTime").isdigit():
            self.refused.append("the answer is not for this person")
        elif _value(root, "MsgType") != "text" or not text or TextUnit.UTF8.length(text) > MAX_TEXT_BYTES:
            self.refused.append("the answer is no text of up to 2048 bytes")
        else:
            self.passive += 1
            self._show(person, text)

    def _tapped(self, person: str, text: str) -> None:
        self._show(person, text, side="person")

    def _show(self, person: str, text: str, *, side: str = "us") -> None:
        """An account's menu stands under everything; a mini-program has none."""
        self.telephones.show(person, Shown(side, text, quick_replies=MENU if self.kind == "official" else ()))

    # --- what the program asks

    def app(self) -> FastAPI:
        """The API and the page."""
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        add_page(app, "위챗" if self.kind == "official" else "위챗 미니 프로그램", self.telephones, self.does, self)

        @app.post("/cgi-bin/stable_token")
        async def stable_token(request: Request) -> Response:
            if self.state == "down":
                return JSONResponse({}, status_code=503)
            asked = await request.json()
            return JSONResponse(self._of(lambda one: one.app_id == asked.get("appid"))._give_token(asked))

        @app.post("/cgi-bin/message/custom/send")
        async def send(request: Request, access_token: str = "") -> Response:
            if self.state == "down":
                return JSONResponse({}, status_code=503)
            account = self._of(lambda one: one._is_valid(access_token))
            code = account._send(access_token, await request.body())
            if code not in (0, 40001):
                account.refused.append(str(code))
            return (
                JSONResponse({}, status_code=500)
                if self.state == "crashes" and code == 0
                else JSONResponse({"errcode": code, "errmsg": "ok" if code == 0 else "no"})
            )

        @app.get("/cgi-bin/media/get")
        async def media(access_token: str = "", media_id: str = "") -> Response:
            if self.state == "down":
                return JSONResponse({}, status_code=503)
            account = self._of(lambda one: one._is_valid(access_token))
            if not account._is_valid(access_token):
                return JSONResponse({"errcode": 40001, "errmsg": "invalid credential, access_token is invalid or not latest"})
            file = account.contents.get(media_id)
            if file is None:
                return JSONResponse({"errcode": 40007, "errmsg": "invalid media_id"})
            if file.kind == "video":
                return JSONResponse({"video_url": f"http://mp.video.qq.example/{media_id}.mp4"})
            return Response(file.content, media_type=file.media_type or "application/octet-stream")

        return app

    def _of(self, is_meant: Callable[[WeChatSimulator], bool]) -> WeChatSimulator:
        return next((one for one in (self, *self.beside) if is_meant(one)), self)

    def _is_valid(self, token: str) -> bool:
        return bool(token) and token == self._token and self._token_until >= self._clock()

    def end_token(self) -> None:
        """The account's secret was changed, or the token taken back."""
        self._token = ""

    def _give_token(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked.get("grant_type") != "client_credential" or (asked.get("appid"), asked.get("secret")) != (self.app_id, self.secret):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        force = bool(asked.get("force_refresh"))
        if force and self.forced >= FORCED_A_DAY:
            return {"errcode": 45009, "errmsg": "reach max api daily quota limit"}
        self.forced += force
        if force or not self._token or self._token_until - self._clock() < 300:
            self._token, self._token_until = secrets.token_hex(64), self._clock() + TOKEN_S
            self.tokens_given += 1
        return {"access_token": self._token, "expires_in": int(self._token_until - self._clock())}

    def _send(self, token: str, raw: bytes) -> int:
        if not self._is_valid(token):
            return 40001
        try:
            content = json.loads(raw.decode())
            person, text = content["touser"], content["text"]["content"]
        except (ValueError, KeyError, TypeError):
            return 47001
        if b"\\u" in raw or not text or TextUnit.UTF8.length(text) > MAX_TEXT_BYTES:
            return 45002
        if person in self.telephones.blocked:
            return 43004
        open_ones = [one for one in self._allowed.get(person, {}).values() if one.until > self._clock()]
        if not open_ones:
            return 45015
        usable = [one for one in open_ones if one.left > 0]
        if not usable:
            return 45047
        if self.active >= self.daily_limit:
            return 45009
        min(usable, key=lambda one: one.until).left -= 1
        self.active += 1
        self._show(person, text)
        return 0


def _value(root: Element, name: str) -> str:
    found = root.find(name)
    return (found.text or "") if found is not None else ""


def _in_cdata(text: str) -> str:
    return text.replace("]]>", "]]]]><![CDATA[>")


def fresh_key() -> str:
    """An EncodingAESKey of nobody's."""
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") for _ in range(42)) + "A"


#: Of one run of a demo; nobody else knows them.
_SECRET, _TOKEN, _KEY = secrets.token_hex(16), secrets.token_hex(16), fresh_key()
#: The mini-program's own account, whose page is a simulation of its own (``mini_simulator``).
MINI: list[WeChatSimulator] = []


def _made(program: str) -> FastAPI:
    account = WeChatSimulator(f"{program}/channels/wechat/callback", app_id="wxsimulated", secret=_SECRET, token=_TOKEN, key=_KEY)
    account.beside = MINI
    return account.app()


SIMULATION = Simulation(
    "위챗",
    _made,
    lambda url: {
        "GILDONGMU_WECHAT_APP_ID": "wxsimulated",
        "GILDONGMU_WECHAT_APP_SECRET": _SECRET,
        "GILDONGMU_WECHAT_TOKEN": _TOKEN,
        "GILDONGMU_WECHAT_AES_KEY": _KEY,
        "GILDONGMU_WECHAT_ORIGINAL_ID": "gh_simulated",
        "GILDONGMU_WECHAT_API_URL": url,
    },
)
