"""From a decision to a person: the case, the first reply from an approved card, the location request and the queue entry, in one transaction.

Used by the triage slot, by the danger button and by the timer of an unanswered danger question, so that danger has one way in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot import phrases
from bot.phrases import PERSON as PERSON
from bot.services import Services
from conversation import guarding
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body, Button
from core import db as database
from core.clock import now
from core.crypto import Cipher
from core.db import Connection
from core.timers import cancel_timer, set_timer
from handoff import location
from handoff import service as handoff
from handoff.speech import REASON as CANNOT_SPEAK
from knowledge_base.crisis_cards import GENERIC, QUIET
from language.categories import Category, Urgency
from language.triage import Decision

ASK_TIMER = "danger_ask"
YES, NO = "danger:yes", "danger:no"
#: Why a case stands in the queue whose citizen is guarded and has pressed "no danger".
SAID_SAFE = "said_safe"
#: A second card for the same danger within this time would only push the first one off the screen.
CARD_REPEAT = timedelta(minutes=10)
#: Who was held or threatened this recently may still be read over the shoulder, whatever the next message is about.
STAYS_QUIET = timedelta(hours=24)


@dataclass(frozen=True)
class Danger:
    """What triage, the button or the timer found."""

    urgency: Urgency
    category: str
    reason: str
    country: str | None = None
    language: str = "ko"
    card: str = GENERIC


def card_category(decision: Decision) -> str:
    """Whose card answers: the category's if it is sure; else the quiet one, if somebody may be reading along; else the generic one.

    That it is none of the others ("other") is nothing to be sure of while one remains possible in which somebody reads along.
    """
    if decision.is_category_sure and decision.category is not Category.OTHER:
        return str(decision.category)
    unsure = str(Category.OTHER) if decision.is_category_sure else GENERIC
    return next((str(category) for category in decision.possible if category in QUIET), unsure)


async def escalate(services: Services, tx: Connection, conversation_row: dict[str, Any], message_id: int, text: str, danger: Danger) -> int:
    """Open or raise the case and answer from a crisis card; returns the case's id.

    The bot answers only while it owns the conversation; when a person does, the raised case is what rings. Everything is written by the
    caller's transaction or not at all.
    """
    conversation_id, cipher = conversation_row["id"], services.cipher
    danger = await _with_what_was_told(tx, conversation_id, danger)
    if conversation_row.get("guarded_at") is not None and not guarding.guards(danger.card):
        # Whatever it is about: no loud words and no numbers onto a screen that somebody else may hold.
        danger = replace(danger, card=str(Category.CONFINEMENT))
    # This answers a question that was open; the messages that waited for it have had the question and now get the card.
    await cancel_timer(tx, ASK_TIMER, conversation_id)
    await database.run(
        tx,
        "UPDATE inbox SET turn_state = 'answered', turned_at = clock_timestamp() WHERE conversation_id = %s AND turn_state = 'held'",
        conversation_id,
    )
    country = danger.country or conversation_row["country"]
    case = await handoff.open_or_raise(
        tx,
        cipher,
        conversation_id,
        danger.urgency.value,
        danger.category,
        danger.reason,
        language=danger.language,
        country=country,
        summary=text[:200],
        synthetic=conversation_row["synthetic"],
    )
    if guarding.guards(danger.card) and danger.reason != CANNOT_SPEAK:
        await guarding.mark(tx, conversation_id, guarding.CATEGORY)
    await database.run(
        tx,
        "UPDATE conversations SET last_urgency = %s, country = COALESCE(%s, country), language = %s WHERE id = %s",
        danger.urgency.value,
        country,
        danger.language,
        conversation_id,
    )
    if conversation_row["owner_kind"] == "bot":
        body = await _first_reply(services, tx, conversation_id, case.id, danger, country)
        await conversation.reply(
            tx, cipher, conversation_id, AuthorKind.BOT, body, client_id=f"danger-{message_id}", in_reply_to=message_id, policy="at_least_once"
        )
    return int(case.id)


async def _with_what_was_told(tx: Connection, conversation_id: str, danger: Danger) -> Danger:
    """Once somebody may read along, a later cry or the danger button must not bring numbers and loud words onto the screen."""
    earlier = await database.one(
        tx,
        """SELECT category FROM inbox WHERE conversation_id = %s AND action IN ('ask', 'escalate') AND category = ANY(%s) AND received_at > %s
           ORDER BY category = ANY(%s) DESC, message_id DESC LIMIT 1""",
        conversation_id,
        sorted(guarding.GUARDING),
        now() - STAYS_QUIET,
        sorted(QUIET),  # the card that has no number at all goes before the one that has the ambulance's
    )
    if earlier is None:
        return danger
    told = str(earlier["category"])
    return replace(
        danger,
        card=danger.card if danger.card in QUIET else told,
        category=told if danger.category == Category.OTHER else danger.category,
    )


async def _first_reply(services: Services, tx: Connection, conversation_id: str, case_id: int, danger: Danger, country: str | None) -> Body:
    recent = await database.one(
        tx,
        "SELECT 1 FROM messages WHERE conversation_id = %s AND kind = %s AND created_at > %s LIMIT 1",
        conversation_id,
        f"crisis:{danger.card}",
        now() - CARD_REPEAT,
    )
    if recent:
        return Body(phrases.passed_on(danger.language), kind="passed_on")
    card = services.crisis_card(danger.card, country, danger.language)
    token = await location.request_link(tx, conversation_id, case_id, services.cipher)
    return Body(
        "\n".join(card.lines),
        kind=f"crisis:{danger.card}",
        phones=card.phones,
        location_url=f"{services.settings.public_url or ''}/locate/{token}",
    )


async def last_card(tx: Connection, conversation_id: str) -> str:
    """Whose card the citizen has read last; the generic one's where there was none."""
    row = await database.one(
        tx, "SELECT kind FROM messages WHERE conversation_id = %s AND author_kind = 'bot' AND kind LIKE 'crisis:%%' ORDER BY seq DESC LIMIT 1", conversation_id
    )
    return str(row["kind"]).partition(":")[2] if row else GENERIC


