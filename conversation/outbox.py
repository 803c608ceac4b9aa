"""What waits to be sent: claimed per conversation and in order, by one sender at a time, with a lease that ends with a dead sender's claim.

A conversation's oldest unsent row stands for all of them: whoever holds it may send in that conversation, nobody else. So order is kept and
nothing is sent by two at once. Rows of danger are claimed first, and never wait for the patience of those before them.

A drill's rows are never given to anybody: there is no person at the other end, and a platform must not be asked to find one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from conversation import guarding
from conversation.schemas import Body, Button, Phone, SentFile, SourceCard
from conversation.service import open_body, stream
from conversation.visitors import ADDRESS
from core import db as database
from core import events
from core.crypto import Cipher
from core.db import Connection
from core.logging import get
from core.settings import settings

log = get(__name__)
#: Rows of one conversation that a sender takes at once.
ROWS = 20
#: What a response did not hold of a long line follows so much later: by then it is known whether the response went out, or the platform has asked again.
REST_AFTER_S = 5.0


@dataclass(frozen=True)
class Row:
    """A line to be sent, and what is known of earlier tries."""

    message_id: int
    seq: int
    body: Body = field(repr=False)
    policy: str
    attempts: int
    parts_sent: int
    in_doubt: bool
    parcel: UUID | None
    window_id: int | None
    in_reply_to: int | None
    created_at: datetime
    #: The body stands for words that this platform must not carry; see ``bot.channels.contract.Screens``.
    withheld: bool = False
    #: A counsellor or an officer wrote it.
    is_staffs: bool = False
    #: Its words cannot be opened (a lost key, a damaged row): it is given up where the desk sees it, and keeps back nobody else's.
    unreadable: bool = False

    @property
    def is_danger(self) -> bool:
        """Whether it may arrive twice rather than not at all."""
        return self.policy == "at_least_once"


@dataclass(frozen=True)
class Claim:
    """What one sender may send in one conversation, in order, until the lease ends."""

    conversation_id: str
    channel: str
    language: str
    to: str = field(repr=False)
    has_quiet_danger: bool
    rows: tuple[Row, ...]
    #: Whether it may arrive unbidden: not on a telephone that somebody else may hold, unless its owner has just written.
    may_push: bool = True


#: The heads are looked up without locks; whether a head is still free is asked again of the locked row.
_CLAIM = """
WITH heads AS MATERIALIZED (
    SELECT DISTINCT ON (conversation_id) conversation_id, message_id, state, next_attempt_at, lease_until
    FROM outbox WHERE state IN ('pending', 'sending') AND channel = ANY(%(channels)s) ORDER BY conversation_id, message_id
), due AS MATERIALIZED (
    SELECT h.conversation_id, h.message_id, d.is_due IS NOT NULL AS is_danger FROM heads h
    LEFT JOIN LATERAL (
        SELECT bool_or(o.next_attempt_at <= clock_timestamp()) AS is_due FROM outbox o
        WHERE o.conversation_id = h.conversation_id AND o.state = 'pending' AND o.policy = 'at_least_once'
    ) d ON true
    WHERE CASE h.state WHEN 'pending' THEN h.next_attempt_at <= clock_timestamp() OR d.is_due ELSE h.lease_until < clock_timestamp() END
      AND (d.is_due IS NOT NULL OR NOT %(danger_only)s)
      AND NOT EXISTS (SELECT 1 FROM conversations v WHERE v.id = h.conversation_id AND v.synthetic)
      AND NOT EXISTS (SELECT 1 FROM reply_windows w WHERE w.conversation_id = h.conversation_id AND w.inline_until > clock_timestamp())
    ORDER BY is_danger DESC, h.message_id LIMIT %(limit)s
), locked AS (
    SELECT o.message_id, o.conversation_id FROM outbox o JOIN due USING (message_id)
    WHERE o.state = 'pending' OR (o.state = 'sending' AND o.lease_until < clock_timestamp())
    FOR UPDATE OF o SKIP LOCKED
), taken AS (
    SELECT o.message_id FROM locked l CROSS JOIN LATERAL (
        SELECT message_id FROM outbox WHERE conversation_id = l.conversation_id AND state IN ('pending', 'sending') ORDER BY message_id LIMIT %(rows)s
    ) o
)
UPDATE outbox SET state = 'sending', claimed_by = %(by)s, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
FROM taken WHERE outbox.message_id = taken.message_id AND outbox.state IN ('pending', 'sending')
RETURNING outbox.message_id
"""
_SELECT = """
SELECT o.*, m.seq, m.kind, m.body, m.author_kind, m.created_at, c.language, c.address, c.guarded_at IS NOT NULL AS is_guarded,
       c.guarded_at IS NULL OR COALESCE(c.last_inbound_at > clock_timestamp() - make_interval(mins => %(push_minutes)s), false) AS may_push,
       c.guarded_at IS NOT NULL
       OR EXISTS (SELECT 1 FROM inbox i WHERE i.conversation_id = c.id AND i.category = ANY(%(quiet)s)
               AND i.action IN ('ask', 'escalate') AND i.received_at > now() - interval '24 hours') AS has_quiet_danger
