"""Reads what the board is made of. Drills never count, and of merged cases only the one that stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from core import db as database
from core.db import Connection
from handoff.board.calls import Call
from handoff.board.definitions import VISIT_GAP, AtDesk, Contact, Fix, Rating, Visit, Window
from handoff.board.history import Step, held
from handoff.fixes import EXACT_M
from handoff.queue_order import SEVERITIES
from handoff.repository import EMERGENCY, Row

#: The message that brought the danger was written before the case was raised: at most this long, which is how long a danger question stays open and more.
DANGER_BEFORE = timedelta(minutes=10)

#: A person's words are written ones, or a call in which both could hear each other; nobody writes to who has rung up: taking that case is answering.
#: A case whose history was erased, or is older than what is kept, tells nothing of who was answered: it is no contact.
_CONTACTS = """
SELECT c.id, c.arrival_at, c.closed_at, v.closed_at AS went_at, h.answered_at, COALESCE(said.at, h.danger_at) AS danger_at, words.at AS words_at,
       fix.id AS fix_id, fix.is_exact, extract(epoch FROM h.answered_at - fix.fixed_at)::float AS fix_age_s
FROM cases c JOIN conversations v ON v.id = c.conversation_id
     JOIN LATERAL (
         SELECT min(e.created_at) FILTER (WHERE e.payload->>'status' = 'claimed') AS answered_at,
                min(e.created_at) FILTER (WHERE e.payload->>'severity' IN ('life_threat', 'urgent')) AS danger_at
         FROM events e WHERE e.stream = 'case:' || c.id AND e.payload ? 'status'
         HAVING bool_or(e.kind = 'opened')) h ON true
     LEFT JOIN LATERAL (
         SELECT min(i.received_at) AS at FROM inbox i
         WHERE i.conversation_id = c.conversation_id AND i.action IN ('ask', 'escalate')
           AND i.received_at > h.danger_at - %(danger_before)s AND i.received_at <= h.danger_at) said ON true
     LEFT JOIN LATERAL (
         SELECT min(heard.at) AS at FROM (
             SELECT m.created_at AS at FROM messages m
             WHERE m.conversation_id = c.conversation_id AND m.author_kind IN ('agent', 'officer') AND m.created_at >= h.danger_at
             UNION ALL
             SELECT GREATEST(s.answered_at, h.danger_at) FROM voice_calls s
             WHERE s.case_id = c.id AND s.answered_at IS NOT NULL AND s.why IS DISTINCT FROM 'failed' AND COALESCE(s.ended_at >= h.danger_at, true)
             UNION ALL
             SELECT GREATEST(h.answered_at, h.danger_at) WHERE v.channel = 'phone' AND h.answered_at IS NOT NULL
         ) heard WHERE h.danger_at IS NOT NULL) words ON true
     LEFT JOIN LATERAL (
         SELECT g.id, COALESCE(g.radius_m <= %(exact_m)s, g.was_exact, false) AS is_exact, g.fixed_at FROM geo_fixes g
         WHERE g.conversation_id = c.conversation_id AND g.kind = 'fix' AND g.received_at <= h.answered_at
         ORDER BY g.received_at DESC LIMIT 1) fix ON true
WHERE NOT c.synthetic AND c.merged_into IS NULL AND c.severity = ANY (%(severities)s)
      AND c.arrival_at < %(end)s AND (c.arrival_at >= %(start)s OR c.closed_at >= %(start)s OR c.closed_at IS NULL)