async def give_numbers(services: Services, tx: Connection, conversation_row: dict[str, Any], country: str) -> bool:
    """The card could not name local numbers before the citizen said which country it is: the checked ones follow now. False where there are none."""
    conversation_id, message_id, language = conversation_row["id"], conversation_row["message_id"], conversation_row["language"]
    phones = services.crisis_card(await last_card(tx, conversation_id), country, language).phones
    if len(phones) < 2:  # the call centre's own, which stands on every card
        return False
    body = Body(phrases.passed_on(language), kind="passed_on", phones=phones)
    await conversation.reply(
        tx, services.cipher, conversation_id, AuthorKind.BOT, body, client_id=f"numbers-{message_id}", in_reply_to=message_id, policy="at_least_once"
    )
    return True


async def doubt_safety(services: Services, tx: Connection, conversation_row: dict[str, Any], country: str | None, language: str) -> None:
    """A guarded citizen's screen has said that there is no danger: that lowers and ends nothing, and the question counts as unanswered.

    The case is opened or raised without a word on the screen; the messages that waited for the answer get none of their own.
    """
    conversation_id = conversation_row["id"]
    await cancel_timer(tx, ASK_TIMER, conversation_id)
    await database.run(
        tx, "UPDATE inbox SET turn_state = 'answered', turned_at = clock_timestamp() WHERE conversation_id = %s AND turn_state = 'held'", conversation_id
    )
    asked = await database.one(tx, "SELECT category FROM inbox WHERE conversation_id = %s AND action = 'ask' ORDER BY message_id DESC LIMIT 1", conversation_id)
    await handoff.open_or_raise(
        tx,
        services.cipher,
        conversation_id,
        Urgency.URGENT.value,
        str(asked["category"]) if asked and asked["category"] else Category.OTHER.value,
        SAID_SAFE,
        language=language,
        country=country,
        synthetic=conversation_row["synthetic"],
    )


async def ask(tx: Connection, cipher: Cipher, conversation_id: str, message_id: int, language: str, timeout_s: int) -> None:
    """Ask the one question with two buttons; no answer in time counts as yes.

    While a question is open nothing is asked again, and above all its clock is not set back: whoever keeps writing must not wait longer.
    """
    if await database.one(tx, "SELECT 1 FROM timers WHERE kind = %s AND subject = %s", ASK_TIMER, conversation_id):
        return
    question, yes, no = phrases.danger_question(language)
    await conversation.reply(
        tx,
        cipher,
        conversation_id,
        AuthorKind.BOT,
        Body(question, kind="danger_question", buttons=(Button(yes, YES), Button(no, NO))),
        client_id=f"ask-{message_id}",
        in_reply_to=message_id,
        policy="at_least_once",
    )
    await set_timer(tx, ASK_TIMER, conversation_id, now() + timedelta(seconds=timeout_s), {"message_id": message_id})


async def is_asked(tx: Connection, conversation_id: str, seq: int) -> bool:
    """Whether the question is open, and stood on the screen before the message ``seq`` came."""
    found = await database.one(
        tx,
        """SELECT 1 FROM timers t JOIN outbox o ON o.conversation_id = t.subject AND o.client_id = 'ask-' || (t.payload ->> 'message_id')
           JOIN messages m ON m.id = o.message_id WHERE t.kind = %s AND t.subject = %s AND m.seq < %s""",
        ASK_TIMER,
        conversation_id,
        seq,
    )
    return found is not None
