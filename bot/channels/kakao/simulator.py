"""A server that behaves like KakaoTalk: it asks the skill and waits five seconds, takes a callback once and for a minute, counts events that cost money,
and leads into a dealer's consult talk, in which the bot is silent until the talk ends.

Every response is held against Kakao's rules (``rules.py``). Needs packages that are installed for development only.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from bot.channels.kakao.rules import faults
from bot.channels.kakao.simulated_dealers import BizgoSimulator, SimulatedDealer
from bot.channels.simulation import Picked, Shown, Simulation, Telephones, add_page, picked, share_on_page

ANSWER_S = 5.0
CALLBACK_S = 60.0
NO_ANSWER = "(챗봇이 답하지 않았습니다. 영사안전콜센터 +82-2-3210-0404)"


class KakaoSimulator:
    """KakaoTalk, for one channel with one bot."""

    def __init__(
        self,
        skill_url: str,
        *,
        header_secret: str,
        url: str = "http://kakao",
        has_callback: bool = True,
        dealer: SimulatedDealer | None = None,
        bot_id: str = "5f0bot",
        rest_key: str = "rest",
        clock: Callable[[], float] = time.monotonic,
        answer_s: float = ANSWER_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.skill_url = skill_url
        self.header_secret = header_secret
        self.url = url
        self.has_callback = has_callback
        self.dealer = dealer
        self.bot_id = bot_id
        self.rest_key = rest_key
        self.telephones = Telephones()
        self.faults: list[str] = []
        self.answered: list[tuple[int, dict[str, Any]]] = []
        self.events = 0
        self.event_blocks: dict[str, str] = {}
        self.took_s = 0.0
        self.state = "up"
        #: What people have sent, as Kakao keeps it for a while, by the last part of its address.
        self.contents: dict[str, Picked] = {}
        self._clock = clock
        self._answer_s = answer_s
        self._transport = transport
        self._callbacks: dict[str, tuple[str, float]] = {}

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
            await self.sends_file(person, picked(file))
        elif what.get("event") == "unfollow" and self.dealer is not None:
            await self.dealer.goes(person)

    async def says(self, person: str, text: str, extra: dict[str, Any] | None = None) -> int:
        """Write words: to the counsellor while a consult talk is open, else to the bot. The program's status."""
        self.telephones.show(person, Shown("person", text))
        if self.dealer is not None and person in self.dealer.open:
            return 200 if await self.dealer.says(person, text) else 0
        return await self.ask(self.request(person, text, extra), person)

    async def sends_file(self, person: str, file: Picked) -> int:
        """Send a picture or a file, of which a webhook brings the address alone; to the bot only pictures can be sent."""
        self.telephones.show(person, Shown("person", str(file)))
        name = f"{secrets.token_hex(12)}.{file.media_type.rpartition('/')[2] or 'bin'}"
        self.contents[name] = file
        address = f"{self.url}/talkm/{name}"
        if self.dealer is not None and person in self.dealer.open:
            return 200 if await self.dealer.says(person, "", address) else 0
        # The room tells the bot of a picture as if its address had been said.
        media = {"surface": "Kakaotalk.plusfriend", "media": {"type": file.kind, "url": address}}
        return await self.ask(self.request(person, address, params=media), person)

    async def shares_place(self, person: str, lat: float, lon: float) -> int:
        """On the page behind the button for it: the room itself gives no place to bots."""
        return await share_on_page(self.telephones, person, lat, lon, self._transport)

    async def presses(self, person: str, button: dict[str, Any]) -> int:
        """Tap a button or quick reply that was shown."""
        action = button["action"]
        if action["action"] == "message":
            return await self.says(person, action["messageText"], action.get("extra"))
        address = urlsplit(action.get("webLinkUrl", ""))
        if address.hostname == "bizmessage.kakao.com" and self.dealer is not None:
            extra = parse_qs(address.query).get("extra", [""])[0]
            return 200 if await self.dealer.comes(person, extra) else 0
        return 0

    def request(self, person: str, text: str, extra: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
        """A skill request, with a callback address where the block allows it."""
        asks: dict[str, Any] = {
            "timezone": "Asia/Seoul",
            "params": {"surface": "Kakaotalk.plusfriend"},
            "block": {"id": "fallback", "name": "폴백 블록"},
            "utterance": text,
            "lang": "ko",
            "user": {"id": person, "type": "botUserKey", "properties": {"botUserKey": person, "plusfriendUserKey": f"p-{person}", "isFriend": True}},
        } | values
        if self.has_callback:
            token = secrets.token_urlsafe(16)
            self._callbacks[token] = (person, self._clock() + CALLBACK_S)
            asks["callbackUrl"] = f"{self.url}/callback/{token}"
        return {
            "bot": {"id": self.bot_id, "name": "영사콜센터"},
            "intent": {"id": "fallback", "name": "폴백 블록", "extra": {"reason": {"code": 1, "message": "OK"}}},
            "userRequest": asks,
            "action": {"id": "a", "name": "skill", "params": {}, "detailParams": {}, "clientExtra": extra},
            "contexts": [],
        }

    async def ask(self, content: dict[str, Any], person: str = "", *, secret: str | None = None, raw: bytes | None = None, url: str = "") -> int:
        """Ask the skill; its answer is shown if it comes in time and is one. The status, 0 without an answer in time."""
        body = json.dumps(content, ensure_ascii=False).encode() if raw is None else raw
        headers = {"Content-Type": "application/json", "X-Skill-Secret": self.header_secret if secret is None else secret}
        began = time.monotonic()
        try:
            async with httpx.AsyncClient(timeout=self._answer_s, transport=self._transport) as client, asyncio.timeout(self._answer_s):
                answer = await client.post(url or self.skill_url, content=body, headers=headers)
        except (httpx.HTTPError, TimeoutError):
            self.telephones.show(person, Shown("us", NO_ANSWER))
            return 0
        finally:
            self.took_s = time.monotonic() - began
        response = answer.json()
        self.answered.append((answer.status_code, response))
        if answer.status_code != 200:
            self.telephones.show(person, Shown("us", NO_ANSWER))
            return answer.status_code
        self.faults += faults(response)
        token = content.get("userRequest", {}).get("callbackUrl", "").rpartition("/")[2]
        if response.get("useCallback"):
            if token not in self._callbacks:
                self.faults.append("useCallback without a callbackUrl")
            self.telephones.show(person, Shown("us", response["data"]["text"]))
        else:
            self._callbacks.pop(token, None)
            self._show(person, response)
        return answer.status_code

    # --- what the program asks

    def app(self) -> FastAPI:
        """The callback, the Event API, the dealer's API, and the page."""
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        add_page(app, "카카오톡", self.telephones, self.does, self)

        @app.post("/callback/{token}")
        async def callback(token: str, request: Request) -> JSONResponse:
            if self.state == "down":
                return JSONResponse({}, 503)
            person, until = self._callbacks.pop(token, ("", 0.0))
            if until < self._clock():
                return self._said("FAIL", "Invalid callback token. The token has expired or was used.")
            response = json.loads(await request.body())
            if found := faults(response):
                self.faults += found
                return self._said("FAIL", "Invalid response")
            self._show(person, response)
            return self._said("SUCCESS", "")

        @app.get("/talkm/{name}")
        async def content(name: str) -> Response:
            file = self.contents.get(name)
            if self.state == "down" or file is None:
                return Response(status_code=503 if self.state == "down" else 404)
            return Response(file.content, media_type=file.media_type or "application/octet-stream")

        @app.post("/v2/bots/{bot_id}/talk")
        async def talk(bot_id: str, request: Request) -> JSONResponse:
            if self.state == "down":
                return JSONResponse({}, 503)
            if request.headers.get("authorization") != f"KakaoAK {self.rest_key}":
                return JSONResponse({"msg": "wrong appKey", "code": -401}, 401)
            asked = json.loads(await request.body())
            people = asked.get("user") or []
            if bot_id != self.bot_id or not 1 <= len(people) <= 100 or any(one.get("type") != "botUserKey" for one in people):
                return self._said("FAIL", "bad request")
            for one in people:
                self.events += 1
                self.telephones.show(one["id"], Shown("us", asked["event"]["data"]["text"]))
            return self._said("SUCCESS", "")

        if self.dealer is not None:
            self.dealer.add(app, lambda person, text: self.telephones.show(person, Shown("us", text)), self._ended)
        return app

    def _ended(self, person: str, bot_event: str) -> None:
        """The talk is over; the bot begins with its event's block, if it has one."""
        self.telephones.show(person, Shown("us", self.event_blocks.get(bot_event, "(상담이 끝났습니다)")))

    def _show(self, person: str, response: dict[str, Any]) -> None:
        template = response.get("template") or {}
        outputs = template.get("outputs") or []
        for number, output in enumerate(outputs, 1):
            quick = template.get("quickReplies") or () if number == len(outputs) else ()
            self.telephones.show(person, _shown(output, tuple(_button(reply) for reply in quick)))

    @staticmethod
    def _said(status: str, message: str) -> JSONResponse:
        return JSONResponse({"taskId": secrets.token_hex(8), "status": status, "message": message, "timestamp": int(time.time() * 1000)})


def _shown(output: dict[str, Any], quick: tuple[dict[str, Any], ...]) -> Shown:
    if text := output.get("simpleText"):
        return Shown("us", text["text"], quick_replies=quick)
    if card := output.get("textCard"):
        return Shown("us", card.get("description", ""), card.get("title", ""), tuple(_button(one) for one in card.get("buttons", ())), quick)
    listed = output["listCard"]
    items = tuple(_button({"label": item["title"], **item}) for item in listed["items"])
    return Shown("us", "", listed["header"]["title"], items, quick)


def _button(button: dict[str, Any]) -> dict[str, Any]:
    link = button.get("webLinkUrl", "") if "bizmessage.kakao.com" not in button.get("webLinkUrl", "") else ""
    if button["action"] == "phone":
        link = f"tel:{button['phoneNumber']}"
    return {"label": button["label"], "link": link, "asks_location": False, "action": button}


#: Of one run of a demo; nobody else knows them.
_PATH, _HEADER, _REST, _KEY, _SENDER, _HOOK = (secrets.token_hex(16) for _ in range(6))
_EVENT = "gildongmu_answer"


def _made(program: str) -> FastAPI:
    dealer = BizgoSimulator(f"{program}/channels/kakao/consult/{_HOOK}", key=_KEY, sender_key=_SENDER)
    simulator = KakaoSimulator(f"{program}/channels/kakao/skill/{_PATH}", header_secret=_HEADER, dealer=dealer, rest_key=_REST)
    app = simulator.app()

    @app.middleware("http")
    async def own_address(request: Request, call_next: Any) -> Any:
        simulator.url = str(request.base_url).rstrip("/")  # callbacks come to where the page is
        return await call_next(request)

    return app


SIMULATION = Simulation(
    "카카오톡",
    _made,
    lambda url: {
        "GILDONGMU_KAKAO_SKILL_SECRET": _PATH,
        "GILDONGMU_KAKAO_HEADER_SECRET": _HEADER,
        "GILDONGMU_KAKAO_CALLBACK_HOSTS": url,
        "GILDONGMU_KAKAO_FILE_HOSTS": url,
        "GILDONGMU_KAKAO_BOT_ID": "5f0bot",
        "GILDONGMU_KAKAO_REST_KEY": _REST,
        "GILDONGMU_KAKAO_EVENT_NAME": _EVENT,
        "GILDONGMU_KAKAO_EVENT_URL": url,
        "GILDONGMU_KAKAO_EVENT_DAILY_BUDGET": "100",
        "GILDONGMU_KAKAO_CONSULT_CHANNEL": "@gildongmu",
        "GILDONGMU_KAKAO_CONSULT_URL": url,
        "GILDONGMU_KAKAO_CONSULT_KEY": _KEY,
        "GILDONGMU_KAKAO_CONSULT_SENDER_KEY": _SENDER,
        "GILDONGMU_KAKAO_CONSULT_SECRET": _HOOK,
        "GILDONGMU_KAKAO_CONSULT_BOT_EVENT": "welcome_back",
    },
)
