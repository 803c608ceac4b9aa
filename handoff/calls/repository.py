"""Every statement on free calls. Who may call, answer, speak or end is part of the statement that writes it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg

from core import db as database
from core.db import Connection
from handoff.calls.rules import GONE_S, RING_S
from handoff.calls.schemas import Party
from handoff.queue_order import EMERGENCIES

Row = dict[str, Any]
#: A page is in the call when it holds the key and belongs to the right conversation or person.
_IN_IT = {
    "citizen": "p.citizen_key = %(key)s AND p.conversation_id = %(conversation_id)s",
    "agent": "p.staff_key = %(key)s AND p.staff_id = %(staff_id)s",
}
#: The newest case of a conversation that is still open.
_CASE = "JOIN LATERAL (SELECT * FROM cases k WHERE k.conversation_id = v.id AND k.status <> 'closed' ORDER BY k.id DESC LIMIT 1) c ON true"


async def insert_by_citizen(tx: Connection, call_id: str, conversation_id: str, key: str, at: datetime) -> Row | None:
    """A call that begins to ring, if a person owns the conversation or an emergency of it is open; None: it may not, or one goes on already."""
    return await database.one(
        tx,
        f"""INSERT INTO voice_calls (id, conversation_id, case_id, started_by, citizen_key, citizen_seen_at, started_at)
            SELECT %(id)s, v.id, c.id, 'citizen', %(key)s, %(at)s, %(at)s FROM conversations v {_CASE}
            WHERE v.id = %(conversation_id)s AND v.status = 'open' AND v.channel = 'webchat'
              AND (v.owner_kind <> 'bot' AND c.owner_id IS NOT NULL OR c.severity = ANY(%(emergencies)s))
            ON CONFLICT DO NOTHING RETURNING *""",  # noqa: S608
        id=call_id,
        conversation_id=conversation_id,
        key=key,
        at=at,
        emergencies=list(EMERGENCIES),
    )


async def insert_by_agent(tx: Connection, call_id: str, case_id: int, staff_id: int, key: str, at: datetime) -> Row | None:
    """A call to the citizen of one's own case; None where a bell could hurt, where somebody else owns it, or where one of both is in a call."""
    return await database.one(
        tx,
        """INSERT INTO voice_calls (id, conversation_id, case_id, started_by, staff_id, staff_key, staff_seen_at, started_at)
           SELECT %(id)s, v.id, c.id, 'agent', c.owner_id, %(key)s, %(at)s, %(at)s FROM cases c JOIN conversations v ON v.id = c.conversation_id
           WHERE c.id = %(case_id)s AND c.owner_id = %(staff_id)s AND c.status <> 'closed' AND NOT c.cannot_speak AND v.status = 'open'
             AND v.channel = 'webchat' AND v.owner_kind <> 'bot' AND v.guarded_at IS NULL AND v.hushed_at IS NULL
           ON CONFLICT DO NOTHING RETURNING *""",
        id=call_id,
        case_id=case_id,
        staff_id=staff_id,
        key=key,
        at=at,
    )


async def answer_by_agent(tx: Connection, call_id: str, staff_id: int, key: str, at: datetime) -> Row | None:
    """Answer, if it still rings and the case is one's own; None: somebody was first, or one is in another call."""
    try:
        async with tx.transaction():
            return await database.one(
                tx,
                """UPDATE voice_calls p SET staff_id = %(staff_id)s, staff_key = %(key)s, answered_at = %(at)s, staff_seen_at = %(at)s, citizen_seen_at = %(at)s
                   FROM cases c WHERE p.id = %(id)s AND p.started_by = 'citizen' AND p.answered_at IS NULL AND p.ended_at IS NULL
                     AND c.id = p.case_id AND c.owner_id = %(staff_id)s AND c.status <> 'closed' RETURNING p.*""",
                id=call_id,
                staff_id=staff_id,
                key=key,
                at=at,
            )
    except psycopg.errors.UniqueViolation:
        return None


async def answer_by_citizen(tx: Connection, call_id: str, conversation_id: str, key: str, at: datetime) -> Row | None:
    """Answer an agent's call, if it still rings; None: another tab was first, or it is over."""
    return await database.one(
        tx,
        """UPDATE voice_calls SET citizen_key = %(key)s, answered_at = %(at)s, citizen_seen_at = %(at)s, staff_seen_at = %(at)s
           WHERE id = %(id)s AND conversation_id = %(conversation_id)s AND started_by = 'agent' AND answered_at IS NULL AND ended_at IS NULL RETURNING *""",
        id=call_id,
        conversation_id=conversation_id,
        key=key,
        at=at,
    )


