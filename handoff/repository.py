"""Every statement on cases, presence and notes. Who may do it is a condition of the statement that writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core import db as database
from core.db import Connection
from handoff.choosing import AT_ONCE

#: Severity as a number, 0 the most severe; the list is ``queue_order.SEVERITIES``.
RANK = "array_position(ARRAY['life_threat', 'urgent', 'non_urgent', 'none'], {})"
EMERGENCY = "severity IN ('life_threat', 'urgent')"
_ORDER = f"{RANK.format('c.severity')}, c.arrival_at, c.id"

Row = dict[str, Any]


async def case(connection: Connection, case_id: int, *, lock: bool = False) -> Row | None:
    """The row of a case, locked for the rest of the transaction if asked."""
    return await database.one(connection, f"SELECT * FROM cases WHERE id = %s {'FOR UPDATE' if lock else ''}", case_id)  # noqa: S608  (a constant)


async def case_unless_busy(tx: Connection, case_id: int) -> Row | None:
    """The row, locked; None when it does not exist or another transaction is changing it at this moment."""
    return await database.one(tx, "SELECT * FROM cases WHERE id = %s FOR UPDATE SKIP LOCKED", case_id)


async def open_case(connection: Connection, conversation_id: str, *, lock: bool = False) -> Row | None:
    """The open case of a conversation: there is at most one."""
    return await database.one(
        connection,
        f"SELECT * FROM cases WHERE conversation_id = %s AND status <> 'closed' {'FOR UPDATE' if lock else ''}",  # noqa: S608  (a constant)
        conversation_id,
    )


async def newest_case(connection: Connection, conversation_id: str) -> Row | None:
    """The last case of a conversation, open or not."""
    return await database.one(connection, "SELECT * FROM cases WHERE conversation_id = %s ORDER BY id DESC LIMIT 1", conversation_id)


async def case_of_place(connection: Connection, conversation_id: str, *, lock: bool = False) -> Row | None:
    """The case that a conversation's places belong to: its open one, or the open one that its last case has become part of by merging."""
    return await database.one(
        connection,
        f"""SELECT * FROM cases WHERE status <> 'closed' AND id = (
               WITH RECURSIVE chain AS (
                   (SELECT id, merged_into, status FROM cases WHERE conversation_id = %s ORDER BY closed_at DESC NULLS FIRST, id DESC LIMIT 1)
                   UNION SELECT c.id, c.merged_into, c.status FROM cases c JOIN chain ON c.id = chain.merged_into
               ) SELECT id FROM chain WHERE status <> 'closed' LIMIT 1) {"FOR UPDATE" if lock else ""}""",  # noqa: S608  (a constant)
        conversation_id,
    )


#: The conversations whose places belong to the open case ``{0}``, as ``case_of_place`` says of each: its own, and those of the cases merged into it.
TALKS = """
(WITH RECURSIVE joined AS (
     SELECT {0}.id, {0}.conversation_id UNION SELECT part.id, part.conversation_id FROM cases part JOIN joined ON part.merged_into = joined.id
 ) SELECT joined.conversation_id FROM joined
 WHERE joined.id = {0}.id OR joined.id = (
     SELECT last.id FROM cases last WHERE last.conversation_id = joined.conversation_id ORDER BY closed_at DESC NULLS FIRST, id DESC LIMIT 1))
"""
#: Whether a place of the case's citizens is known; the case's row is ``{0}``. A place may come before the case. With the limit each conversation is looked up
#: by itself: PostgreSQL would rather read every place there is.
HAS_PLACE = f"""EXISTS (
    SELECT 1 FROM {TALKS} t CROSS JOIN LATERAL (SELECT 1 FROM geo_fixes g WHERE g.conversation_id = t.conversation_id AND g.place IS NOT NULL LIMIT 1) f
) AS has_place"""  # noqa: S608  (a constant)


async def talks(connection: Connection, case_id: int) -> list[str]:
    """The conversations whose places belong to a case that is open, or that has just ended."""
    found = await database.rows(connection, f"SELECT t.conversation_id FROM cases c, LATERAL {TALKS.format('c')} AS t WHERE c.id = %s", case_id)  # noqa: S608
    return [str(row["conversation_id"]) for row in found]


