"""WeChat's adapter: signed pushes in; the answer rides on the request where it is ready in time, and else goes through the customer-service interface."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import SecretStr

from bot.channels import guard
from bot.channels.contract import Parcel, Refused, Retry, SendResult
from bot.channels.door import Door
from bot.channels.wechat import content as media
from bot.channels.wechat import nonces, notices
from bot.channels.wechat.account import Account
from bot.channels.wechat.parsing import Entered, Left, Moved, Said, happening
from bot.channels.wechat.place import placed
from bot.channels.wechat.tokens import Fresh, TokenCache
from bot.channels.wechat.wire import BAD_TOKEN, CAPABILITIES, SUCCESS, active_text, code_of, one_text, outcome, passive_text
from bot.channels.wechat.withholding import reasons
from bot.channels.wechat.words import UNSURE, later, neutral
from conversation import service as conversation
from conversation import visitors
from conversation.schemas import Body, Inbound, InboundKind
from core.clock import now
from core.crypto import Cipher
from core.db import Connection, Database
from core.deadline import within
from core.errors import HOTLINE, DatabaseUnavailable, StartError
from core.fetching import Fetched, Fetcher, FetchFailed
from core.logging import get
from core.metrics import CHANNEL_QUOTA_REACHED
from core.settings import Settings
from core.together import Together
from handoff import location

log = get(__name__)
TIMEOUT = httpx.Timeout(3.0, connect=2.0)
#: WeChat waits five seconds and asks three times; the rest is for the way.
ANSWER_S = 4.5
AGAIN_S = 0.3
MAX_BODY_BYTES = 256 * 1024
FORGET_S = 60.0
#: Of what the citizen has written: what they named themselves may be named to them.
LINES_READ = 300


class WeChatChannel:
    """One account."""

    capabilities = CAPABILITIES

    def __init__(self, account: Account, api_url: str, *, url: str = "", hotline: str = "", transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.name = account.name
        self._account = account
        self._api_url = api_url
        self._url = f"{url.rstrip('/')}/" if url else ""
        self._hotline = hotline
        self._client = httpx.AsyncClient(base_url=api_url.rstrip("/"), timeout=TIMEOUT, follow_redirects=False, transport=transport)
        self._tokens = TokenCache(account.name, self._ask_token)
        self._db: Database | None = None
        self._cipher: Cipher | None = None
        self._forgotten_at = 0.0
        self._notices_due: Together[str, str] | None = None

    def use(self, db: Database, cipher: Cipher) -> None:
        """The access token is shared with all processes there."""
        self._db, self._cipher = db, cipher

    def routes(self, door: Door) -> APIRouter:
        """``GET`` for the console's check, ``POST`` for everything else."""
        router = APIRouter()

        @router.get(self._account.path)
        async def check(request: Request) -> PlainTextResponse:
            return PlainTextResponse(self._account.echo(request.query_params, now()))

        async def callback(request: Request) -> Response:
            at = now()
            raw = await guard.body(request, self.name, max_bytes=MAX_BODY_BYTES)
            message = self._account.opened(request.query_params, raw, at)
            fields = self._account.checked_fields(message)
            text = await self._answered(door, request.query_params.get("signature", ""), message, fields, at)
            if not text:
                return PlainTextResponse(SUCCESS)
            answer = passive_text(fields.get("FromUserName", ""), fields.get("ToUserName", ""), text, int(now().timestamp()))
            return Response(self._account.seal(answer, secrets.token_hex(8), now(), as_json=False), media_type="application/xml")

        router.add_route(self._account.path, callback, methods=["POST"])
        return router

    async def _answered(self, door: Door, signature: str, message: bytes, fields: dict[str, str], at: datetime) -> str:
        """Take what came, and the words that the response carries; while nothing can be stored, the hotline."""
        until = at + timedelta(seconds=ANSWER_S)
        is_stored = asyncio.Event()
        while True:
            left = (until - now()).total_seconds()
            try:
                return await within(self._take(door, signature, message, fields, at, until, is_stored), left)
            except DatabaseUnavailable:
                if is_stored.is_set():
                    return ""  # the answer goes through the customer-service interface
                if left > 2 * AGAIN_S:
                    await asyncio.sleep(AGAIN_S)
                elif self._account.answers_inline and fields.get("MsgType") != "event":
                    log.error("wechat_not_stored", channel="wechat")
                    return UNSURE.format(hotline=self._hotline or HOTLINE)
                else:
                    raise

    async def _take(self, door: Door, signature: str, message: bytes, fields: dict[str, str], at: datetime, until: datetime, is_stored: asyncio.Event) -> str:
        services = door.services
        if self._account.envelope is None:  # elsewhere a signature covers what it brings
            if await nonces.is_replayed(services.db, self.name, signature, message):
                raise guard.refused(self.name, "replayed")
            await self._forget(services.db)
        found = happening(self.name, fields, at, services.cipher.pseudonym)
        if isinstance(found, Said):
            return await self._converse(door, replace(found, inbound=await _located(found.inbound)), until, is_stored)
        if isinstance(found, Entered):
            await door.greet(self.name, found.visitor, found.event_id, found.window)
            async with services.db.transaction() as tx:
                opened = await visitors.find(tx, services.cipher, self.name, found.visitor)
                if opened is not None:
                    await notices.tell_once(tx, services.cipher, opened, self._url, self._hotline)
        elif isinstance(found, Left):
            await door.left(self.name, found.visitor)
        elif isinstance(found, Moved):
            await self._keep_place(door, found)
        return ""

    async def _converse(self, door: Door, said: Said, until: datetime, is_stored: asyncio.Event) -> str:
        services = door.services
        if not self._account.answers_inline:
            arrived = await door.accept(said.inbound, said.window)
            text, window_id = "", None
        else:
            answer = await door.converse(said.inbound, until=until - timedelta(seconds=AGAIN_S), window=said.window, stored=is_stored.set)
            if answer.state == "full":
                return "" if answer.is_quiet else later(answer.language, self._hotline or HOTLINE)
            arrived, text, window_id = answer.arrived, one_text(answer.messages), answer.arrived.window_id
            if now() > until:  # the database hung: whoever waited has been answered without this
                door.waiting.unsaid(arrived)
                return ""
        with contextlib.suppress(DatabaseUnavailable):  # the notice can wait, what was found counts as said
            if await self._due(door).get(arrived.conversation_id) is not None:
                async with services.db.transaction() as tx:
                    text = await notices.tell_once(tx, services.cipher, arrived.conversation_id, self._url, self._hotline, after=text, window_id=window_id)
        if now() > until:
            door.waiting.unsaid(arrived)
            return ""
        return text

    def _due(self, door: Door) -> Together[str, str]:
        """In whose conversations the notice is due; many ask at the same moment."""
        if self._notices_due is None:

            async def look(conversations: Sequence[str]) -> dict[str, str]:
                async with door.services.hub.look() as connection:
                    return await notices.languages_of_due(connection, conversations)

            self._notices_due = Together(look)
        return self._notices_due

    async def _keep_place(self, door: Door, moved: Moved) -> None:
        """Where somebody is who lets the account know: kept while an emergency is open, and otherwise nobody's business."""
        services = door.services
        async with services.db.read() as connection:
            opened = await visitors.find(connection, services.cipher, self.name, moved.visitor)
        if opened is None:
            return
        place = await asyncio.to_thread(placed, moved.location)
        content = json.loads(conversation.content_of(Inbound(self.name, "", opened, InboundKind.LOCATION, location=place)))["location"]
        async with services.db.transaction() as tx:
            await location.record_reported_fix(tx, services.cipher, opened, content, channel=self.name)

    async def _forget(self, db: Database) -> None:
        if time.monotonic() - self._forgotten_at > FORGET_S:
            self._forgotten_at = time.monotonic()
            async with db.transaction() as tx:
                await nonces.forget(tx)

    async def instead(self, connection: Connection, conversation_id: str, body: Body, language: str) -> Body | None:
        """A neutral line and another way, where our words would tell the platform what the person has not."""
        if self._cipher is None or not reasons(body, ()):
            return None
        said = [
            line.text for line in await conversation.transcript(connection, self._cipher, conversation_id, limit=LINES_READ) if line.author_kind == "citizen"
        ]
        why = reasons(body, said)
        if not why:
            return None
        log.info("wechat_withheld", conversation=conversation_id, why=why)
        return neutral(language, self._url, self._hotline)

    async def send(self, parcel: Parcel) -> SendResult:
        """One message through the customer-service interface; a token that is not the account's any more is replaced once."""
        if self._db is None or self._cipher is None:
            return Retry("not_ready")
        request = active_text(parcel.to, one_text(parcel.messages))
        for again in (False, True):
            token = await self._tokens.get(self._db, self._cipher)
            if token is None:
                return Retry("unauthorised", 10.0)
            try:
                response = await self._client.post(
                    "/cgi-bin/message/custom/send", params={"access_token": token}, content=request, headers={"Content-Type": "application/json; charset=utf-8"}
                )
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
                return Retry("unreachable")
            except httpx.HTTPError:
                return Retry("timeout", is_unknown=True)
            code = code_of(response)
            if code not in BAD_TOKEN or again:
                break
            await self._tokens.refused(self._db, token)
        return self._result(response.status_code, code)

    def _result(self, status: int, code: int | None) -> SendResult:
        result = outcome(status, code)
        if isinstance(result, Retry) and result.reason == "quota":
            CHANNEL_QUOTA_REACHED.labels(channel=self.name).inc()
            log.error("quota_reached", channel="wechat")
        elif isinstance(result, Retry) and result.reason == "unauthorised":
            log.error("credentials_refused", channel="wechat", code=code)
        elif isinstance(result, Refused):
            log.error("wechat_refused", status=status, code=code)
        return result

    async def _ask_token(self, force: bool) -> Fresh | None:
        asked = {"grant_type": "client_credential", "appid": self._account.app_id, "secret": self._account.secret, "force_refresh": force}
        try:
            content: Any = (await self._client.post("/cgi-bin/stable_token", json=asked)).json()
            return Fresh(str(content["access_token"]), int(content["expires_in"]))
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            log.error("wechat_gave_no_token", error=type(error).__name__)
            return None

    async def fetch_file(self, reference: str, fetcher: Fetcher) -> Fetched:
        """What a citizen has sent, by its number; see ``content.fetch``."""
        if self._db is None or self._cipher is None:
            raise FetchFailed("not_ready")
        return await media.fetch(fetcher, self._api_url, self._tokens, self._db, self._cipher, reference)

    async def show_typing(self, to: str) -> None:
        """Nothing: each such request would need a token, and the answer rides on the request."""

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.shield(self._client.aclose())


