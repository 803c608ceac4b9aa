"""LINE's adapter: signed webhooks in, replies and pushes out."""

from __future__ import annotations

import asyncio
import time
from itertools import groupby
from typing import Any

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

from bot.channels import guard
from bot.channels.contract import Parcel, Refused, Retry, SendResult, Sent, WindowClosed
from bot.channels.door import Door
from bot.channels.line import content
from bot.channels.line.parsing import NAME, Followed, Happening, Said, Unfollowed, Unsent, happenings
from bot.channels.line.signature import HEADER, is_signed
from bot.channels.line.wire import CAPABILITIES, message
from conversation.schemas import InboundKind
from core.clock import now
from core.fetching import Fetched, Fetcher
from core.logging import get
from core.metrics import CHANNEL_QUOTA_REACHED
from core.settings import Settings

log = get(__name__)
TIMEOUT = httpx.Timeout(8.0, connect=4.0)
#: How long LINE shows that an answer is being written, unless it comes before: 5 to 60, in fives.
LOADING_S = 20
#: Between two such requests: in a flood it is shown to some, and nobody's webhook waits behind it.
LOADING_PAUSE_S = 0.05
QUOTA_S = 60.0


class LineChannel:
    """One LINE official account."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(self, secret: str, token: str, api_url: str, transport: httpx.AsyncBaseTransport | None = None, data_url: str = content.DATA_URL) -> None:
        self._secret = secret
        self._token, self._data_url = token, data_url
        self._shown_at = 0.0
        self._client = httpx.AsyncClient(
            base_url=api_url.rstrip("/"), headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT, follow_redirects=False, transport=transport
        )

    def routes(self, door: Door) -> APIRouter:
        """``POST /channels/line/webhook``."""
        router = APIRouter()

        async def webhook(request: Request) -> JSONResponse:
            raw = await guard.body(request, NAME)
            if not is_signed(self._secret, raw, request.headers.get(HEADER, "")):
                raise guard.refused(NAME, "bad_signature")
            found = happenings(guard.json_of(raw, NAME), now())
            await self._take_all(door, found)
            waiting = [one.inbound.visitor for one in found if isinstance(one, Said) and one.inbound.kind is InboundKind.TEXT]
            return JSONResponse({}, background=BackgroundTask(self.show_typing, waiting[-1]) if waiting and self._may_show() else None)

        router.add_route("/channels/line/webhook", webhook, methods=["POST"])  # plain: FastAPI's parameters cost more than ours to read
        return router

    def _may_show(self) -> bool:
        at = time.monotonic()
        if at - self._shown_at < LOADING_PAUSE_S:
            return False
        self._shown_at = at
        return True

    async def _take_all(self, door: Door, found: list[Happening]) -> None:
        """In their order; a fault of one does not keep the others out, and is told to LINE, which then delivers all of them again.

        What is said goes in together, where the door keeps each person's order; anything else waits for what was said before it.
        """
        failures: list[BaseException] = []
        for _, some in groupby(enumerate(found), key=lambda at: -1 if isinstance(at[1], Said) else at[0]):
            results = await asyncio.gather(*(self._take(door, one) for _, one in some), return_exceptions=True)
            failures += [result for result in results if isinstance(result, BaseException)]
        if failures:
            raise failures[0]

    async def _take(self, door: Door, one: Happening) -> None:
        if isinstance(one, Said):
            await door.accept(one.inbound, one.window)
        elif isinstance(one, Followed):
            await door.greet(NAME, one.visitor, one.event_id, one.window)
        elif isinstance(one, Unfollowed):
            await door.left(NAME, one.visitor)
        elif isinstance(one, Unsent):
            await door.unsend(NAME, one.platform_id)

    async def send(self, parcel: Parcel) -> SendResult:
        """A reply where a token is given, else a push under the parcel's key."""
        messages = [message(one) for one in parcel.messages]
        try:
            if parcel.window is not None:
                response = await self._client.post("/v2/bot/message/reply", json={"replyToken": parcel.window.token, "messages": messages})
            else:
                response = await self._client.post(
                    "/v2/bot/message/push", json={"to": parcel.to, "messages": messages}, headers={"X-Line-Retry-Key": str(parcel.key)}
                )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return Retry("unreachable")
        except httpx.HTTPError:
            return Retry("timeout", is_unknown=True)
        result = outcome(response, is_reply=parcel.window is not None)
        if isinstance(result, Retry) and result.reason == "quota":
            CHANNEL_QUOTA_REACHED.labels(channel=NAME).inc()
            log.error("quota_reached", channel=NAME)
        elif isinstance(result, Retry) and result.reason == "unauthorised":
            log.error("credentials_refused", channel=NAME)
        elif isinstance(result, Refused):
            log.error("line_refused", status=response.status_code, fields=_fields(response))
        return result

    async def fetch_file(self, reference: str, fetcher: Fetcher) -> Fetched:
        """The content of a message; see ``content.fetch``."""
        return await content.fetch(fetcher, self._data_url, self._token, reference)

    async def show_typing(self, to: str) -> None:
        """Show the loading animation; if it fails nobody misses anything."""
        try:
            await self._client.post("/v2/bot/chat/loading/start", json={"chatId": to, "loadingSeconds": LOADING_S})
        except httpx.HTTPError as error:
            log.info("loading_not_shown", error=type(error).__name__)

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.shield(self._client.aclose())


def outcome(response: httpx.Response, *, is_reply: bool) -> SendResult:
    """What LINE's answer says of a send. Pure."""
    status, said = response.status_code, _said(response)
    if status == 200 or (status == 409 and not is_reply):  # 409: taken before under this key
        return Sent()
    if status == 400 and is_reply and "reply token" in said.lower():
        return WindowClosed()
    if status == 429:
        return Retry("quota", QUOTA_S) if "monthly" in said.lower() else Retry("rate", _seconds(response))
    if status in (401, 403):  # a token that was changed or withdrawn: once it is mended, what waited goes
        return Retry("unauthorised", 30.0)
    if status in (502, 503):
        return Retry(f"http_{status}")
    if status >= 500:  # it may have got as far as the person
        return Retry("http_500", is_unknown=True)
    return Refused(f"http_{status}")


def _said(response: httpx.Response) -> str:
    try:
        content: Any = response.json()
    except ValueError:
        return ""
    return str(content.get("message", "")) if isinstance(content, dict) else ""


def _fields(response: httpx.Response) -> list[str]:
    """Which fields LINE found fault with: their paths, never their content."""
    try:
        details = response.json().get("details") or []
        return [str(detail.get("property", "")) for detail in details][:5]
    except (ValueError, AttributeError):
        return []


def _seconds(response: httpx.Response) -> float:
    given = response.headers.get("retry-after", "")
    return float(given) if given.isdigit() else 2.0


def make(settings: Settings) -> LineChannel | None:
    """The channel, if it is configured."""
    if settings.line_channel_secret is None or settings.line_channel_token is None:
        return None
    secret, token = settings.line_channel_secret.get_secret_value(), settings.line_channel_token.get_secret_value()
    return LineChannel(secret, token, settings.line_api_url, data_url=settings.line_data_url)
