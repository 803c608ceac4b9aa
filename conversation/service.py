"""Accept, answer, take over, hand back: every way in which a message changes hands.

The functions take the caller's open transaction and never commit, so that a danger's case, its first reply and its queue entry are one
transaction. Who may write is a condition of the statement that writes.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from psycopg.errors import UniqueViolation

from conversation import guarding
from conversation.schemas import Accepted, AuthorKind, Body, Inbound, InboundKind, Line, News, NotOwner, Posted
from core import db as database
from core import events
from core.crypto import Cipher, hash_token, new_token
from core.db import Connection
from core.errors import AppError
from language.first_look import FirstLook, first_look

BODY = "messages.body"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def stream(conversation_id: str) -> str:
    """The event stream that a citizen's page follows."""
    return f"conversation:{conversation_id}"


async def start(
    tx: Connection,
    channel: str,
    *,
    visitor: str = "",
    language: str = "ko",
    synthetic: bool = False,
    after: tuple[str, str] | None = None,
    by_ticket: bool = True,
) -> tuple[str, str]:
    """Open a conversation; returns its id and the bearer token, which is stored only as a hash.

    ``after``: id and token of an older one of the same person, whose mark and code word hold here too; a wrong token brings nothing and says nothing.
    ``by_ticket``: once somebody else may hold the device, the token alone reads nothing of what was written before.
    """
    conversation_id, token = secrets.token_urlsafe(12), new_token()
    before_id, before_token = after or ("", "")
    await database.run(
        tx,
        """INSERT INTO conversations (id, channel, visitor, token_hash, language, synthetic, guarded_at, guarded_why, code_word, hushed_at, by_ticket)
           SELECT %s, %s, %s, %s, %s, %s, b.guarded_at, COALESCE(b.guarded_why, ''), b.code_word, b.hushed_at, %s
           FROM (VALUES (1)) AS one LEFT JOIN conversations b ON b.id = %s AND b.token_hash = %s""",
        conversation_id,
        channel,
        visitor,
        hash_token(token),
        language,
        synthetic,
        by_ticket,
        before_id if _ID.fullmatch(before_id) else "",
        hash_token(before_token),
    )
    return conversation_id, token


async def get(connection: Connection, conversation_id: str, *, lock: bool = False) -> dict[str, Any]:
    """The conversation's row, locked for the rest of the transaction if asked.

    Raises:
        AppError: ``unknown_conversation``.
    """
    if not _ID.fullmatch(conversation_id):
        raise AppError("unknown_conversation")
    row = await database.one(connection, f"SELECT * FROM conversations WHERE id = %s {'FOR UPDATE' if lock else ''}", conversation_id)  # noqa: S608
    if row is None:
        raise AppError("unknown_conversation")
    return row


async def check_token(connection: Connection, conversation_id: str, token: str, *, lock: bool = False) -> dict[str, Any]:
    """The conversation's row, if the token is its own.

    One statement for all: whoever has no right learns neither from the answer nor from the time whether there is such a conversation.

    Raises:
        AppError: ``bad_token``.
    """
    row = await database.one(
        connection,
        f"SELECT * FROM conversations WHERE id = %s AND token_hash = %s {'FOR UPDATE' if lock else ''}",  # noqa: S608
        conversation_id if _ID.fullmatch(conversation_id) else "",
        hash_token(token),
    )
    if row is None:
        raise AppError("bad_token")
    return row


def content_of(inbound: Inbound) -> str:
    """What is sealed of an inbound; fields that few channels have stand in it only where they are filled."""
    content: dict[str, Any] = {"text": inbound.text, "choice": inbound.choice, "location": asdict(inbound.location) if inbound.location else None}
    if inbound.attachments:
        content["attachments"] = [asdict(attachment) for attachment in inbound.attachments]
    if inbound.sticker:
        content["sticker"] = inbound.sticker
    return json.dumps(content, ensure_ascii=False, default=str)


def fingerprint_of(cipher: Cipher, inbound: Inbound, content: str) -> bytes:
    """Tells a repeat from a clash; keyed, so that a stolen table cannot be searched for a known sentence."""
    return hashlib.sha256(cipher.pseudonym_key + f"{inbound.conversation_id}|{inbound.kind}|{content}".encode()).digest()


