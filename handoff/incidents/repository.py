"""Every statement on incidents, their cases, people and statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core import db as database
from core.db import Connection
from handoff.repository import EMERGENCY, RANK

Row = dict[str, Any]
#: Whoever changes which case belongs where holds this lock: such changes are few, and one after the other they cannot contradict each other.
STRUCTURE = 0x696E636964656E74


async def alone(tx: Connection) -> None:
    """Wait for whoever else is changing incidents; taken before any case is touched."""
    await database.run(tx, "SELECT pg_advisory_xact_lock(%s)", STRUCTURE)


async def hold_cases(tx: Connection, case_ids: Sequence[int]) -> None:
    """Lock the cases before the first is told of, in the order of their ids, as everywhere."""
    await database.run(tx, "SELECT 1 FROM cases WHERE id = ANY(%s) ORDER BY id FOR UPDATE", sorted(set(case_ids)))


async def insert(tx: Connection, title: bytes, category: str, country: str | None, by: int) -> Row:
    """A new incident."""
    row = await database.one(
        tx, "INSERT INTO incidents (title, category, country, opened_by) VALUES (%s, %s, %s, %s) RETURNING *", title, category, country, by
    )
    assert row is not None  # noqa: S101  (an INSERT with RETURNING gives a row)
    return row


async def incident(connection: Connection, incident_id: int) -> Row | None:
    """One incident as it stands."""
    return await database.one(connection, "SELECT * FROM incidents WHERE id = %s", incident_id)


async def all_open(connection: Connection) -> list[Row]:
    """Open incidents with what stands in them, the newest first."""
    return await database.rows(
        connection,
        """SELECT i.*, (SELECT count(*) FROM incident_cases c WHERE c.incident_id = i.id) AS cases,
                  (SELECT count(*) FROM incident_people p WHERE p.incident_id = i.id AND p.state = 'needs_help') AS need_help
           FROM incidents i WHERE status = 'open' ORDER BY id DESC LIMIT 100""",
    )


async def end(tx: Connection, incident_id: int, by: int, into: int | None) -> Row:
    """Close an incident, or note in which one it went up."""
    row = await database.one(
        tx,
        "UPDATE incidents SET status = %s, merged_into = %s, ended_by = %s, ended_at = clock_timestamp() WHERE id = %s RETURNING *",
        "closed" if into is None else "merged",
        into,
        by,
        incident_id,
    )
    assert row is not None  # noqa: S101  (the caller has read it under the lock)
    return row


async def where(connection: Connection, case_id: int) -> int | None:
    """The incident of a case."""
    row = await database.one(connection, "SELECT incident_id FROM incident_cases WHERE case_id = %s", case_id)
    return int(row["incident_id"]) if row else None


async def place(tx: Connection, case_id: int, incident_id: int, by: int) -> None:
    """Put a case into an incident, out of any other: its row is one, so it is never in two."""
    await database.run(
        tx,
        """INSERT INTO incident_cases (case_id, incident_id, added_by) VALUES (%s, %s, %s)
           ON CONFLICT (case_id) DO UPDATE SET incident_id = excluded.incident_id, added_by = excluded.added_by, added_at = clock_timestamp()""",
        case_id,
        incident_id,
        by,
    )
    await database.run(tx, "UPDATE incident_people SET incident_id = %s WHERE case_id = %s", incident_id, case_id)


async def take_out(tx: Connection, case_id: int) -> bool:
    """Take a case out of its incident, with its people; False if it was in none."""
    await database.run(tx, "DELETE FROM incident_people WHERE case_id = %s", case_id)
    return await database.run(tx, "DELETE FROM incident_cases WHERE case_id = %s", case_id) > 0


async def pour(tx: Connection, incident_id: int, into: int) -> None:
    """Everything of one incident becomes another's."""
    for table in ("incident_cases", "incident_people", "incident_statements"):
        await database.run(tx, f"UPDATE {table} SET incident_id = %s WHERE incident_id = %s", into, incident_id)  # noqa: S608  (constants)


async def case_ids(connection: Connection, incident_id: int) -> list[int]:
    """The cases of an incident."""
    return [int(row["case_id"]) for row in await database.rows(connection, "SELECT case_id FROM incident_cases WHERE incident_id = %s ORDER BY 1", incident_id)]


