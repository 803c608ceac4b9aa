"""Every statement on officers, on the missions of a case, and on what officers were told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core import db as database
from core.db import Connection
from handoff.repository import EMERGENCY, TALKS
from handoff.schemas import MissionHint

Row = dict[str, Any]


async def set_officer(tx: Connection, staff_id: int, mission: str, email: bytes | None, by: str) -> None:
    """Seat an account at a mission, or move it."""
    await database.run(
        tx,
        """INSERT INTO mission_officers (staff_id, mission, email, changed_by) VALUES (%s, %s, %s, %s)
           ON CONFLICT (staff_id) DO UPDATE SET mission = excluded.mission, email = excluded.email, changed_by = excluded.changed_by, changed_at = now()""",
        staff_id,
        mission,
        email,
        by,
    )


async def clear_officer(tx: Connection, staff_id: int) -> str | None:
    """Take a seat away; the mission it was at."""
    row = await database.one(tx, "DELETE FROM mission_officers WHERE staff_id = %s RETURNING mission", staff_id)
    return str(row["mission"]) if row else None


async def leave_open_cases(tx: Connection, staff_id: int) -> list[int]:
    """An officer takes part in no open case any more; the cases, in order."""
    found = await database.rows(
        tx,
        """WITH gone AS (DELETE FROM participants p USING cases c
                         WHERE c.conversation_id = p.conversation_id AND c.status <> 'closed' AND p.staff_id = %s AND p.role = 'officer'
                         RETURNING c.id)
           SELECT id FROM gone ORDER BY id""",
        staff_id,
    )
    return [int(row["id"]) for row in found]


async def seats(connection: Connection) -> list[Row]:
    """Every account with the role, where it sits, and in how many open cases it takes part; first those that need a seat, last those that are locked."""
    return await database.rows(
        connection,
        """SELECT s.id, s.login, s.display_name, s.disabled, o.mission, o.email, o.changed_by, o.changed_at,
                  (SELECT count(*) FROM participants p JOIN cases c ON c.conversation_id = p.conversation_id
                   WHERE p.staff_id = s.id AND c.status <> 'closed') AS joined
           FROM staff s LEFT JOIN mission_officers o ON o.staff_id = s.id
           WHERE 'officer' = ANY(s.roles) OR o.staff_id IS NOT NULL
           ORDER BY s.disabled, o.mission NULLS FIRST, s.display_name, s.id""",
    )


async def mission_of(connection: Connection, staff_id: int) -> str | None:
    """Where an officer sits; None for an account that is locked or no officer."""
    row = await database.one(
        connection,
        "SELECT o.mission FROM mission_officers o JOIN staff s ON s.id = o.staff_id WHERE o.staff_id = %s AND NOT s.disabled AND 'officer' = ANY(s.roles)",
        staff_id,
    )
    return str(row["mission"]) if row else None


async def stale(connection: Connection, limit: int = 50) -> list[Row]:
    """Open emergencies whose country or newest place is not the one their missions were computed from. A drill is no mission's."""
    return await database.rows(
        connection,
        f"""SELECT c.id, c.country, f.id AS fix_id FROM cases c
            LEFT JOIN LATERAL (SELECT newest.id FROM {TALKS.format("c")} t CROSS JOIN LATERAL (
                    SELECT id, received_at FROM geo_fixes g WHERE g.conversation_id = t.conversation_id AND g.kind = 'fix' AND g.place IS NOT NULL
                    ORDER BY received_at DESC, id DESC LIMIT 1) newest
                ORDER BY newest.received_at DESC, newest.id DESC LIMIT 1) f ON true
            LEFT JOIN case_routings r ON r.case_id = c.id
            WHERE c.status <> 'closed' AND c.{EMERGENCY} AND NOT c.synthetic
              AND (r.case_id IS NULL OR r.country IS DISTINCT FROM c.country OR (f.id IS NOT NULL AND r.fix_id IS DISTINCT FROM f.id))
            ORDER BY c.id LIMIT %s""",  # noqa: S608  (constants only)
        limit,
    )


