"""The code word: a message that holds it raises the case, and the screen shows what it would show to anybody.

No crisis card, no word of a person, no question: whoever holds the phone sees an ordinary answer, or the same few ordinary words. Once the word has
been said, whatever is found in later messages raises silently too, until a person takes the mark away (``handoff.guarding``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.compose import Reply
from bot.escalation import ASK_TIMER, Danger
from bot.phrases import PERSON
from bot.services import Services
from conversation import guarding, proof
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body
from conversation.telling import tells
from core import db as database
from core.crypto import Cipher
from core.db import Connection
from core.timers import cancel_timer
from handoff import service as handoff
from knowledge_base.phrases import spoken_language
from language.categories import Category, Urgency
from language.triage import Decision

#: Why a case stands in the queue whose citizen has said the word.
REASON = guarding.CODE_WORD
#: What is answered where an ordinary answer would tell something, or nobody is there to find one.
WORDS = {
    "ko": "네, 알겠습니다. 여권, 입국, 여행경보에 관해 궁금한 것을 적어 주세요.",
    "en": "All right. Write what you would like to know about passports, entry or travel.",
    "ja": "わかりました。旅券や入国について知りたいことを書いてください。",
    "zh": "好的。请写下您想了解的护照或入境问题。",
    "vi": "Vâng. Hãy viết điều bạn muốn biết về hộ chiếu hoặc nhập cảnh.",
    "fr": "D'accord. Écrivez ce que vous voulez savoir sur les passeports ou l'entrée.",
    "es": "De acuerdo. Escriba lo que quiera saber sobre pasaportes o la entrada.",
    "ru": "Хорошо. Напишите, что вы хотите узнать о паспорте или въезде.",
}
RECEIVED = "받았습니다."


def words(language: str) -> Body:
    """The ordinary words, in the language of the conversation."""
    return Body(WORDS[spoken_language(language)])


def heard(cipher: Cipher, row: dict[str, Any], decision: Decision) -> Decision:
    """The decision, raised to a life threat where the message holds the agreed word; needs neither model nor dialogue."""
    text = str(row["content"].get("text") or "")
    if is_said(decision) or not row["code_word"] or not text or not proof.holds(cipher, row, text):
        return decision
    is_calm = decision.action == "none"
    return replace(
        decision,
        urgency=Urgency.LIFE_THREAT,
        category=Category.OTHER if is_calm else decision.category,
        action="escalate",
        reasons=(REASON,) if is_calm else (REASON, *decision.reasons),
    )


def is_said(decision: Decision) -> bool:
    """Whether the message held the word."""
    return REASON in decision.reasons


async def raise_silently(services: Services, tx: Connection, row: dict[str, Any], text: str, danger: Danger, decision: Decision) -> str:
    """Open or raise the case and show nothing of it; the state in which the message's turn is left.

    What is ordinary but for the word is answered by the turn like any message; anything else gets the ordinary words at once.
    """
    conversation_id = row["id"]
    # A question that is open must not turn into a card when its time is over.
    await cancel_timer(tx, ASK_TIMER, conversation_id)
    await database.run(
        tx, "UPDATE inbox SET turn_state = 'answered', turned_at = clock_timestamp() WHERE conversation_id = %s AND turn_state = 'held'", conversation_id
    )
    await handoff.open_or_raise(
        tx,
        services.cipher,
        conversation_id,
        danger.urgency.value,
        danger.category,
        danger.reason,
        language=danger.language,
        country=danger.country or row["country"],
        summary=text[:200],
        synthetic=row["synthetic"],
    )
    if is_said(decision):
        await guarding.hush(tx, conversation_id)
        await handoff.note_code_word(tx, conversation_id)
    await database.run(tx, "UPDATE conversations SET last_urgency = %s WHERE id = %s", danger.urgency.value, conversation_id)
    if row["owner_kind"] != "bot":
        return "to_person"
    if decision.reasons == (REASON,) and row["kind"] == "text":
        return "pending"
    body = words(danger.language)
    await conversation.reply(tx, services.cipher, conversation_id, AuthorKind.BOT, body, client_id=f"hush-{row['message_id']}", in_reply_to=row["message_id"])
    return "answered"


def quietened(reply: Reply, kind: str, language: str) -> Reply:
    """What the bot was about to say, or the ordinary words where that would tell of a person, of danger or of help. Pure.

    A person who was asked for is brought all the same.
    """
    if kind == "location":
        return Reply((Body(RECEIVED),), note=reply.note)
    is_telling = reply.person or not reply.bodies or any(_is_telling(body) for body in reply.bodies)
    if is_telling:
        return Reply((words(language),), person=reply.person, country=reply.country, outcome="hushed", note=reply.note)
    plain = tuple(replace(body, phones=(), location_url="", buttons=tuple(b for b in body.buttons if b.payload != PERSON)) for body in reply.bodies)
    return replace(reply, bodies=plain)


def _is_telling(body: Body) -> bool:
    titles = " ".join(button.title for button in body.buttons if button.payload != PERSON)
    return bool(tells(f"{body.text} {body.source.title if body.source else ''} {titles}"))
