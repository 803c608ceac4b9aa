"""What many people on messengers say at the same moment, stored in one statement: one commit for all of them.

Only what is new and plain is taken here: words, choices, places. A repeat, or somebody whose conversation another transaction holds at that moment, is
left out, and its caller writes it alone with :func:`conversation.visitors.accept`; so nobody waits for somebody else's locks.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from conversation.schemas import Inbound, ReplyWindow
from conversation.service import BODY, content_of, fingerprint_of, look_of
from conversation.visitors import ADDRESS, Arrived, visitor_hash
from conversation.windows import TOKEN
from core.crypto import Cipher, hash_token, new_token
from core.db import Connection

#: The joins of one statement grow with the square of what it stores: more are several statements in one exchange and one transaction.
AT_ONCE = 64
#: Columns of a row, in the order of ``unnest`` below, with their types.
_COLUMNS = {
    "new_id": "text",
    "channel": "text",
    "visitor": "text",
    "address": "bytea",
    "token_hash": "bytea",
    "language": "text",
    "event_id": "text",
    "kind": "text",
    "body": "bytea",
    "fingerprint": "bytea",
    "platform_id": "text",
    "first_look": "smallint",
    "deadline": "timestamptz",
    "single_use": "boolean",
    "fallback": "text",
    "window_token": "bytea",
    "messages_left": "integer",
    "inline_until": "timestamptz",
}


@dataclass(frozen=True)
class Waiting:
    """An inbound with everything sealed, ready to be written. Of one person, one at a time may be written: their order is the caller's."""

    channel: str
    visitor: str
    event_id: str
    values: tuple[Any, ...] = field(repr=False)


def is_plain(inbound: Inbound) -> bool:
    """Whether an inbound may be written here: nothing else has to be written with it."""
    return inbound.kind.value != "danger" and not inbound.attachments


def prepare(cipher: Cipher, inbound: Inbound, window: ReplyWindow | None, *, language: str = "ko", look: int | None = None) -> Waiting:
    """Seal an inbound and its reply window, where it has one that ends; ``look`` is its first look, where that has been taken already."""
    content, visitor = content_of(inbound), visitor_hash(cipher, inbound.channel, inbound.visitor)
    deadline: datetime | None = window.deadline if window is not None else None
    opened = window if deadline is not None else None
    values = (
        secrets.token_urlsafe(12),
        inbound.channel,
        visitor,
        cipher.seal(inbound.visitor, ADDRESS),
        hash_token(new_token()),  # nobody knows it: a messenger's conversation cannot be read as a web chat
        language,
        inbound.event_id,
        inbound.kind.value,
        cipher.seal(content, BODY),
        fingerprint_of(cipher, inbound, content),
        inbound.platform_id,
        int(look_of(inbound) if look is None else look),
        deadline,
        opened.single_use if opened else None,
        opened.fallback if opened else None,
        cipher.seal(opened.token, TOKEN) if opened and opened.token else None,
        opened.messages if opened else None,
        opened.inline_until if opened else None,
    )
    return Waiting(inbound.channel, visitor, inbound.event_id, values)