def look_of(inbound: Inbound) -> int:
    """Where an inbound stands among those that wait for triage: an answer about danger before words, words by what they look like."""
    if inbound.kind is InboundKind.DANGER or inbound.choice.startswith("danger:"):
        return FirstLook.CALLED
    return FirstLook.CALM if inbound.choice else first_look(inbound.text)


# ``has_word``: with an agreed word any message may be a call for help, and is read as early as one that looks alarming.
_ACCEPT = """
WITH known AS (
    SELECT message_id, seq, fingerprint FROM inbox WHERE channel = %(channel)s AND event_id = %(event_id)s
), conversation AS (
    UPDATE conversations SET last_seq = last_seq + 1, last_inbound_at = now()
    WHERE id = %(conversation_id)s AND status = 'open' AND NOT EXISTS (SELECT 1 FROM known)
    RETURNING id, last_seq, CASE WHEN code_word IS NULL THEN 0 ELSE 3 END AS has_word
), message AS (
    INSERT INTO messages (conversation_id, seq, author_kind, kind, body)
    SELECT id, last_seq, 'citizen', %(kind)s, %(body)s FROM conversation
    RETURNING id, conversation_id, seq
), accepted AS (
    INSERT INTO inbox (message_id, conversation_id, seq, channel, event_id, fingerprint, first_look)
    SELECT message.id, conversation_id, seq, %(channel)s, %(event_id)s, %(fingerprint)s, GREATEST(%(first_look)s, has_word) FROM message, conversation
    RETURNING message_id, seq
)
SELECT message_id, seq, false AS duplicate, NULL::bytea AS fingerprint, pg_notify('inbox', message_id::text) FROM accepted
UNION ALL
SELECT message_id, seq, true, fingerprint, NULL FROM known
"""


#: The same as the statements of ``accept`` in one, for a message that is new and allowed; any other finds nothing to write here.
_ACCEPT_NEW = f"""
WITH conversation AS (
    UPDATE conversations SET last_seq = last_seq + 1, last_inbound_at = now()
    WHERE id = %(conversation_id)s AND status = 'open' AND token_hash = %(token_hash)s
      AND NOT EXISTS (SELECT 1 FROM inbox WHERE channel = %(channel)s AND event_id = %(event_id)s)
    RETURNING id, last_seq, CASE WHEN code_word IS NULL THEN 0 ELSE 3 END AS has_word
), message AS (
    INSERT INTO messages (conversation_id, seq, author_kind, kind, body)
    SELECT id, last_seq, 'citizen', %(kind)s, %(body)s FROM conversation
    RETURNING id, conversation_id, seq
), accepted AS (
    INSERT INTO inbox (message_id, conversation_id, seq, channel, event_id, fingerprint, first_look)
    SELECT message.id, conversation_id, seq, %(channel)s, %(event_id)s, %(fingerprint)s, GREATEST(%(first_look)s, has_word) FROM message, conversation
), news AS (
    SELECT 1 AS place, 'message' AS kind, jsonb_build_object('message_id', id, 'seq', seq) AS payload FROM message
), {events.APPENDED}
SELECT id, seq, pg_notify('inbox', id::text), ({events.ECHOED}) FROM message
"""  # noqa: S608  (constants)


async def accept_new(connection: Connection, cipher: Cipher, inbound: Inbound, *, token: str) -> Accepted | None:
    """Insert an inbound in one statement, which is its own transaction on a connection in autocommit; None if anything is unusual about it.

    Then nothing was written, and ``accept`` tells what it is: a repeat, another's token, a conversation that is closed or unknown. Two copies
    that arrive at once are told apart by the unique key.
    """
    if not _ID.fullmatch(inbound.conversation_id):
        return None
    content = content_of(inbound)
    try:
        row = await database.one(
            connection,
            _ACCEPT_NEW,
            conversation_id=inbound.conversation_id,
            token_hash=hash_token(token),
            channel=inbound.channel,
            event_id=inbound.event_id,
            kind=inbound.kind.value,
            body=cipher.seal(content, BODY),
            fingerprint=fingerprint_of(cipher, inbound, content),
            first_look=look_of(inbound),
            stream=stream(inbound.conversation_id),
        )
    except UniqueViolation:
        return None
    return Accepted(row["id"], row["seq"], duplicate=False) if row else None


