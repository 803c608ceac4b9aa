"""That the platform can read along is said once in a conversation, with the first answer, and never onto a screen that somebody else may hold."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.wechat.wire import TEXT
from bot.channels.wechat.words import notice
from bot.sender import QUIET_CATEGORIES
from conversation import outbox
from conversation import service as conversation
from conversation.schemas import AuthorKind, Posted
from core import db as database
from core.crypto import Cipher
from core.db import Connection

CLIENT_ID = "platform-notice"
#: Before triage has read what came, it is not known whether the person is alone with the telephone.
#: Each look with a LIMIT of its own, as in ``waiting.py``: many ask at the same moment.
_DUE = """
SELECT c.id, c.language FROM unnest(%(ids)s::text[]) AS asked(id)
CROSS JOIN LATERAL (SELECT id, language FROM conversations k WHERE k.id = asked.id AND k.status = 'open' AND k.guarded_at IS NULL LIMIT 1) AS c
WHERE (SELECT true FROM outbox o WHERE o.conversation_id = c.id AND o.client_id = %(client_id)s LIMIT 1) IS NULL
AND (SELECT true FROM inbox i WHERE i.conversation_id = c.id
     AND (i.triage_state = 'pending' OR i.category = ANY(%(quiet)s) AND i.action <> 'none') LIMIT 1) IS NULL
"""


async def languages_of_due(connection: Connection, conversations: Sequence[str]) -> dict[str, str]:
    """In which language the notice is to be said now, for the conversations in which it is."""
    due = await database.rows(connection, _DUE, ids=list(conversations), client_id=CLIENT_ID, quiet=QUIET_CATEGORIES)
    return {row["id"]: row["language"] for row in due}


async def tell_once(tx: Connection, cipher: Cipher, conversation_id: str, url: str, hotline: str, *, after: str = "", window_id: int | None = None) -> str:
    """Write the notice, if it is due. ``window_id``: the answer of the request that waits carries it after the words ``after``, where it fits; those words."""
    language = (await languages_of_due(tx, [conversation_id])).get(conversation_id)
    if language is None:
        return after
    body = notice(language, url, hotline)
    posted = await conversation.reply(tx, cipher, conversation_id, AuthorKind.SYSTEM, body, client_id=CLIENT_ID)
    together = f"{after}\n\n{body.text}" if after else body.text
    if window_id is None or not isinstance(posted, Posted) or not TEXT.fits(together):
        return after
    await outbox.carry_inline(tx, conversation_id, window_id, [posted.message_id], None)
    return together
