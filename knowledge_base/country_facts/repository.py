"""Statements on the tables of country facts and of the synchronisation. Functions that take ``tx`` never commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from core import db as database
from core.db import Connection
from knowledge_base.country_facts.changes import Held
from knowledge_base.opendata.catalogue import Kind, Service
from knowledge_base.opendata.rows import Row

CHANNEL = "country_facts"


@dataclass(frozen=True)
class FactTable:
    """A table of facts: its name, what tells its rows apart, and what they say."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]


TABLES: dict[Kind, FactTable] = {
    Kind.ALARM: FactTable("alarm_levels", ("country", "scope", "region_key"), ("country", "country_name", "scope", "region", "region_key", "level")),
    Kind.ENTRY: FactTable(
        "entry_rules",
        ("country",),
        ("country", "country_name", "have_yn", "ordinary_yn", "ordinary", "official_yn", "official", "diplomatic_yn", "diplomatic", "basis", "remark"),
    ),
    Kind.MISSION: FactTable(
        "mission_facts",
        ("code", "country"),
        (
            "code",
            "name",
            "country",
            "country_name",
            "kind",
            "management",
            "address",
            "lat",
            "lon",
            "phone",
            "duty_phone",
            "free_phone",
            "centre_phone",
        ),
    ),
    Kind.CONTACT: FactTable("local_contacts", ("country",), ("country", "country_name", "contacts")),
}


async def lock(tx: Connection) -> None:
    """Writers of facts go one after the other."""
    await database.run(tx, "SELECT pg_advisory_xact_lock(hashtext('country_facts'))")


async def announce(tx: Connection) -> None:
    """Tell every process, when this transaction commits, to look at the facts again."""
    await database.run(tx, "SELECT pg_notify(%s, '')", CHANNEL)


# --- runs ---


async def newest_run(connection: Connection, service: str) -> DictRow | None:
    """The last run of a service, whatever became of it."""
    return await database.one(connection, "SELECT * FROM sync_runs WHERE service = %s ORDER BY id DESC LIMIT 1", service)


async def run_of(connection: Connection, run_id: int) -> DictRow | None:
    """One run."""
    return await database.one(connection, "SELECT * FROM sync_runs WHERE id = %s", run_id)


async def begin_run(tx: Connection, service: str, page_size: int, at: datetime) -> int:
    """Start a run; what an earlier one has staged and nobody has applied is put aside, and pages of earlier runs are let go."""
    await database.run(tx, "DELETE FROM sync_pages WHERE run_id IN (SELECT id FROM sync_runs WHERE service = %s)", service)
    await database.run(tx, "UPDATE sync_runs SET state = 'replaced' WHERE service = %s AND state IN ('fetching', 'interrupted', 'staged')", service)
    row = await database.one(tx, "INSERT INTO sync_runs (service, page_size, started_at) VALUES (%s, %s, %s) RETURNING id", service, page_size, at)
    assert row is not None  # noqa: S101
    return int(row["id"])


async def save_page(tx: Connection, run_id: int, page: int, items: Sequence[dict[str, Any]], total: int) -> None:
    """Keep a page as it came."""
    await database.run(tx, "INSERT INTO sync_pages (run_id, page, items) VALUES (%s, %s, %s)", run_id, page, Jsonb(_storable(list(items))))
    await database.run(tx, "UPDATE sync_runs SET total = %s, state = 'fetching', error = '' WHERE id = %s", total, run_id)