async def accept(tx: Connection, cipher: Cipher, inbound: Inbound, *, token: str | None = None) -> Accepted:
    """Insert an inbound under its unique ``(channel, event_id)``; a repeat gets the first one's sequence.

    The conversation's row is locked first: of two copies that arrive at once, the second sees the first. With ``token``, it must be the
    conversation's own.

    Raises:
        AppError: ``unknown_conversation`` without ``token``, ``bad_token``, ``conversation_closed``, or ``client_id_reused`` for the same id with other
            content.
    """
    if token is None:
        await get(tx, inbound.conversation_id, lock=True)
    else:
        await check_token(tx, inbound.conversation_id, token, lock=True)
    content = content_of(inbound)
    fingerprint = fingerprint_of(cipher, inbound, content)
    accepted = await database.one(
        tx,
        _ACCEPT,
        channel=inbound.channel,
        event_id=inbound.event_id,
        conversation_id=inbound.conversation_id,
        kind=inbound.kind.value,
        body=cipher.seal(content, BODY),
        fingerprint=fingerprint,
        first_look=look_of(inbound),
    )
    if accepted is None:
        raise AppError("conversation_closed")
    if accepted["duplicate"]:
        if bytes(accepted["fingerprint"]) != fingerprint:
            raise AppError("client_id_reused")
        return Accepted(accepted["message_id"], accepted["seq"], duplicate=True)
    await events.append(tx, stream(inbound.conversation_id), "message", {"message_id": accepted["message_id"], "seq": accepted["seq"]})
    return Accepted(accepted["message_id"], accepted["seq"], duplicate=False)


_REPLY = """
WITH conversation AS (
    UPDATE conversations SET last_seq = last_seq + 1
    WHERE id = %(conversation_id)s AND status = 'open'
      AND NOT EXISTS (SELECT 1 FROM outbox WHERE conversation_id = %(conversation_id)s AND client_id = %(client_id)s)
      AND CASE %(author_kind)s
            WHEN 'system' THEN true
            WHEN 'bot' THEN owner_kind = 'bot'
            ELSE (owner_kind = 'agent' AND owner_id = %(author_id)s)
                 OR EXISTS (SELECT 1 FROM participants p WHERE p.conversation_id = conversations.id AND p.staff_id = %(author_id)s)
          END
    RETURNING id, channel, last_seq, synthetic
), message AS (
    INSERT INTO messages (conversation_id, seq, author_kind, author_id, kind, body)
    SELECT id, last_seq, %(author_kind)s, %(author_id)s, %(kind)s, %(body)s FROM conversation
    RETURNING id, conversation_id, seq
)
INSERT INTO outbox (message_id, conversation_id, channel, client_id, in_reply_to, policy, state, sent_at)
SELECT message.id, message.conversation_id, conversation.channel, %(client_id)s, %(in_reply_to)s, %(policy)s,
       CASE WHEN conversation.channel = 'webchat' OR conversation.synthetic THEN 'sent' ELSE 'pending' END,
       CASE WHEN conversation.channel = 'webchat' OR conversation.synthetic THEN now() END
FROM message, conversation
RETURNING message_id, (SELECT seq FROM message) AS seq, channel
"""


async def reply(
    tx: Connection,
    cipher: Cipher,
    conversation_id: str,
    author: AuthorKind,
    body: Body,
    *,
    client_id: str,
    author_id: int | None = None,
    in_reply_to: int | None = None,
    policy: str = "at_most_once",
) -> Posted | NotOwner:
    """Write an outbound, if its author may write at this moment.

    The bot may only while it owns the conversation; staff only as owner or participant; the system (waiting notices, closing words)
    always. On the web chat the event is the delivery, and in a drill on any channel; other rows are picked up by the sender. The same ``client_id`` again
    returns the line that was written the first time.
    """
    # Of two copies that arrive at once, the second must see the first: the statement below has a newer snapshot than the lock's.
    await database.run(tx, "SELECT 1 FROM conversations WHERE id = %s FOR UPDATE", conversation_id)
    row = await database.one(
        tx,
        _REPLY,
        conversation_id=conversation_id,
        client_id=client_id,
        author_kind=author.value,
        author_id=author_id,
        kind=body.kind,
        body=cipher.seal(body.to_json(), BODY),
        in_reply_to=in_reply_to,
        policy=policy,
    )
    if row is None:
        known = await database.one(
            tx,
            "SELECT m.id, m.seq FROM outbox o JOIN messages m ON m.id = o.message_id WHERE o.conversation_id = %s AND o.client_id = %s",
            conversation_id,
            client_id,
        )
        return Posted(known["id"], known["seq"]) if known else NotOwner()
    await events.append(tx, stream(conversation_id), "message", {"message_id": row["message_id"], "seq": row["seq"]})
    if row["channel"] != "webchat":
        await database.run(tx, "SELECT pg_notify('outbox', %s)", str(row["message_id"]))
    return Posted(row["message_id"], row["seq"])