FROM outbox o JOIN messages m ON m.id = o.message_id JOIN conversations c ON c.id = o.conversation_id
"""
_ROWS = f"{_SELECT} WHERE o.message_id = ANY(%(ids)s) AND NOT c.synthetic ORDER BY o.conversation_id, o.message_id"
#: What waits in one conversation, locked. One that a sender holds is among the first: nobody sends what came later before it.
_INLINE = f"""
{_SELECT} WHERE o.conversation_id = %(conversation_id)s AND o.state IN ('pending', 'sending') AND NOT c.synthetic
ORDER BY o.message_id LIMIT %(rows)s FOR UPDATE OF o
"""
#: Rows have arrived at the platform in full: marked, and told to whoever looks on, in one statement.
_ARRIVED = f"""
WITH done AS (
    UPDATE outbox o SET state = 'sent', sent_at = clock_timestamp(), in_doubt = false, last_error = NULL, lease_until = NULL,
           claimed_by = COALESCE(%(claimed_by)s, o.claimed_by), window_id = COALESCE(%(window_id)s, o.window_id)
    FROM messages m WHERE m.id = o.message_id AND o.message_id = ANY(%(ids)s)
      AND (%(held_by)s::text IS NULL OR o.state = 'sending' AND o.claimed_by = %(held_by)s::text)
    RETURNING o.message_id, m.seq
), news AS (
    SELECT row_number() OVER (ORDER BY seq) AS place, 'delivered' AS kind, jsonb_build_object('message_id', message_id, 'seq', seq) AS payload FROM done
), {events.APPENDED} {events.ANNOUNCED}
"""  # noqa: S608  (constants)


async def claim(
    tx: Connection, cipher: Cipher, channels: list[str], *, by: str, lease_s: float, limit: int, quiet: list[str], danger_only: bool = False
) -> list[Claim]:
    """Take up to ``limit`` conversations that have something due, danger first or alone; ``quiet`` are the categories where somebody may read along."""
    taken = await database.rows(tx, _CLAIM, channels=channels, limit=limit, danger_only=danger_only, rows=ROWS, by=by, lease_s=lease_s)
    if not taken:
        return []
    found = await database.rows(tx, _ROWS, ids=[row["message_id"] for row in taken], quiet=quiet, push_minutes=settings().guarded_push_minutes)
    return _claims(found, cipher)


def _claims(found: list[dict[str, Any]], cipher: Cipher) -> list[Claim]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        grouped.setdefault(row["conversation_id"], []).append(row)
    claims = [
        Claim(
            conversation_id,
            rows[0]["channel"],
            rows[0]["language"],
            _address(rows[0], cipher),
            rows[0]["has_quiet_danger"],
            tuple(_row(row, cipher) for row in rows),
            rows[0]["may_push"],
        )
        for conversation_id, rows in grouped.items()
    ]
    return sorted(claims, key=lambda claim: (not any(row.is_danger for row in claim.rows), claim.rows[0].message_id))


async def take_inline(tx: Connection, cipher: Cipher, conversation_id: str, *, quiet: list[str]) -> Claim | None:
    """The rows that a waiting request may carry, locked for the caller's transaction; None while a sender is at work in the conversation."""
    found = await database.rows(tx, _INLINE, conversation_id=conversation_id, rows=ROWS, quiet=quiet, push_minutes=settings().guarded_push_minutes)
    if any(row["state"] == "sending" for row in found):
        return None
    return _claims(found, cipher)[0] if found else None