def _storable(value: Any) -> Any:
    """PostgreSQL's jsonb takes neither U+0000 nor half a surrogate pair."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value


async def pages(connection: Connection, run_id: int) -> list[list[dict[str, Any]]]:
    """The pages that a run has brought, in order."""
    return [row["items"] for row in await database.rows(connection, "SELECT items FROM sync_pages WHERE run_id = %s ORDER BY page", run_id)]


async def end_run(tx: Connection, run_id: int, state: str, at: datetime, error: str = "", rejected: int = 0) -> None:
    """Say how the fetch ended."""
    await database.run(
        tx,
        "UPDATE sync_runs SET state = %s, finished_at = %s, error = %s, rejected = %s WHERE id = %s AND state <> 'applied'",
        state,
        at,
        error,
        rejected,
        run_id,
    )


async def mark_applied(tx: Connection, run_id: int, at: datetime, by: str) -> bool:
    """True for the one caller who may apply this run: it is staged, and no later run of its service exists."""
    touched = await database.run(
        tx,
        """UPDATE sync_runs AS mine SET state = 'applied', applied_at = %s, applied_by = %s
           WHERE id = %s AND state = 'staged' AND NOT EXISTS (SELECT FROM sync_runs AS later WHERE later.service = mine.service AND later.id > mine.id)""",
        at,
        by,
        run_id,
    )
    return touched > 0


async def mark_complete(tx: Connection, service: str, run_id: int, complete_at: datetime, rows: int) -> None:
    """The last complete synchronisation of a service; it never goes back in time."""
    await database.run(
        tx,
        """INSERT INTO service_syncs (service, run_id, complete_at, rows) VALUES (%s, %s, %s, %s)
           ON CONFLICT (service) DO UPDATE SET run_id = excluded.run_id, complete_at = excluded.complete_at, rows = excluded.rows
           WHERE service_syncs.complete_at < excluded.complete_at""",
        service,
        run_id,
        complete_at,
        rows,
    )


async def syncs(connection: Connection) -> dict[str, datetime]:
    """When each service was last synchronised completely."""
    return {row["service"]: row["complete_at"] for row in await database.rows(connection, "SELECT service, complete_at FROM service_syncs")}


# --- facts ---


def _where(service: Service) -> str:
    return " AND service = %(service)s" if service.kind is Kind.ALARM else ""


async def held(connection: Connection, service: Service) -> list[Held]:
    """The rows of a service that stand now."""
    table = TABLES[service.kind]
    found = await database.rows(
        connection,
        f"SELECT id, written_on, {', '.join(table.columns)} FROM {table.name} WHERE valid_to IS NULL{_where(service)} ORDER BY id",  # noqa: S608
        service=service.name,
    )
    return [Held(row["id"], tuple(row[k] for k in table.key), {c: row[c] for c in table.columns}, row["written_on"]) for row in found]


async def insert(tx: Connection, service: Service, row: Row, fetched_at: datetime, run_id: int, at: datetime) -> int:
    """A row that holds from now on."""
    table = TABLES[service.kind]
    columns = [*table.columns, *(("service",) if service.kind is Kind.ALARM else ())]
    values = {**{c: row.values[c] for c in table.columns}, "service": service.name}
    more = {"written_on": row.written_on, "source": service.source, "fetched_at": fetched_at, "run_id": run_id, "valid_from": at}
    names = [*columns, *more]
    found = await database.one(
        tx,
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join(f'%({n})s' for n in names)}) RETURNING id",  # noqa: S608
        **values,
        **more,
    )
    assert found is not None  # noqa: S101
    return int(found["id"])


async def close(tx: Connection, kind: Kind, ids: Iterable[int], at: datetime) -> int:
    """Rows that hold no longer; true of their own time."""
    return await database.run(
        tx,
        f"UPDATE {TABLES[kind].name} SET valid_to = greatest(valid_from, %s) WHERE id = ANY(%s) AND valid_to IS NULL",  # noqa: S608
        at,
        list(ids),
    )


async def seen_again(tx: Connection, kind: Kind, ids: Iterable[int], fetched_at: datetime, run_id: int) -> None:
    """The source still says so."""
    await database.run(
        tx,
        f"UPDATE {TABLES[kind].name} SET fetched_at = greatest(fetched_at, %s), run_id = %s WHERE id = ANY(%s) AND valid_to IS NULL",  # noqa: S608
        fetched_at,
        run_id,
        list(ids),
    )


async def alarms(connection: Connection) -> list[DictRow]:
    """Every alarm that stands."""
    return await database.rows(
        connection,
        """SELECT id, service, country, country_name, scope, region, region_key, level, written_on, source, fetched_at
           FROM alarm_levels WHERE valid_to IS NULL ORDER BY country, id""",
    )


async def alarm_history(connection: Connection, country: str) -> list[DictRow]:
    """Every alarm a country ever had here, oldest first."""
    return await database.rows(
        connection,
        """SELECT id, service, scope, region, level, written_on, source, fetched_at, run_id, valid_from, valid_to
           FROM alarm_levels WHERE country = %s ORDER BY valid_from, id""",
        country,
    )


async def highest_alarm(connection: Connection, country: str) -> str | None:
    """The most severe level that stands for a country, as in the API; None: no row, which is not the same as no alarm."""
    row = await database.one(
        connection,
        """SELECT level FROM alarm_levels WHERE country = %s AND valid_to IS NULL
           ORDER BY array_position(ARRAY['1', '2', 'special', '3', '4'], level) DESC LIMIT 1""",
        country,
    )
    return str(row["level"]) if row else None


async def entry_rules(connection: Connection) -> list[DictRow]:
    """The entry rules that stand."""
    return await database.rows(connection, "SELECT * FROM entry_rules WHERE valid_to IS NULL ORDER BY country")


async def contacts_of(connection: Connection, country: str) -> DictRow | None:
    """What the ministry writes of a country's own numbers; text for people, nothing to dial."""
    return await database.one(connection, "SELECT * FROM local_contacts WHERE country = %s AND valid_to IS NULL", country)