async def found(connection: Connection, call_id: str, party: Party, key: str) -> Row | None:
    """The call that this page is or was in."""
    return await database.one(
        connection,
        f"SELECT p.* FROM voice_calls p WHERE p.id = %(id)s AND {_IN_IT[party.side]}",  # noqa: S608
        id=call_id,
        key=key,
        conversation_id=party.conversation_id,
        staff_id=party.staff_id,
    )


async def heard_of(tx: Connection, call_id: str, party: Party, key: str, at: datetime) -> None:
    """This page is still there."""
    column = "citizen_seen_at" if party.side == "citizen" else "staff_seen_at"
    await database.run(
        tx,
        f"UPDATE voice_calls p SET {column} = %(at)s WHERE p.id = %(id)s AND p.ended_at IS NULL AND {_IN_IT[party.side]}",  # noqa: S608
        id=call_id,
        key=key,
        at=at,
        conversation_id=party.conversation_id,
        staff_id=party.staff_id,
    )


async def insert_signal(tx: Connection, call_id: str, party: Party, key: str, n: int, kind: str, body: bytes) -> bool:
    """Keep what a page says to the other of an answered call; False when it may not, or has said so before."""
    return (
        await database.run(
            tx,
            f"""INSERT INTO voice_signals (call_id, side, n, kind, body)
                SELECT p.id, %(side)s, %(n)s, %(kind)s, %(body)s FROM voice_calls p
                WHERE p.id = %(id)s AND p.ended_at IS NULL AND p.answered_at IS NOT NULL AND {_IN_IT[party.side]} ON CONFLICT DO NOTHING""",  # noqa: S608
            id=call_id,
            side=party.side,
            n=n,
            kind=kind,
            body=body,
            key=key,
            conversation_id=party.conversation_id,
            staff_id=party.staff_id,
        )
        > 0
    )


async def signal_kind(connection: Connection, call_id: str, side: str, n: int) -> str | None:
    """What was said under a number."""
    row = await database.one(connection, "SELECT kind FROM voice_signals WHERE call_id = %s AND side = %s AND n = %s", call_id, side, n)
    return row["kind"] if row else None


async def signals(connection: Connection, call_id: str, of_side: str, after: int) -> list[Row]:
    """What the other page has said since."""
    return await database.rows(
        connection, "SELECT n, kind, body FROM voice_signals WHERE call_id = %s AND side = %s AND n > %s ORDER BY n", call_id, of_side, after
    )


async def end(tx: Connection, call_id: str, ended_by: str, why: str, at: datetime) -> Row | None:
    """End a call, once; what the browsers have told each other goes with it."""
    row = await database.one(
        tx,
        "UPDATE voice_calls SET ended_at = GREATEST(%s, started_at), ended_by = %s, why = %s WHERE id = %s AND ended_at IS NULL RETURNING *",
        at,
        ended_by,
        why,
        call_id,
    )
    if row is not None:
        await database.run(tx, "DELETE FROM voice_signals WHERE call_id = %s", call_id)
    return row


async def ringing(connection: Connection, call_id: str, party: Party) -> Row | None:
    """A call that rings here and may be declined by any page of this side."""
    mine = (
        "p.started_by = 'agent' AND p.conversation_id = %(conversation_id)s"
        if party.side == "citizen"
        else "p.started_by = 'citizen' AND c.owner_id = %(staff_id)s"
    )
    return await database.one(
        connection,
        f"""SELECT p.* FROM voice_calls p JOIN cases c ON c.id = p.case_id
            WHERE p.id = %(id)s AND p.ended_at IS NULL AND p.answered_at IS NULL AND {mine}""",  # noqa: S608
        id=call_id,
        conversation_id=party.conversation_id,
        staff_id=party.staff_id,
    )


