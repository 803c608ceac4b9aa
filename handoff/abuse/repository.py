"""Statements on marks of abuse, rests and the rule of their length."""

from __future__ import annotations

from datetime import datetime, timedelta

from core import db as database
from core.db import Connection
from handoff.repository import EMERGENCY, Row


async def is_citizens_line(connection: Connection, conversation_id: str, seq: int) -> bool:
    """Whether the citizen wrote it."""
    row = await database.one(connection, "SELECT 1 FROM messages WHERE conversation_id = %s AND seq = %s AND author_kind = 'citizen'", conversation_id, seq)
    return row is not None


async def last_line(connection: Connection, conversation_id: str) -> int | None:
    """The number of the citizen's newest line."""
    row = await database.one(connection, "SELECT max(seq) AS seq FROM messages WHERE conversation_id = %s AND author_kind = 'citizen'", conversation_id)
    return row["seq"] if row else None


async def add_mark(tx: Connection, conversation_id: str, case_id: int, seq: int | None, staff_id: int) -> bool:
    """False when the line is marked already; what was spoken counts each time."""
    added = await database.run(
        tx,
        """INSERT INTO abuse_marks (conversation_id, case_id, seq, marked_by) VALUES (%s, %s, %s, %s)
           ON CONFLICT (conversation_id, seq) WHERE taken_back_at IS NULL DO NOTHING""",
        conversation_id,
        case_id,
        seq,
        staff_id,
    )
    return added > 0


async def take_back(tx: Connection, conversation_id: str, seq: int | None, staff_id: int) -> bool:
    """The line's mark, or the last of what was spoken; False when there is none."""
    changed = await database.run(
        tx,
        """UPDATE abuse_marks SET taken_back_by = %s, taken_back_at = clock_timestamp() WHERE id = (
               SELECT id FROM abuse_marks WHERE conversation_id = %s AND seq IS NOT DISTINCT FROM %s AND taken_back_at IS NULL ORDER BY id DESC LIMIT 1)""",
        staff_id,
        conversation_id,
        seq,
    )
    return changed > 0


async def counts(connection: Connection, case_id: int, conversation_id: str) -> Row:
    """The standing marks of a conversation, and of its person in all conversations."""
    row = await database.one(
        connection,
        """SELECT ARRAY(SELECT seq FROM abuse_marks m WHERE m.conversation_id = c.id AND taken_back_at IS NULL AND seq IS NOT NULL ORDER BY seq) AS seqs,
                  (SELECT count(*) FROM abuse_marks m WHERE m.conversation_id = c.id AND taken_back_at IS NULL) AS here,
                  (SELECT count(*) FROM abuse_marks m WHERE m.conversation_id = c.id AND taken_back_at IS NULL AND m.case_id = %s) AS of_case,
                  CASE WHEN c.visitor <> '' THEN (
                      SELECT count(*) FROM abuse_marks m JOIN conversations o ON o.id = m.conversation_id
                      WHERE o.visitor = c.visitor AND o.visitor <> '' AND o.channel = c.channel AND taken_back_at IS NULL) END AS of_person
           FROM conversations c WHERE c.id = %s""",
        case_id,
        conversation_id,
    )
    assert row is not None  # noqa: S101  (a case has a conversation)
    return row


async def has_marked(connection: Connection, case_id: int, staff_id: int, since: datetime | None) -> bool:
    """Whether somebody has set a mark in a case since a time, and it stands."""
    row = await database.one(
        connection,
        "SELECT 1 FROM abuse_marks WHERE case_id = %s AND marked_by = %s AND taken_back_at IS NULL AND marked_at >= COALESCE(%s, marked_at) LIMIT 1",
        case_id,
        staff_id,
        since,
    )
    return row is not None


async def owe(tx: Connection, staff_id: int, case_id: int) -> bool:
    """Somebody is owed a rest; of two that are owed, one is taken."""
    added = await database.run(
        tx, "INSERT INTO abuse_rests (staff_id, case_id) VALUES (%s, %s) ON CONFLICT (staff_id) WHERE started_at IS NULL DO NOTHING", staff_id, case_id
    )
    return added > 0