async def is_written(connection: Connection, conversation_id: str, client_id: str) -> bool:
    """Whether an outbound with this id has been stored, although its writer may not have heard so."""
    found = await database.one(connection, "SELECT 1 FROM outbox WHERE conversation_id = %s AND client_id = %s", conversation_id, client_id)
    return found is not None


#: The advisory lock of whoever composes a conversation's answer, held by a session, so that it dies with its holder.
TURN_LOCK = "hashtextextended(%(conversation_id)s, 1)"
#: What an answer leaves known: the dialogue tells a country only where the citizen has said to be there (Korea is where one comes from).
_LEARNT = """country = COALESCE(%(country)s::text, country), country_said = country_said OR COALESCE(%(country)s::text <> 'KR', false),
           dialogue = COALESCE(%(dialogue)s, dialogue)"""
#: The conversation before the inbound, as whoever takes over locks them. That the bot still owns it is checked on the locked row.
#: The sealed lines go in binary form (``b``): as text each byte is written as two letters and each line quoted again.
_ANSWER = f"""
WITH owned AS (
    SELECT id FROM conversations WHERE id = %(conversation_id)s AND status = 'open' AND owner_kind = 'bot' FOR UPDATE
), turned AS (
    UPDATE inbox SET turn_state = 'answered', turned_at = clock_timestamp()
    WHERE message_id = %(message_id)s AND turn_state = 'pending' AND EXISTS (SELECT 1 FROM owned)
    RETURNING conversation_id
), conversation AS (
    UPDATE conversations SET last_seq = last_seq + cardinality(%(bodies)b::bytea[]), {_LEARNT}
    WHERE id = (SELECT conversation_id FROM turned)
    RETURNING id, channel, synthetic, last_seq - cardinality(%(bodies)b::bytea[]) AS before
), said AS (
    SELECT c.id, c.channel, c.channel = 'webchat' OR c.synthetic AS is_sent, c.before + b.place AS seq, b.* FROM conversation c,
           unnest(%(kinds)s::text[], %(bodies)b::bytea[]) WITH ORDINALITY AS b(kind, body, place)
), message AS (
    INSERT INTO messages (conversation_id, seq, author_kind, kind, body) SELECT id, seq, 'bot', kind, body FROM said
    RETURNING id, conversation_id, seq
), sent AS (
    INSERT INTO outbox (message_id, conversation_id, channel, client_id, in_reply_to, policy, state, sent_at)
    SELECT m.id, m.conversation_id, s.channel, %(client_id)s || '-' || (s.place - 1), %(message_id)s, 'at_most_once',
           CASE WHEN s.is_sent THEN 'sent' ELSE 'pending' END, CASE WHEN s.is_sent THEN now() END
    FROM message m JOIN said s ON s.seq = m.seq
    RETURNING message_id, channel
), news AS (
    SELECT s.place, 'message' AS kind, jsonb_build_object('message_id', m.id, 'seq', m.seq) AS payload FROM message m JOIN said s ON s.seq = m.seq
), {events.APPENDED}
SELECT count(*) AS lines, count(pg_notify('outbox', message_id::text)) FILTER (WHERE channel <> 'webchat'), ({events.ANNOUNCED}),
       CASE WHEN count(*) > 0 AND %(lets_go)s THEN pg_advisory_unlock({TURN_LOCK}) END FROM sent
"""  # noqa: S608  (constants)