ORDER BY c.id
"""


async def contacts(connection: Connection, window: Window, severities: Sequence[str] = SEVERITIES) -> list[Contact]:
    """Everyone who arrived in the window, and whoever came before and was still there: people were busy with them too.

    A case's severity never falls, so that the emergencies among them can be asked for alone.
    """
    found = await database.rows(
        connection, _CONTACTS, start=window.start, end=window.end, danger_before=DANGER_BEFORE, exact_m=EXACT_M, severities=list(severities)
    )
    hands = await _steps(connection, [row["id"] for row in found])
    made = []
    for row in found:
        gone = [at for at in (row["went_at"], row["closed_at"]) if at is not None and (row["answered_at"] is None or at <= row["answered_at"])]
        left_at = min(gone, default=None)
        made.append(
            Contact(
                case_id=row["id"],
                arrived_at=row["arrival_at"],
                # Who had gone by then was not answered, though somebody may have taken the case to look for them.
                answered_at=row["answered_at"] if left_at is None else None,
                left_at=left_at,
                closed_at=row["closed_at"],
                danger_at=row["danger_at"],
                words_at=row["words_at"],
                fix=Fix(row["is_exact"], row["fix_age_s"]) if row["fix_id"] is not None else None,
                held=held(hands[row["id"]]),
            )
        )
    return made


async def _steps(connection: Connection, case_ids: list[int]) -> dict[int, list[Step]]:
    steps: dict[int, list[Step]] = defaultdict(list)
    for row in await database.rows(
        connection,
        """SELECT c.id, e.created_at, e.payload->>'status' AS status, (e.payload->>'owner_id')::bigint AS owner_id
           FROM unnest(%s::bigint[]) AS c(id) JOIN events e ON e.stream = 'case:' || c.id
           WHERE e.payload ? 'status' ORDER BY c.id, e.seq""",
        case_ids,
    ):
        steps[row["id"]].append(Step(row["created_at"], row["status"], row["owner_id"]))
    return steps


async def at_desk(connection: Connection, window: Window) -> list[AtDesk]:
    """Who was at an open desk and not away."""
    found = await database.rows(
        connection,
        "SELECT staff_id, started_at, until FROM desk_times WHERE state = 'available' AND until > %s AND started_at < %s ORDER BY id",
        window.start,
        window.end,
    )
    return [AtDesk(row["staff_id"], row["started_at"], row["until"]) for row in found]


_VISITS = """
WITH said AS (
    SELECT i.conversation_id, i.received_at AS at,
           (lag(i.received_at) OVER later IS NULL OR i.received_at - lag(i.received_at) OVER later >= %(gap)s)::int AS begins
    FROM conversations v JOIN inbox i ON i.conversation_id = v.id
    WHERE NOT v.synthetic AND v.last_inbound_at >= %(start)s AND v.created_at < %(end)s
    WINDOW later AS (PARTITION BY i.conversation_id ORDER BY i.seq)
), numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY conversation_id ORDER BY at ROWS UNBOUNDED PRECEDING) AS number FROM said
), visits AS (
    SELECT conversation_id, number, min(at) AS began_at, max(at) AS last_at FROM numbered GROUP BY conversation_id, number
), followed AS (
    SELECT *, lead(began_at) OVER (PARTITION BY conversation_id ORDER BY number) AS returned_at FROM visits
)
SELECT f.began_at, f.last_at, v.status = 'closed' AND f.returned_at IS NULL AS is_closed, r.score,
       LEAST(f.returned_at, (
           SELECT min(other.created_at) FROM conversations other
           WHERE v.visitor <> '' AND other.visitor <> '' AND other.visitor = v.visitor AND other.id <> v.id AND other.channel = v.channel
             AND other.created_at > f.last_at
             AND NOT other.synthetic AND other.last_inbound_at IS NOT NULL)) AS returned_at,
       EXISTS (SELECT 1 FROM cases c WHERE c.conversation_id = f.conversation_id AND c.opened_at < f.last_at + %(gap)s
               AND (c.closed_at IS NULL OR c.closed_at >= f.began_at)) AS needed_person
FROM followed f JOIN conversations v ON v.id = f.conversation_id
     LEFT JOIN ratings r ON r.conversation_id = f.conversation_id AND r.rated_at >= f.began_at AND r.rated_at < f.last_at + %(gap)s
