"""The card says how its missions stand: hours that staff wrote, a duty number only where the directory's row was checked."""

from __future__ import annotations

from datetime import UTC, date, datetime

from core import db as database
from handoff import service as handoff
from knowledge_base import reference
from knowledge_base import repository as knowledge
from knowledge_base.country_facts import repository as facts

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # Friday, 10:00 in Vientiane
LAOS = "주라오스대사관"


async def card_of(db, cipher, make_case, make_staff):
    case = await make_case(country="LA")
    async with db.transaction() as tx:
        return await handoff.card(tx, cipher, case.id, await make_staff("agent"), now=AT)


async def directory(db, *, verified, hours=""):
    async with db.transaction() as tx:
        await knowledge.save_missions(tx, reference.read_missions())
        await database.run(tx, "UPDATE missions SET verified = %s WHERE name = %s", verified, LAOS)
        await database.run(
            tx,
            """INSERT INTO mission_facts (code, country, name, duty_phone, source, fetched_at, valid_from)
               SELECT 'x', 'LA', %s, '+856-20-5839-0080', 'api', now(), now()""",
            LAOS,
        )
        if hours:
            await facts.save_details(tx, LAOS, hours, [], "공관 누리집", date(2026, 11, 1), "editor")


async def test_hours_that_nobody_wrote_are_assumed_and_the_duty_number_hidden(db, cipher, make_case, make_staff):
    await directory(db, verified=False)
    now = (await card_of(db, cipher, make_case, make_staff)).missions_now[LAOS]
    assert now.is_open
    assert not now.is_verified
    assert now.duty_phone == ""
    assert (now.time_zone, now.local_time.hour) == ("Asia/Vientiane", 10)


async def test_staffs_hours_count_and_a_checked_row_shows_its_duty_number(db, cipher, make_case, make_staff):
    await directory(db, verified=True, hours="월-금 13:00-17:00")
    now = (await card_of(db, cipher, make_case, make_staff)).missions_now[LAOS]
    assert not now.is_open
    assert now.is_verified
    assert now.next_opening == datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
    assert now.duty_phone == "+856-20-5839-0080"


async def test_without_a_directory_in_the_database_nothing_is_claimed(db, cipher, make_case, make_staff):
    card = await card_of(db, cipher, make_case, make_staff)
    assert [mission.name for mission in card.missions] == [LAOS]
    assert card.missions_now == {}