#: Whoever waits for the answer hears of it at once (``events``); that somebody has spoken is an echo to the request that brought it.
#: A new database is planned for as long as it knows no better as if its tables were empty, and a flood makes them grow by the second: each look is so written
#: (LATERAL with a LIMIT) that it goes through an index whatever the planner believes. Read through, 64 messages cost the server 190 ms of processor once
#: 6,000 were there, and so they cost 8.
_STORE = f"""
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest({", ".join(f"%s::{kind}[]" for kind in _COLUMNS.values())}) WITH ORDINALITY AS a({", ".join(_COLUMNS)}, place)
    LEFT JOIN LATERAL (SELECT true AS is_repeat FROM inbox i WHERE i.channel = a.channel AND i.event_id = a.event_id LIMIT 1) AS before ON true
    WHERE before.is_repeat IS NULL
), open AS MATERIALIZED (
    SELECT a.place FROM asked a CROSS JOIN LATERAL (
        SELECT id FROM conversations WHERE channel = a.channel AND visitor = a.visitor AND status = 'open' AND visitor <> '' LIMIT 1
    ) AS c
), standing AS MATERIALIZED (
    SELECT a.place, c.id FROM open JOIN asked a USING (place) CROSS JOIN LATERAL (
        SELECT id FROM conversations WHERE channel = a.channel AND visitor = a.visitor AND status = 'open' AND visitor <> ''
        LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS c
), raised AS (
    UPDATE conversations c SET last_seq = c.last_seq + 1, last_inbound_at = now() FROM standing s WHERE c.id = s.id
    RETURNING s.place, c.id, c.last_seq, c.owner_kind, c.code_word
), opened AS (
    INSERT INTO conversations (id, channel, visitor, address, token_hash, language, last_seq, last_inbound_at, guarded_at, guarded_why, code_word,
                               hushed_at)
    SELECT a.new_id, a.channel, a.visitor, a.address, a.token_hash, a.language, 1, now(), b.guarded_at, COALESCE(b.guarded_why, ''), b.code_word,
           b.hushed_at
    FROM asked a LEFT JOIN LATERAL (
        SELECT guarded_at, guarded_why, code_word, hushed_at FROM conversations p WHERE p.channel = a.channel AND p.visitor = a.visitor AND p.visitor <> ''
        ORDER BY p.created_at DESC LIMIT 1
    ) AS b ON true
    WHERE NOT EXISTS (SELECT 1 FROM open o WHERE o.place = a.place)
    ON CONFLICT DO NOTHING
    RETURNING id, last_seq, owner_kind, code_word
), talk AS (
    SELECT place, id, last_seq, owner_kind, code_word, true AS is_standing FROM raised
    UNION ALL SELECT a.place, o.id, o.last_seq, o.owner_kind, o.code_word, false FROM opened o JOIN asked a ON a.new_id = o.id
), message AS (
    INSERT INTO messages (conversation_id, seq, author_kind, kind, body)
    SELECT t.id, t.last_seq, 'citizen', a.kind, a.body FROM talk t JOIN asked a USING (place) ORDER BY place
    RETURNING id, conversation_id, seq
), accepted AS (
    INSERT INTO inbox (message_id, conversation_id, seq, channel, event_id, fingerprint, platform_id, first_look)
    SELECT m.id, m.conversation_id, m.seq, a.channel, a.event_id, a.fingerprint, NULLIF(a.platform_id, ''),
           GREATEST(a.first_look, CASE WHEN t.code_word IS NULL THEN 0 ELSE 3 END)  -- with an agreed word any message may be a call for help
    FROM message m JOIN talk t ON t.id = m.conversation_id JOIN asked a USING (place)
), counted AS (
    UPDATE reply_windows w SET deadline = LEAST(w.deadline, clock_timestamp()) FROM talk t JOIN asked a USING (place)
    WHERE w.conversation_id = t.id AND t.is_standing AND a.messages_left IS NOT NULL
      AND w.messages_left IS NOT NULL AND w.fallback = a.fallback AND NOT w.single_use
), kept AS (
    INSERT INTO reply_windows (conversation_id, message_id, deadline, single_use, fallback, token, messages_left, inline_until)
    SELECT m.conversation_id, m.id, a.deadline, a.single_use, a.fallback, a.window_token, a.messages_left, a.inline_until
    FROM message m JOIN talk t ON t.id = m.conversation_id JOIN asked a USING (place) WHERE a.deadline IS NOT NULL
    RETURNING id, conversation_id
), woken AS (
    UPDATE outbox SET next_attempt_at = clock_timestamp() WHERE NOT in_doubt AND state NOT IN ('sending', 'sent', 'dead') AND message_id = ANY (ARRAY(
        SELECT o.message_id FROM talk t JOIN asked a USING (place) CROSS JOIN LATERAL (
            SELECT message_id, last_error FROM outbox WHERE conversation_id = t.id AND state IN ('pending', 'sending') OFFSET 0
        ) AS o WHERE t.is_standing AND (a.deadline IS NOT NULL OR o.last_error = 'no_window')))
), grown AS (
    INSERT INTO streams (name, last_seq) SELECT 'conversation:' || m.conversation_id, 1 FROM message m ORDER BY 1
    ON CONFLICT (name) DO UPDATE SET last_seq = streams.last_seq + 1
    RETURNING name, last_seq
), told AS (
    INSERT INTO events (stream, seq, kind, payload)
    SELECT g.name, g.last_seq, 'message', jsonb_build_object('message_id', m.id, 'seq', m.seq)
    FROM grown g JOIN message m ON g.name = 'conversation:' || m.conversation_id
)
SELECT t.place, m.id, m.seq, m.conversation_id, t.owner_kind, k.id AS window_id, pg_notify('echoes', 'conversation:' || m.conversation_id),
       (SELECT pg_notify('inbox', min(id)::text) FROM message)
FROM message m JOIN talk t ON t.id = m.conversation_id LEFT JOIN kept k ON k.conversation_id = m.conversation_id
"""  # noqa: S608  (constants)


async def store(connection: Connection, waiting: Sequence[Waiting]) -> dict[int, Arrived]:
    """Write them, each of another person, in one exchange, which in autocommit is one transaction.

    What was written, by place in ``waiting``. Any other is to be written alone.
    """
    starts = range(0, len(waiting), AT_ONCE)
    async with contextlib.AsyncExitStack() as one:
        if len(starts) > 1:
            await one.enter_async_context(connection.pipeline())
            await one.enter_async_context(connection.transaction())
        cursors = [await connection.execute(_STORE, _columns_of(waiting[start : start + AT_ONCE]), prepare=True) for start in starts]
    return {
        start + row["place"] - 1: Arrived(row["conversation_id"], row["id"], row["seq"], False, row["owner_kind"], row["window_id"])
        for start, cursor in zip(starts, cursors, strict=True)
        for row in await cursor.fetchall()
    }


def _columns_of(waiting: Sequence[Waiting]) -> list[list[Any]]:
    return [list(column) for column in zip(*(one.values for one in waiting), strict=True)]