async def save_routing(tx: Connection, case_id: int, country: str | None, fix_id: int | None, hints: Sequence[MissionHint]) -> None:
    """Write the missions of a case; one that is no longer a candidate ends, and stands in the history."""
    await database.run(
        tx,
        """INSERT INTO case_routings (case_id, country, fix_id) VALUES (%s, %s, %s)
           ON CONFLICT (case_id) DO UPDATE SET country = excluded.country, fix_id = excluded.fix_id, routed_at = now()""",
        case_id,
        country,
        fix_id,
    )
    await database.run(
        tx,
        "UPDATE case_missions SET ended_at = clock_timestamp() WHERE case_id = %s AND ended_at IS NULL AND NOT mission = ANY(%s)",
        case_id,
        [hint.name for hint in hints],
    )
    for rank, hint in enumerate(hints):
        await database.run(
            tx,
            """INSERT INTO case_missions (case_id, mission, rank, basis, certainty) VALUES (%s, %s, %s, %s, %s)
               ON CONFLICT (case_id, mission) DO UPDATE SET rank = excluded.rank, basis = excluded.basis, certainty = excluded.certainty, ended_at = NULL""",
            case_id,
            hint.name,
            rank,
            hint.basis,
            hint.certainty.value,
        )


async def add_notices(tx: Connection, case_id: int) -> int:
    """A notice for every officer of the case's missions who has none yet; how many."""
    return await database.run(
        tx,
        """INSERT INTO officer_notices (case_id, staff_id)
           SELECT m.case_id, o.staff_id FROM case_missions m JOIN mission_officers o ON o.mission = m.mission JOIN staff s ON s.id = o.staff_id
           WHERE m.case_id = %s AND m.ended_at IS NULL AND NOT s.disabled AND 'officer' = ANY(s.roles)
           ON CONFLICT DO NOTHING""",
        case_id,
    )


async def district_cases(connection: Connection, staff_id: int, mission: str) -> list[Row]:
    """Open emergencies of a mission's district, and what the officer has joined; nothing personal in them."""
    return await database.rows(
        connection,
        f"""SELECT c.id, c.status, c.severity, c.category, c.country, c.arrival_at, m.basis, m.certainty, s.display_name AS owner_name,
                   n.acknowledged_at, p.staff_id IS NOT NULL AS joined
            FROM cases c
            LEFT JOIN case_missions m ON m.case_id = c.id AND m.mission = %s AND m.ended_at IS NULL
            LEFT JOIN participants p ON p.conversation_id = c.conversation_id AND p.staff_id = %s
            LEFT JOIN officer_notices n ON n.case_id = c.id AND n.staff_id = %s
            LEFT JOIN staff s ON s.id = c.owner_id
            WHERE c.status <> 'closed' AND ((m.case_id IS NOT NULL AND c.{EMERGENCY}) OR p.staff_id IS NOT NULL)
            ORDER BY array_position(ARRAY['life_threat', 'urgent', 'non_urgent', 'none'], c.severity), c.arrival_at, c.id""",  # noqa: S608  (a constant)
        mission,
        staff_id,
        staff_id,
    )


async def is_of_district(connection: Connection, case_id: int, mission: str) -> bool:
    """Whether an open emergency is this mission's to know of."""
    found = await database.one(
        connection,
        f"""SELECT 1 FROM cases c JOIN case_missions m ON m.case_id = c.id
            WHERE c.id = %s AND c.status <> 'closed' AND c.{EMERGENCY} AND m.mission = %s AND m.ended_at IS NULL""",  # noqa: S608  (a constant)
        case_id,
        mission,
    )
    return found is not None


async def join(tx: Connection, conversation_id: str, staff_id: int) -> bool:
    """Name an officer as participant; False if they were."""
    statement = "INSERT INTO participants (conversation_id, staff_id, role) VALUES (%s, %s, 'officer') ON CONFLICT DO NOTHING"
    return await database.run(tx, statement, conversation_id, staff_id) > 0


async def acknowledge(tx: Connection, case_id: int, staff_id: int) -> bool:
    """The officer has seen it; True the first time."""
    statement = "UPDATE officer_notices SET acknowledged_at = clock_timestamp() WHERE case_id = %s AND staff_id = %s AND acknowledged_at IS NULL"
    return await database.run(tx, statement, case_id, staff_id) > 0