WHERE f.began_at >= %(start)s AND f.began_at < %(end)s ORDER BY f.began_at
"""


async def visits(connection: Connection, window: Window) -> list[Visit]:
    """Visits to the bot that began in the window: stretches of a citizen's messages without a long silence, since a messenger's conversation never ends."""
    found = await database.rows(connection, _VISITS, start=window.start, end=window.end, gap=VISIT_GAP)
    return [Visit(row["began_at"], row["last_at"], row["is_closed"], row["needed_person"], row["score"], row["returned_at"]) for row in found]


async def ratings(connection: Connection, window: Window) -> list[Rating]:
    """Scores with whoever closed the contact that they are about."""
    found = await database.rows(
        connection,
        """SELECT r.rated_at, r.score, ended.closed_by FROM ratings r JOIN conversations v ON v.id = r.conversation_id
                LEFT JOIN LATERAL (
                    SELECT c.closed_by FROM cases c
                    WHERE c.conversation_id = r.conversation_id AND c.closed_at <= r.rated_at AND c.merged_into IS NULL
                    ORDER BY c.closed_at DESC LIMIT 1) ended ON true
           WHERE NOT v.synthetic AND r.rated_at >= %s AND r.rated_at < %s ORDER BY r.rated_at""",
        window.start,
        window.end,
    )
    return [Rating(row["rated_at"], row["score"], row["closed_by"]) for row in found]


async def asked_to_rate(connection: Connection, window: Window) -> int:
    """How often the question was put, once a conversation."""
    row = await database.one(
        connection,
        """SELECT count(DISTINCT m.conversation_id) AS n FROM conversations v JOIN messages m ON m.conversation_id = v.id
           WHERE NOT v.synthetic AND v.last_inbound_at >= %(start)s AND v.created_at < %(end)s
             AND m.kind = 'rating_request' AND m.created_at >= %(start)s AND m.created_at < %(end)s""",
        start=window.start,
        end=window.end,
    )
    return int(row["n"]) if row else 0


async def calls(connection: Connection, window: Window) -> list[Call]:
    """Free calls that began in the window."""
    found = await database.rows(
        connection,
        """SELECT p.started_at, p.started_by, p.answered_at, p.ended_at, COALESCE(p.why, '') AS why FROM voice_calls p JOIN cases c ON c.id = p.case_id
           WHERE NOT c.synthetic AND p.started_at >= %s AND p.started_at < %s ORDER BY p.started_at""",
        window.start,
        window.end,
    )
    return [Call(row["started_at"], row["started_by"] == "citizen", row["answered_at"], row["ended_at"], row["why"]) for row in found]


#: Waits for somebody to end it, but its citizen does not wait any more; of an emergency nobody assumes that.
_GONE = f"(c.status = 'queued' AND v.status = 'closed' AND NOT c.{EMERGENCY})"


async def now_waiting(connection: Connection) -> Row:
    """What waits at this moment."""
    row = await database.one(
        connection,
        f"""SELECT count(*) FILTER (WHERE c.status = 'queued') AS waiting, count(*) FILTER (WHERE {_GONE}) AS gone,
                   min(c.queued_at) FILTER (WHERE c.status = 'queued' AND NOT {_GONE}) AS oldest_at,
                   count(*) FILTER (WHERE c.{EMERGENCY}) AS emergencies,
                   count(*) FILTER (WHERE c.{EMERGENCY} AND c.status = 'queued') AS emergencies_waiting,
                   min(c.arrival_at) FILTER (WHERE c.{EMERGENCY} AND c.status = 'queued') AS oldest_emergency_at
            FROM cases c JOIN conversations v ON v.id = c.conversation_id WHERE c.status <> 'closed' AND NOT c.synthetic""",  # noqa: S608  (constants)
    )
    assert row is not None  # noqa: S101  (an aggregate gives a row)
    return row


async def crew(connection: Connection, silent_since: datetime) -> Row:
    """Who is at a desk now, and how many cases they hold."""
    row = await database.one(
        connection,
        """SELECT count(*) FILTER (WHERE p.state = 'available') AS available, count(*) FILTER (WHERE p.state = 'away') AS away,
                  COALESCE(sum((SELECT count(*) FROM cases c WHERE c.owner_id = p.staff_id AND c.status = 'claimed' AND NOT c.synthetic)), 0)::int AS held
           FROM agent_presence p JOIN staff s ON s.id = p.staff_id
           WHERE p.state <> 'offline' AND p.last_seen_at >= %s AND NOT s.disabled AND 'agent' = ANY (s.roles)""",
        silent_since,
    )
    assert row is not None  # noqa: S101  (an aggregate gives a row)
    return row


async def channels(connection: Connection, since: datetime) -> list[Row]:
    """Each channel that anybody has used: its last inbound, what it was sent lately, what waits to be sent and what was given up."""
    return await database.rows(
        connection,
        """SELECT v.channel, max(v.last_inbound_at) AS last_inbound_at,
                  (SELECT count(*) FROM outbox o WHERE o.channel = v.channel AND o.state IN ('pending', 'sending')) AS pending,
                  (SELECT min(m.created_at) FROM outbox o JOIN messages m ON m.id = o.message_id
                   WHERE o.channel = v.channel AND o.state IN ('pending', 'sending')) AS oldest_pending_at,
                  (SELECT count(*) FROM outbox o JOIN messages m ON m.id = o.message_id
                   WHERE o.channel = v.channel AND o.state = 'dead' AND m.created_at >= %s) AS dead
           FROM conversations v WHERE NOT v.synthetic GROUP BY v.channel ORDER BY v.channel""",
        since,
    )


async def names(connection: Connection, staff_ids: list[int]) -> dict[int, str]:
    """How colleagues are called."""
    found = await database.rows(connection, "SELECT id, display_name FROM staff WHERE id = ANY(%s)", staff_ids)
    return {row["id"]: row["display_name"] for row in found}