async def _located(inbound: Inbound) -> Inbound:
    """With the datum of its place; the outlines of countries are looked up beside the event loop."""
    if inbound.location is None:
        return inbound
    return replace(inbound, location=await asyncio.to_thread(placed, inbound.location))


def make(settings: Settings) -> WeChatChannel | None:
    """The official account, if it is configured."""
    return _made(
        settings,
        Account(
            "wechat",
            "/channels/wechat/callback",
            settings.wechat_app_id,
            _open(settings.wechat_app_secret),
            _open(settings.wechat_token),
            _open(settings.wechat_aes_key),
            settings.wechat_original_id,
        ),
        settings.wechat_mode,
    )


def make_mini(settings: Settings) -> WeChatChannel | None:
    """The customer service of the mini-program, if it is configured."""
    return _made(
        settings,
        Account(
            "wechat_mini",
            "/channels/wechat/mini/callback",
            settings.wechat_mini_app_id,
            _open(settings.wechat_mini_app_secret),
            _open(settings.wechat_mini_token),
            _open(settings.wechat_mini_aes_key),
            settings.wechat_mini_original_id,
            answers_inline=False,
        ),
        settings.wechat_mini_mode,
    )


def _made(settings: Settings, account: Account, mode: str) -> WeChatChannel | None:
    if not (account.app_id and account.secret and account.token):
        return None
    try:
        if mode == "plain":
            account = replace(account, key="")
        elif account.envelope is None:
            raise ValueError("the EncodingAESKey is not set")
    except ValueError as error:
        raise StartError(f"{account.name}: the {mode} mode cannot be used ({error}).") from error
    return WeChatChannel(account, settings.wechat_api_url, url=settings.public_url or "", hotline=settings.hotline)


def _open(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
