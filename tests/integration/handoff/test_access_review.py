"""The monthly review: who looked at what, what stands out, marked by another person; and every reading of the list is a line in it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from accounts.page_session import PageSession
from core import audit
from core import db as database
from core.crypto import hash_token
from core.errors import AppError
from handoff import service as handoff
from handoff.records import access_review, restricted
from handoff.records.access_review import ZONE, bounds, month_of
from handoff.records.subjects import subjects
from handoff.records.unusual import Sign

FIRST: date
NOON: datetime


@pytest.fixture(autouse=True)
def _today():
    """The day on which each test begins: the month may end while others run."""
    global FIRST, NOON
    FIRST = month_of("")
    NOON = datetime.now(ZONE).replace(hour=12, minute=0, second=0, microsecond=0)


async def at(db, moment, case_id=None):
    """The newest line, or those of a case, were written at this moment; the chain is not looked at here."""
    async with db.transaction() as tx:
        await database.run(
            tx, "UPDATE access_log SET at = %s WHERE CASE WHEN %s::bigint IS NULL THEN id = (SELECT max(id) FROM access_log) ELSE case_id = %s END",
            moment, case_id, case_id,
        )  # fmt: skip


async def entry(call, chief, account):
    found = await call(access_review.entries, chief, FIRST)
    return next(one for one in found if one.month.account == account)


async def test_whoever_works_on_what_is_theirs_does_not_stand_out(db, cipher, make_staff, make_case, call):
    chief, agent = await make_staff("supervisor"), await make_staff()
    case, waiting = await make_case("urgent"), await make_case("urgent")
    await call(handoff.card, cipher, case.id, agent)
    await call(handoff.claim, case.id, agent)
    await call(handoff.card, cipher, case.id, agent)
    await call(handoff.card, cipher, waiting.id, agent)  # it waits: looking is work
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE access_log SET at = %s WHERE account = %s", NOON, agent.login)
        await database.run(tx, "UPDATE events SET created_at = created_at - interval '2 days'")
    found = await entry(call, chief, agent.login)
    assert (found.signs, found.month.cases) == ((), 2)


async def test_whoever_was_invited_does_not_stand_out_once_the_persons_next_case_has_opened(db, cipher, make_staff, make_case, call):
    chief, agent, guest = await make_staff("supervisor"), await make_staff(), await make_staff()
    case = await make_case("none")
    await call(handoff.claim, case.id, agent)
    await call(handoff.invite, case.id, agent, guest.id)
    await call(handoff.card, cipher, case.id, guest)
    await at(db, NOON)
    await call(handoff.close, cipher, case.id, agent, "resolved")
    await call(handoff.open_or_raise, cipher, case.conversation_id, "urgent", "assault", "new")
    assert (await entry(call, chief, guest.login)).month.not_theirs == 0


async def test_a_look_at_somebody_elses_case_stands_out(db, cipher, make_staff, make_case, call):
    chief, agent, boss = await make_staff("supervisor"), await make_staff(), await make_staff("supervisor")
    case = await make_case("urgent")
    await call(handoff.claim, case.id, agent)
    await call(handoff.card, cipher, case.id, boss)
    await at(db, NOON)
    found = await entry(call, chief, boss.login)
    assert (found.signs, found.month.not_theirs) == ((Sign.NOT_THEIRS,), 1)
    lines = await call(access_review.lines, chief, FIRST, boss.login)
    assert [(line.action, line.case_id, line.signs, line.subject) for line in lines] == [
        ("case.view", case.id, (Sign.NOT_THEIRS,), cipher.pseudonym(case.conversation_id))
    ]


@pytest.mark.parametrize("on_shift", [False, True])
async def test_a_look_at_night_stands_out_unless_on_shift(db, cipher, make_staff, make_case, call, on_shift):
    chief, agent = await make_staff("supervisor"), await make_staff()
    case = await make_case("urgent")
    await call(handoff.claim, case.id, agent)
    await call(handoff.card, cipher, case.id, agent)
    night = NOON.replace(hour=3)
    await at(db, night)
    if on_shift:
        async with db.transaction() as tx:
            await database.run(
                tx, "INSERT INTO shifts (staff_id, starts_at, ends_at) VALUES (%s, %s, %s)", agent.id, night - timedelta(hours=2), night + timedelta(hours=2)
            )
    assert (await entry(call, chief, agent.login)).signs == (() if on_shift else (Sign.NIGHT,))


async def test_many_cases_in_a_day_and_ways_past_a_restriction_stand_out(db, cipher, make_staff, make_case, call, monkeypatch):
    from handoff.records import access_review as module

    monkeypatch.setattr(module, "settings", lambda: type("S", (), {"access_many_cases": 3}))
    chief, agent, curious = await make_staff("supervisor"), await make_staff(cap=9), await make_staff()
    for _ in range(3):
        case = await make_case("none", "other")
        await call(handoff.card, cipher, case.id, agent)
        await at(db, NOON)
        await call(handoff.claim, case.id, agent)
    secret = await make_case("urgent")
    await call(restricted.restrict, cipher, secret.id, chief, [], "동료의 가족")
    await call(restricted.note_refusal, cipher, secret.id, curious)
    await call(restricted.break_glass, cipher, secret.id, curious, "담당자가 쓰러짐")
    assert (await entry(call, chief, agent.login)).signs == (Sign.MANY,)
    found = await call(access_review.entries, chief, FIRST)
    assert found[0].month.account == curious.login
    assert (found[0].signs[0], found[0].month.restricted, found[0].month.refused) == (Sign.RESTRICTED, 1, 1)


async def test_a_month_is_marked_by_another_supervisor_and_what_comes_later_shows(cipher, make_staff, make_case, call):
    chief, boss, agent = await make_staff("supervisor"), await make_staff("supervisor"), await make_staff()
    case = await make_case("urgent")
    await call(handoff.card, cipher, case.id, agent)
    await call(access_review.mark_reviewed, chief, FIRST, agent.login)
    found = await entry(call, chief, agent.login)
    assert (found.reviewed_by, found.later) == (chief.display_name, 0)
    await call(handoff.claim, case.id, agent)
    assert (await entry(call, chief, agent.login)).later == 1
    with pytest.raises(AppError, match="own_access"):
        await call(access_review.mark_reviewed, chief, FIRST, chief.login)
    with pytest.raises(AppError, match="not_found"):
        await call(access_review.mark_reviewed, chief, FIRST, "nobody")
    await call(access_review.mark_reviewed, boss, FIRST, chief.login)


async def test_only_supervisors_read_it_and_each_reading_is_a_line(db, make_staff, call):
    chief, agent, officer, editor = await make_staff("supervisor"), await make_staff(), await make_staff("officer"), await make_staff("editor")
    await call(access_review.entries, chief, FIRST)
    await call(access_review.lines, chief, FIRST, agent.login)
    await call(access_review.of_case, chief, 1)
    await call(access_review.export, chief, FIRST, None)
    async with db.read() as connection:
        written = [row["action"] for row in await database.rows(connection, "SELECT action FROM access_log WHERE account = %s ORDER BY id", chief.login)]
        assert (await audit.verify_chain(connection)).intact
    assert written == ["access.list", "access.detail", "access.detail", "access.export"]
    for staff in (agent, officer, editor):
        for function, args in (
            (access_review.entries, (FIRST,)), (access_review.lines, (FIRST, "x")), (access_review.of_case, (1,)), (access_review.export, (FIRST, None)),
            (access_review.mark_reviewed, (FIRST, chief.login)),
        ):  # fmt: skip
            with pytest.raises(AppError, match="may not read"):
                await call(function, staff, *args)


async def test_a_month_ends_at_midnight_in_seoul(db, make_staff, call):
    chief = await make_staff("supervisor")
    async with db.transaction() as tx:
        for number in range(3):
            await audit.record(tx, f"a{number}", "", "case.view")
        start, end = bounds(FIRST)
        for number, moment in enumerate((start, end - timedelta(microseconds=1), end)):
            await database.run(tx, "UPDATE access_log SET at = %s WHERE account = %s", moment, f"a{number}")
    assert {one.month.account for one in await call(access_review.entries, chief, FIRST)} == {"a0", "a1"}


async def test_a_line_that_a_page_writes_says_where_from_and_whose(db, cipher, make_staff, make_case, monkeypatch):
    """Whoever writes a line need not hand the address and the pseudonym on: the page's session and the process's keys fill them in."""
    monkeypatch.setattr(audit, "_subject_of", [subjects(cipher)])
    agent, case = await make_staff(), await make_case("urgent")
    async with db.transaction() as tx:
        await database.run(
            tx, "INSERT INTO staff_sessions (token_hash, staff_id, expires_at) VALUES (%s, %s, now() + interval '1 hour')", hash_token("t"), agent.id
        )
    async with db.transaction() as tx:
        staff = await PageSession("t", "10.1.2.3").person(tx)
        await handoff.claim(tx, case.id, staff)
    audit.acting_from("")
    async with db.read() as connection:
        row = await database.one(connection, "SELECT * FROM access_log WHERE action = 'case.claim'")
        assert (await audit.verify_chain(connection)).intact
    assert (row["account"], row["address"], row["case_id"], row["subject"]) == (agent.login, "10.1.2.3", case.id, cipher.pseudonym(case.conversation_id))


async def test_whoever_reads_along_for_long_is_written_down_again(db, cipher, make_staff, make_case, say, call):
    from contextlib import asynccontextmanager

    from handoff.desk.record_actions import RecordActions

    boss, case = await make_staff("supervisor"), await make_case("urgent")

    @asynccontextmanager
    async def acting():
        async with db.transaction() as tx:
            yield tx, boss

    desk = RecordActions(acting, cipher)
    for minutes in (2, 0, 0):
        await desk.note_reading(case.id)
        async with db.transaction() as tx:
            await database.run(tx, "UPDATE access_log SET at = at - make_interval(mins => %s)", minutes)
    async with db.read() as connection:
        found = await database.rows(connection, "SELECT action, detail FROM access_log WHERE account = %s", boss.login)
    assert [(row["action"], row["detail"]) for row in found] == [("case.view", {"reading": True})] * 2