async def overdue(tx: Connection, at: datetime, call_id: str | None, conversation_id: str | None) -> list[Row]:
    """Calls that must end by themselves, locked, each with the reason."""
    return await database.rows(
        tx,
        """SELECT * FROM (
               SELECT p.id, CASE
                   WHEN c.status = 'closed' OR v.status = 'closed' THEN 'over'
                   WHEN p.staff_id IS NOT NULL AND c.owner_id IS DISTINCT FROM p.staff_id THEN 'over'
                   WHEN p.answered_at IS NULL AND p.started_by = 'agent' AND (v.guarded_at IS NOT NULL OR v.hushed_at IS NOT NULL OR c.cannot_speak) THEN 'over'
                   WHEN p.answered_at IS NULL AND c.owner_id IS NULL AND c.severity <> ALL(%(emergencies)s) THEN 'over'
                   WHEN p.answered_at IS NULL AND p.started_at < %(rung)s THEN 'no_answer'
                   WHEN (p.answered_at IS NOT NULL OR p.started_by = 'citizen') AND p.citizen_seen_at < %(gone)s THEN 'gone'
                   WHEN (p.answered_at IS NOT NULL OR p.started_by = 'agent') AND p.staff_seen_at < %(gone)s THEN 'gone'
               END AS why
               FROM voice_calls p JOIN cases c ON c.id = p.case_id JOIN conversations v ON v.id = p.conversation_id
               WHERE p.ended_at IS NULL AND (%(id)s::text IS NULL OR p.id = %(id)s::text)
                 AND (%(conversation_id)s::text IS NULL OR p.conversation_id = %(conversation_id)s::text)
               ORDER BY p.id FOR UPDATE OF p SKIP LOCKED
           ) o WHERE why IS NOT NULL""",
        rung=at - timedelta(seconds=RING_S),
        gone=at - timedelta(seconds=GONE_S),
        id=call_id,
        conversation_id=conversation_id,
        emergencies=list(EMERGENCIES),
    )


async def for_desk(connection: Connection, staff_id: int) -> list[Row]:
    """Calls that concern a desk: of one's own cases, of emergencies that nobody owns yet, and those that were missed and not yet seen; live ones first."""
    return await database.rows(
        connection,
        """SELECT p.*, c.severity, c.country, c.owner_id FROM voice_calls p JOIN cases c ON c.id = p.case_id
           WHERE p.ended_at IS NULL AND (
                   p.staff_id = %(staff_id)s
                   OR p.staff_id IS NULL AND (c.owner_id = %(staff_id)s OR c.owner_id IS NULL AND c.status = 'queued'
                       AND (c.restricted_to IS NULL OR %(staff_id)s = ANY(c.restricted_to))))
              OR p.ended_at IS NOT NULL AND p.answered_at IS NULL AND p.started_by = 'citizen' AND p.why <> 'declined' AND p.missed_seen_at IS NULL
                 AND c.owner_id = %(staff_id)s AND c.status <> 'closed'
           ORDER BY p.ended_at IS NOT NULL, p.started_at LIMIT 20""",
        staff_id=staff_id,
    )


async def see_missed(tx: Connection, call_id: str, staff_id: int, at: datetime) -> Row | None:
    """An agent has seen that a call of their case was missed."""
    return await database.one(
        tx,
        """UPDATE voice_calls p SET missed_seen_at = %s FROM cases c
           WHERE p.id = %s AND p.ended_at IS NOT NULL AND p.missed_seen_at IS NULL AND c.id = p.case_id AND c.owner_id = %s RETURNING p.*""",
        at,
        call_id,
        staff_id,
    )


async def of_case(connection: Connection, case_id: int) -> list[Row]:
    """The calls of a case, oldest first."""
    return await database.rows(
        connection,
        """SELECT p.*, COALESCE(s.display_name, '') AS staff_name FROM voice_calls p LEFT JOIN staff s ON s.id = p.staff_id
           WHERE p.case_id = %s ORDER BY p.started_at""",
        case_id,
    )


async def get(connection: Connection, call_id: str) -> Row | None:
    """A call."""
    return await database.one(connection, "SELECT * FROM voice_calls WHERE id = %s", call_id)


async def is_live(connection: Connection, *, conversation_id: str = "", staff_id: int = 0) -> bool:
    """Whether a call of the conversation, or of the person, goes on."""
    return (
        await database.one(
            connection,
            "SELECT 1 FROM voice_calls WHERE ended_at IS NULL AND (conversation_id = %s OR staff_id = %s)",
            conversation_id,
            staff_id,
        )
        is not None
    )
