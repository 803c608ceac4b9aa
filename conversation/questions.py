"""What the bot was asked and what it answered, for those who look at its answers afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from conversation.service import open_body
from core import db as database
from core.crypto import Cipher
from core.db import Connection


@dataclass(frozen=True)
class AnsweredQuestion:
    """A citizen's words and the bot's line to them; ``notice_id`` is the notice that the line quotes, "" if it quotes none."""

    message_id: int
    text: str
    kind: str
    notice_id: str
    language: str
    country: str | None


async def answered(connection: Connection, cipher: Cipher, conversation_id: str, limit: int) -> list[AnsweredQuestion]:
    """The bot's newest lines with the questions that they answer, newest first."""
    rows = await database.rows(
        connection,
        """SELECT q.id AS message_id, q.body AS question, a.body AS answer, a.kind, c.language, c.country
           FROM messages a JOIN outbox o ON o.message_id = a.id JOIN messages q ON q.id = o.in_reply_to JOIN conversations c ON c.id = a.conversation_id
           WHERE a.conversation_id = %s AND a.author_kind = 'bot' ORDER BY a.seq DESC LIMIT %s""",
        conversation_id,
        limit,
    )
    found = []
    for row in rows:
        source = open_body(cipher, row["answer"]).get("source") or {}
        text = str(open_body(cipher, row["question"]).get("text") or "")
        found.append(AnsweredQuestion(row["message_id"], text, row["kind"], str(source.get("notice_id") or ""), row["language"], row["country"]))
    return found
