"""People on messengers: found by a keyed hash of the platform's id, addressed by the id itself, which is sealed.

Each has one open conversation at most; the first message after it was closed opens another.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg.errors import UniqueViolation

from conversation import windows
from conversation.files import service as files
from conversation.schemas import Inbound, ReplyWindow
from conversation.service import BODY, content_of, fingerprint_of, look_of, open_body, stream
from core import db as database
from core import events
from core.crypto import Cipher, hash_token, new_token
from core.db import Connection
from core.settings import settings

ADDRESS = "conversations.address"
#: The kind of a line whose writer took it back.
WITHDRAWN = "withdrawn"
#: Choices offered longer ago than this are not meant by a number that is written now.
OFFER_STANDS = timedelta(hours=24)
#: Lines of ours that come beside an answer and ask nothing (what stands before the colon of their kind): the choices before them still stand.
ASIDES = ["platform_notice", "surge", "file_notice"]


@dataclass(frozen=True)
class Arrived:
    """The acknowledgement of a messenger's inbound, and where it went; a repeat gets the same one."""

    conversation_id: str
    message_id: int
    sequence: int
    duplicate: bool
    owner_kind: str
    window_id: int | None = None


def visitor_hash(cipher: Cipher, channel: str, visitor: str) -> str:
    """What a person is looked up by; without the key nobody can tell who it is."""
    return cipher.pseudonym(f"{channel}:{visitor}")


_KNOWN = """
SELECT i.message_id, i.seq, i.conversation_id, c.owner_kind,
       (SELECT w.id FROM reply_windows w WHERE w.conversation_id = i.conversation_id AND w.message_id = i.message_id ORDER BY w.id LIMIT 1) AS window_id
FROM inbox i JOIN conversations c ON c.id = i.conversation_id WHERE i.channel = %s AND i.event_id = %s
"""
_ACCEPT = """
WITH conversation AS (
    INSERT INTO conversations AS c (id, channel, visitor, address, token_hash, language, last_seq, last_inbound_at, guarded_at, guarded_why, code_word,
                                    hushed_at)
    SELECT %(new_id)s, %(channel)s, %(visitor)s, %(address)s, %(token_hash)s, %(language)s, 1, now(),
           before.guarded_at, COALESCE(before.guarded_why, ''), before.code_word, before.hushed_at
    FROM (VALUES (1)) AS one LEFT JOIN (
        SELECT guarded_at, guarded_why, code_word, hushed_at FROM conversations WHERE channel = %(channel)s AND visitor = %(visitor)s
        ORDER BY created_at DESC LIMIT 1
    ) AS before ON true
    WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE channel = %(channel)s AND event_id = %(event_id)s)
    ON CONFLICT (channel, visitor) WHERE status = 'open' AND visitor <> ''
    DO UPDATE SET last_seq = c.last_seq + 1, last_inbound_at = now()
    RETURNING id, last_seq, owner_kind, CASE WHEN code_word IS NULL THEN 0 ELSE 3 END AS has_word
), message AS (
    INSERT INTO messages (conversation_id, seq, author_kind, kind, body)
    SELECT id, last_seq, 'citizen', %(kind)s, %(body)s FROM conversation
    RETURNING id, conversation_id, seq
), accepted AS (
    INSERT INTO inbox (message_id, conversation_id, seq, channel, event_id, fingerprint, platform_id, first_look)
    SELECT message.id, conversation_id, seq, %(channel)s, %(event_id)s, %(fingerprint)s, NULLIF(%(platform_id)s, ''), GREATEST(%(first_look)s, has_word)
    FROM message, conversation
    RETURNING message_id
)
SELECT m.id AS message_id, m.seq, m.conversation_id, c.owner_kind, pg_notify('inbox', m.id::text) FROM message m, conversation c
"""


async def accept(tx: Connection, cipher: Cipher, inbound: Inbound, window: ReplyWindow | None = None, *, language: str = "ko") -> Arrived:
    """Insert a messenger's inbound under its unique ``(channel, event_id)`` into the person's open conversation, or into a new one.

    A repeat changes nothing. Of two copies that arrive at once, the second fails with ``UniqueViolation``: ask again in a new transaction.
    """
    content = content_of(inbound)
    row = await database.one(
        tx,
        _ACCEPT,
        new_id=secrets.token_urlsafe(12),
        channel=inbound.channel,
        visitor=visitor_hash(cipher, inbound.channel, inbound.visitor),
        address=cipher.seal(inbound.visitor, ADDRESS),
        token_hash=hash_token(new_token()),  # nobody knows it: a messenger's conversation cannot be read as a web chat
        language=language,
        event_id=inbound.event_id,
        kind=inbound.kind.value,
        body=cipher.seal(content, BODY),
        fingerprint=fingerprint_of(cipher, inbound, content),
        platform_id=inbound.platform_id,
        first_look=look_of(inbound),
    )
    if row is None:
        known = await database.one(tx, _KNOWN, inbound.channel, inbound.event_id)
        if known is None:
            raise UniqueViolation("the first copy is being written")
        return Arrived(known["conversation_id"], known["message_id"], known["seq"], True, known["owner_kind"], known["window_id"])
    await events.append(tx, stream(row["conversation_id"]), "message", {"message_id": row["message_id"], "seq": row["seq"]})
    if inbound.attachments:
        await files.expect(tx, cipher, inbound.channel, row["conversation_id"], row["message_id"], inbound.attachments, files.kept_for(settings()))
    opened = await windows.keep(tx, cipher, row["conversation_id"], window, row["message_id"]) if window else None
    return Arrived(row["conversation_id"], row["message_id"], row["seq"], False, row["owner_kind"], opened)