async def sent_inline(connection: Connection, cipher: Cipher, conversation_id: str, window_id: int, *, parts: int, quiet: list[str]) -> Claim | None:
    """What an earlier answer to the same inbound carried, for a platform that asks once more because it did not see that answer.

    ``parts``: so many of a line that is too long for one answer went with it.
    """
    carried = await database.rows(
        connection,
        "SELECT message_id FROM outbox WHERE conversation_id = %s AND window_id = %s AND state IN ('pending', 'sent') AND claimed_by = 'inline'",
        conversation_id,
        window_id,
    )
    ids = [row["message_id"] for row in carried]
    found = await database.rows(connection, _ROWS, ids=ids, quiet=quiet, push_minutes=settings().guarded_push_minutes) if ids else []
    begun = [row | {"parts_sent": row["parts_sent"] - parts} if row["state"] == "pending" else row for row in found]
    return _claims(begun, cipher)[0] if begun else None


async def begin(tx: Connection, by: str, message_ids: list[int], parcel: UUID, window_id: int | None, lease_s: float) -> bool:
    """Write down what is about to be sent, before it is; False if the claim is lost. From here until the outcome is known it is in doubt."""
    changed = await database.run(
        tx,
        """UPDATE outbox SET in_doubt = true, attempts = attempts + 1, parcel = %s, window_id = %s, lease_until = clock_timestamp() + make_interval(secs => %s)
           WHERE message_id = ANY(%s) AND state = 'sending' AND claimed_by = %s""",
        parcel,
        window_id,
        lease_s,
        message_ids,
        by,
    )
    return changed == len(message_ids)


async def sent(tx: Connection, conversation_id: str, by: str, message_ids: list[int]) -> None:
    """These rows have arrived at the platform, in full."""
    await database.run(tx, _ARRIVED, stream=stream(conversation_id), ids=message_ids, held_by=by, claimed_by=None, window_id=None)


async def advance(tx: Connection, by: str, message_id: int, parts: int) -> None:
    """The first ``parts`` messages of a long line have arrived; the rest follow."""
    await database.run(
        tx,
        "UPDATE outbox SET parts_sent = %s, in_doubt = false, parcel = NULL WHERE message_id = %s AND state = 'sending' AND claimed_by = %s",
        parts,
        message_id,
        by,
    )


async def carry_inline(tx: Connection, conversation_id: str, window_id: int, whole: list[int], partly: tuple[int, int] | None) -> None:
    """The answer of the waiting request carries these rows, and so many parts of one more."""
    await database.run(tx, _ARRIVED, stream=stream(conversation_id), ids=whole, held_by=None, claimed_by="inline", window_id=window_id)
    if partly is not None:
        await database.run(
            tx,
            """UPDATE outbox SET parts_sent = %s, in_doubt = false, parcel = NULL, claimed_by = 'inline', window_id = %s,
                      next_attempt_at = clock_timestamp() + make_interval(secs => %s)
               WHERE message_id = %s""",
            partly[1],
            window_id,
            REST_AFTER_S,
            partly[0],
        )


async def put_back(tx: Connection, conversation_id: str, window_id: int) -> None:
    """The answer that was to carry these rows never went out: they are due again, and one that it had begun goes from its beginning."""
    await database.run(
        tx,
        """UPDATE outbox SET state = 'pending', sent_at = NULL, claimed_by = NULL, next_attempt_at = clock_timestamp(),
                  parts_sent = CASE state WHEN 'pending' THEN 0 ELSE parts_sent END
           WHERE conversation_id = %s AND window_id = %s AND state IN ('pending', 'sent') AND claimed_by = 'inline'""",
        conversation_id,
        window_id,
    )


async def postpone(tx: Connection, by: str, message_ids: list[int], reason: str, after_s: float, *, in_doubt: bool) -> None:
    """Give a claim back: these rows are tried again later, and those after them in the conversation with them."""
    await database.run(
        tx,
        """UPDATE outbox SET state = 'pending', next_attempt_at = clock_timestamp() + make_interval(secs => %s), last_error = %s, in_doubt = %s,
                  claimed_by = NULL, lease_until = NULL
           WHERE message_id = ANY(%s) AND state = 'sending' AND claimed_by = %s""",
        after_s,
        reason,
        in_doubt,
        message_ids,
        by,
    )


async def release(tx: Connection, by: str, conversation_id: str, after_s: float = 0.0) -> None:
    """Give back what was claimed and not begun; after a failure none of it is tried before ``after_s``, danger neither."""
    await database.run(
        tx,
        """UPDATE outbox SET state = 'pending', claimed_by = NULL, lease_until = NULL,
                  next_attempt_at = GREATEST(next_attempt_at, clock_timestamp() + make_interval(secs => %s))
           WHERE conversation_id = %s AND state = 'sending' AND claimed_by = %s""",
        after_s,
        conversation_id,
        by,
    )


