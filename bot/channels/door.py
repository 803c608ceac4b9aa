"""The one way in for every messenger: stored under its event's number, committed, and only then acknowledged.

A platform whose answer is its request's response waits for it (``waiting.py``), without holding a database connection.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from psycopg.errors import DeadlockDetected, UniqueViolation

from bot import surge, triage_slot
from bot.channels.committer import Committer
from bot.channels.contract import ActionKind, Capabilities, Channel
from bot.channels.greeting import greeting
from bot.channels.rendering import offered
from bot.channels.splitting import sendable
from bot.channels.waiting import Answer, WaitingRoom
from bot.sender import bury
from bot.services import Services
from conversation import arriving, outbox, visitors, windows
from conversation import service as conversation
from conversation.schemas import AuthorKind, Inbound, InboundKind, ReplyWindow
from conversation.service import look_of
from conversation.visitors import Arrived
from core import db as database
from core.clock import now
from core.db import Connection
from core.deadline import within
from core.errors import DatabaseUnavailable
from core.logging import get
from core.metrics import INBOUND
from core.together import Together
from handoff import service as handoff
from language.categories import Category, Urgency
from language.first_look import FirstLook
from language.triage import Decision

log = get(__name__)
#: A choice that is written by hand is no longer than this.
WRITTEN_CHOICE = 60
#: So many events are known to be taken without asking; a platform that was not answered repeats within seconds.
TAKEN_KNOWN = 10_000
#: How often a write that lost a race is tried again before it fails.
RACES = 3


class Door:
    """Takes what the adapters have verified and parsed."""

    def __init__(self, services: Services, channels: Mapping[str, Channel]) -> None:
        self.services = services
        self._channels = channels
        self._committer = Committer(services.db)
        self._offers: Together[tuple[str, str], bytes] = Together(self._read_offers)
        self.waiting = WaitingRoom(services, channels)
        #: What this process has committed lately: a platform that brings it again, in a flood above all, costs no statement.
        self._taken: OrderedDict[tuple[str, str], Arrived] = OrderedDict()

    async def accept(self, inbound: Inbound, window: ReplyWindow | None = None, *, language: str = "ko") -> Arrived:
        """Store an inbound and commit; a repeat gets the acknowledgement of the first.

        The danger button is in the queue and answered in the same transaction.

        Raises:
            DatabaseUnavailable: nothing is stored, or nobody knows, so the platform must not be told that it was.
        """
        inbound = await self._as_choice(_bounded(inbound, self.services.settings.max_text_chars))
        return await self._take(inbound, window, language, look_of(inbound))

    async def converse(
        self,
        inbound: Inbound,
        *,
        until: datetime,
        window: ReplyWindow | None = None,
        language: str = "ko",
        stored: Callable[[], None] = lambda: None,
    ) -> Answer:
        """Store an inbound and wait for its answer until then; what has not come by then goes the way of ``window``'s fallback, or with the next answer.

        ``stored`` is called once it is: whoever loses patience after that must not say that it was not. While too many wait already, words that do not
        look alarming are stored and nobody waits for their answer.
        """
        inbound = await self._as_choice(_bounded(inbound, self.services.settings.max_text_chars))
        look, is_plain = look_of(inbound), arriving.is_plain(inbound)
        has_room = not self.waiting.is_full or not is_plain or look >= FirstLook.ALARMING
        until = self.waiting.patience(until)
        kept = replace(window or ReplyWindow(until, True, "none"), inline_until=until) if has_room else window
        arrived = await self._take(inbound, kept, language, look)
        stored()
        if not has_room and not arrived.duplicate:
            return await self.waiting.without(arrived)
        if not has_room:  # a repeat: what the first response may have carried, if it is there
            until = now()
        # Nothing can be there yet for words that have just been stored and are the bot's to answer.
        is_fresh = is_plain and not arrived.duplicate and arrived.owner_kind == "bot"
        return await self.waiting.wait(inbound.channel, arrived, until, was_used=window is None, is_fresh=is_fresh)

    async def _take(self, inbound: Inbound, window: ReplyWindow | None, language: str, look: int) -> Arrived:
        event = (inbound.channel, inbound.event_id)
        if before := self._taken.get(event):
            return replace(before, duplicate=True)
        began = time.monotonic()
        if arriving.is_plain(inbound):
            sealed = arriving.prepare(self.services.cipher, inbound, window, language=language, look=look)
            is_urgent = look >= FirstLook.ALARMING
            arrived = await within(self._committer.put(sealed, lambda: self._store(inbound, window, language), is_urgent=is_urgent))
            self.services.strain.note(time.monotonic() - began)
        else:
            arrived = await within(self._store(inbound, window, language))
        if not arrived.duplicate:
            INBOUND.labels(channel=inbound.channel, kind=inbound.kind.value).inc()
            self._taken[event] = arrived
            while len(self._taken) > TAKEN_KNOWN:
                self._taken.popitem(last=False)
        return arrived

    async def collect(self, channel: str, visitor: str, *, until: datetime) -> Answer | None:
        """What has come too late for the last request of this person, without a new message; None where there is no conversation to look in."""
        services = self.services
        async with services.db.transaction() as tx:
            conversation_id = await visitors.find(tx, services.cipher, channel, visitor)
            last = conversation_id and await database.one(
                tx,
                """SELECT i.message_id, i.seq, c.owner_kind FROM inbox i JOIN conversations c ON c.id = i.conversation_id
                   WHERE i.conversation_id = %s ORDER BY i.seq DESC LIMIT 1""",
                conversation_id,
            )
            if not last or conversation_id is None:
                return None
            window_id = await windows.keep(tx, services.cipher, conversation_id, ReplyWindow(until, True, "none", inline_until=until))
        arrived = Arrived(conversation_id, last["message_id"], last["seq"], True, last["owner_kind"], window_id)
        return await self.waiting.wait(channel, arrived, until, was_used=True)

    async def greet(self, channel: str, visitor: str, event_id: str, window: ReplyWindow | None = None, *, language: str = "ko") -> None:
        """Greet a person who has found us, once per event, with the hotline and the danger button."""
        services = self.services
        async with services.db.transaction() as tx:
            conversation_id = await visitors.find_or_open(tx, services.cipher, channel, visitor, language=language)
            if window is not None:
                await windows.keep(tx, services.cipher, conversation_id, window)
            await conversation.reply(
                tx, services.cipher, conversation_id, AuthorKind.SYSTEM, greeting(language, services.settings.hotline), client_id=f"greeting-{event_id}"
            )
            await surge.say_opening(tx, services.cipher, conversation_id, language)

    async def unsend(self, channel: str, platform_id: str) -> bool:
        """A message was taken back by its writer: our copy is erased as soon as triage has read it."""
        async with self.services.db.transaction() as tx:
            return await visitors.withdraw(tx, channel, platform_id)

    async def left(self, channel: str, visitor: str) -> None:
        """The person has blocked us: what waits is given up where the desk sees it."""
        services = self.services
        async with services.db.read() as connection:
            conversation_id = await visitors.find(connection, services.cipher, channel, visitor)
        if conversation_id is None:
            return
        async with services.db.transaction() as tx:
            await handoff.lock_open_case(tx, conversation_id)
            held = await outbox.claim_all(tx, conversation_id, "left")
            await bury(tx, channel, conversation_id, "left", held, "blocked")

    async def _store(self, inbound: Inbound, window: ReplyWindow | None, language: str) -> Arrived:
        for _ in range(RACES):
            try:
                return await self._write(inbound, window, language)
            except UniqueViolation:  # the first copy was written at the same moment
                continue
            except DatabaseUnavailable as error:
                # Danger pressed again and again: one press holds the conversation and wants the case that another has opened meanwhile.
                if not isinstance(error.__cause__, DeadlockDetected):
                    raise
        return await self._write(inbound, window, language)

    async def _write(self, inbound: Inbound, window: ReplyWindow | None, language: str) -> Arrived:
        services = self.services
        async with services.db.transaction() as tx:
            if inbound.kind is InboundKind.DANGER:
                known = await visitors.find(tx, services.cipher, inbound.channel, inbound.visitor)
                if known is not None:
                    await handoff.lock_open_case(tx, known)
            arrived = await visitors.accept(tx, services.cipher, inbound, window, language=language)
            if not arrived.duplicate:
                if inbound.kind is InboundKind.DANGER:
                    await self._press(tx, inbound, arrived)
                if window is not None:
                    await outbox.wake_waiting(tx, arrived.conversation_id)
                else:
                    await outbox.wake_held_back(tx, arrived.conversation_id)
        return arrived

    async def _press(self, tx: Connection, inbound: Inbound, arrived: Arrived) -> None:
        decision = Decision(Urgency.LIFE_THREAT, Category.OTHER, "escalate", 1.0, ("danger_button",))
        current = await conversation.get(tx, arrived.conversation_id)
        press = {**current, "message_id": arrived.message_id, "kind": "danger", "content": {"text": inbound.text}}
        await triage_slot.apply(self.services, tx, press, decision, "button")

    async def _read_offers(self, people: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        async with self.services.db.read() as connection:
            return await visitors.offers_to(connection, people)

    async def _as_choice(self, inbound: Inbound) -> Inbound:
        """Where choices were a numbered list, a number or a title that comes back is the choice."""
        capabilities = self._channels[inbound.channel].capabilities
        if inbound.kind is not InboundKind.TEXT or inbound.attachments or _has_choices(capabilities) or len(inbound.text) > WRITTEN_CHOICE:
            return inbound
        # Hashed before it is asked for with others: a name that cannot be hashed must fail alone.
        sealed = await self._offers.get((inbound.channel, visitors.visitor_hash(self.services.cipher, inbound.channel, inbound.visitor)))
        if sealed is None:
            return inbound
        try:
            offer = conversation.open_body(self.services.cipher, sealed)
        except Exception as error:  # noqa: BLE001  (a lost key, a damaged row: what was written is taken as it stands)
            log.error("offer_unreadable", error=type(error).__name__)
            return inbound
        written = " ".join(inbound.text.split()).casefold().rstrip(".")
        payload = offered(outbox.body_of(offer)).get(written)
        if payload is None:
            return inbound
        title = next((b["title"] for b in offer.get("buttons") or () if (b.get("payload") or b["title"]) == payload), inbound.text)
        if payload == title:  # a next question: its words are what is asked
            return replace(inbound, text=str(title))
        return replace(inbound, kind=InboundKind.CHOICE, choice=payload, text=str(title))


def _has_choices(capabilities: Capabilities) -> bool:
    return any(place is not None and ActionKind.CHOICE in place.kinds for place in (capabilities.quick_replies, capabilities.buttons))


def _bounded(inbound: Inbound, most: int) -> Inbound:
    """A messenger cannot be told that a text is too long: the beginning is kept, and nothing that PostgreSQL cannot take."""
    return replace(inbound, text=sendable(inbound.text)[:most])
