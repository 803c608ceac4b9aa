"""The consult talk's side of a conversation: whose it is, what becomes of what the dealer tells, how a session ends.

The dealer's key of a person says nothing of the bot's key of the same person. They are joined by the reference behind the button that the bot
shows: a word of ours that stands for the conversation and names nobody.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from bot.channels.contract import Parcel, Refused, Retry, SendResult, Sent, WindowClosed
from bot.channels.door import Door
from bot.channels.kakao import repository
from bot.channels.kakao.consult import SESSION, ConsultTalkGateway, Event, Expired, Referred, Reported, Seen, Spoke
from bot.channels.kakao.parsing import NAME
from bot.channels.kakao.repository import Consult
from bot.channels.kakao.wire import plain
from bot.channels.rendering import offered
from bot.channels.words import means_danger
from bot.phrases import PERSON
from bot.sender import bury
from conversation import outbox, visitors
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind, ReplyWindow
from conversation.visitors import ADDRESS
from core.clock import now
from core.crypto import Cipher, hash_token
from core.db import Database
from core.logging import get
from handoff import service as handoff

log = get(__name__)
#: What stands in a window's ``fallback`` of a session that is open.
CONSULT = "consult"
CONSULT_ADDRESS = "kakao_consults.address"
CAME = "(카카오 상담톡으로 상담을 요청함)"
WRITTEN_CHOICE = 60


class ConsultTalk:
    """One dealer, on this database."""

    def __init__(self, db: Database, cipher: Cipher, gateway: ConsultTalkGateway, bot_event: str = "") -> None:
        self.gateway = gateway
        self._db = db
        self._cipher = cipher
        self._bot_event = bot_event

    async def reference(self, conversation_id: str) -> str | None:
        """The reference for a button, where a person is to talk and does not yet; None where there is none to offer."""
        async with self._db.transaction() as tx:
            if await repository.is_live(tx, conversation_id) or not await repository.has_open_case(tx, conversation_id):
                return None
            token = self._cipher.pseudonym(f"kakao_consult:{conversation_id}")
            await repository.offer(tx, conversation_id, hash_token(token))
        return token

    async def happened(self, door: Door, event: Event) -> None:
        """Take what the dealer tells; a repeat changes nothing."""
        if isinstance(event, Referred):
            await self._referred(door, event)
        elif isinstance(event, Spoke):
            await self._spoke(door, event)
        elif isinstance(event, Expired):
            await self._expired(event)
        elif isinstance(event, Seen):
            await self._seen(event)
        else:
            await self._reported(event)

    async def send(self, parcel: Parcel) -> SendResult:
        """Send a parcel as words, in as few messages as they fit in."""
        dealer, _, user_key = parcel.window.token.partition(":") if parcel.window else ("", "", "")
        if dealer != self.gateway.dealer:  # the operator has changed dealers: the old session is nobody's
            return WindowClosed()
        for number, words in enumerate(plain(parcel.messages)):
            result = await self.gateway.send_text(user_key, words, f"{parcel.key}:{number}")
            if not isinstance(result, Sent):
                if isinstance(result, WindowClosed):
                    await self._gone(user_key)
                if isinstance(result, Refused):
                    log.error("consult_refused", reason=result.reason)
                # What went before it has arrived, so that nobody knows how much has.
                return Retry("timeout", is_unknown=True) if number else result
        return Sent()

    async def end_finished(self) -> int:
        """End the sessions whose case is over: the citizen goes back to the bot. How many were ended."""
        async with self._db.read() as connection:
            due = await repository.to_end(connection)
        ended = 0
        for row in due:
            async with self._db.transaction() as tx:
                if not await repository.finish(tx, row["id"], "us"):
                    continue
                await repository.close_windows(tx, row["conversation_id"], CONSULT)
            dealer, _, user_key = self._cipher.open(row["address"], CONSULT_ADDRESS).partition(":") if row["address"] else ("", "", "")
            if dealer != self.gateway.dealer:
                continue
            result = await self.gateway.end_with_bot(user_key, self._bot_event) if self._bot_event else await self.gateway.end(user_key)
            if isinstance(result, Retry):
                async with self._db.transaction() as tx:
                    await repository.unfinish(tx, row["id"])
            elif isinstance(result, Refused):
                log.error("consult_not_ended", conversation=row["conversation_id"], reason=result.reason)
            ended += isinstance(result, Sent)
        return ended

    def _key(self, user_key: str) -> str:
        return self._cipher.pseudonym(f"kakao_consult_user:{self.gateway.dealer}:{user_key}")

    def _address(self, user_key: str) -> str:
        return f"{self.gateway.dealer}:{user_key}"

    def _window(self, user_key: str) -> ReplyWindow:
        return ReplyWindow(now() + SESSION, False, CONSULT, token=self._address(user_key))

    def _visitor(self, user_key: str, known: Consult | None) -> str:
        """The bot's key of the person where it is known, else the dealer's."""
        return self._cipher.open(known.address, ADDRESS) if known is not None and known.address else f"consult:{self._address(user_key)}"

    async def _referred(self, door: Door, event: Referred) -> None:
        async with self._db.transaction() as tx:
            key, address = self._key(event.user_key), self._cipher.seal(self._address(event.user_key), CONSULT_ADDRESS)
            known = await repository.redeem(tx, hash_token(event.extra), key, address) if event.extra else None
            known = known or await repository.of_person(tx, key)
        inbound = Inbound(NAME, self._event_id(event.event_id), "", InboundKind.CHOICE, text=CAME, choice=PERSON, visitor=self._visitor(event.user_key, known))
        await self._accept(door, inbound, event.user_key)

    async def _spoke(self, door: Door, event: Spoke) -> None:
        async with self._db.read() as connection:
            known = await repository.of_person(connection, self._key(event.user_key))
        kind = InboundKind.TEXT if event.text.strip() else InboundKind.FILE
        if means_danger(event.text):
            kind = InboundKind.DANGER
        words = event.text if event.text.strip() else "(사진)" if event.attachments[0].kind == "image" else "(파일)"
        visitor = self._visitor(event.user_key, known)
        inbound = Inbound(NAME, self._event_id(event.event_id), "", kind, text=words, visitor=visitor, attachments=event.attachments)
        await self._accept(door, await self._as_choice(inbound), event.user_key)

    async def _accept(self, door: Door, inbound: Inbound, user_key: str) -> None:
        arrived = await door.accept(inbound, self._window(user_key))
        if arrived.duplicate:
            return
        async with self._db.transaction() as tx:
            await repository.keep(tx, self._key(user_key), self._cipher.seal(self._address(user_key), CONSULT_ADDRESS), arrived.conversation_id)
            await repository.close_windows(tx, arrived.conversation_id, CONSULT, but=arrived.window_id)

    async def _as_choice(self, inbound: Inbound) -> Inbound:
        """There are no buttons here: the title of a choice, or its number, is the choice."""
        if inbound.kind is not InboundKind.TEXT or inbound.attachments or len(inbound.text) > WRITTEN_CHOICE:
            return inbound
        async with self._db.read() as connection:
            known = await visitors.find(connection, self._cipher, NAME, inbound.visitor)
            offer = await visitors.last_offer(connection, self._cipher, known) if known else {}
        written = " ".join(inbound.text.split()).casefold().rstrip(".")
        if written.isdigit():  # titles are shown without numbers
            return inbound
        payload = offered(outbox.body_of(offer)).get(written)
        if payload is None or payload.casefold() == written:  # a next question: its words are what is asked
            return inbound
        return replace(inbound, kind=InboundKind.CHOICE, choice=payload)

    async def _expired(self, event: Expired) -> None:
        async with self._db.transaction() as tx:
            known = await repository.of_person(tx, self._key(event.user_key))
            if known is not None and await repository.finish(tx, known.id, "expired"):
                await repository.close_windows(tx, known.conversation_id, CONSULT)
                log.info("consult_session_over", conversation=known.conversation_id)

    async def _gone(self, user_key: str) -> None:
        """The session had ended without our being told: the button is shown again."""
        async with self._db.transaction() as tx:
            known = await repository.of_person(tx, self._key(user_key))
            if known is not None:
                await repository.finish(tx, known.id, "gone")

    async def _seen(self, event: Seen) -> None:
        async with self._db.transaction() as tx:
            known = await repository.of_person(tx, self._key(event.user_key))
            newest = await repository.last_sent(tx, known.conversation_id) if known is not None else None
            if known is not None and newest is not None:
                await conversation.mark_read(tx, known.conversation_id, "citizen", newest)

    async def _reported(self, event: Reported) -> None:
        """The dealer took something and Kakao did not: the desk sees that it did not arrive."""
        parcel = _uuid(event.reference.partition(":")[0])
        if not event.is_message or event.code in ("", "A000") or parcel is None:
            return
        async with self._db.transaction() as tx:
            lines = await repository.lines_of_parcel(tx, NAME, parcel)
            if not lines:
                return
            conversation_id = lines[0]["conversation_id"]
            await handoff.lock_open_case(tx, conversation_id)
            held = await repository.take_back(tx, "report", [line["message_id"] for line in lines])
            await bury(tx, NAME, conversation_id, "report", held, "not_delivered")

    def _event_id(self, number: str) -> str:
        return f"consult:{self.gateway.dealer}:{number}"[:200]


def _uuid(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None
