"""SMS as a channel: texts out through the operator's carrier, texts in where the carrier brings them, and what became of each."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from smpplib.exceptions import PDUError

from bot.channels import guard
from bot.channels.contract import Capabilities, Limit, Parcel, Refused, Retry, SendResult, Sent
from bot.channels.door import Door
from bot.channels.sms import alimtalk, incoming, ledger, nhn, numbers, repository, smpp, solapi
from bot.channels.sms.alphabets import DOMESTIC_BYTES, plain
from bot.channels.sms.carrier import Fate, Outcome, Template, Text, TextCarrier
from bot.channels.sms.smpp_session import AGAIN, OK, NotBound
from conversation.schemas import TextUnit
from core.crypto import Cipher
from core.db import Database
from core.errors import DatabaseUnavailable
from core.logging import get
from handoff.phone import texting

log = get(__name__)
NAME = ledger.CHANNEL
#: Without buttons: choices are a numbered list. One line goes as one text wherever it goes.
CAPABILITIES = Capabilities(text=Limit(DOMESTIC_BYTES, TextUnit.EUC_KR), may_push=True)
LOOK_S = 2.0
BIND_AGAIN_S = (1.0, 2.0, 5.0, 10.0, 30.0)
#: A receipt may overtake the answer that names what it is for.
OVERTAKEN_S = (0.2, 0.5, 1.0)


class SmsChannel:
    """Texts under one number of ours. ``work`` runs in the worker."""

    name = NAME

    def __init__(
        self,
        carrier: TextCarrier,
        hotline: str,
        *,
        with_links: bool = False,
        templates: alimtalk.NhnAlimTalk | None = None,
        link_template: str = "",
        nhn_signature: str = "",
        solapi_path: str = "",
    ) -> None:
        self.carrier = carrier
        self.templates = templates
        self.capabilities = Capabilities(text=CAPABILITIES.text, may_push=True, location_link=with_links, file_links=with_links)
        self._link_template = link_template
        self._nhn_signature = nhn_signature
        self._solapi_path = solapi_path
        self._unreadable = f"이 문자로는 보낼 수 없는 글자입니다. Please call {hotline} (24h)."
        self._db: Database | None = None
        self._cipher: Cipher | None = None
        self._door: Door | None = None

    def use(self, db: Database, cipher: Cipher) -> None:
        """The ledger is kept here; agents' links go out from here, unless only the worker has a line to the carrier."""
        self._db, self._cipher = db, cipher
        if not isinstance(self.carrier, smpp.Smpp):
            texting.connect(Links(self))

    @property
    def _kept(self) -> tuple[Database, Cipher]:
        if self._db is None or self._cipher is None:
            raise RuntimeError("the channel was not given a database")
        return self._db, self._cipher

    def routes(self, door: Door) -> APIRouter:
        """``POST /channels/sms/results/nhn`` and ``POST /channels/sms/results/solapi/{path}``: what became of texts."""
        router = APIRouter()
        if self._nhn_signature:
            router.add_route("/channels/sms/results/nhn", self._nhn_results, methods=["POST"])
        if self._solapi_path:
            router.add_api_route("/channels/sms/results/solapi/{path}", self._solapi_results, methods=["POST"])
        return router

    async def _nhn_results(self, request: Request) -> JSONResponse:
        raw = await guard.body(request, NAME)
        if not _same(self._nhn_signature, request.headers.get("x-toast-webhook-signature", "")):
            raise guard.refused(NAME, "bad_signature")
        content = guard.json_of(raw, NAME)
        hooks = content.get("hooks")
        by_kakao = "kakao" in str(content.get("productName", "")).casefold()
        for hook in hooks if isinstance(hooks, list) else []:
            if isinstance(hook, dict) and hook.get("requestId"):
                reference = f"{hook['requestId']}/{hook.get('recipientSeq', 1)}"
                outcome = alimtalk.outcome_of(reference, hook) if by_kakao else nhn.outcome_of(reference, hook)
                await self._learn(alimtalk.NhnAlimTalk.name if by_kakao else nhn.NhnSms.name, outcome, is_final=not by_kakao)
        return JSONResponse({})

    async def _solapi_results(self, path: str, request: Request) -> JSONResponse:
        raw = await guard.body(request, NAME)
        if not _same(self._solapi_path, path):
            raise guard.refused(NAME, "wrong_address")
        try:
            content: Any = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise guard.refused(NAME, "bad_json") from error
        if not isinstance(content, list):
            raise guard.refused(NAME, "bad_json")
        for outcome in solapi.outcomes(content):
            await self._learn(solapi.Solapi.name, outcome)
        return JSONResponse({})

    async def _learn(self, carrier: str, outcome: Outcome, *, is_final: bool = True) -> None:
        """A failure on KakaoTalk may have become an SMS by now, which the carrier is asked about."""
        db, _ = self._kept
        if is_final or outcome.fate is not Fate.FAILED:
            await ledger.learn(db, carrier, outcome)
            return
        async with db.transaction() as tx:
            await repository.hurry(tx, carrier, outcome.reference)

    async def send(self, parcel: Parcel) -> SendResult:
        """One text to one number."""
        return await self.text(parcel.to, parcel.messages[0].text, parcel.key, parcel.conversation_id)

    async def text(self, number: str, words: str, key: Any, conversation_id: str | None = None) -> SendResult:
        """A text; in letters that the carrier cannot bring, the hotline goes instead, and the desk is told that the words did not."""
        db, cipher = self._kept
        to = numbers.route(number)
        if to is None:
            return Refused("bad_number")
        lost = 0
        if to.is_domestic and self.carrier.speaks_euc_kr:
            written = plain(words)
            words, lost = (self._unreadable if written.lost else written.text), written.lost
        if not words.strip():
            return Refused("alphabet")
        try:
            (result,) = await ledger.deliver(db, cipher, self.carrier, [Text(key, to, words)], conversation_id)
        except DatabaseUnavailable:
            return Retry("database", is_unknown=True)
        return Refused("alphabet") if lost and isinstance(result, Sent) else result

    async def notify(self, number: str, words: str, url: str, conversation_id: str) -> bool:
        """The link as an AlimTalk to a Korean number, with the words as the SMS in its place; whether NHN took it."""
        db, cipher = self._kept
        to = numbers.route(number)
        if self.templates is None or not self._link_template or to is None or not to.is_domestic:
            return False
        template = Template(self._link_template, {"url": url}, fallback=words)
        (result,) = await ledger.deliver(db, cipher, self.templates, [Text(uuid4(), to, words, template)], conversation_id)
        if not isinstance(result, Sent):
            log.warning("alimtalk_not_taken", reason=getattr(result, "reason", ""))
        return isinstance(result, Sent)

    async def show_typing(self, to: str) -> None:
        """Telephones do not show it."""

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.gather(self.carrier.close(), *([self.templates.close()] if self.templates else []))

    async def work(self, door: Door) -> None:
        """Hold the line to the carrier, ask what became of texts, put long ones together; for ever."""
        self._door = door
        tasks = [self._look_after(door)]
        if isinstance(self.carrier, smpp.Smpp):
            tasks.append(self._hold(self.carrier))
        await asyncio.gather(*tasks)

    async def _look_after(self, door: Door) -> None:
        db, cipher = self._kept
        asked: Sequence[TextCarrier] = [c for c in (self.carrier, self.templates) if c is not None and not isinstance(c, smpp.Smpp)]
        while True:
            try:
                await ledger.ask(db, asked)
                await ledger.tell_lost(db)
                await incoming.sweep(door, db, cipher)
            except DatabaseUnavailable:
                pass
            except Exception as error:
                log.error("texts_not_looked_after", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(LOOK_S)

    async def _hold(self, carrier: smpp.Smpp) -> None:
        failures = 0
        while True:
            try:
                await carrier.session.run()
            except (OSError, EOFError, TimeoutError, PDUError, NotBound) as error:
                log.error("smpp_line_lost", error=type(error).__name__)
            except Exception as error:
                log.error("smpp_line_failed", error=type(error).__name__, exc_info=error)
            failures = 0 if carrier.was_bound() else failures + 1
            await asyncio.sleep(BIND_AGAIN_S[min(failures, len(BIND_AGAIN_S) - 1)])

    async def received(self, pdu: Any) -> int:
        """What the carrier brings; stored before it is acknowledged. What cannot be stored now is brought again."""
        try:
            brought = smpp.read(pdu)
            if isinstance(brought, Outcome):
                await self._receipt(brought)
            elif self._door is not None:
                db, cipher = self._kept
                await incoming.take(self._door, db, cipher, brought)
            else:
                return int(AGAIN)
        except DatabaseUnavailable:
            return int(AGAIN)
        except Exception as error:
            log.error("text_not_taken", error=type(error).__name__, exc_info=error)
            return int(AGAIN)
        return int(OK)

    async def _receipt(self, outcome: Outcome) -> None:
        db, _ = self._kept
        for wait_s in OVERTAKEN_S:
            if await ledger.learn(db, smpp.Smpp.name, outcome):
                return
            await asyncio.sleep(wait_s)
        log.warning("receipt_of_nothing", fate=outcome.fate.value)


class Links:
    """How agents' location links go out; see ``handoff.phone.texting``."""

    def __init__(self, channel: SmsChannel) -> None:
        self._channel = channel

    async def send(self, number: str, text: str) -> bool:
        """Whether the carrier took it."""
        with contextlib.suppress(DatabaseUnavailable):
            return isinstance(await self._channel.text(number, text, uuid4()), Sent)
        return False

    async def send_link(self, number: str, text: str, url: str, conversation_id: str) -> bool:
        """By AlimTalk where a template for it is approved, since it names its sender; else, or where that is not taken, by SMS."""
        with contextlib.suppress(DatabaseUnavailable):
            return await self._channel.notify(number, text, url, conversation_id) or isinstance(
                await self._channel.text(number, text, uuid4(), conversation_id), Sent
            )
        return False


def _same(ours: str, given: str) -> bool:
    return hmac.compare_digest(ours.encode(), given.encode("utf-8", "replace"))