async def members(connection: Connection, incident_id: int) -> list[Row]:
    """The cases of an incident, those that need somebody first; of their places the coarse cell only."""
    return await database.rows(
        connection,
        f"""SELECT c.id AS case_id, c.status, c.severity, c.category, c.country, c.arrival_at, s.display_name AS owner_name,
                   (SELECT g.coarse_cell FROM geo_fixes g WHERE g.conversation_id = c.conversation_id AND g.coarse_cell IS NOT NULL
                    ORDER BY g.received_at DESC LIMIT 1) AS cell
            FROM incident_cases m JOIN cases c ON c.id = m.case_id LEFT JOIN staff s ON s.id = c.owner_id
            WHERE m.incident_id = %s ORDER BY (c.status = 'closed'), {RANK.format("c.severity")}, c.arrival_at, c.id""",  # noqa: S608  (constants)
        incident_id,
    )


async def loose(connection: Connection, limit: int = 2000) -> list[Row]:
    """Open emergencies of no incident that came lately; drills are not events."""
    return await database.rows(
        connection,
        f"""SELECT c.id AS case_id, c.category, c.country, c.opened_at,
                   (SELECT g.coarse_cell FROM geo_fixes g WHERE g.conversation_id = c.conversation_id AND g.coarse_cell IS NOT NULL
                    ORDER BY g.received_at DESC LIMIT 1) AS cell
            FROM cases c WHERE c.status <> 'closed' AND c.{EMERGENCY} AND NOT c.synthetic AND c.opened_at > now() - interval '1 day'
              AND NOT EXISTS (SELECT 1 FROM incident_cases m WHERE m.case_id = c.id)
            ORDER BY c.opened_at DESC LIMIT %s""",  # noqa: S608  (constants)
        limit,
    )


async def add_person(
    tx: Connection, incident_id: int, *, case_id: int | None, is_citizen: bool, name: bytes | None, state: str, said_by: str, recorded_by: int | None
) -> Row | None:
    """Put somebody on the list; None when the citizen of the case stands there already."""
    return await database.one(
        tx,
        """INSERT INTO incident_people (incident_id, case_id, is_citizen, name, state, said_by, recorded_by) VALUES (%s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (case_id) WHERE is_citizen DO NOTHING RETURNING *""",
        incident_id,
        case_id,
        is_citizen,
        name,
        state,
        said_by,
        recorded_by,
    )


async def person(connection: Connection, person_id: int) -> Row | None:
    """One row of a list."""
    return await database.one(connection, "SELECT * FROM incident_people WHERE id = %s", person_id)


async def say_state(tx: Connection, person_id: int, state: str, said_by: str, recorded_by: int) -> Row:
    """Write how somebody stands, who says so and who wrote it down. Nothing but the list changes."""
    row = await database.one(
        tx,
        "UPDATE incident_people SET state = %s, said_by = %s, recorded_by = %s, said_at = clock_timestamp() WHERE id = %s RETURNING *",
        state,
        said_by,
        recorded_by,
        person_id,
    )
    assert row is not None  # noqa: S101  (the caller has read it under the lock)
    return row


async def set_name(tx: Connection, person_id: int, name: bytes | None) -> None:
    """Write or wipe a name."""
    await database.run(tx, "UPDATE incident_people SET name = %s WHERE id = %s", name, person_id)


async def drop_person(tx: Connection, person_id: int) -> None:
    """Take somebody off the list who was put there by hand."""
    await database.run(tx, "DELETE FROM incident_people WHERE id = %s", person_id)


async def people(connection: Connection, incident_id: int) -> list[Row]:
    """The list, those who need help first."""
    return await database.rows(
        connection,
        """SELECT p.*, s.display_name AS recorded_by_name FROM incident_people p LEFT JOIN staff s ON s.id = p.recorded_by
           WHERE p.incident_id = %s ORDER BY array_position(ARRAY['needs_help', 'unknown', 'safe'], p.state), p.said_at, p.id""",
        incident_id,
    )


async def states(connection: Connection, incident_id: int) -> Sequence[Row]:
    """Of each person what events may say: id, case, state, who said so, who wrote it."""
    return await database.rows(
        connection, "SELECT id, case_id, state, said_by, recorded_by, said_at FROM incident_people WHERE incident_id = %s ORDER BY id", incident_id
    )
