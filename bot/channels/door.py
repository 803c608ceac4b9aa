"""The one way in for every messenger: stored under its event's number, committed, and only then acknowledged.

A platform whose answer is its request's response waits here for it, without holding a database connection.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from psycopg.errors import DeadlockDetected, UniqueViolation

from bot import surge, triage_slot
from bot.channels.committer import Committer
from bot.channels.contract import ActionKind, Capabilities, Channel, Outbound
from bot.channels.greeting import greeting
from bot.channels.rendering import offered, render
from bot.channels.splitting import sendable
from bot.delivery import pack
from bot.sender import QUIET_CATEGORIES, bury, screened
from bot.services import Services
from conversation import arriving, outbox, visitors, windows
from conversation import service as conversation
from conversation.schemas import AuthorKind, Inbound, InboundKind, ReplyWindow
from conversation.visitors import Arrived
from core import db as database
from core.clock import now
from core.db import Connection
from core.deadline import within
from core.errors import DatabaseUnavailable
from core.metrics import INBOUND
from handoff import service as handoff
from language.categories import Category, Urgency
from language.triage import Decision

#: A choice that is written by hand is no longer than this.
WRITTEN_CHOICE = 60
#: How often a write that lost a race is tried again before it fails.
RACES = 3
#: What is left for writing the response after the answer is there.
RESPONSE_S = 0.3
#: An answer that came before anybody was listening for it is found so much later.
FIRST_LOOK_S = 0.4
_STATE = """
SELECT c.owner_kind, i.turn_state, EXISTS (
    SELECT 1 FROM outbox o WHERE o.conversation_id = i.conversation_id AND o.in_reply_to = i.message_id) AS has_answer