async def stationed(connection: Connection, case_id: int, conversation_id: str, missions: Sequence[str]) -> list[Row]:
    """The officers of some missions who may work, and how each stands to a case."""
    return await database.rows(
        connection,
        """SELECT o.staff_id, s.display_name AS name, o.mission, o.email IS NOT NULL AS has_email,
                  m.case_id IS NOT NULL AS is_of_district, n.case_id IS NOT NULL AS is_told, COALESCE(n.sent, 0) AS sent, COALESCE(n.failed, 0) AS failed,
                  n.acknowledged_at, p.staff_id IS NOT NULL AS has_joined
           FROM mission_officers o JOIN staff s ON s.id = o.staff_id
           LEFT JOIN case_missions m ON m.case_id = %(case)s AND m.mission = o.mission AND m.ended_at IS NULL
           LEFT JOIN officer_notices n ON n.case_id = %(case)s AND n.staff_id = o.staff_id
           LEFT JOIN participants p ON p.conversation_id = %(talk)s AND p.staff_id = o.staff_id
           WHERE o.mission = ANY(%(missions)s) AND NOT s.disabled AND 'officer' = ANY(s.roles)""",
        case=case_id,
        talk=conversation_id,
        missions=list(missions),
    )


async def may_be_told(connection: Connection, case_id: int, conversation_id: str, staff_id: int) -> bool:
    """Whether an officer may see the case: their mission is a candidate for it, or they take part."""
    mission = await mission_of(connection, staff_id)
    if mission is None:
        return False
    statement = "SELECT 1 FROM participants WHERE conversation_id = %s AND staff_id = %s"
    return await is_of_district(connection, case_id, mission) or await database.one(connection, statement, conversation_id, staff_id) is not None


async def tell_now(tx: Connection, case_id: int, staff_id: int) -> bool:
    """A notice of the case is due at this moment; False if its officer has seen it."""
    return (
        await database.run(
            tx,
            """INSERT INTO officer_notices (case_id, staff_id) VALUES (%s, %s)
               ON CONFLICT (case_id, staff_id) DO UPDATE SET next_at = clock_timestamp() WHERE officer_notices.acknowledged_at IS NULL""",
            case_id,
            staff_id,
        )
        > 0
    )


async def due_notice(tx: Connection, at: datetime) -> Row | None:
    """One notice to send now, locked; not of a closed case, nor to somebody who may no longer work, or whose mission is no candidate and who takes no part."""
    return await database.one(
        tx,
        """SELECT n.*, o.email FROM officer_notices n JOIN mission_officers o ON o.staff_id = n.staff_id JOIN staff s ON s.id = n.staff_id
           JOIN cases c ON c.id = n.case_id
           WHERE n.acknowledged_at IS NULL AND n.next_at <= %s AND o.email IS NOT NULL AND c.status <> 'closed' AND NOT c.synthetic
             AND NOT s.disabled
             AND (EXISTS (SELECT 1 FROM case_missions m WHERE m.case_id = n.case_id AND m.mission = o.mission AND m.ended_at IS NULL)
                  OR EXISTS (SELECT 1 FROM participants p WHERE p.conversation_id = c.conversation_id AND p.staff_id = n.staff_id))
           ORDER BY n.next_at LIMIT 1 FOR UPDATE OF n SKIP LOCKED""",
        at,
    )


async def under_way(tx: Connection, case_id: int, staff_id: int, next_at: datetime) -> None:
    """A notice is being sent: nobody else sends it meanwhile, and it is due again should this worker die."""
    await database.run(tx, "UPDATE officer_notices SET next_at = %s WHERE case_id = %s AND staff_id = %s", next_at, case_id, staff_id)


async def noticed(tx: Connection, case_id: int, staff_id: int, next_at: datetime, error: str = "") -> None:
    """A notice went out (or, with ``error``, did not), and when it is due again."""
    await database.run(
        tx,
        """UPDATE officer_notices SET sent = sent + (%(error)s = '')::int, failed = failed + (%(error)s <> '')::int, last_error = %(error)s,
                  next_at = %(next_at)s WHERE case_id = %(case_id)s AND staff_id = %(staff_id)s""",
        error=error,
        next_at=next_at,
        case_id=case_id,
        staff_id=staff_id,
    )