async def answer(
    connection: Connection,
    cipher: Cipher,
    conversation_id: str,
    message_id: int,
    bodies: Sequence[Body],
    *,
    country: str | None = None,
    dialogue: bytes | None = None,
    lets_go: bool = False,
) -> bool:
    """Write the bot's answer to an inbound and mark that as answered, in one statement, which in autocommit is its own transaction.

    False if the bot does not own the conversation at that moment, or the inbound waits no longer; then nothing was written. ``country`` (where the
    citizen says to be) and ``dialogue`` (sealed) replace what the conversation knows, where given. ``lets_go``: the session holds :data:`TURN_LOCK`, and no
    longer once this is written. Whoever takes it just before this commits finds the inbound answered when it writes.
    """
    row = await database.one(
        connection,
        _ANSWER,
        conversation_id=conversation_id,
        message_id=message_id,
        kinds=[body.kind for body in bodies],
        bodies=[cipher.seal(body.to_json(), BODY) for body in bodies],
        client_id=f"turn-{message_id}",
        country=country,
        dialogue=dialogue,
        stream=stream(conversation_id),
        lets_go=lets_go,
    )
    return bool(row and row["lines"])


async def learn(tx: Connection, conversation_id: str, *, country: str | None = None, dialogue: bytes | None = None) -> None:
    """Keep what a turn has learnt, as :func:`answer` does: where the citizen says to be, and how the dialogue stands (sealed)."""
    statement = f"UPDATE conversations SET {_LEARNT} WHERE id = %(conversation_id)s"  # noqa: S608  (a constant)
    await database.run(tx, statement, conversation_id=conversation_id, country=country, dialogue=dialogue)


async def take_over(tx: Connection, conversation_id: str, staff_id: int) -> bool:
    """Give the conversation to a person; False if another person has it or it is closed. The handoff's claim calls this in its transaction."""
    changed = await database.run(
        tx,
        """UPDATE conversations SET owner_kind = 'agent', owner_id = %s
           WHERE id = %s AND status = 'open' AND (owner_kind = 'bot' OR owner_id = %s)""",
        staff_id,
        conversation_id,
        staff_id,
    )
    if changed:
        # What the bot had not answered yet now waits for the person.
        await database.run(
            tx, "UPDATE inbox SET turn_state = 'to_person', turned_at = now() WHERE conversation_id = %s AND turn_state IN ('pending', 'held')", conversation_id
        )
        await events.append(tx, stream(conversation_id), "owner", {"owner": "agent"})
    return changed > 0


async def hand_back(tx: Connection, conversation_id: str, staff_id: int, heightened_until: datetime | None = None) -> bool:
    """Return the conversation to the bot; only its owner can. Until ``heightened_until`` triage stays more alert."""
    changed = await database.run(
        tx,
        """UPDATE conversations SET owner_kind = 'bot', owner_id = NULL, heightened_until = COALESCE(%s, heightened_until)
           WHERE id = %s AND owner_kind = 'agent' AND owner_id = %s""",
        heightened_until,
        conversation_id,
        staff_id,
    )
    if changed:
        await events.append(tx, stream(conversation_id), "owner", {"owner": "bot"})
    return changed > 0


async def close(tx: Connection, conversation_id: str) -> bool:
    """End a conversation; later messages to it are refused with ``conversation_closed``."""
    changed = await database.run(
        tx,
        "UPDATE conversations SET status = 'closed', closed_at = now(), owner_kind = 'bot', owner_id = NULL WHERE id = %s AND status = 'open'",
        conversation_id,
    )
    if changed:
        await database.run(
            tx, "UPDATE inbox SET turn_state = 'dropped', turned_at = now() WHERE conversation_id = %s AND turn_state IN ('pending', 'held')", conversation_id
        )
        await events.append(tx, stream(conversation_id), "closed", {})
    return changed > 0


async def mark_read(tx: Connection, conversation_id: str, by: str, seq: int) -> None:
    """Move a read mark forward (``by`` is ``citizen`` or ``person``) and tell the other side."""
    column = {"citizen": "read_by_citizen", "person": "read_by_person"}[by]
    moved = await database.one(
        tx,
        f"""UPDATE conversations SET {column} = LEAST(%s, last_seq) WHERE id = %s AND {column} < LEAST(%s, last_seq)
            RETURNING {column} AS seq""",  # noqa: S608  (column is from a closed list)
        seq,
        conversation_id,
        seq,
    )
    if moved is not None:
        await events.append(tx, stream(conversation_id), "read", {"by": by, "seq": moved["seq"]})


