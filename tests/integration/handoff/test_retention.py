"""What is over goes by its clock, class by class; what is open, held or may be reopened stays; and that it was done can be proven."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import LargeBinary

from bot import erasure
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body
from core import audit
from core import db as database
from core.db import metadata
from core.settings import Settings
from handoff import location
from handoff import service as handoff
from handoff.phone.schemas import Caller
from handoff.phone.service import open_for_caller
from handoff.records import holds, jobs, retention
from handoff.records.data_classes import ACCESS_LOG, CLASSES, STAYS

SETTINGS = Settings(words_keep_days=100, notes_keep_days=60, place_records_keep_days=183, codes_keep_days=10, events_keep_days=80)
LATER = timedelta(days=101)
NOW = datetime.now(UTC)
_AGED = {
    "messages": "created_at", "inbox": "received_at", "events": "created_at", "case_notes": "created_at", "case_promises": "made_at",
    "case_hand_ons": "handed_at", "geo_fixes": "received_at", "location_consents": "given_at", "location_links": "expires_at",
    "location_views": "viewed_at", "conversations": "created_at", "access_log": "at", "sign_in_attempts": "at",
}  # fmt: skip


async def age(db, days):
    """Everything that stands in the tables came so much earlier; the access log keeps its chain."""
    async with db.transaction() as tx:
        for table, column in _AGED.items():
            if table != "access_log":
                await database.run(tx, f"UPDATE {table} SET {column} = {column} - make_interval(days => %s)", days)
        await database.run(tx, "UPDATE conversations SET last_inbound_at = last_inbound_at - make_interval(days => %s)", days)
        await database.run(
            tx, "UPDATE cases SET arrival_at = arrival_at - make_interval(days => %s), closed_at = closed_at - make_interval(days => %s)", days, days
        )
        await database.run(tx, "UPDATE geo_fixes SET expires_at = expires_at - make_interval(days => %s)", days)
        await database.run(tx, "UPDATE incidents SET ended_at = ended_at - make_interval(days => %s)", days)


async def count(db, statement, *args):
    async with db.read() as connection:
        row = await database.one(connection, f"SELECT count(*) AS n FROM {statement}", *args)
    return row["n"]


@pytest.fixture
def ended(db, cipher, make_case, make_staff, say, call):
    """``await ended()``: a case with words, a note, a promise and a place, closed; its id."""

    async def make(*, closed=True):
        agent = await make_staff()
        case = await make_case("none", "other")
        await say(case.conversation_id)
        await call(handoff.claim, case.id, agent)
        await call(conversation.reply, cipher, case.conversation_id, AuthorKind.AGENT, Body("네"), client_id=f"r{case.id}", author_id=agent.id)
        await call(handoff.add_note, cipher, case.id, agent, "여동생과 통화함")
        await call(handoff.promise, cipher, case.id, agent, "내일 전화", NOW + timedelta(hours=3))
        await call(location.record_message_fix, cipher, case.conversation_id, {"lat": 13.7, "lon": 100.5, "accuracy_m": 20})
        await call(handoff.card, cipher, case.id, agent)
        if closed:
            await call(handoff.close, cipher, case.id, agent, "resolved", verified_contact="본인과 통화")
        return case

    return make


async def test_words_notes_places_and_events_of_what_is_over_go(db, ended):
    case = await ended()
    fresh = await ended()
    await age(db, 0)
    async with db.transaction() as tx:  # the first one alone is old
        for table, column in _AGED.items():
            key = {"case_notes": "case_id", "case_promises": "case_id", "case_hand_ons": "case_id", "conversations": "id"}.get(table, "conversation_id")
            if table in ("access_log", "sign_in_attempts", "events"):
                continue
            value = case.id if key == "case_id" else case.conversation_id
            await database.run(tx, f"UPDATE {table} SET {column} = {column} - interval '101 days' WHERE {key} = %s", value)
        await database.run(tx, "UPDATE conversations SET last_inbound_at = last_inbound_at - interval '101 days' WHERE id = %s", case.conversation_id)
        await database.run(tx, "UPDATE cases SET closed_at = closed_at - interval '101 days' WHERE id = %s", case.id)
        await database.run(tx, "UPDATE geo_fixes SET expires_at = expires_at - interval '101 days' WHERE conversation_id = %s", case.conversation_id)
        await database.run(
            tx,
            "UPDATE events SET created_at = created_at - interval '101 days' WHERE stream IN (%s, %s)",
            f"case:{case.id}",
            f"conversation:{case.conversation_id}",
        )
    run = await retention.run_once(db, SETTINGS)
    assert run.failed == {}
    for code in ("words", "notes", "places", "events"):
        assert run.erased[code] > 0, code
    for gone, number in ((case, 0), (fresh, 1)):
        assert bool(await count(db, "messages WHERE conversation_id = %s", gone.conversation_id)) == bool(number)
        assert await count(db, "case_notes WHERE case_id = %s", gone.id) == number
        assert await count(db, "case_promises WHERE case_id = %s", gone.id) == number
        assert await count(db, "cases WHERE id = %s AND summary IS NOT NULL", gone.id) == number
        assert await count(db, "geo_fixes WHERE conversation_id = %s AND place IS NOT NULL", gone.conversation_id) == number
        assert bool(await count(db, "events WHERE stream = %s", f"case:{gone.id}")) == bool(number)
    # What statistics need stays: that there was a case, how urgent, and how it ended.
    assert await count(db, "cases WHERE id = %s AND outcome = 'resolved' AND severity = 'none'", case.id) == 1
    assert await count(db, "conversations WHERE id = %s AND status = 'closed' AND visitor = ''", case.conversation_id) == 1
    again = await retention.run_once(db, SETTINGS)
    assert sum(again.erased.values()) == 0


@pytest.mark.parametrize("why", ["held", "open", "reopenable"])
async def test_what_is_held_open_or_may_be_reopened_stays_whole(db, cipher, ended, call, why):
    case = await ended(closed=why != "open")
    await age(db, 101)
    if why == "held":
        await call(holds.set_hold, cipher, case.conversation_id, "책임자", "소송 예정")
    if why == "reopenable":
        async with db.transaction() as tx:
            await database.run(tx, "UPDATE cases SET closed_at = now() - interval '6 days' WHERE id = %s", case.id)
    before = {name: await count(db, f"{name} ") for name in ("messages", "case_notes", "case_promises", "inbox", "location_views", "location_consents")}
    events = await count(db, "events WHERE stream <> 'queue'")
    run = await retention.run_once(db, SETTINGS)
    assert run.failed == {}
    assert {name: await count(db, f"{name} ") for name in before} == before
    assert await count(db, "events WHERE stream <> 'queue'") == events
    assert await count(db, "geo_fixes WHERE place IS NOT NULL") == (1 if why == "held" else 0)  # a place's own clock does not wait for the case
    if why == "held":
        await call(holds.lift_hold, cipher, case.conversation_id, "책임자")
        assert (await retention.run_once(db, SETTINGS)).erased["words"] > 0


async def test_the_sweep_keeps_the_place_of_a_held_conversation_too(db, cipher, ended, call):
    case = await ended()
    await call(holds.set_hold, cipher, case.conversation_id, "책임자", "소송 예정")
    assert await call(location.purge_expired, NOW + timedelta(days=30)) == 0
    await call(holds.lift_hold, cipher, case.conversation_id, "책임자")
    assert await call(location.purge_expired, NOW + timedelta(days=30)) == 1


async def test_old_words_of_a_messenger_that_never_ends_go_and_new_ones_stay(db, make_case, say):
    case = await make_case("none", "other")
    await say(case.conversation_id, "옛날 말")
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE cases SET status = 'closed', outcome = 'resolved', closed_at = now() - interval '150 days'")
        await database.run(tx, "UPDATE messages SET created_at = created_at - interval '150 days'")
    await say(case.conversation_id, "어제 말")
    await retention.run_once(db, SETTINGS)
    assert await count(db, "messages") == 1
    assert await count(db, "conversations WHERE status = 'open'") == 1


async def test_a_callers_number_goes_with_the_notes(db, cipher, make_staff, call):
    agent = await make_staff()
    caller = Caller("여권을 잃어버림", "none", "other", NOW, "f1", country="TH", name="민지", number="+82 10 1234 5678")
    made = await call(open_for_caller, cipher, agent, caller)
    await call(handoff.close, cipher, made.case.id, agent, "resolved")
    await age(db, 61)
    await retention.run_once(db, SETTINGS)
    assert await count(db, "phone_calls WHERE caller IS NULL AND number IS NULL AND number_hash IS NULL") == 1


async def test_names_put_on_a_list_by_hand_go_a_year_after_the_incident(db, cipher, make_staff, make_case, call):
    from handoff.incidents import service as incidents

    agent, case = await make_staff(), await make_case("urgent", "natural_disaster", country="JP")
    incident = await call(incidents.open_incident, cipher, agent, "지진", "natural_disaster", "JP", [case.id])
    await call(incidents.add_person, cipher, agent, incident, "김민지", "unknown", "family")
    settings = SETTINGS.model_copy(update={"incident_names_keep_days": 30})
    await age(db, 31)
    await retention.run_once(db, settings)
    assert await count(db, "incident_people WHERE name IS NOT NULL AND case_id IS NULL") == 1  # it goes on
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE cases SET status = 'closed', outcome = 'resolved', closed_at = now() - interval '40 days'")
        await database.run(tx, "UPDATE incidents SET status = 'closed', ended_by = 1, ended_at = now() - interval '31 days'")
    assert (await retention.run_once(db, settings)).erased["incident_names"] >= 1
    assert await count(db, "incident_people WHERE name IS NOT NULL AND case_id IS NULL") == 0


async def test_codes_and_attempts_go(db):
    async with db.transaction() as tx:
        await database.run(tx, "INSERT INTO sign_in_attempts (login_hash, address, at) VALUES ('a', '1', now() - interval '11 days'), ('a', '1', now())")
        await database.run(tx, "INSERT INTO invites (token_hash, roles, expires_at) VALUES ('x', '{agent}', now() - interval '11 days')")
        await database.run(tx, "INSERT INTO invites (token_hash, roles, expires_at) VALUES ('y', '{agent}', now() + interval '1 day')")
    assert (await retention.run_once(db, SETTINGS)).erased["codes"] == 2
    assert (await count(db, "sign_in_attempts"), await count(db, "invites")) == (1, 1)


async def write_log(db, days, **values):
    """Rows whose hash covers a time in the past, as they would have been written then."""
    async with db.transaction() as tx:
        await tx.execute("SELECT pg_advisory_xact_lock(%s)", (audit.LOCK,))
        last = await database.one(tx, "SELECT chain FROM access_log ORDER BY id DESC LIMIT 1")
        number = await database.one(tx, "SELECT nextval(pg_get_serial_sequence('access_log', 'id')) AS id")
        row = {"id": number["id"], "at": NOW - timedelta(days=days), "account": "a", "address": "", "action": "case.view", "subject": "", "detail": {}}
        row |= {"case_id": None} | values
        chain = audit._link(bytes(last["chain"]) if last else audit.GENESIS, row)
        await database.run(
            tx,
            "INSERT INTO access_log (id, at, account, address, action, case_id, subject, chain) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            *(row[name] for name in ("id", "at", "account", "address", "action", "case_id", "subject")),
            chain,
        )


async def chain_of(db):
    async with db.read() as connection:
        return await audit.verify_chain(connection)


async def test_the_access_log_goes_after_two_years_and_its_chain_still_shows_tampering(db):
    for days in (900, 800, 740, 700, 3):
        await write_log(db, days)
    assert (await retention.run_once(db, SETTINGS)).erased["access_log"] == 3
    found = await chain_of(db)
    assert found.intact
    assert found.rows == 3  # two rows, and the run's own
    async with db.transaction() as tx:
        await database.run(tx, "DELETE FROM access_log WHERE id = 4")
    assert (await chain_of(db)).broken_at == 5


async def test_a_log_that_is_gone_whole_goes_on_from_its_last_hash(db):
    for days in (900, 800):
        await write_log(db, days)
    await retention.run_once(db, SETTINGS)
    assert ((await chain_of(db)).intact, await count(db, "access_log")) == (True, 1)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE access_log_starts SET chain = 'x'::bytea")
    assert not (await chain_of(db)).intact


async def test_the_log_of_a_held_case_stays_and_with_it_what_came_later(db, cipher, make_case, call):
    case = await make_case("none", "other")
    await write_log(db, 900)
    await write_log(db, 890, case_id=case.id)
    await write_log(db, 880)
    await call(holds.set_hold, cipher, case.conversation_id, "책임자", "소송 예정")
    assert (await retention.run_once(db, SETTINGS)).erased["access_log"] == 1
    assert (await chain_of(db)).intact


async def test_a_run_is_written_down_and_a_class_that_fails_stops_no_other(db, ended, monkeypatch):
    await ended()
    await age(db, 101)
    broken = next(one for one in CLASSES if one.code == "notes")
    monkeypatch.setattr(retention, "CLASSES", tuple(one if one is not broken else type(one)(**{**vars(one), "statements": ("SELECT 1/0",)}) for one in CLASSES))
    run = await retention.run_once(db, SETTINGS)
    assert (run.failed, run.erased["words"] > 0) == ({"notes": "DivisionByZero"}, True)
    async with db.read() as connection:
        assert (await retention.last_run(connection)).failed == {"notes": "DivisionByZero"}
        assert await retention.last_whole(connection) is None
        assert (await retention.erased_since(connection, NOW - timedelta(days=1)))["words"] == run.erased["words"]
        row = await database.one(connection, "SELECT detail FROM access_log WHERE action = 'record.retention'")
    assert (row["detail"]["failed"], row["detail"]["words"]) == (["notes"], run.erased["words"])


async def test_a_class_whose_statement_takes_too_long_stops_no_other_either(db, ended, monkeypatch):
    await ended()
    await age(db, 101)
    erase = retention._erase

    async def slow(db, settings, one, at):
        if one.code == "notes":
            async with db.transaction() as tx:
                await database.run(tx, "SET LOCAL statement_timeout = 1")
                await database.run(tx, "SELECT pg_sleep(5)")
        return await erase(db, settings, one, at)

    monkeypatch.setattr(retention, "_erase", slow)
    run = await retention.run_once(db, SETTINGS)
    assert (run.failed, run.erased["words"] > 0) == ({"notes": "QueryCanceled"}, True)
    assert run.erased.keys() | {"notes"} == {one.code for one in (*CLASSES, ACCESS_LOG)}


async def test_it_runs_once_a_day_and_after_a_failure_sooner(db):
    at = datetime.now(UTC)
    assert await jobs.run_if_due(db, SETTINGS) is not None
    assert await jobs.run_if_due(db, SETTINGS) is None
    assert await jobs.run_if_due(db, SETTINGS, at + timedelta(hours=25)) is not None
    async with db.transaction() as tx:
        await database.run(tx, "DELETE FROM retention_runs WHERE id > 1")
        await database.run(tx, """UPDATE retention_runs SET failed = '{"words": "X"}'""")
    assert await jobs.run_if_due(db, SETTINGS, at + timedelta(minutes=50)) is None
    assert await jobs.run_if_due(db, SETTINGS, at + timedelta(minutes=65)) is not None


async def test_a_run_that_is_missing_is_an_alarm(db, caplog):
    at = datetime.now(UTC)
    assert not await jobs.check(db, at - timedelta(hours=47), at)
    assert await jobs.check(db, at - timedelta(hours=49), at)
    await retention.run_once(db, SETTINGS)
    assert not await jobs.check(db, at - timedelta(days=9), at + timedelta(hours=47))
    assert await jobs.check(db, at - timedelta(days=9), at + timedelta(hours=49))


def test_every_table_with_personal_columns_has_a_class():
    """Tables of an erasure, those that it leaves, and whatever holds sealed columns: each has a clock, or a reason to have none."""
    sealed = {name for name, table in metadata.tables.items() if any(isinstance(column.type, LargeBinary) for column in table.columns)}
    personal = {step.table for step in erasure.STEPS} | erasure.KEPT.keys() | sealed
    kept = set().union(*(one.tables for one in (*CLASSES, ACCESS_LOG)))
    assert personal - kept - STAYS.keys() - (erasure.NOBODY - sealed) == set()
    assert kept & STAYS.keys() == set()
    assert kept | STAYS.keys() <= set(metadata.tables)


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.code)
def test_each_table_of_a_class_stands_in_its_statements_and_loses_what_is_sealed(one):
    text = " ".join(one.statements)
    for table in one.tables:
        assert re.search(rf"(DELETE FROM|UPDATE) {table}\b", text), table
        deleted = re.search(rf"DELETE FROM {table}\b", text)
        of_others = " ".join(" ".join(other.statements) for other in CLASSES if table in other.tables)
        for column in metadata.tables[table].columns:
            if isinstance(column.type, LargeBinary) and not deleted and not re.search(rf"DELETE FROM {table}\b", of_others):
                assert re.search(rf"\b{column.name} = (NULL|sha256)", of_others), (table, column.name)
    assert one.setting in Settings.model_fields
