"""What citizens asked in vain, written down with the answer or right after it: redacted first, then sealed.

A record goes with the citizen's message (the database deletes it with the message or the conversation), and when its time is over. Nothing
here may cost a citizen the answer: a record that cannot be written is logged and left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg.pq import TransactionStatus

from conversation.questions import AnsweredQuestion, answered
from core import db as database
from core.crypto import Cipher
from core.db import UNAVAILABLE, Connection
from core.logging import get
from knowledge_base.editing.schemas import Reason
from language.redaction import redact

log = get(__name__)
TEXT = "unanswered_questions.text"
LONGEST = 500
#: A bad mark is for a conversation; it does not say which of its answers was meant, so the newest few are looked at.
MOST_RATED = 3
MOST_LOOKED_AT = 50


@dataclass(frozen=True)
class Miss:
    """A question that was not answered well; ``text`` is redacted already, ``notice_id`` is the notice quoted, or the best that there was."""

    conversation_id: str
    message_id: int
    text: str
    language: str
    country: str | None
    reason: Reason = Reason.NO_ANSWER
    notice_id: str = ""
    score: float | None = None


def safe_text(text: str) -> str:
    """A citizen's words as editors may see them: one line, without numbers, places and secrets."""
    return redact(" ".join(text.split()))[:LONGEST].strip()


_KEEP = """
INSERT INTO unanswered_questions (message_id, conversation_id, text, language, country, reason, notice_id, score)
VALUES (%(message_id)s, %(conversation_id)s, %(text)s, %(language)s, %(country)s, %(reason)s, %(notice_id)s, %(score)s)
ON CONFLICT (message_id) DO NOTHING
"""


async def keep(tx: Connection, cipher: Cipher, missed: Sequence[Miss]) -> None:
    """Write questions down, each once; its first reason stays. Last in a transaction, since it touches the conversation's row; outside one, each is its own."""
    is_alone = tx.info.transaction_status == TransactionStatus.IDLE
    for miss in missed:
        if not miss.text:
            continue
        try:
            async with contextlib.nullcontext() if is_alone else tx.transaction():
                await database.run(
                    tx,
                    _KEEP,
                    message_id=miss.message_id,
                    conversation_id=miss.conversation_id,
                    text=cipher.seal(miss.text, TEXT),
                    language=miss.language,
                    country=miss.country,
                    reason=miss.reason.value,
                    notice_id=miss.notice_id,
                    score=miss.score,
                )
        except UNAVAILABLE:
            raise
        except psycopg.Error as error:
            log.error("miss_not_kept", conversation=miss.conversation_id, error=type(error).__name__)


async def before_asking_person(connection: Connection, cipher: Cipher, conversation_id: str) -> list[Miss]:
    """A person is asked for: the question answered from a notice just before, if there is one, was perhaps not answered well."""
    return _of(conversation_id, await answered(connection, cipher, conversation_id, 1), Reason.ASKED_PERSON_AFTER)


async def rated_badly(connection: Connection, cipher: Cipher, conversation_id: str) -> list[Miss]:
    """A low mark for the conversation: the newest questions answered from notices."""
    return _of(conversation_id, await answered(connection, cipher, conversation_id, MOST_LOOKED_AT), Reason.RATED_BADLY)[:MOST_RATED]


def _of(conversation_id: str, questions: Sequence[AnsweredQuestion], reason: Reason) -> list[Miss]:
    found: dict[int, Miss] = {}
    for one in questions:
        if one.kind == "answer" and one.notice_id and one.message_id not in found:
            text = safe_text(one.text)
            found[one.message_id] = Miss(conversation_id, one.message_id, text, one.language, one.country, reason, notice_id=one.notice_id)
    return list(found.values())


async def erase(tx: Connection, conversation_id: str) -> int:
    """Everything kept of a conversation, test questions taken over word by word included; deleting the conversation does the same."""
    return await database.run(tx, "DELETE FROM unanswered_questions WHERE conversation_id = %s", conversation_id)
