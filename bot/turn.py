"""A turn: what the bot says to one inbound, one at a time per conversation.

Deciding (:func:`plan`) is pure; composing asks Rasa, else search; writing is one conditional transaction. The conversation's advisory
lock lives on the slot's own database session, so that it dies with its holder.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot import at_once, hush, phrases, satisfaction, surge, third_party, typed_answer
from bot.compose import ASKED_PERSON, OFFER_PERSON, Reply, by_intent, from_answer, from_dialogue
from bot.dialogue import meanwhile
from bot.dialogue.client import DialogueClient
from bot.dialogue.reading import COUNTRIES, HERE, countries_of
from bot.escalation import NO, PERSON
from bot.files.words import KIND as FILE_NOTICE
from bot.services import Services
from bot.turn_queue import TurnQueue as TurnQueue
from conversation import ratings
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body, NotOwner
from core import db as database
from core.db import UNAVAILABLE, Connection
from core.errors import DatabaseUnavailable
from core.logging import get
from core.metrics import ANSWERED_AT_ONCE, LATE_ANSWERS, TURNS
from handoff import service as handoff
from knowledge_base.editing import misses
from language.analysis import Analysis

log = get(__name__)
#: A message whose turn has failed this often is given to a person instead of being tried for ever.
ATTEMPTS = 3
#: While triage reads a backlog each turn waits at most so long before it begins: the processor belongs to whoever may be in danger.
STANDS_BACK_S = 1.0
#: Waits for triage to have read its backlog, at most so many seconds.
StandBack = Callable[[float], Awaitable[None]]

_LOCK = f"SELECT pg_try_advisory_lock({conversation.TURN_LOCK}) AS held"
_UNLOCK = f"SELECT pg_advisory_unlock({conversation.TURN_LOCK})"
#: The inbound to answer next, and the one after it.
_NEXT = """
SELECT i.message_id, i.seq, i.turn_attempts, m.kind, m.body, c.id, c.owner_kind, c.status, c.language, c.country, c.country_said, c.channel,
       c.dialogue, c.synthetic, k.severity AS case_severity, c.guarded_at IS NOT NULL AS is_guarded, c.hushed_at IS NOT NULL AS is_hushed,
       COALESCE((SELECT w.is_on FROM surge_switches w ORDER BY w.id DESC LIMIT 1), false) AS in_surge
FROM inbox i JOIN messages m ON m.id = i.message_id JOIN conversations c ON c.id = i.conversation_id
     LEFT JOIN cases k ON k.conversation_id = c.id AND k.status IN ('queued', 'claimed')
WHERE i.conversation_id = %s AND i.turn_state = 'pending' AND i.triage_state <> 'pending'
ORDER BY i.seq LIMIT 2
"""
WAITING = "보내신 내용을 상담관이 볼 수 있게 남겼습니다. 상담관을 연결하고 있습니다."
LOCATED = "위치를 받았습니다."
#: Why a person is brought when the citizen wants one, rather than for the language or for danger.
WISHES = ("asked", "accepted")
GLAD = "알겠습니다. 무엇을 도와드릴까요?"
STICKER = "무엇을 도와드릴까요? 글로 적어 주세요."
FILE = "보내신 파일을 상담관이 볼 수 있게 남겼습니다. 어떤 내용인지 글로도 적어 주세요."
#: Said when neither dialogue nor search can answer; nothing about machinery.
NO_ANSWER = "지금 바로 답을 찾지 못했습니다. 상담관과 이야기하시겠어요?"


@dataclass(frozen=True)
class Plan:
    """What to do with an inbound: ``drop``, ``to_person``, ``acknowledge`` (danger waits in the queue), ``answer``, or ``hush``: answer as if nothing were."""

    kind: str


def plan(row: dict[str, Any]) -> Plan:
    """Decide by who owns the conversation and what is open; pure."""
    if row["status"] != "open":
        return Plan("drop")
    if row["owner_kind"] != "bot":
        return Plan("to_person")
    if row["is_hushed"]:
        return Plan("hush")
    if (row["case_severity"] in ("life_threat", "urgent") and not _is_quiet_no(row)) or row["kind"] == "location":
        return Plan("acknowledge")
    return Plan("answer")


def _is_quiet_no(row: dict[str, Any]) -> bool:
    """A guarded citizen's "no danger", pressed or typed, gets the words that any gets: that a person is called must not be seen."""
    return bool(row["is_guarded"]) and NO in (row["content"].get("choice"), typed_answer.answer(row["content"]) if row["case_severity"] else "")