async def news(connection: Connection, cipher: Cipher, conversation_id: str, after: int, limit: int = events.PAGE) -> list[News]:
    """What a citizen's page has not seen: events above ``after`` in order, each with the line it tells of."""
    found = await database.rows(
        connection,
        """SELECT e.seq AS event_seq, e.kind AS event_kind, e.payload, e.created_at AS event_at, m.*, i.urgency, i.event_id,
                  c.guarded_at IS NOT NULL AS is_guarded, c.guarded_at IS NOT NULL AND c.guarded_why <> %s AS fades,
                  COALESCE(e.created_at >= c.hushed_at, false) AS is_hushed,
                  CASE WHEN e.created_at >= c.hushed_at THEN EXISTS (
                      SELECT 1 FROM messages p WHERE p.conversation_id = c.id AND p.author_kind IN ('agent', 'officer') AND p.created_at < c.hushed_at
                  ) ELSE false END AS had_person
           FROM events e LEFT JOIN messages m ON e.kind = 'message' AND m.id = (e.payload->>'message_id')::bigint
                LEFT JOIN inbox i ON i.message_id = m.id LEFT JOIN conversations c ON c.id = %s
           WHERE e.stream = %s AND e.seq > %s ORDER BY e.seq LIMIT %s""",
        guarding.CODE_WORD,
        conversation_id,
        stream(conversation_id),
        after,
        limit,
    )
    return [
        News(
            row["event_seq"],
            row["event_kind"],
            row["payload"],
            row["event_at"],
            _shown(row, cipher) if row["id"] else None,
            is_hidden=row["is_hushed"] and guarding.hides(row["event_kind"], row["payload"]),
            fades=bool(row["fades"]),
        )
        for row in found
    ]


def _shown(row: dict[str, Any], cipher: Cipher) -> Line | None:
    """The line as the citizen's screen may show it; None: not at all."""
    line = _line(row, cipher)
    body = guarding.screened(line.kind, line.body, is_guarded=row["is_guarded"])
    author = guarding.shown_author(line.author_kind, had_person=row["had_person"]) if row["is_hushed"] else line.author_kind
    return None if body is None else replace(line, body=body, author_kind=author)


async def transcript(connection: Connection, cipher: Cipher, conversation_id: str, *, after: int = 0, limit: int = 500) -> list[Line]:
    """Lines with a sequence above ``after``, opened, in order."""
    found = await database.rows(
        connection,
        """SELECT m.*, i.urgency FROM messages m LEFT JOIN inbox i ON i.message_id = m.id
           WHERE m.conversation_id = %s AND m.seq > %s ORDER BY m.seq LIMIT %s""",
        conversation_id,
        after,
        limit,
    )
    return [_line(row, cipher) for row in found]


async def lines(connection: Connection, cipher: Cipher, message_ids: list[int]) -> dict[int, Line]:
    """Some lines by id, opened."""
    if not message_ids:
        return {}
    found = await database.rows(
        connection, "SELECT m.*, i.urgency, i.event_id FROM messages m LEFT JOIN inbox i ON i.message_id = m.id WHERE m.id = ANY(%s)", message_ids
    )
    return {row["id"]: _line(row, cipher) for row in found}


async def lines_of(connection: Connection, cipher: Cipher, conversation_id: str, message_ids: Sequence[int]) -> list[Line]:
    """Some lines of one conversation, opened, in order; those of another are left out."""
    found = await database.rows(
        connection,
        """SELECT m.*, i.urgency FROM messages m LEFT JOIN inbox i ON i.message_id = m.id
           WHERE m.conversation_id = %s AND m.id = ANY(%s) ORDER BY m.seq""",
        conversation_id,
        list(message_ids),
    )
    return [_line(row, cipher) for row in found]


def open_body(cipher: Cipher, blob: bytes) -> dict[str, Any]:
    """The content of ``messages.body``."""
    return dict(json.loads(cipher.open(blob, BODY)))


def _line(row: dict[str, Any], cipher: Cipher) -> Line:
    return Line(
        row["id"],
        row["seq"],
        row["author_kind"],
        row["author_id"],
        row["kind"],
        open_body(cipher, row["body"]),
        row["created_at"],
        row.get("urgency"),
        row.get("event_id"),
    )