FROM inbox i JOIN conversations c ON c.id = i.conversation_id WHERE i.message_id = %s
"""


@dataclass(frozen=True)
class Answer:
    """What a waiting request may say: the messages, which count as sent, and how things stand.

    ``state``: ``answered``, ``to_person`` (a person has the conversation, the bot says nothing) or ``waiting`` (nobody has answered in time).
    """

    arrived: Arrived
    state: str
    messages: tuple[Outbound, ...] = ()


class Door:
    """Takes what the adapters have verified and parsed."""

    def __init__(self, services: Services, channels: Mapping[str, Channel]) -> None:
        self.services = services
        self._channels = channels
        self._committer = Committer(services.db)

    async def accept(self, inbound: Inbound, window: ReplyWindow | None = None, *, language: str = "ko") -> Arrived:
        """Store an inbound and commit; a repeat gets the acknowledgement of the first.

        The danger button is in the queue and answered in the same transaction.

        Raises:
            DatabaseUnavailable: nothing is stored, so the platform must not be told that it was.
        """
        inbound = await self._as_choice(_bounded(inbound, self.services.settings.max_text_chars))
        if arriving.is_plain(inbound):
            waiting = arriving.prepare(self.services.cipher, inbound, window, language=language)
            arrived = await within(self._committer.put(waiting, lambda: self._store(inbound, window, language)))
        else:
            arrived = await within(self._store(inbound, window, language))
        if not arrived.duplicate:
            INBOUND.labels(channel=inbound.channel, kind=inbound.kind.value).inc()
        return arrived

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

        ``stored`` is called once it is: whoever loses patience after that must not say that it was not.
        """
        kept = replace(window or ReplyWindow(until, True, "none"), inline_until=until)
        arrived = await self.accept(inbound, kept, language=language)
        stored()
        # Nothing can be there yet for words that have just been stored and are the bot's to answer.
        is_fresh = arriving.is_plain(inbound) and not arrived.duplicate and arrived.owner_kind == "bot"
        return await self._wait_for(inbound.channel, arrived, until, was_used=window is None, is_fresh=is_fresh)

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
        return await self._wait_for(channel, arrived, until, was_used=True)

    async def _wait_for(self, channel: str, arrived: Arrived, until: datetime, *, was_used: bool, is_fresh: bool = False) -> Answer:
        """The answer to an inbound, if it comes in time; ``was_used``: its window is good for this request alone."""
        capabilities = self._channels[channel].capabilities
        answer: Answer | None = None
        try:
            with self.services.hub.subscribe(conversation.stream(arrived.conversation_id), patience_s=FIRST_LOOK_S) as wake:
                if is_fresh:
                    await _sleep_until_woken(wake, min(FIRST_LOOK_S, (until - now()).total_seconds() - RESPONSE_S))
                while answer is None:
                    wake.clear()
                    answer = await self._look(arrived, capabilities)
                    left = (until - now()).total_seconds() - RESPONSE_S
                    if answer is None and left <= 0:
                        answer = Answer(arrived, "waiting")
                    elif answer is None:
                        await _sleep_until_woken(wake, left)
        finally:
            if arrived.window_id is not None:
                async with self.services.db.read() as connection:
                    await windows.let_go(connection, arrived.window_id, was_used=was_used or bool(answer and answer.messages))
        assert answer is not None  # noqa: S101  (the loop ends with one)
        return answer

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

    async def _as_choice(self, inbound: Inbound) -> Inbound:
        """Where choices were a numbered list, a number or a title that comes back is the choice."""
        capabilities = self._channels[inbound.channel].capabilities
        if inbound.kind is not InboundKind.TEXT or inbound.attachments or _has_choices(capabilities) or len(inbound.text) > WRITTEN_CHOICE:
            return inbound
        services = self.services
        async with services.db.read() as connection:
            offer = await visitors.offer_to(connection, services.cipher, inbound.channel, inbound.visitor)
        written = " ".join(inbound.text.split()).casefold().rstrip(".")
        payload = offered(outbox.body_of(offer)).get(written)
        if payload is None:
            return inbound
        title = next((b["title"] for b in offer.get("buttons") or () if (b.get("payload") or b["title"]) == payload), inbound.text)
        if payload == title:  # a next question: its words are what is asked
            return replace(inbound, text=str(title))
        return replace(inbound, kind=InboundKind.CHOICE, choice=payload, text=str(title))

    async def _look(self, arrived: Arrived, capabilities: Capabilities) -> Answer | None:
        async with self.services.hub.look() as connection:
            state = await database.one(connection, _STATE, arrived.message_id)
        if state is None:
            return Answer(arrived, "waiting")
        is_persons = state["owner_kind"] != "bot" or state["turn_state"] in ("to_person", "dropped")
        if not state["has_answer"] and not is_persons:
            return None
        async with self.services.db.transaction() as tx:
            messages = await self._carry(tx, arrived, capabilities) or await self._carried_before(tx, arrived, capabilities)
        return Answer(arrived, "to_person" if is_persons and not messages else "answered", messages) if messages or is_persons else None

    async def _carry(self, tx: Connection, arrived: Arrived, capabilities: Capabilities) -> tuple[Outbound, ...]:
        """Everything that waits for this person, as far as one response holds it; it counts as sent."""
        if arrived.window_id is None:
            return ()
        claim = await outbox.take_inline(tx, self.services.cipher, arrived.conversation_id, quiet=QUIET_CATEGORIES)
        if claim is None:
            return ()
        # What may not be said here is left to the sender, and what comes after it.
        rows = list(takewhile(lambda row: not row.withheld, await screened(tx, self._channels[claim.channel], claim)))
        if not rows:
            return ()
        rendered = [(row, render(row.body, claim.language, capabilities, discreet=claim.has_quiet_danger, again=row.in_doubt) or (Outbound(),)) for row in rows]
        # Danger need not go alone here: a response arrives as a whole or not at all.
        load = pack([(replace(row, policy="", in_doubt=False), messages) for row, messages in rendered], capabilities)
        ids = [row.message_id for row in load.rows]
        whole, partly = (ids[:-1], (ids[-1], load.next_part)) if load.next_part else (ids, None)
        await outbox.carry_inline(tx, arrived.conversation_id, arrived.window_id, whole, partly)
        return tuple(message for message in load.messages if message.text)

    async def _carried_before(self, tx: Connection, arrived: Arrived, capabilities: Capabilities) -> tuple[Outbound, ...]:
        """The platform asked once more because it did not see the response that carried the answer: this one carries it again."""
        if arrived.window_id is None:
            return ()
        claim = await outbox.sent_inline(tx, self.services.cipher, arrived.conversation_id, arrived.window_id, quiet=QUIET_CATEGORIES)
        if claim is None:
            return ()
        rendered = [
            (replace(row, policy="", parts_sent=0), render(row.body, claim.language, capabilities, discreet=claim.has_quiet_danger) or (Outbound(),))
            for row in claim.rows
        ]
        return tuple(message for message in pack(rendered, capabilities).messages if message.text)


async def _sleep_until_woken(wake: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()


def _has_choices(capabilities: Capabilities) -> bool:
    return any(place is not None and ActionKind.CHOICE in place.kinds for place in (capabilities.quick_replies, capabilities.buttons))


def _bounded(inbound: Inbound, most: int) -> Inbound:
    """A messenger cannot be told that a text is too long: the beginning is kept, and nothing that PostgreSQL cannot take."""
    return replace(inbound, text=sendable(inbound.text)[:most])