async def insert_case(tx: Connection, **values: Any) -> Row | None:
    """A new case; None when the conversation has an open one already."""
    return await database.one(
        tx,
        f"""INSERT INTO cases (conversation_id, severity, category, reason, language, country, synthetic, cannot_speak, restricted_to)
           VALUES (%(conversation_id)s, %(severity)s, %(category)s, %(reason)s, %(language)s, %(country)s, %(synthetic)s,
                   COALESCE((SELECT cannot_speak FROM cases WHERE conversation_id = %(conversation_id)s ORDER BY id DESC LIMIT 1), false),
                   (SELECT restricted_to FROM cases WHERE conversation_id = %(conversation_id)s ORDER BY id DESC LIMIT 1))
           ON CONFLICT (conversation_id) WHERE status <> 'closed' DO NOTHING RETURNING *, {HAS_PLACE.format("cases")}""",  # noqa: S608  (a constant)
        **values,
    )


async def set_summary(tx: Connection, case_id: int, sealed: bytes) -> None:
    """Store the sealed summary."""
    await database.run(tx, "UPDATE cases SET summary = %s WHERE id = %s", sealed, case_id)


async def raise_case(tx: Connection, case_id: int, **values: Any) -> Row:
    """Write what a second alarm changed; the caller holds the row's lock."""
    row = await database.one(
        tx,
        """UPDATE cases SET status = %(status)s, severity = %(severity)s, category = %(category)s, reason = %(reason)s,
                  country = %(country)s, language = %(language)s, doubts = %(doubts)s, raised_at = clock_timestamp(), version = version + 1,
                  owner_id = CASE %(status)s WHEN 'queued' THEN NULL ELSE owner_id END,
                  claimed_at = CASE %(status)s WHEN 'queued' THEN NULL ELSE claimed_at END,
                  queued_at = CASE WHEN %(status)s = 'queued' AND status <> 'queued' THEN clock_timestamp() ELSE queued_at END,
                  waits = waits + (%(status)s = 'queued' AND status <> 'queued')::int,
                  tried = CASE WHEN %(reset_ack)s THEN array_remove(ARRAY[offered_to], NULL) ELSE tried END,
                  rings = CASE WHEN %(reset_ack)s THEN 0 ELSE rings END,
                  ladder = CASE WHEN %(status)s = 'queued' AND status <> 'queued' THEN '' ELSE ladder END,
                  told = CASE WHEN %(status)s = 'queued' AND status <> 'queued' THEN NULL ELSE told END,
                  told_at = CASE WHEN %(status)s = 'queued' AND status <> 'queued' THEN NULL ELSE told_at END,
                  asked_to = CASE %(status)s WHEN 'queued' THEN NULL ELSE asked_to END, snoozed_until = NULL,
                  closing_by = NULL, closing_at = NULL, closing_outcome = NULL,
                  acknowledged_at = CASE WHEN %(reset_ack)s THEN NULL ELSE acknowledged_at END,
                  acknowledged_by = CASE WHEN %(reset_ack)s THEN NULL ELSE acknowledged_by END
           WHERE id = %(case_id)s RETURNING *""",
        case_id=case_id,
        **values,
    )
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row


#: What owning a case means for its row.
TAKEN = """
SET status = 'claimed', owner_id = %(staff_id)s, claimed_at = clock_timestamp(), version = c.version + 1,
    offered_to = NULL, offer_due_at = NULL, tried = '{}', rings = 0, ladder = '', asked_to = NULL, snoozed_until = NULL,
    closing_by = NULL, closing_at = NULL, closing_outcome = NULL,
    acknowledged_at = COALESCE(c.acknowledged_at, clock_timestamp()), acknowledged_by = COALESCE(c.acknowledged_by, %(staff_id)s),
    restricted_to = CASE WHEN c.restricted_to IS NULL OR %(staff_id)s = ANY (c.restricted_to) THEN c.restricted_to
                    ELSE c.restricted_to || %(staff_id)s::bigint END
"""
#: Whether a restriction lets somebody take a waiting case ``{0}``. Nobody is kept from a life threat, nor from an urgent case for which every desk was rung.
OPEN_TO = """
({0}.restricted_to IS NULL OR {0}.severity = 'life_threat' OR ({0}.severity = 'urgent' AND {0}.rings > 0) OR %(staff_id)s = ANY ({0}.restricted_to)
 OR EXISTS (SELECT 1 FROM participants p WHERE p.conversation_id = {0}.conversation_id AND p.staff_id = %(staff_id)s)
 OR EXISTS (SELECT 1 FROM glass_openings g WHERE g.case_id = {0}.id AND g.staff_id = %(staff_id)s AND g.ends_at > clock_timestamp()))
"""
#: How many cases the agent has in hand, counted once a statement.
HELD = "(SELECT count(*) FROM cases held WHERE held.owner_id = %(staff_id)s AND held.status = 'claimed')"