async def missions_of(connection: Connection, country: str) -> list[DictRow]:
    """The directory's missions of a country with what the ministry and staff say of each, and missions that only the ministry names."""
    return await database.rows(
        connection,
        """SELECT COALESCE(m.name, f.name) AS name, %(country)s::text AS country, m.kind AS directory_kind, m.city, m.verified,
                  COALESCE(f.lat, m.lat) AS lat, COALESCE(f.lon, m.lon) AS lon, f.code, f.kind, f.management, f.address,
                  f.phone, f.duty_phone, f.free_phone, f.centre_phone, f.source, f.written_on, f.fetched_at,
                  d.hours, d.districts, d.source AS details_source, d.written_on AS details_written_on
           FROM (SELECT * FROM missions WHERE country = %(country)s) AS m
           FULL JOIN (SELECT * FROM mission_facts WHERE country = %(country)s AND valid_to IS NULL) AS f ON f.name = m.name
           LEFT JOIN mission_details AS d ON d.mission = m.name
           ORDER BY 1""",
        country=country,
    )


async def checked_phone(connection: Connection, mission: str) -> str:
    """A mission's number as the ministry last gave it, only where somebody has checked the directory's row; else empty."""
    row = await database.one(
        connection,
        """SELECT f.phone FROM missions m JOIN mission_facts f ON f.name = m.name AND f.country = m.country AND f.valid_to IS NULL
           WHERE m.name = %s AND m.verified AND f.phone <> ''""",
        mission,
    )
    return str(row["phone"]).strip() if row else ""


async def save_details(tx: Connection, mission: str, hours: str, districts: Sequence[str], source: str, written_on: date, by: str) -> None:
    """A mission's hours and districts, as staff have found them."""
    await database.run(
        tx,
        """INSERT INTO mission_details (mission, hours, districts, source, written_on, changed_by) VALUES (%s, %s, %s, %s, %s, %s)
           ON CONFLICT (mission) DO UPDATE SET hours = excluded.hours, districts = excluded.districts, source = excluded.source,
             written_on = excluded.written_on, changed_by = excluded.changed_by, changed_at = now()""",
        mission,
        hours,
        list(districts),
        source,
        written_on,
        by,
    )


# --- alarms that wait for a second person ---


async def propose(tx: Connection, alarm_id: int, row: Row | None, run_id: int, by: str, at: datetime) -> int | None:
    """Let a fall or a disappearance wait; None when the very same waits already. A different one takes the older one's place."""
    proposal = None if row is None else {**row.values, "written_on": row.written_on.isoformat() if row.written_on else None}
    stored = None if proposal is None else Jsonb(proposal)
    known = await database.one(tx, "SELECT id FROM alarm_changes WHERE alarm_id = %s AND state = 'open' AND proposal IS NOT DISTINCT FROM %s", alarm_id, stored)
    if known:
        return None
    await database.run(tx, "UPDATE alarm_changes SET state = 'obsolete', decided_at = %s WHERE alarm_id = %s AND state = 'open'", at, alarm_id)
    found = await database.one(
        tx,
        """INSERT INTO alarm_changes (alarm_id, kind, proposal, run_id, proposed_by, proposed_at) VALUES (%s, %s, %s, %s, %s, %s) RETURNING id""",
        alarm_id,
        "vanishes" if row is None else "falls",
        stored,
        run_id,
        by,
        at,
    )
    assert found is not None  # noqa: S101
    return int(found["id"])


async def forget_proposals(tx: Connection, alarm_ids: Iterable[int], at: datetime) -> None:
    """What no longer falls or vanishes at the source waits no longer."""
    await database.run(tx, "UPDATE alarm_changes SET state = 'obsolete', decided_at = %s WHERE alarm_id = ANY(%s) AND state = 'open'", at, list(alarm_ids))


async def decide(tx: Connection, change_id: int, state: str, by: str, at: datetime) -> DictRow | None:
    """Confirm or refuse an open change whose alarm still stands. The statement itself demands another person than the one who proposed it."""
    return await database.one(
        tx,
        """UPDATE alarm_changes AS c SET state = %s, decided_by = %s, decided_at = %s FROM alarm_levels AS a
           WHERE c.id = %s AND c.state = 'open' AND a.id = c.alarm_id AND a.valid_to IS NULL AND lower(c.proposed_by) <> lower(%s)
           RETURNING c.*, a.service, a.country, a.country_name, a.level, a.source""",
        state,
        by,
        at,
        change_id,
        by,
    )


async def change(connection: Connection, change_id: int) -> DictRow | None:
    """One change."""
    return await database.one(connection, "SELECT * FROM alarm_changes WHERE id = %s", change_id)


async def open_changes(connection: Connection) -> list[DictRow]:
    """What waits for a second person, oldest first."""
    return await database.rows(
        connection,
        """SELECT c.id, c.kind, a.service, a.country, a.country_name, a.region, a.level, c.proposal ->> 'level' AS to_level,
                  c.proposed_by, c.proposed_at
           FROM alarm_changes AS c JOIN alarm_levels AS a ON a.id = c.alarm_id WHERE c.state = 'open' ORDER BY c.id""",
    )