def _is_seen_by_nobody(row: dict[str, Any]) -> bool:
    """Whether a place has come without anything that brings a person: whoever sends one may believe that somebody is on the way, so one is offered."""
    return row["kind"] == "location" and not row["case_severity"] and not row["is_guarded"]


class TurnSlot:
    """Answers one conversation at a time on its own database session."""

    def __init__(self, services: Services, queue: TurnQueue, stand_back: StandBack | None = None) -> None:
        self.services = services
        self.queue = queue
        self.stand_back = stand_back
        self._session: Connection | None = None

    async def run(self) -> None:
        """Take conversations from the queue for ever."""
        while True:
            conversation_id = await self.queue.get()
            if self.stand_back is not None:
                await self.stand_back(STANDS_BACK_S)
            try:
                await self._serve(conversation_id)
            except (DatabaseUnavailable, *UNAVAILABLE):
                await self._hang_up()
                await asyncio.sleep(0.2)
                self.queue.put(conversation_id)
            except Exception as error:  # noqa: BLE001  (one conversation's fault must not stop the slot)
                log.error("turn_failed", conversation=conversation_id, error=type(error).__name__)
                await self._count_failure(conversation_id)
            finally:
                self.queue.done(conversation_id)

    async def _hang_up(self) -> None:
        """Close the session, and with it whatever lock it may still hold."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(Exception):
                await session.close()

    async def _serve(self, conversation_id: str) -> None:
        session = self._session
        if session is None or session.closed:
            session = self._session = await self.services.db.connect()
        while await self._serve_next(session, conversation_id):
            pass

    async def _serve_next(self, session: Connection, conversation_id: str) -> bool:
        """Answer the next inbound, if nobody else is at it; whether another one waited behind it.

        What comes meanwhile is not looked for: the queue of whoever triages it brings the conversation back, here or in a process that tries again.
        """
        locked, found = await _lock_and_look(session, conversation_id)
        if not locked:
            self.queue.put_later(conversation_id)
            return False
        is_free = False
        try:
            is_free = bool(found) and await self._turn(session, found[0])
        finally:
            if not is_free and not session.closed and not session.broken:
                await database.run(session, _UNLOCK, conversation_id=conversation_id)
        return len(found) > 1

    async def _turn(self, session: Connection, row: dict[str, Any]) -> bool:
        """Answer; whether the conversation's lock went with what was written."""
        row["content"] = conversation.open_body(self.services.cipher, row["body"])
        kind = plan(row).kind
        if kind == "hush":
            composed = Reply(()) if row["kind"] == "location" else await self._compose(row, "answer")
            reply = hush.quietened(composed, row["kind"], row["language"])
            return await self._end(session, row, kind, replace(reply, bodies=phrases.framed(reply.bodies, row["language"], offer=False)))
        reply = (await satisfaction.rating(session, row) if kind == "answer" else None) or await self._compose(row, kind)
        if kind == "answer":
            reply = await satisfaction.with_question(session, row["id"], reply)
            reply = await surge.meet(session, row, reply, self.services.settings.hotline) if row["in_surge"] else reply
        offer = (kind == "answer" or _is_seen_by_nobody(row)) and not reply.person
        bodies = phrases.framed(reply.bodies, row["language"], offer=offer)
        return await self._end(session, row, kind, replace(reply, bodies=bodies))

    async def _compose(self, row: dict[str, Any], kind: str) -> Reply:
        if kind == "acknowledge":
            if row["kind"] == "location":
                if _is_seen_by_nobody(row):
                    return Reply((Body(LOCATED, kind="passed_on", buttons=OFFER_PERSON),))
                return Reply((Body(LOCATED if not row["case_severity"] else f"{LOCATED} {WAITING}", kind="passed_on"),))
            return Reply((Body(WAITING, kind="passed_on"),))
        if kind != "answer":
            return Reply(())
        text = str(row["content"].get("text") or row["content"].get("choice") or "")
        choice = row["content"].get("choice")
        if row["kind"] in ("sticker", "file"):
            return Reply((Body(STICKER) if row["kind"] == "sticker" else Body(FILE, kind=FILE_NOTICE, buttons=OFFER_PERSON),), outcome="smalltalk")
        if choice == PERSON:
            return Reply((Body(ASKED_PERSON),), person="asked")
        if spoken := phrases.interpreter_language(str(choice or "")):
            row["language"] = spoken
            return Reply((Body(ASKED_PERSON),), person="interpreter")
        if choice == NO or _is_quiet_no(row):
            return Reply((Body(GLAD),))
        if third_party.asks(text):
            return Reply((third_party.answer(row["language"]),), outcome="third_party")
        understanding, knowledge = self.services.understanding, self.services.knowledge
        if understanding is None:
            return Reply((Body(NO_ANSWER, buttons=OFFER_PERSON),))
        analysis = await understanding.of_message(row["message_id"], text)
        # Triage has settled the conversation's language by now, with this message among what it read.
        analysis = replace(analysis, language=phrases.answered_in(row["language"], text, analysis.language))
        if self.services.dialogue is not None:
            reply = await self._talk(self.services.dialogue, row, text, analysis)
            if reply.bodies:
                return reply
            note = reply.note
        else:
            note = None
        said_plainly = by_intent(*understanding.intents.predict(analysis))
        if said_plainly is not None:
            return replace(said_plainly, note=note)
        if knowledge is None:
            return Reply((Body(NO_ANSWER, buttons=OFFER_PERSON),), note=note)
        return replace(from_answer(knowledge.answer(analysis, country=row["country"])), note=note)

    async def _talk(self, dialogue: DialogueClient, row: dict[str, Any], text: str, analysis: Analysis) -> Reply:
        """The answer at once, if there is one, else what Rasa says; nothing when it says nothing."""
        knowledge, intents, cipher = self.services.knowledge, self.services.dialogue_intents, self.services.cipher
        note = at_once.note_of(cipher, row)
        reading = at_once.reading_of(analysis)
        if knowledge is not None and intents is not None and not note.expects:
            intent = intents.predict([form for form, _, _ in reading.tokens], reading.vector)
            query = at_once.query_of(intent, reading)
            asked = analysis
            if query and self.services.understanding:
                asked = replace(await self.services.understanding.of_query(query), language=analysis.language)
            found = at_once.answer_at_once(note, reading, intent, lambda country: knowledge.answer(asked, country=country or row["country"]))
            if found is not None:
                reply, note = found
                ANSWERED_AT_ONCE.labels(outcome=reply.outcome).inc()
                return replace(reply, note=note.seal(cipher, row["id"]))
        here = row["country"] if row["country_said"] else None
        known = {"country": row["country"], HERE: here, "language": row["language"], COUNTRIES: countries_of(reading.text, reading.entities)}
        metadata: dict[str, Any] = analysis.to_metadata() | known
        if note.untold:
            metadata[meanwhile.METADATA] = dict(note.untold)
        said = await dialogue.ask(row["id"], row["seq"], text, metadata)
        reply, note = (from_dialogue(said.messages), at_once.after(said)) if said else (Reply(()), note.unknown())
        return replace(reply, note=note.seal(cipher, row["id"]))

    async def _end(self, session: Connection, row: dict[str, Any], kind: str, reply: Reply) -> bool:
        """Write what the turn says; whether the conversation's lock went with it.

        An answer alone is one statement, which lets go of the lock; everything else, and whatever that refuses, is a transaction of several.
        """
        missed = await self._missed(session, row, kind, reply)
        if reply.bodies and not reply.person and reply.rating is None:
            written = await conversation.answer(
                session, self.services.cipher, row["id"], row["message_id"], reply.bodies, country=reply.country, dialogue=reply.note, lets_go=True
            )
            if written:
                await misses.keep(session, self.services.cipher, missed)
                TURNS.labels(outcome=reply.outcome if kind == "answer" else kind).inc()
                return True
        async with session.transaction():
            await self._write(session, row, kind, reply, missed)
        return False

    async def _missed(self, session: Connection, row: dict[str, Any], kind: str, reply: Reply) -> Sequence[misses.Miss]:
        """The questions that editors are to look at because of this turn; none, as a rule, and never from a drill."""
        if row["synthetic"]:
            return ()
        try:
            if reply.person in WISHES:
                return await misses.before_asking_person(session, self.services.cipher, row["id"])
            if reply.rating is not None:
                return await misses.rated_badly(session, self.services.cipher, row["id"]) if reply.rating <= satisfaction.LOW else ()
            understanding, knowledge = self.services.understanding, self.services.knowledge
            if kind != "answer" or reply.outcome != "abstain" or reply.of_row or understanding is None or knowledge is None:
                return ()
            text = misses.safe_text(reply.asked or str(row["content"].get("text") or ""))
            country = reply.country or row["country"]
            notice, score = reply.nearest or ("", None)
            if reply.nearest is None and text:  # the dialogue has searched, elsewhere
                best = knowledge.search((await understanding.analyse([text]))[0], country=country, limit=1)
                notice, score = (best[0].notice_id, best[0].score) if best else ("", None)
            return (misses.Miss(row["id"], row["message_id"], text, row["language"], country, notice_id=notice, score=score),)
        except UNAVAILABLE:
            raise
        except Exception as error:  # noqa: BLE001  (a list for editors must not cost the citizen the answer)
            log.error("misses_not_read", conversation=row["id"], error=type(error).__name__)
            return ()

    async def _write(self, tx: Connection, row: dict[str, Any], kind: str, reply: Reply, missed: Sequence[misses.Miss] = ()) -> None:
        state = {"drop": "dropped", "to_person": "to_person"}.get(kind, "answered")
        # The case before the conversation, as everywhere (handoff.moves names the order), so that nobody waits for us in a ring.
        await handoff.lock_open_case(tx, row["id"])
        changed = await database.run(
            tx, "UPDATE inbox SET turn_state = %s, turned_at = clock_timestamp() WHERE message_id = %s AND turn_state = 'pending'", state, row["message_id"]
        )
        if not changed:  # taken over, escalated or closed while we composed
            await self._late(tx, row)
            return
        if reply.person:
            await self._bring_person(tx, row, reply.person)
        if reply.rating is not None:
            await ratings.keep(tx, row["id"], reply.rating)
        for number, body in enumerate(reply.bodies):
            posted = await conversation.reply(
                tx, self.services.cipher, row["id"], AuthorKind.BOT, body, client_id=f"turn-{row['message_id']}-{number}", in_reply_to=row["message_id"]
            )
            if isinstance(posted, NotOwner):
                await database.run(tx, "UPDATE inbox SET turn_state = 'to_person' WHERE message_id = %s", row["message_id"])
                await self._late(tx, row)
                return
        await conversation.learn(tx, row["id"], country=reply.country, dialogue=reply.note)
        await misses.keep(tx, self.services.cipher, missed)
        TURNS.labels(outcome=reply.outcome if kind == "answer" else kind).inc()

    async def _bring_person(self, tx: Connection, row: dict[str, Any], reason: str) -> None:
        await handoff.open_or_raise(
            tx,
            self.services.cipher,
            row["id"],
            "none",
            "other",
            reason,
            language=row["language"],
            country=row["country"],
            summary=str(row["content"].get("text", ""))[:200],
        )

    async def _late(self, tx: Connection, row: dict[str, Any]) -> None:
        await database.run(tx, "INSERT INTO late_answers (conversation_id, in_reply_to) VALUES (%s, %s)", row["id"], row["message_id"])
        LATE_ANSWERS.inc()

    async def _count_failure(self, conversation_id: str) -> None:
        """Count a failed turn; after :data:`ATTEMPTS` the citizen is offered a person instead of silence."""
        try:
            async with self.services.db.transaction() as tx:
                row = await database.one(
                    tx,
                    """UPDATE inbox SET turn_attempts = turn_attempts + 1 WHERE message_id = (SELECT message_id FROM inbox
                       WHERE conversation_id = %s AND turn_state = 'pending' AND triage_state <> 'pending' ORDER BY seq LIMIT 1)
                       RETURNING message_id, turn_attempts, (SELECT language FROM conversations c WHERE c.id = inbox.conversation_id) AS language""",
                    conversation_id,
                )
                if row is None:
                    return
                if row["turn_attempts"] >= ATTEMPTS:
                    await database.run(tx, "UPDATE inbox SET turn_state = 'answered', turned_at = clock_timestamp() WHERE message_id = %s", row["message_id"])
                    await conversation.reply(
                        tx,
                        self.services.cipher,
                        conversation_id,
                        AuthorKind.BOT,
                        phrases.framed((Body(NO_ANSWER, buttons=OFFER_PERSON),), row["language"])[0],
                        client_id=f"turn-{row['message_id']}-0",
                        in_reply_to=row["message_id"],
                    )
        except DatabaseUnavailable:
            pass
        self.queue.put(conversation_id)


async def _lock_and_look(session: Connection, conversation_id: str) -> tuple[bool, list[dict[str, Any]]]:
    """Two statements in one exchange with the server: the second sees all that the lock's last holder has committed."""
    async with session.pipeline():
        lock = await session.execute(_LOCK, {"conversation_id": conversation_id})
        look = await session.execute(_NEXT, (conversation_id,))
    held = await lock.fetchone()
    return bool(held and held["held"]), await look.fetchall()