_CLAIM = f"""
UPDATE cases AS c
{TAKEN}
WHERE c.id = %(case_id)s
  AND (c.status = 'queued' OR (c.status = 'handed_back' AND c.owner_id = %(staff_id)s))
  AND (c.owner_id = %(staff_id)s OR {OPEN_TO.format("c")})
  AND (c.offered_to IS NULL OR c.offered_to = %(staff_id)s OR c.severity IN ('life_threat', 'urgent'))
  AND CASE c.severity WHEN 'life_threat' THEN true ELSE {HELD} < %(cap)s + (c.severity = 'urgent')::int END
RETURNING c.*
"""


async def lock_agent(tx: Connection, staff_id: int, cap: int) -> Row:
    """The agent's presence, locked: of two claims by one agent the second counts what the first took, so caps hold with five tabs open."""
    row = await database.one(
        tx,
        """INSERT INTO agent_presence (staff_id, state, cap) VALUES (%s, 'offline', %s)
           ON CONFLICT (staff_id) DO UPDATE SET staff_id = excluded.staff_id RETURNING *""",
        staff_id,
        cap,
    )
    assert row is not None  # noqa: S101  (an upsert with RETURNING gives a row)
    return row


async def claim(tx: Connection, case_id: int, staff_id: int, cap: int) -> Row | None:
    """Give a waiting case to an agent below the cap: one conditional statement, so of any number of claimants one wins."""
    return await database.one(tx, _CLAIM, case_id=case_id, staff_id=staff_id, cap=cap)


async def may_be_taken(connection: Connection, case_id: int, staff_id: int) -> bool:
    """Whether no restriction keeps this person from taking a case."""
    found = await database.one(connection, f"SELECT 1 FROM cases c WHERE c.id = %(case_id)s AND {OPEN_TO.format('c')}", case_id=case_id, staff_id=staff_id)  # noqa: S608
    return found is not None


async def held(connection: Connection, staff_id: int) -> int:
    """How many cases an agent has in hand."""
    row = await database.one(connection, "SELECT count(*) AS n FROM cases WHERE owner_id = %s AND status = 'claimed'", staff_id)
    return int(row["n"]) if row else 0


async def staff_state(connection: Connection, staff_id: int) -> Row | None:
    """Roles, cap and lock of an account, as the database has them now."""
    return await database.one(connection, "SELECT roles, cap, disabled FROM staff WHERE id = %s", staff_id)


async def return_to_queue(tx: Connection, case_id: int) -> Row:
    """Let a case wait again; ``arrival_at`` stays, hence its place."""
    row = await database.one(
        tx,
        """UPDATE cases SET status = 'queued', owner_id = NULL, claimed_at = NULL, acknowledged_at = NULL, acknowledged_by = NULL,
                  queued_at = clock_timestamp(), waits = waits + 1, told = NULL, told_at = NULL, tried = '{}', rings = 0, ladder = '',
                  asked_to = NULL, snoozed_until = NULL, closing_by = NULL, closing_at = NULL, closing_outcome = NULL,
                  returned = returned + 1, version = version + 1
           WHERE id = %s RETURNING *""",
        case_id,
    )
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row


async def hand_back(tx: Connection, case_id: int) -> Row:
    """Leave the conversation to the bot and the case with its owner."""
    row = await database.one(tx, "UPDATE cases SET status = 'handed_back', snoozed_until = NULL, version = version + 1 WHERE id = %s RETURNING *", case_id)
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row


async def close(tx: Connection, case_id: int, staff_id: int | None, outcome: str, verified_contact: bytes | None) -> Row:
    """End a case."""
    row = await database.one(
        tx,
        """UPDATE cases SET status = 'closed', closed_at = clock_timestamp(), closed_by = %s, outcome = %s, verified_contact = %s,
                  offered_to = NULL, offer_due_at = NULL, ladder = '', asked_to = NULL, snoozed_until = NULL,
                  closing_by = NULL, closing_at = NULL, closing_outcome = NULL, version = version + 1
           WHERE id = %s RETURNING *""",
        staff_id,
        outcome,
        verified_contact,
        case_id,
    )
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row


