"""Statements on the KakaoTalk channel's own tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from core import db as database
from core.db import Connection

#: A button that is older is not taken any more.
TOKEN_DAYS = 30


@dataclass(frozen=True)
class Consult:
    """A person of the consult talk: the conversation they belong to, and its sealed address."""

    id: int
    conversation_id: str
    address: bytes | None = field(repr=False)


async def offer(tx: Connection, conversation_id: str, token_hash: bytes) -> None:
    """Note a reference that stands behind a button; the same conversation has one."""
    await database.run(
        tx,
        """INSERT INTO kakao_consults (conversation_id, token_hash) VALUES (%s, %s)
           ON CONFLICT (token_hash) WHERE token_hash IS NOT NULL DO UPDATE SET issued_at = clock_timestamp() WHERE kakao_consults.user_key IS NULL""",
        conversation_id,
        token_hash,
    )


async def redeem(tx: Connection, token_hash: bytes, user_key: str, address: bytes) -> Consult | None:
    """Join a person to the conversation of a reference: the first who brings it, and nobody else, since a button can be passed on."""
    mine = await database.one(
        tx,
        """SELECT id FROM kakao_consults WHERE token_hash = %s AND (user_key IS NULL OR user_key = %s)
             AND issued_at > clock_timestamp() - make_interval(days => %s) FOR UPDATE""",
        token_hash,
        user_key,
        TOKEN_DAYS,
    )
    if mine is None:
        return None
    await database.run(
        tx,
        "UPDATE kakao_consults SET ended_at = clock_timestamp(), ended_by = 'moved' WHERE user_key = %s AND ended_at IS NULL AND id <> %s",
        user_key,
        mine["id"],
    )
    await database.run(
        tx,
        """UPDATE kakao_consults SET user_key = %s, address = %s, joined_at = clock_timestamp(), ended_at = NULL, ended_by = NULL WHERE id = %s""",
        user_key,
        address,
        mine["id"],
    )
    return await of_person(tx, user_key)


async def of_person(connection: Connection, user_key: str) -> Consult | None:
    """Where a person of the consult talk belongs: the live session's conversation, else the last one's."""
    row = await database.one(
        connection,
        """SELECT k.id, k.conversation_id, c.address FROM kakao_consults k JOIN conversations c ON c.id = k.conversation_id
           WHERE k.user_key = %s ORDER BY (k.ended_at IS NULL) DESC, k.joined_at DESC LIMIT 1""",
        user_key,
    )
    return Consult(row["id"], row["conversation_id"], row["address"]) if row else None


async def keep(tx: Connection, user_key: str, address: bytes, conversation_id: str) -> None:
    """The person speaks in this conversation now, in a session that is open."""
    changed = await database.run(
        tx,
        """UPDATE kakao_consults SET conversation_id = %s, address = %s, ended_at = NULL, ended_by = NULL,
                  joined_at = CASE WHEN ended_at IS NULL THEN joined_at ELSE clock_timestamp() END
           WHERE id = (SELECT id FROM kakao_consults WHERE user_key = %s ORDER BY (ended_at IS NULL) DESC, joined_at DESC LIMIT 1)""",
        conversation_id,
        address,
        user_key,
    )
    if not changed:
        await database.run(
            tx,
            """INSERT INTO kakao_consults (conversation_id, user_key, address, joined_at) VALUES (%s, %s, %s, clock_timestamp())
               ON CONFLICT (user_key) WHERE user_key IS NOT NULL AND ended_at IS NULL DO NOTHING""",
            conversation_id,
            user_key,
            address,
        )


async def is_live(connection: Connection, conversation_id: str) -> bool:
    """Whether somebody speaks in this conversation by the consult talk."""
    row = await database.one(
        connection, "SELECT 1 FROM kakao_consults WHERE conversation_id = %s AND user_key IS NOT NULL AND ended_at IS NULL LIMIT 1", conversation_id
    )
    return row is not None


async def has_open_case(connection: Connection, conversation_id: str) -> bool:
    """Whether somebody of ours is to help in this conversation."""
    row = await database.one(connection, "SELECT 1 FROM cases WHERE conversation_id = %s AND status <> 'closed' LIMIT 1", conversation_id)
    return row is not None


async def screen(connection: Connection, conversation_id: str, categories: list[str]) -> tuple[str, bool]:
    """The language in which the screen speaks, and whether somebody may read along: then nothing on it may speak of danger or help."""
    row = await database.one(
        connection,
        """SELECT c.language, c.guarded_at IS NOT NULL OR EXISTS (
               SELECT 1 FROM inbox i WHERE i.conversation_id = c.id AND i.category = ANY(%s) AND i.action IN ('ask', 'escalate')
                 AND i.received_at > now() - interval '24 hours') AS is_quiet
           FROM conversations c WHERE c.id = %s""",
        categories,
        conversation_id,
    )
    return (row["language"], row["is_quiet"]) if row else ("ko", False)


async def finish(tx: Connection, consult_id: int, by: str) -> bool:
    """A session is over; False if it was already."""
    return (
        await database.run(tx, "UPDATE kakao_consults SET ended_at = clock_timestamp(), ended_by = %s WHERE id = %s AND ended_at IS NULL", by, consult_id) > 0
    )


async def unfinish(tx: Connection, consult_id: int) -> None:
    """It could not be ended yet; unless the person has another live session, it counts as live."""
    await database.run(
        tx,
        """UPDATE kakao_consults k SET ended_at = NULL, ended_by = NULL WHERE id = %s
             AND NOT EXISTS (SELECT 1 FROM kakao_consults o WHERE o.user_key = k.user_key AND o.ended_at IS NULL)""",
        consult_id,
    )


async def to_end(connection: Connection, limit: int = 20) -> list[dict[str, Any]]:
    """Live sessions whose case is over and whose last words have gone."""
    return await database.rows(
        connection,
        """SELECT k.id, k.conversation_id, k.address FROM kakao_consults k JOIN conversations c ON c.id = k.conversation_id
           WHERE k.user_key IS NOT NULL AND k.ended_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM cases o WHERE o.conversation_id = c.id AND o.status <> 'closed')
             AND (c.status = 'closed' OR EXISTS (SELECT 1 FROM cases d WHERE d.conversation_id = c.id AND d.closed_at > k.joined_at))
             AND NOT EXISTS (SELECT 1 FROM outbox x WHERE x.conversation_id = c.id AND x.state IN ('pending', 'sending'))
           ORDER BY k.joined_at LIMIT %s""",
        limit,
    )


async def close_windows(connection: Connection, conversation_id: str, fallback: str, *, but: int | None = None) -> None:
    """Nothing more can be sent in these windows."""
    await database.run(
        connection,
        """UPDATE reply_windows SET deadline = LEAST(deadline, clock_timestamp())
           WHERE conversation_id = %s AND fallback = %s AND id IS DISTINCT FROM %s AND deadline > clock_timestamp()""",
        conversation_id,
        fallback,
        but,
    )


async def last_sent(connection: Connection, conversation_id: str) -> int | None:
    """The number of the newest line that has gone out."""
    row = await database.one(
        connection,
        "SELECT max(m.seq) AS seq FROM outbox o JOIN messages m ON m.id = o.message_id WHERE o.conversation_id = %s AND o.state = 'sent'",
        conversation_id,
    )
    return int(row["seq"]) if row and row["seq"] is not None else None


async def lines_of_parcel(connection: Connection, channel: str, parcel: UUID) -> list[dict[str, Any]]:
    """The lines that went out under a key and count as sent."""
    return await database.rows(
        connection, "SELECT message_id, conversation_id FROM outbox WHERE channel = %s AND parcel = %s AND state = 'sent' ORDER BY message_id", channel, parcel
    )


async def take_back(tx: Connection, by: str, message_ids: list[int]) -> list[int]:
    """The platform says afterwards that these did not arrive: they are held, so that they can be given up."""
    rows = await database.rows(
        tx,
        "UPDATE outbox SET state = 'sending', claimed_by = %s WHERE message_id = ANY(%s) AND state = 'sent' RETURNING message_id",
        by,
        message_ids,
    )
    return [row["message_id"] for row in rows]


async def spend(tx: Connection, day: date, budget: int) -> bool:
    """Count one event of the day, if the budget has room for it; a refusal is counted as well."""
    await database.run(tx, "INSERT INTO kakao_event_days (day) VALUES (%s) ON CONFLICT (day) DO NOTHING", day)
    if await database.run(tx, "UPDATE kakao_event_days SET sent = sent + 1 WHERE day = %s AND sent < %s", day, budget):
        return True
    await database.run(tx, "UPDATE kakao_event_days SET refused = refused + 1 WHERE day = %s", day)
    return False


async def give_back(tx: Connection, day: date) -> None:
    """The event was surely not taken, so it cost nothing."""
    await database.run(tx, "UPDATE kakao_event_days SET sent = GREATEST(sent - 1, 0) WHERE day = %s", day)