async def known(connection: Connection, channel: str, event_id: str) -> bool:
    """Whether this event has been taken."""
    return await database.one(connection, _KNOWN, channel, event_id) is not None


async def find(connection: Connection, cipher: Cipher, channel: str, visitor: str) -> str | None:
    """The person's open conversation."""
    row = await database.one(
        connection, "SELECT id FROM conversations WHERE channel = %s AND visitor = %s AND status = 'open'", channel, visitor_hash(cipher, channel, visitor)
    )
    return str(row["id"]) if row else None


async def find_or_open(tx: Connection, cipher: Cipher, channel: str, visitor: str, *, language: str = "ko") -> str:
    """The person's open conversation, or a new one, in one statement."""
    row = await database.one(
        tx,
        """INSERT INTO conversations AS c (id, channel, visitor, address, token_hash, language, guarded_at, guarded_why, code_word, hushed_at)
           SELECT %(id)s, %(channel)s, %(visitor)s, %(address)s, %(token_hash)s, %(language)s,
                  before.guarded_at, COALESCE(before.guarded_why, ''), before.code_word, before.hushed_at
           FROM (VALUES (1)) AS one LEFT JOIN (
               SELECT guarded_at, guarded_why, code_word, hushed_at FROM conversations WHERE channel = %(channel)s AND visitor = %(visitor)s
        ORDER BY created_at DESC LIMIT 1
           ) AS before ON true
           ON CONFLICT (channel, visitor) WHERE status = 'open' AND visitor <> '' DO UPDATE SET visitor = c.visitor RETURNING id""",
        id=secrets.token_urlsafe(12),
        channel=channel,
        visitor=visitor_hash(cipher, channel, visitor),
        address=cipher.seal(visitor, ADDRESS),
        token_hash=hash_token(new_token()),
        language=language,
    )
    assert row is not None  # noqa: S101  (an upsert with RETURNING gives a row)
    return str(row["id"])


async def last_offer(connection: Connection, cipher: Cipher, conversation_id: str) -> dict[str, Any]:
    """The body of the newest line that is no aside, if it is ours and offers choices: what a number or a title may answer."""
    row = await database.one(
        connection,
        """SELECT author_kind, body FROM messages WHERE conversation_id = %s AND split_part(kind, ':', 1) <> ALL (%s) AND created_at > now() - %s
           ORDER BY seq DESC LIMIT 1""",
        conversation_id,
        ASIDES,
        OFFER_STANDS,
    )
    return open_body(cipher, row["body"]) if row and row["author_kind"] in ("bot", "system") else {}


_OFFERS = """
SELECT a.place, m.body FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS a(channel, visitor, place)
CROSS JOIN LATERAL (SELECT id FROM conversations WHERE channel = a.channel AND visitor = a.visitor AND status = 'open' AND visitor <> '' LIMIT 1) AS c
CROSS JOIN LATERAL (
    SELECT author_kind, body, created_at FROM messages WHERE conversation_id = c.id AND split_part(kind, ':', 1) <> ALL (%s::text[]) ORDER BY seq DESC LIMIT 1
) AS m
WHERE m.author_kind IN ('bot', 'system') AND m.created_at > now() - %s::interval
"""


async def offers_to(connection: Connection, people: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """The same for many people (channel, :func:`visitor_hash`) in one statement, sealed; those to whom nothing of ours was said last are left out."""
    found = await database.rows(connection, _OFFERS, [channel for channel, _ in people], [visitor for _, visitor in people], ASIDES, OFFER_STANDS)
    return {people[row["place"] - 1]: row["body"] for row in found}


async def withdraw(tx: Connection, channel: str, platform_id: str) -> bool:
    """Note that a message was taken back by its writer; it is erased by :func:`erase_withdrawn` once triage has read it."""
    marked = await database.run(
        tx,
        """UPDATE inbox i SET withdrawn_at = now() FROM messages m
           WHERE m.id = i.message_id AND i.channel = %s AND i.platform_id = %s AND i.withdrawn_at IS NULL AND m.kind <> %s""",
        channel,
        platform_id,
        WITHDRAWN,
    )
    return marked > 0


async def erase_withdrawn(tx: Connection, cipher: Cipher, limit: int = 50) -> int:
    """Erase what was taken back, but never before triage has looked for danger in it; the line stays, empty, and says so."""
    found = await database.rows(
        tx,
        """SELECT m.id, m.seq, m.conversation_id FROM inbox i JOIN messages m ON m.id = i.message_id
           WHERE i.withdrawn_at IS NOT NULL AND i.triage_state <> 'pending' AND i.turn_state NOT IN ('pending', 'held')
           ORDER BY i.withdrawn_at LIMIT %s FOR UPDATE OF m SKIP LOCKED""",
        limit,
    )
    for row in found:
        blank = json.dumps({"text": "", "withdrawn": True})
        await database.run(tx, "UPDATE messages SET kind = %s, body = %s WHERE id = %s", WITHDRAWN, cipher.seal(blank, BODY), row["id"])
        await database.run(tx, "UPDATE inbox SET withdrawn_at = NULL WHERE message_id = %s", row["id"])
        await files.erase_of_messages(tx, [row["id"]])
        await events.append(tx, stream(row["conversation_id"]), "withdrawn", {"message_id": row["id"], "seq": row["seq"]})
    return len(found)