async def bury(tx: Connection, conversation_id: str, by: str, message_ids: list[int], reason: str) -> list[int]:
    """Give rows up for good, visibly: an event on the conversation's stream says which line did not arrive and why; returns the lines' numbers."""
    dead = await database.rows(
        tx,
        """UPDATE outbox o SET state = 'dead', last_error = %s, lease_until = NULL
           FROM messages m WHERE m.id = o.message_id AND o.message_id = ANY(%s) AND o.state = 'sending' AND o.claimed_by = %s RETURNING o.message_id, m.seq""",
        reason,
        message_ids,
        by,
    )
    for row in sorted(dead, key=lambda row: row["seq"]):
        await events.append(tx, stream(conversation_id), "undelivered", {"message_id": row["message_id"], "seq": row["seq"], "reason": reason})
    return sorted(row["seq"] for row in dead)


async def claim_all(tx: Connection, conversation_id: str, by: str) -> list[int]:
    """Take every unsent row of a conversation that nobody is sending, for someone who gives them up."""
    taken = await database.rows(
        tx,
        "UPDATE outbox SET state = 'sending', claimed_by = %s WHERE conversation_id = %s AND state = 'pending' RETURNING message_id",
        by,
        conversation_id,
    )
    return sorted(row["message_id"] for row in taken)


async def wake_waiting(connection: Connection, conversation_id: str) -> None:
    """The citizen has written: what waited for a reply window is due."""
    await database.run(
        connection, "UPDATE outbox SET next_attempt_at = clock_timestamp() WHERE conversation_id = %s AND state = 'pending' AND NOT in_doubt", conversation_id
    )


async def wake_held_back(connection: Connection, conversation_id: str) -> None:
    """The same on a channel without reply windows, for what must not arrive unbidden."""
    await database.run(
        connection,
        "UPDATE outbox SET next_attempt_at = clock_timestamp() WHERE conversation_id = %s AND state = 'pending' AND last_error = 'no_window' AND NOT in_doubt",
        conversation_id,
    )


async def waiting(connection: Connection) -> dict[str, int]:
    """How many rows wait, by channel."""
    found = await database.rows(connection, "SELECT channel, count(*) AS waiting FROM outbox WHERE state IN ('pending', 'sending') GROUP BY channel")
    return {row["channel"]: row["waiting"] for row in found}


def _address(row: dict[str, Any], cipher: Cipher) -> str:
    try:
        return cipher.open(row["address"], ADDRESS) if row["address"] else ""
    except Exception as error:  # noqa: BLE001  (a lost key, a damaged row: it stops nobody else's)
        log.error("address_unreadable", conversation=row["conversation_id"], error=type(error).__name__)
        return ""


def _row(row: dict[str, Any], cipher: Cipher) -> Row:
    body: Body | None = None
    try:
        body = _shown(row, cipher)
    except Exception as error:  # noqa: BLE001  (a lost key, a damaged row: it stops nobody else's)
        log.error("line_unreadable", conversation=row["conversation_id"], message=row["message_id"], error=type(error).__name__)
    return Row(
        row["message_id"],
        row["seq"],
        body or Body(""),
        row["policy"],
        row["attempts"],
        row["parts_sent"],
        row["in_doubt"],
        row["parcel"],
        row["window_id"],
        row["in_reply_to"],
        row["created_at"],
        is_staffs=row["author_kind"] in ("agent", "officer"),
        unreadable=body is None,
    )


def _shown(row: dict[str, Any], cipher: Cipher) -> Body:
    # What may not be shown has no words left, and is passed over like any line that says nothing.
    shown = guarding.screened(row["kind"], open_body(cipher, row["body"]), is_guarded=row["is_guarded"])
    if shown is not None and row["is_guarded"] and row["author_kind"] in ("bot", "system"):
        shown = guarding.brief(row["kind"], shown, row["language"])
    return Body("") if shown is None else body_of(shown)


def body_of(content: dict[str, Any]) -> Body:
    """The record of what is sealed in a line of ours; fields that a newer version adds are left aside."""
    source = content.get("source")
    known = SourceCard.__dataclass_fields__
    return Body(
        str(content.get("text") or ""),
        str(content.get("kind") or "text"),
        tuple(Button(str(b["title"]), str(b.get("payload") or "")) for b in content.get("buttons") or ()),
        SourceCard(**{name: value for name, value in source.items() if name in known}) if source else None,
        tuple(Phone(str(p["label"]), str(p["number"])) for p in content.get("phones") or ()),
        str(content.get("location_url") or ""),
        SentFile(**content["file"]) if content.get("file") else None,
    )