async def acknowledge(tx: Connection, case_id: int, staff_id: int) -> Row | None:
    """Note who has heard the bell first; None when it was heard before or the case is over."""
    return await database.one(
        tx,
        """UPDATE cases SET acknowledged_at = clock_timestamp(), acknowledged_by = %s, version = version + 1
           WHERE id = %s AND status <> 'closed' AND acknowledged_at IS NULL RETURNING *""",
        staff_id,
        case_id,
    )


async def mark_first_reply(tx: Connection, case_id: int) -> bool:
    """Keep the time of the first human reply; True if this was it."""
    return (await database.run(tx, "UPDATE cases SET first_human_reply_at = clock_timestamp() WHERE id = %s AND first_human_reply_at IS NULL", case_id)) > 0


async def set_country(tx: Connection, case_id: int, country: str) -> Row | None:
    """Where the case's citizen is; None once it is closed."""
    return await database.one(tx, "UPDATE cases SET country = %s, version = version + 1 WHERE id = %s AND status <> 'closed' RETURNING *", country, case_id)


async def set_cannot_speak(tx: Connection, case_id: int, on: bool) -> Row | None:
    """Set the mark of a citizen who cannot speak or hear; None when it stands like that already."""
    return await database.one(tx, "UPDATE cases SET cannot_speak = %s, version = version + 1 WHERE id = %s AND cannot_speak <> %s RETURNING *", on, case_id, on)


_QUEUE = f"""
SELECT c.*, s.display_name AS owner_name, {HAS_PLACE.format("c")} FROM cases c LEFT JOIN staff s ON s.id = c.owner_id
"""  # noqa: S608  (a constant)


async def waiting(connection: Connection, limit: int) -> list[Row]:
    """Cases that wait, first things first."""
    return await database.rows(connection, f"{_QUEUE} WHERE c.status = 'queued' ORDER BY {_ORDER} LIMIT %s", limit)


async def held_by(connection: Connection, staff_id: int) -> list[Row]:
    """What one person answers for."""
    return await database.rows(connection, f"{_QUEUE} WHERE c.owner_id = %s AND c.status IN ('claimed', 'handed_back') ORDER BY {_ORDER}", staff_id)


async def lock_held(tx: Connection, staff_id: int) -> list[Row]:
    """What one person answers for, locked in the order of the ids."""
    return await database.rows(tx, "SELECT * FROM cases WHERE owner_id = %s AND status IN ('claimed', 'handed_back') ORDER BY id FOR UPDATE", staff_id)


async def all_open(connection: Connection, limit: int) -> list[Row]:
    """Every open case, for supervisors."""
    return await database.rows(connection, f"{_QUEUE} WHERE c.status <> 'closed' ORDER BY {_ORDER} LIMIT %s", limit)


async def position(connection: Connection, case_id: int) -> int | None:
    """How many stand before a waiting case, itself included; None when it does not wait."""
    row = await database.one(
        connection,
        f"""SELECT (SELECT count(*) FROM cases c WHERE c.status = 'queued'
                    AND ({_ORDER}) <= ({RANK.format("me.severity")}, me.arrival_at, me.id)) AS position
            FROM cases me WHERE me.id = %s AND me.status = 'queued'""",  # noqa: S608  (constants only)
        case_id,
    )
    return int(row["position"]) if row else None


async def set_presence(tx: Connection, staff_id: int, state: str, cap: int, *, claimed: bool = False, reason: str = "") -> Row:
    """An agent says how things are, or has just taken a case (``claimed``); also a heartbeat."""
    row = await database.one(
        tx,
        """INSERT INTO agent_presence (staff_id, state, cap, away_reason, last_seen_at) VALUES (%s, %s, %s, %s, clock_timestamp())
           ON CONFLICT (staff_id) DO UPDATE SET state = excluded.state, cap = excluded.cap, last_seen_at = excluded.last_seen_at,
               away_reason = excluded.away_reason,
               idle_since = CASE WHEN agent_presence.state <> excluded.state OR %s THEN clock_timestamp() ELSE agent_presence.idle_since END
           RETURNING *""",
        staff_id,
        state,
        cap,
        reason,
        claimed,
    )
    assert row is not None  # noqa: S101  (an upsert with RETURNING gives a row)
    return row


async def beat(tx: Connection, staff_id: int, at: datetime | None = None) -> bool:
    """A heartbeat of an open desk."""
    return await database.run(tx, "UPDATE agent_presence SET last_seen_at = COALESCE(%s, clock_timestamp()) WHERE staff_id = %s", at, staff_id) > 0


