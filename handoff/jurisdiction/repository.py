"""Every statement on the table of competence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from core import db as database
from core.db import Connection
from handoff.jurisdiction.records import Competence, Confidence, Kind, checked_box

#: Who wrote a row that came with the program; anybody else's word outranks it.
SEED = "gildongmu"

Row = dict[str, Any]


def record_of(row: Row) -> Competence:
    """The record of a row."""
    return Competence(
        kind=Kind(row["kind"]),
        country=row["country"],
        mission=row["mission"],
        regions=tuple(row["regions"]),
        box=checked_box(row["box"]),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        confidence=Confidence(row["confidence"]),
        source=row["source"],
        note=row["note"],
    )


async def current(connection: Connection, country: str | None = None) -> list[Row]:
    """The rows that stand, of one country or of all, oldest first."""
    return await database.rows(
        connection, "SELECT * FROM mission_competences WHERE replaced_at IS NULL AND (%s::text IS NULL OR country = %s) ORDER BY id", country, country
    )


async def history(connection: Connection, country: str) -> list[Row]:
    """Every row of a country there ever was, newest first."""
    return await database.rows(connection, "SELECT * FROM mission_competences WHERE country = %s ORDER BY id DESC", country)


async def insert(tx: Connection, row: Competence, by: str) -> int:
    """Write a row; its number."""
    made = await database.one(
        tx,
        """INSERT INTO mission_competences (kind, country, mission, regions, box, valid_from, valid_to, confidence, source, note, changed_by)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id""",
        row.kind.value,
        row.country,
        row.mission,
        list(row.regions),
        list(row.box or ()),
        row.valid_from,
        row.valid_to,
        row.confidence.value,
        row.source,
        row.note,
        by,
    )
    assert made is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return int(made["id"])


async def close(tx: Connection, row_id: int) -> Row | None:
    """Let a row stand no longer; None when it did not."""
    return await database.one(tx, "UPDATE mission_competences SET replaced_at = clock_timestamp() WHERE id = %s AND replaced_at IS NULL RETURNING *", row_id)


async def seed(tx: Connection, rows: Iterable[Competence]) -> int:
    """Bring the program's own rows up to date, country by country; a country on which anybody has written stays as they left it."""
    await database.run(tx, "SELECT pg_advisory_xact_lock(hashtext('mission_competences'))")
    wanted: dict[str, list[Competence]] = defaultdict(list)
    for row in rows:
        wanted[row.country].append(row)
    touched = {row["country"] for row in await database.rows(tx, "SELECT DISTINCT country FROM mission_competences WHERE changed_by <> %s", SEED)}
    standing: dict[str, list[Row]] = defaultdict(list)
    for found in await current(tx):
        standing[found["country"]].append(found)
    written = 0
    for country, ours in wanted.items():
        if country in touched or [record_of(row) for row in standing[country]] == ours:
            continue
        for found in standing[country]:
            await close(tx, found["id"])
        for row in ours:
            await insert(tx, row, SEED)
        written += len(ours)
    return written