async def owed(tx: Connection, staff_id: int, lapses: timedelta) -> Row | None:
    """The rest that waits to begin; one that has waited too long is dropped."""
    row = await database.one(
        tx, "SELECT id, owed_at < clock_timestamp() - %s AS is_over FROM abuse_rests WHERE staff_id = %s AND started_at IS NULL", lapses, staff_id
    )
    if row is None or not row["is_over"]:
        return row
    await database.run(tx, "DELETE FROM abuse_rests WHERE id = %s", row["id"])
    return None


async def holds_emergency(connection: Connection, staff_id: int) -> bool:
    """Whether an open emergency is theirs, handed back to the bot or not."""
    found = await database.one(connection, f"SELECT 1 FROM cases WHERE owner_id = %s AND status <> 'closed' AND {EMERGENCY} LIMIT 1", staff_id)  # noqa: S608
    return found is not None


async def begin(tx: Connection, rest_id: int, length: timedelta) -> datetime:
    """The rest begins now; when it ends."""
    row = await database.one(
        tx, "UPDATE abuse_rests SET started_at = clock_timestamp(), ends_at = clock_timestamp() + %s WHERE id = %s RETURNING ends_at", length, rest_id
    )
    assert row is not None  # noqa: S101  (its agent is locked by the caller)
    ends_at: datetime = row["ends_at"]
    return ends_at


async def running(connection: Connection, staff_id: int) -> datetime | None:
    """Until when somebody must rest."""
    row = await database.one(
        connection,
        "SELECT max(ends_at) AS until FROM abuse_rests WHERE staff_id = %s AND cut_at IS NULL AND ends_at > clock_timestamp()",
        staff_id,
    )
    return row["until"] if row else None


async def cut(tx: Connection, staff_id: int) -> bool:
    """The rest ends early."""
    changed = await database.run(
        tx, "UPDATE abuse_rests SET cut_at = clock_timestamp() WHERE staff_id = %s AND cut_at IS NULL AND ends_at > clock_timestamp()", staff_id
    )
    return changed > 0


async def figures(connection: Connection, since: datetime) -> list[Row]:
    """Rests by person; the minutes are those that have truly been rested."""
    return await database.rows(
        connection,
        """SELECT r.staff_id, COALESCE(s.display_name, '') AS name, count(r.started_at) AS rests, count(r.cut_at) AS cut,
                  COALESCE(round(sum(extract(epoch FROM LEAST(r.cut_at, r.ends_at, clock_timestamp()) - r.started_at)) / 60), 0)::int AS minutes,
                  bool_or(r.started_at IS NULL) AS is_owed,
                  max(r.ends_at) FILTER (WHERE r.cut_at IS NULL AND r.ends_at > clock_timestamp()) AS resting_until
           FROM abuse_rests r LEFT JOIN staff s ON s.id = r.staff_id WHERE r.owed_at >= %s
           GROUP BY r.staff_id, s.display_name ORDER BY count(r.started_at) DESC, r.staff_id""",
        since,
    )


async def rule(connection: Connection, name: str) -> int | None:
    """What supervisors have set."""
    row = await database.one(connection, "SELECT value FROM desk_rules WHERE name = %s", name)
    return int(row["value"]) if row else None


async def set_rule(tx: Connection, name: str, value: int, staff_id: int) -> None:
    """From now on."""
    await database.run(
        tx,
        """INSERT INTO desk_rules (name, value, set_by) VALUES (%s, %s, %s)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, set_at = clock_timestamp()""",
        name,
        value,
        staff_id,
    )


async def supervisors(connection: Connection, silent_since: datetime, without: int) -> list[int]:
    """Supervisors at an open desk who take cases now, those with the fewest first."""
    found = await database.rows(
        connection,
        """SELECT p.staff_id FROM agent_presence p JOIN staff s ON s.id = p.staff_id
           WHERE p.state = 'available' AND p.last_seen_at >= %s AND NOT s.disabled AND 'supervisor' = ANY (s.roles) AND s.id <> %s
           ORDER BY (SELECT count(*) FROM cases c WHERE c.owner_id = s.id AND c.status = 'claimed'), p.idle_since, s.id""",
        silent_since,
        without,
    )
    return [int(row["staff_id"]) for row in found]