async def presence(connection: Connection, staff_id: int) -> Row | None:
    """How an agent stands."""
    return await database.one(
        connection,
        """SELECT p.*, (SELECT count(*) FROM cases c WHERE c.owner_id = p.staff_id AND c.status = 'claimed') AS held
           FROM agent_presence p WHERE p.staff_id = %s""",
        staff_id,
    )


async def abandoned(tx: Connection, silent_since: datetime) -> list[Row]:
    """Open cases whose owner has no desk open, is gone or may no longer work; locked, leaving out those that are being changed."""
    return await database.rows(
        tx,
        """SELECT c.* FROM cases c
           LEFT JOIN agent_presence p ON p.staff_id = c.owner_id LEFT JOIN staff s ON s.id = c.owner_id
           WHERE c.status IN ('claimed', 'handed_back')
             AND (p.staff_id IS NULL OR p.state = 'offline' OR p.last_seen_at < %s OR s.id IS NULL OR s.disabled)
           ORDER BY array_position(ARRAY['life_threat', 'urgent', 'non_urgent', 'none'], c.severity), c.id LIMIT %s FOR UPDATE OF c SKIP LOCKED""",
        silent_since,
        AT_ONCE,
    )


async def violations(connection: Connection, timer_kind: str, overdue_before: datetime) -> list[Row]:
    """Open emergencies with neither an owner who may work nor a timer that runs (one long overdue does not run)."""
    return await database.rows(
        connection,
        f"""SELECT c.id, c.status, c.owner_id FROM cases c
            WHERE c.status <> 'closed' AND c.{EMERGENCY}
              AND CASE WHEN c.owner_id IS NULL
                    THEN NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = %s AND t.subject = c.id::text AND t.due_at > %s)
                    ELSE NOT EXISTS (SELECT 1 FROM staff s WHERE s.id = c.owner_id AND NOT s.disabled)
                  END
            ORDER BY c.id""",  # noqa: S608  (constants only)
        timer_kind,
        overdue_before,
    )


async def without_timer(tx: Connection, timer_kind: str) -> list[Row]:
    """Waiting emergencies that no timer watches; locked, leaving out those that are being changed."""
    return await database.rows(
        tx,
        f"""SELECT c.* FROM cases c
            WHERE c.status = 'queued' AND c.{EMERGENCY}
              AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = %s AND t.subject = c.id::text)
            ORDER BY c.id LIMIT %s FOR UPDATE OF c SKIP LOCKED""",  # noqa: S608  (constants only)
        timer_kind,
        AT_ONCE,
    )


async def add_note(tx: Connection, case_id: int, staff_id: int, body: bytes) -> int:
    """A private note."""
    row = await database.one(tx, "INSERT INTO case_notes (case_id, staff_id, body) VALUES (%s, %s, %s) RETURNING id", case_id, staff_id, body)
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return int(row["id"])


async def notes(connection: Connection, case_id: int) -> list[Row]:
    """The notes of a case, oldest first."""
    return await database.rows(
        connection,
        """SELECT n.*, COALESCE(s.display_name, '') AS staff_name FROM case_notes n LEFT JOIN staff s ON s.id = n.staff_id
           WHERE n.case_id = %s ORDER BY n.id""",
        case_id,
    )


async def viewed_lately(connection: Connection, case_id: int, login: str, seconds: int) -> bool:
    """Whether a page that redraws has just been written down. Only the newest rows are looked at: once too often does no harm."""
    return (
        await database.one(
            connection,
            """SELECT 1 FROM access_log WHERE id > (SELECT COALESCE(max(id), 0) - 200 FROM access_log) AND case_id = %s AND account = %s
               AND action = 'case.view' AND at > now() - make_interval(secs => %s) LIMIT 1""",
            case_id,
            login,
            seconds,
        )
        is not None
    )


async def triage_of(connection: Connection, message_id: int) -> Row | None:
    """How far triage is with a citizen's message, and what it says."""
    return await database.one(connection, "SELECT triage_state, urgency, action FROM inbox WHERE message_id = %s", message_id)


async def is_participant(connection: Connection, conversation_id: str, staff_id: int) -> bool:
    """Whether someone was named to write in a conversation beside its owner."""
    return await database.one(connection, "SELECT 1 FROM participants WHERE conversation_id = %s AND staff_id = %s", conversation_id, staff_id) is not None
