"""The table of competence in the database: seeded, changed with a history, and asked by the card."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from core import audit
from core.errors import AppError
from handoff.geography import countries_at
from handoff.jurisdiction import repository, service
from handoff.jurisdiction.competence import Place
from handoff.jurisdiction.records import Competence, Confidence, Kind, read_files

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MUNICH = Place(48.14, 11.58, 20.0)
BAVARIA = Competence(Kind.DISTRICT, "DE", "주독일대사관", ("DE-BY",), None, date(2026, 1, 1), None, Confidence.OFFICIAL, "공관 공지 2026-01-01", "뮌헨 재편")


async def names(db, place=MUNICH, at=AT):
    async with db.read() as connection:
        return [hint.name for hint in await service.candidates(connection, None, countries_at(place.lat, place.lon, place.radius_m), place, at)]


async def test_the_committed_tables_go_into_the_database_once(db):
    written = await service.seed(db)
    assert written == len(read_files())
    assert await service.seed(db) == 0
    async with db.read() as connection:
        rows = await repository.current(connection)
    assert {repository.record_of(row) for row in rows} == set(read_files())
    assert await names(db) == ["주프랑크푸르트총영사관"]


async def test_before_it_is_seeded_the_files_answer(db):
    assert await names(db) == ["주프랑크푸르트총영사관"]


async def test_a_supervisor_replaces_a_row_and_the_old_one_stays_in_the_history(db, make_staff, call):
    await service.seed(db)
    boss = await make_staff("supervisor")
    async with db.read() as connection:
        old = next(row for row in await repository.current(connection, "DE") if "DE-BY" in row["regions"])
    made = await call(service.amend, boss, BAVARIA, replaces=old["id"])
    assert await names(db) == ["주독일대사관"]
    async with db.read() as connection:
        history = await repository.history(connection, "DE")
        chain = await audit.verify_chain(connection)
    assert history[0]["id"] == made
    assert (history[0]["changed_by"], history[0]["replaced_at"]) == (boss.login, None)
    assert next(row for row in history if row["id"] == old["id"])["replaced_at"] is not None
    assert chain.intact
    assert chain.rows == 1


async def test_a_seed_never_overrides_what_somebody_wrote(db, make_staff, call):
    await service.seed(db)
    await call(service.amend, await make_staff("supervisor"), BAVARIA)
    async with db.transaction() as tx:
        changed = [replace(row, note="neu") for row in read_files()]
        await repository.seed(tx, changed)
        german = await repository.current(tx, "DE")
        japanese = await repository.current(tx, "JP")
    assert BAVARIA in [repository.record_of(row) for row in german]
    assert "neu" not in {row["note"] for row in german}
    assert {row["note"] for row in japanese} == {"neu"}


@pytest.mark.parametrize(
    ("change", "field"),
    [({"mission": "주없는대사관"}, "mission"), ({"source": " "}, "source"), ({"regions": ("DE-XX",)}, "regions"), ({"valid_to": date(2025, 1, 1)}, "valid_to")],
)
async def test_a_row_that_could_not_count_is_refused(db, make_staff, call, change, field):
    boss = await make_staff("supervisor")
    with pytest.raises(AppError) as refused:
        await call(service.amend, boss, replace(BAVARIA, **change))
    assert (refused.value.code, refused.value.extra["field"]) == ("invalid_request", field)


async def test_an_agent_may_not_change_districts(db, make_staff, call):
    with pytest.raises(AppError) as refused:
        await call(service.amend, await make_staff("agent"), BAVARIA)
    assert refused.value.code == "forbidden"


async def test_a_row_can_be_closed_only_once(db, make_staff, call):
    boss = await make_staff("supervisor")
    row_id = await call(service.amend, boss, BAVARIA)
    await call(service.amend, boss, None, replaces=row_id)
    with pytest.raises(AppError) as refused:
        await call(service.amend, boss, None, replaces=row_id)
    assert refused.value.code == "not_found"
