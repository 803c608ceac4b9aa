"""What citizens asked in vain, written down in the turn's own transaction: redacted first, then sealed.

A record goes with the citizen's message (the database deletes it with the message or the conversation), and when its time is over. Drills
leave none. Nothing here may cost a citizen the answer: a record that cannot be written is logged and left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from conversation.service import open_body
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
SELECT m.id, c.id, %(text)s, %(language)s, %(country)s, %(reason)s, %(notice_id)s, %(score)s
FROM messages m JOIN conversations c ON c.id = m.conversation_id
WHERE m.id = %(message_id)s AND c.id = %(conversation_id)s AND NOT c.synthetic
ON CONFLICT (message_id) DO NOTHING
"""


async def keep(tx: Connection, cipher: Cipher, missed: Sequence[Miss]) -> None:
    """Write questions down, each once; its first reason stays. Last in a transaction, since it touches the conversation's row."""
    for miss in missed:
        if not miss.text:
            continue
        try:
            async with tx.transaction():
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


#: The bot's answers with the questions that they answer, newest first.
_ANSWERS = """
SELECT q.id AS message_id, q.body AS question, a.body AS answer, a.kind, c.language, c.country
FROM messages a JOIN outbox o ON o.message_id = a.id JOIN messages q ON q.id = o.in_reply_to JOIN conversations c ON c.id = a.conversation_id
WHERE a.conversation_id = %s AND a.author_kind = 'bot' ORDER BY a.seq DESC LIMIT %s
"""


async def before_asking_person(connection: Connection, cipher: Cipher, conversation_id: str) -> list[Miss]:
    """A person is asked for: the question answered from a notice just before, if there is one, was perhaps not answered well."""
    rows = await database.rows(connection, _ANSWERS, conversation_id, 1)
    return _answered(cipher, conversation_id, rows, Reason.ASKED_PERSON_AFTER)


async def rated_badly(connection: Connection, cipher: Cipher, conversation_id: str) -> list[Miss]:
    """A low mark for the conversation: the newest questions answered from notices."""
    rows = await database.rows(connection, _ANSWERS, conversation_id, MOST_LOOKED_AT)
    return _answered(cipher, conversation_id, rows, Reason.RATED_BADLY)[:MOST_RATED]


def _answered(cipher: Cipher, conversation_id: str, rows: list[dict[str, Any]], reason: Reason) -> list[Miss]:
    found: dict[int, Miss] = {}
    for row in rows:
        source: Mapping[str, Any] = open_body(cipher, row["answer"]).get("source") or {} if row["kind"] == "answer" else {}
        if row["message_id"] in found or not source.get("notice_id"):
            continue
        asked = safe_text(str(open_body(cipher, row["question"]).get("text") or ""))
        found[row["message_id"]] = Miss(conversation_id, row["message_id"], asked, row["language"], row["country"], reason, notice_id=str(source["notice_id"]))
    return list(found.values())


async def erase(tx: Connection, conversation_id: str) -> int:
    """Everything kept of a conversation, test questions taken over word by word included; deleting the conversation does the same."""
    return await database.run(tx, "DELETE FROM unanswered_questions WHERE conversation_id = %s", conversation_id)
