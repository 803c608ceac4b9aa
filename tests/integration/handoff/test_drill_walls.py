"""A synthetic emergency rings our own desks and reaches nobody outside: no telephone, no mission, no mail."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest

from conversation import outbox
from conversation import service as conversation
from conversation.schemas import AuthorKind, Body
from core import db as database
from core.clock import now
from core.errors import AppError
from core.settings import Settings
from handoff import closing, clusters, duty, ladder
from handoff import service as handoff
from handoff.officers import jobs, service
from handoff.officers.routing import route_open

CAMBODIA = "주캄보디아대사관"


@contextlib.contextmanager
def refused(code):
    with pytest.raises(AppError) as error:
        yield
    assert error.value.code == code


class Telephone:
    def __init__(self):
        self.calls = []

    async def place(self, call):
        self.calls.append(call.case_id)
        return True


@pytest.fixture
def configured(monkeypatch):
    chosen = Settings(duty_call_url="http://gateway.test/calls", duty_phone="+82-2-000-0000")
    monkeypatch.setattr(ladder, "settings", lambda: chosen)


@pytest.fixture
def emergency(db, cipher):
    async def make(*, synthetic):
        async with db.transaction() as tx:
            conversation_id, _ = await conversation.start(tx, "webchat", synthetic=synthetic)
            return await handoff.open_or_raise(tx, cipher, conversation_id, "life_threat", "other", "direct", country="KH", synthetic=synthetic)

    return make


async def sweep(db, seconds):
    async with db.transaction() as tx:
        return await handoff.sweep(tx, now() + timedelta(seconds=seconds))


async def rungs(db, case):
    async with db.read() as connection:
        return {row["rung"]: row["state"] for row in await handoff.rungs_of(connection, case.id)}


async def test_supervisors_are_rung_and_telephones_are_not(db, emergency, configured):
    drill, real = await emergency(synthetic=True), await emergency(synthetic=False)
    for seconds in (21, 61, 121):
        await sweep(db, seconds)
    port = Telephone()
    await duty.place_calls(db, port)
    assert port.calls == [real.id]
    assert await rungs(db, drill) == {"supervisor": "told", "duty_phone": "cancelled", "mission_voice": "cancelled"}
    async with db.read() as connection:
        shown = {row.case_id: row.ladder for row in await handoff.all_open(connection)}
        assert await handoff.violations(connection, now() + timedelta(seconds=121)) == []
    assert shown[drill.id] == "supervisor:told"


async def test_a_call_that_is_written_down_for_a_drill_is_still_not_placed(db, emergency, configured, call):
    """The second wall: the statement that takes a call."""
    drill = await emergency(synthetic=True)
    await call(database.run, "UPDATE case_rungs SET state = 'calling', next_attempt_at = now() - interval '1 minute' WHERE case_id = %s", drill.id)
    port = Telephone()
    assert await duty.place_calls(db, port) == 0
    assert port.calls == []


async def test_no_mission_is_told(db, cipher, emergency, make_staff, call):
    officer, boss = await make_staff("officer"), await make_staff("supervisor")
    await call(service.seat, cipher, boss, officer.id, CAMBODIA, "consul@mission.invalid")
    real = await emergency(synthetic=False)
    await emergency(synthetic=True)
    await route_open(db, cipher, now())
    async with db.read() as connection:
        assert [case.case_id for case in await service.district_cases(connection, officer)] == [real.id]
    # The second wall: a notice that is written down for a drill is not sent.
    await call(database.run, "UPDATE cases SET synthetic = true WHERE id = %s", real.id)
    letters = Settings(smtp_host="127.0.0.1", smtp_port=9, smtp_security="none", mail_from="desk@gildongmu.invalid")
    assert await jobs.send_due(db, cipher, letters) == 0
    async with db.read() as connection:
        (notice,) = await database.rows(connection, "SELECT sent, failed FROM officer_notices WHERE staff_id = %s", officer.id)
    assert (notice["sent"], notice["failed"]) == (0, 0)  # nobody listens on that port: a try would have failed


async def test_nothing_waits_to_be_sent_to_a_messenger(db, emergency, make_staff, call, cipher):
    agent = await make_staff()
    drill = await emergency(synthetic=True)
    await call(handoff.claim, drill.id, agent)
    async with db.transaction() as tx:
        await handoff.reply(tx, cipher, drill.id, agent, "훈련 상담을 맡았습니다", "first")
    async with db.read() as connection:
        states = {row["state"] for row in await database.rows(connection, "SELECT state FROM outbox WHERE conversation_id = %s", drill.conversation_id)}
    assert states == {"sent"}  # on the web chat the event is the delivery


async def test_nothing_of_a_drill_is_given_to_a_platform(db, cipher):
    """Lines of a drill on a messenger count as delivered; should one wait all the same, neither a sender nor a waiting request gets it."""
    async with db.transaction() as tx:
        drill, _ = await conversation.start(tx, "line", visitor="훈련", synthetic=True)
        real, _ = await conversation.start(tx, "line", visitor="사람")
        for one in (drill, real):
            for client_id, policy in (("a", "at_least_once"), ("b", "at_most_once")):
                await conversation.reply(tx, cipher, one, AuthorKind.SYSTEM, Body("안내"), client_id=client_id, policy=policy)
    async with db.read() as connection:
        states = {row["state"] for row in await database.rows(connection, "SELECT state FROM outbox WHERE conversation_id = %s", drill)}
    assert states == {"sent"}
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE outbox SET state = 'pending', sent_at = NULL")
        assert await outbox.take_inline(tx, cipher, drill, quiet=[]) is None
        claims = await outbox.claim(tx, cipher, ["line"], by="sender", lease_s=60, limit=10, quiet=[])
    assert [claim.conversation_id for claim in claims] == [real]


async def test_a_drill_never_makes_a_flood_of_real_emergencies(db, emergency):
    for _ in range(5):
        await emergency(synthetic=True)
    async with db.transaction() as tx:
        assert await clusters.group(tx, now()) == []


async def test_a_drill_is_merged_with_nothing_and_not_opened_again(db, cipher, emergency, make_staff, call):
    agent = await make_staff()
    drill, real = await emergency(synthetic=True), await emergency(synthetic=False)
    for case in (drill, real):
        await call(handoff.claim, case.id, agent)
    for pair in ((drill.id, real.id), (real.id, drill.id)):
        with refused("illegal_move"):
            await call(handoff.merge, *pair, agent)
    await call(handoff.close, cipher, drill.id, agent, "drill")
    with refused("illegal_move"):
        await call(handoff.reopen, drill.id, agent)
    async with db.read() as connection:
        assert await handoff.recently_closed(connection, agent) == []


async def test_one_person_ends_a_drill_and_only_as_one(db, cipher, emergency, make_staff, call):
    agent = await make_staff()
    drill, real = await emergency(synthetic=True), await emergency(synthetic=False)
    for case in (drill, real):
        await call(handoff.claim, case.id, agent)
    with refused("invalid_request"):
        await call(handoff.close, cipher, drill.id, agent, "resolved", verified_contact="본인과 통화함")
    with refused("invalid_request"):
        await call(handoff.close, cipher, real.id, agent, "drill", verified_contact="본인과 통화함")
    assert (await call(handoff.close, cipher, drill.id, agent, "drill")).status == "closed"
    assert await call(closing.end_drill, real.conversation_id) is None
    async with db.read() as connection:
        assert [row.case_id for row in await handoff.all_open(connection)] == [real.id]
