"""KakaoTalk's adapter: the skill server answers in its response, what comes later goes by callback, consult talk or event."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bot.channels import guard
from bot.channels.contract import Outbound, Parcel, SendResult, WindowClosed
from bot.channels.door import Door
from bot.channels.kakao import callback, consult_routes, repository, sentences, wire
from bot.channels.kakao import content as files
from bot.channels.kakao.bizgo import Bizgo
from bot.channels.kakao.consult import ConsultTalkGateway
from bot.channels.kakao.events import EventApi
from bot.channels.kakao.happytalk import Happytalk
from bot.channels.kakao.http import client
from bot.channels.kakao.parsing import NAME, Asked, asked
from bot.channels.kakao.service import CONSULT, ConsultTalk
from bot.channels.waiting import Answer
from bot.sender import QUIET_CATEGORIES
from conversation import windows
from conversation.schemas import ReplyWindow
from core.clock import now
from core.crypto import Cipher
from core.db import Database
from core.deadline import within
from core.errors import HOTLINE, DatabaseUnavailable
from core.fetching import Fetched, Fetcher
from core.logging import get
from core.settings import Settings

log = get(__name__)
HEADER = "x-skill-secret"
#: Kakao gives up after five seconds; a second is for the way and for a slow moment of ours.
ANSWER = timedelta(seconds=4)
#: Whatever happens, something is answered by then.
LAST_WORD_S = 4.5
CLEAN_UP_S = 0.2
#: So long after its request a callback is not used: our own response, which announces it, may still be under way.
NOT_BEFORE = timedelta(seconds=5)
MAX_BODY_BYTES = 256 * 1024
CALLBACK = "callback"
OPEN_CONSULT = "https://bizmessage.kakao.com/chat/open/"
WATCH_S = 5.0


@dataclass(frozen=True)
class Skill:
    """What the skill server is told: two secrets that Kakao repeats, since it signs nothing, and what its responses may use."""

    path_secret: str = field(repr=False)
    header_secret: str = field(repr=False)
    hotline: str = HOTLINE
    callback_hosts: Collection[str] = ("kakao.com",)
    has_operator: bool = False
    consult_channel: str = ""

    def is_known(self, path: str, header: str) -> bool:
        """Whether both secrets are right; both are compared, each in the same time whatever is wrong with it."""
        is_path = hmac.compare_digest(self.path_secret.encode(), path.encode("utf-8", "replace"))
        is_header = hmac.compare_digest(self.header_secret.encode(), header.encode("utf-8", "replace"))
        return is_path and is_header and bool(self.path_secret and self.header_secret)


class KakaoChannel:
    """One KakaoTalk channel with its chatbot, and with a dealer where there is one."""

    name = NAME

    def __init__(
        self,
        skill: Skill,
        *,
        events: EventApi | None = None,
        gateway: ConsultTalkGateway | None = None,
        consult: consult_routes.Access | None = None,
        bot_event: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
        file_hosts: str = "kakao.com,kakaocdn.net",
    ) -> None:
        self.capabilities = replace(wire.CAPABILITIES, may_push=events is not None)
        self._skill = skill
        self._events = events
        self._gateway = gateway
        self._access = consult
        self._bot_event = bot_event
        self._file_hosts = file_hosts
        self._client = client("", {}, transport)
        self._db: Database | None = None
        self._consult: ConsultTalk | None = None

    def use(self, db: Database, cipher: Cipher) -> None:
        """The database in which consult talks are joined to conversations, and events are counted."""
        self._db = db
        self._consult = ConsultTalk(db, cipher, self._gateway, self._bot_event) if self._gateway is not None else None

    def routes(self, door: Door) -> APIRouter:
        """``POST /channels/kakao/skill/{secret}`` and, with a dealer, ``/channels/kakao/consult/{secret}/…``."""
        router = APIRouter()

        async def skill(request: Request) -> JSONResponse:
            if not self._skill.is_known(request.path_params["secret"], request.headers.get(HEADER, "")):
                raise guard.refused(NAME, "bad_signature")
            content = guard.json_of(await guard.body(request, NAME, max_bytes=MAX_BODY_BYTES), NAME)
            said = asked(content)
            if said is None:
                raise guard.refused(NAME, "invalid")
            return JSONResponse(await self._in_time(door, said))

        router.add_route("/channels/kakao/skill/{secret}", skill, methods=["POST"])
        if self._consult is not None and self._access is not None:
            consult_routes.add(router, door, self._consult, self._access)
        return router

    async def _in_time(self, door: Door, said: Asked) -> dict[str, Any]:
        """The response to a request, before Kakao gives up; without our database at least the number to call."""
        is_stored = asyncio.Event()
        try:
            # What is cancelled has not been said: a line that it was about to carry stays unsent. Cleaning up may hang as well.
            return await within(self._until_last_word(door, said, is_stored), LAST_WORD_S + CLEAN_UP_S)
        except (DatabaseUnavailable, TimeoutError):
            log.error("skill_without_answer", channel=NAME, stored=is_stored.is_set())
            if is_stored.is_set():
                return wire.response([sentences.late(said.language, self._skill.hotline, comes_by_itself=False)])
            return wire.response([Outbound(self._say(said, "down"), quick_replies=(sentences.danger(said.language),))])
        except Exception as error:  # a fault must not leave a person without the number to call
            log.error("skill_failed", channel=NAME, error=type(error).__name__, exc_info=error)
            return wire.response([Outbound(self._say(said, "down"), quick_replies=(sentences.danger(said.language),))])

    async def _until_last_word(self, door: Door, said: Asked, is_stored: asyncio.Event) -> dict[str, Any]:
        async with asyncio.timeout(LAST_WORD_S):
            return await self._answer(door, said, now(), is_stored)

    async def _answer(self, door: Door, said: Asked, at: datetime, is_stored: asyncio.Event) -> dict[str, Any]:
        if self._events is not None and said.utterance == self._events.event:
            return wire.nothing()  # an event of ours has called its block, and the block us: nobody has said anything
        if said.is_group:  # others read along: nothing is taken, nothing is told
            return wire.response([Outbound(self._say(said, "group"))])
        until = at + ANSWER
        if said.choice == sentences.MORE:
            found = await door.collect(NAME, said.user, until=until)
            return await self._response(door, said, found) if found else wire.response([Outbound(self._say(said, "empty"))])
        inbound = said.inbound(secrets.token_urlsafe(18))
        if inbound is None:
            return wire.response([Outbound(self._say(said, "empty"), quick_replies=(sentences.danger(said.language),))])
        can_call_back = bool(said.callback_url) and callback.is_allowed(said.callback_url, self._skill.callback_hosts)
        window = ReplyWindow(at + callback.WINDOW, True, CALLBACK, token=said.callback_url) if can_call_back else None
        answer = await door.converse(inbound, until=until, window=window, language=said.language, stored=is_stored.set)
        if can_call_back and answer.state in ("waiting", "full"):
            text = self._say(said, "quiet") if answer.is_quiet else sentences.late(said.language, self._skill.hotline, comes_by_itself=True).text
            return wire.waiting_for_callback(text)
        return await self._response(door, said, answer, spend=can_call_back)

    async def _response(self, door: Door, said: Asked, answer: Answer, *, spend: bool = False) -> dict[str, Any]:
        """What was found, with the way to a person where there is one; ``spend``: it goes without the callback, which Kakao does not take any more then."""
        messages = answer.messages or (self._without_answer(said, answer),)
        way = None
        try:
            with contextlib.suppress(DatabaseUnavailable):  # what was found counts as said: neither may keep it back
                way = await self._way_to_person(answer.arrived.conversation_id, said.language, is_quiet=answer.is_quiet)
                if spend and answer.arrived.window_id is not None:
                    async with door.services.db.read() as connection:
                        await windows.spend(connection, answer.arrived.window_id)
        except BaseException:
            door.waiting.unsaid(answer.arrived)
            raise
        return _shown(messages, way, said.language, is_quiet=answer.is_quiet)

    def _without_answer(self, said: Asked, answer: Answer) -> Outbound:
        if answer.is_quiet:
            return Outbound(self._say(said, "quiet"))
        if answer.state == "to_person":
            return Outbound(self._say(said, "passed_on"), quick_replies=(sentences.danger(said.language),))
        # Events go to friends of the channel: to others nothing can be promised.
        return sentences.late(said.language, self._skill.hotline, comes_by_itself=self._events is not None and said.is_friend)

    async def _way_to_person(self, conversation_id: str, language: str, *, is_quiet: bool) -> dict[str, Any] | None:
        """The button to a person of ours: into the consult talk with a reference, or to the channel's own one-to-one chat."""
        said = sentences.sentences(language)
        if self._consult is None:
            return wire.operator_button(said.operator) if self._skill.has_operator and not is_quiet else None
        token = await self._consult.reference(conversation_id) if self._skill.consult_channel else None
        if token is None:
            return None
        label = said.go_on if is_quiet else said.consult
        return wire.link_button(label, f"{OPEN_CONSULT}{self._skill.consult_channel}?{urlencode({'extra': token})}")

    def _say(self, said: Asked, what: str) -> str:
        return str(getattr(sentences.sentences(said.language), what)).format(hotline=self._skill.hotline)

    async def send(self, parcel: Parcel) -> SendResult:
        """Into the open consult talk, to a callback that waits, or as an event where that is paid for."""
        window = parcel.window
        if window is not None and window.fallback == CONSULT:
            return await self._consult.send(parcel) if self._consult is not None else WindowClosed()
        if window is not None:
            if window.fallback != CALLBACK or not callback.is_allowed(window.token, self._skill.callback_hosts):
                return WindowClosed()
            if self._db is None:
                return WindowClosed()
            await asyncio.sleep(max(0.0, (window.deadline - callback.WINDOW + NOT_BEFORE - now()).total_seconds()))
            async with self._db.read() as connection:
                language, is_quiet = await repository.screen(connection, parcel.conversation_id, QUIET_CATEGORIES)
            under = await self._way_to_person(parcel.conversation_id, language, is_quiet=is_quiet)
            return await callback.post(self._client, window.token, _shown(parcel.messages, under, language, is_quiet=is_quiet))
        if self._events is None or self._db is None or parcel.to.startswith("consult:"):
            return WindowClosed()
        return await self._events.send(self._db, parcel.to, parcel.messages)

    async def fetch_file(self, reference: str, fetcher: Fetcher) -> Fetched:
        """What Kakao keeps under an address that a webhook named."""
        return await files.fetch(fetcher, self._file_hosts, reference)

    async def show_typing(self, to: str) -> None:
        """KakaoTalk shows none."""

    async def work(self, door: Door) -> None:
        """End consult talks whose case is over, until cancelled; in the worker."""
        while self._consult is not None:
            try:
                await self._consult.end_finished()
            except DatabaseUnavailable:
                pass
            except Exception as error:
                log.error("consult_watch_failed", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(WATCH_S)

    async def close(self) -> None:
        """Close the connections."""
        for one in (self._events, self._gateway):
            if one is not None:
                await one.close()
        await asyncio.shield(self._client.aclose())


def _shown(messages: Sequence[Outbound], way: dict[str, Any] | None, language: str, *, is_quiet: bool) -> dict[str, Any]:
    """The response with the way to a person, and what that is, unless somebody may read along."""
    return wire.response(messages, under=way, over="" if is_quiet else sentences.sentences(language).over_consult)


def make(settings: Settings) -> KakaoChannel | None:
    """The channel, if it is configured."""
    if settings.kakao_skill_secret is None or settings.kakao_header_secret is None:
        return None
    skill = Skill(
        settings.kakao_skill_secret.get_secret_value(),
        settings.kakao_header_secret.get_secret_value(),
        settings.hotline,
        tuple(filter(None, (host.strip() for host in settings.kakao_callback_hosts.split(",")))),
        settings.kakao_operator_button,
        settings.kakao_consult_channel,
    )
    gateway, access = _gateway(settings), None
    if gateway is not None and settings.kakao_consult_secret is not None:
        access = consult_routes.Access(settings.kakao_consult_secret.get_secret_value(), consult_routes.networks(settings.kakao_consult_addresses))
    return KakaoChannel(
        skill,
        events=_events(settings),
        gateway=gateway if access else None,
        consult=access,
        bot_event=settings.kakao_consult_bot_event,
        file_hosts=settings.kakao_file_hosts,
    )


def _events(settings: Settings) -> EventApi | None:
    if not (settings.kakao_event_daily_budget and settings.kakao_bot_id and settings.kakao_event_name and settings.kakao_rest_key):
        return None
    key = settings.kakao_rest_key.get_secret_value()
    return EventApi(settings.kakao_event_url, settings.kakao_bot_id, key, settings.kakao_event_name, settings.kakao_event_daily_budget)


def _gateway(settings: Settings) -> ConsultTalkGateway | None:
    if settings.kakao_consult_key is None or settings.kakao_consult_sender_key is None:
        return None
    key, sender_key = settings.kakao_consult_key.get_secret_value(), settings.kakao_consult_sender_key.get_secret_value()
    if settings.kakao_consult_dealer == "happytalk":
        return Happytalk(settings.kakao_consult_url, settings.kakao_consult_client_id, key, sender_key)
    return Bizgo(settings.kakao_consult_url, key, sender_key)
