"""A life threat that nobody takes climbs, rung by rung, and only owning the case stops it."""

from datetime import timedelta

import httpx
import pytest

from core import db as database
from core import events
from core.clock import now
from core.errors import AppError
from core.settings import Settings
from handoff import duty, ladder
from handoff import service as handoff
from handoff.ladder import MOVES, Rung, RungState, reached_by
from handoff.schemas import Claimed

NUMBER = "+66-2-000-0000"


async def sweep(db, seconds=0):
    async with db.transaction() as tx:
        return await handoff.sweep(tx, now() + timedelta(seconds=seconds))


async def rungs(db, case):
    async with db.read() as connection:
        return {row["rung"]: row["state"] for row in await handoff.rungs_of(connection, case.id)}


async def shown(db, case):
    async with db.read() as connection:
        return next(row.ladder for row in await handoff.all_open(connection) if row.case_id == case.id)


@pytest.fixture
def configured(monkeypatch):
    """A gateway and a duty phone."""
    chosen = Settings(duty_call_url="http://gateway.test/calls", duty_phone="+82-2-000-0000")
    monkeypatch.setattr(ladder, "settings", lambda: chosen)
    return chosen


def gateway(answers, calls):
    def handle(request):
        calls.append(request)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer)

    return duty.Gateway("http://gateway.test/calls", "secret", httpx.AsyncClient(transport=httpx.MockTransport(handle)))


async def test_without_a_gateway_each_rung_comes_in_time_and_says_that_nobody_was_called(db, make_case):
    case = await make_case("life_threat", country="TH")
    for seconds, expected in [
        (10, {"supervisor": "waiting", "duty_phone": "waiting", "mission_voice": "waiting"}),
        (21, {"supervisor": "told", "duty_phone": "waiting", "mission_voice": "waiting"}),
        (61, {"supervisor": "told", "duty_phone": "not_configured", "mission_voice": "waiting"}),
        (121, {"supervisor": "told", "duty_phone": "not_configured", "mission_voice": "not_configured"}),
    ]:
        await sweep(db, seconds)
        assert await rungs(db, case) == expected
    assert await shown(db, case) == "supervisor:told,duty_phone:not_configured,mission_voice:not_configured"
    async with db.read() as connection:
        told = [event.payload for event in await events.read(connection, handoff.QUEUE, 0, 1000) if event.kind == "escalated"]
    assert [(one["rung"], one["result"]) for one in told] == [("supervisor", "told"), ("duty_phone", "not_configured"), ("mission_voice", "not_configured")]


@pytest.mark.parametrize("severity", ["urgent", "none"])
async def test_only_life_threats_climb(db, cipher, make_case, severity):
    case = await make_case(severity)
    assert (await sweep(db, 130)).climbed == []
    async with db.transaction() as tx:
        await handoff.open_or_raise(tx, cipher, case.conversation_id, "life_threat", "assault", "worse")
    assert await rungs(db, case) == {"supervisor": "waiting", "duty_phone": "waiting", "mission_voice": "waiting"}


async def test_acknowledging_a_rung_silences_the_bell_but_not_the_next_rung(db, make_case, make_staff):
    agent, other = await make_staff(), await make_staff()
    case = await make_case("life_threat")
    await sweep(db, 21)
    async with db.transaction() as tx:
        assert await handoff.acknowledge(tx, case.id, agent)
        assert await handoff.acknowledge_rung(tx, case.id, "supervisor", agent)
        assert not await handoff.acknowledge_rung(tx, case.id, "supervisor", other)
        assert not await handoff.acknowledge_rung(tx, case.id, "duty_phone", agent), "nobody has been reached there yet"
    await sweep(db, 61)
    assert (await rungs(db, case))["duty_phone"] == "not_configured"
    async with db.read() as connection:
        assert (await handoff.get(connection, case.id)).acknowledged_at is None, "the bell rings again"
        by = {row["rung"]: row["acknowledged_by"] for row in await handoff.rungs_of(connection, case.id)}
    assert by == {"supervisor": agent.id, "duty_phone": None, "mission_voice": None}
    async with db.transaction() as tx:
        assert await handoff.acknowledge_rung(tx, case.id, None, other)
        assert not await handoff.acknowledge_rung(tx, case.id, None, other)
        by = {row["rung"]: row["acknowledged_by"] for row in await handoff.rungs_of(tx, case.id)}
    assert by == {"supervisor": agent.id, "duty_phone": other.id, "mission_voice": None}
    async with db.transaction() as tx:
        with pytest.raises(AppError, match="forbidden"):
            await handoff.acknowledge_rung(tx, case.id, "duty_phone", await make_staff("editor"))


async def test_owning_the_case_stops_the_ladder_and_returning_it_starts_a_new_one(db, make_case, make_staff):
    agent, case = await make_staff(), await make_case("life_threat")
    await sweep(db, 21)
    async with db.transaction() as tx:
        assert isinstance(await handoff.claim(tx, case.id, agent), Claimed)
    assert (await sweep(db, 40)).climbed == []
    assert await rungs(db, case) == {"supervisor": "told", "duty_phone": "cancelled", "mission_voice": "cancelled"}
    assert await shown(db, case) == ""
    async with db.transaction() as tx:
        await handoff.return_to_queue(tx, case.id, agent)
    assert (await sweep(db, 21)).climbed == [(case.id, "supervisor")]
    assert await shown(db, case) == "supervisor:told"


async def test_a_lost_ladder_is_a_violation_and_the_sweep_mends_it(db, make_case):
    case = await make_case("life_threat")
    async with db.transaction() as tx:
        await database.run(tx, "DELETE FROM case_rungs")
    async with db.read() as connection:
        assert await handoff.violations(connection) == [case.id]
    await sweep(db)
    async with db.read() as connection:
        assert await handoff.violations(connection) == []
    assert len(await rungs(db, case)) == 3


async def test_a_configured_gateway_is_called_once_and_without_a_word_about_the_citizen(db, make_case, configured):
    case, calls = await make_case("life_threat", summary="칼을 든 사람"), []
    await sweep(db, 61)
    port = gateway([200], calls)
    assert await duty.place_calls(db, port) == 1
    assert await duty.place_calls(db, port) == 0
    assert (await rungs(db, case))["duty_phone"] == "called"
    (request,) = calls
    assert request.headers["authorization"] == "Bearer secret"
    assert request.headers["idempotency-key"] == f"case-{case.id}-1-duty_phone"
    assert b"+82-2-000-0000" in request.content
    assert "칼".encode() not in request.content
    assert "duty_phone:called" in await shown(db, case)


async def test_a_gateway_that_fails_is_tried_three_times_and_then_said_to_have_failed(db, make_case, configured):
    case, calls = await make_case("life_threat"), []
    await sweep(db, 61)
    port = gateway([httpx.ConnectError("no route"), 500, 503], calls)
    for attempt in range(3):
        assert await duty.place_calls(db, port) == 1
        assert (await rungs(db, case))["duty_phone"] == ("failed" if attempt == 2 else "calling")
        async with db.transaction() as tx:
            await database.run(tx, "UPDATE case_rungs SET next_attempt_at = now() WHERE state = 'calling'")
    assert "duty_phone:failed" in await shown(db, case)
    assert await duty.place_calls(db, port) == 0
    assert len(calls) == 3


async def test_a_call_is_not_placed_once_somebody_owns_the_case(db, make_case, make_staff, configured):
    agent, case, calls = await make_staff(), await make_case("life_threat"), []
    await sweep(db, 61)
    async with db.transaction() as tx:
        await handoff.claim(tx, case.id, agent)
    assert await duty.place_calls(db, gateway([200], calls)) == 0
    assert calls == []


async def test_a_missions_number_is_called_only_after_a_second_person_has_checked_it(db, make_case, make_staff, configured):
    one, two = await make_staff("supervisor"), await make_staff("supervisor")
    case = await make_case("life_threat", country="TH")
    async with db.transaction() as tx:
        await handoff.save_number(tx, one, "TH", NUMBER, "공관 누리집")
        assert await ladder.number_for(tx, Rung.MISSION_VOICE, "TH") is None
        with pytest.raises(AppError, match="own_review"):
            await handoff.check_number(tx, one, "TH", NUMBER)
        with pytest.raises(AppError, match="not_found"):
            await handoff.check_number(tx, two, "TH", "+66-2-111-1111")
        with pytest.raises(AppError, match="forbidden"):
            await handoff.save_number(tx, await make_staff(), "TH", NUMBER, "x")
        for wrong in ("02-000", "call me", "+1", "+66-2-000-0000; drop"):
            with pytest.raises(AppError, match="invalid_request"):
                await handoff.save_number(tx, one, "TH", wrong, "x")
        await handoff.check_number(tx, two, "TH", NUMBER)
        assert await ladder.number_for(tx, Rung.MISSION_VOICE, "TH") == NUMBER
        await database.run(tx, "UPDATE duty_numbers SET checked_at = now() - interval '181 days'")
        assert await ladder.number_for(tx, Rung.MISSION_VOICE, "TH") is None
        await handoff.check_number(tx, two, "TH", NUMBER)
    await sweep(db, 121)
    assert (await rungs(db, case))["mission_voice"] == "calling"


@pytest.mark.parametrize(
    ("rung", "gateway", "number", "state"),
    [
        (Rung.SUPERVISOR, False, None, RungState.TOLD),
        (Rung.DUTY_PHONE, False, "+82", RungState.NOT_CONFIGURED),
        (Rung.DUTY_PHONE, True, None, RungState.NOT_CONFIGURED),
        (Rung.DUTY_PHONE, True, "+82", RungState.CALLING),
        (Rung.MISSION_VOICE, True, None, RungState.NOT_CONFIGURED),
    ],
)
def test_what_a_rung_turns_into(rung, gateway, number, state):
    assert reached_by(rung, gateway=gateway, number=number) is state
    assert state in MOVES[RungState.WAITING]


@pytest.mark.parametrize("first", [None, "KH"])
async def test_a_country_that_is_told_late_has_its_mission_called(db, cipher, make_case, make_staff, configured, first):
    one, two = await make_staff("supervisor"), await make_staff("supervisor")
    async with db.transaction() as tx:
        for country in ("TH", "KH"):
            await handoff.save_number(tx, one, country, NUMBER, "공관 누리집")
            await handoff.check_number(tx, two, country, NUMBER)
    case = await make_case("life_threat", country=first)
    await sweep(db, 121)
    earlier = []
    port = gateway([200, 200], earlier)
    while await duty.place_calls(db, port):
        pass
    assert (await rungs(db, case))["mission_voice"] == ("called" if first else "not_configured")
    async with db.transaction() as tx:
        assert await handoff.note_country(tx, case.conversation_id, "TH", is_sure=True)
    await sweep(db, 122)
    assert (await rungs(db, case))["mission_voice"] == "calling"
    calls = []
    assert await duty.place_calls(db, gateway([200], calls)) == 1
    assert len(calls) == 1
    assert calls[0].headers["Idempotency-Key"] not in {call.headers["Idempotency-Key"] for call in earlier}
    assert (await rungs(db, case))["duty_phone"] == "called", "ours has been rung, and is not again"


async def test_a_country_corrected_while_the_wrong_mission_rings_has_its_own_called(db, make_case, make_staff, configured):
    one, two = await make_staff("supervisor"), await make_staff("supervisor")
    async with db.transaction() as tx:
        for country, number in (("TH", NUMBER), ("KH", "+855-23-000-000")):
            await handoff.save_number(tx, one, country, number, "공관 누리집")
            await handoff.check_number(tx, two, country, number)
    case, rung = await make_case("life_threat", country="KH"), []

    class Slow:
        async def place(self, call):
            rung.append((call.rung, call.number))
            if call.rung == Rung.MISSION_VOICE:
                async with db.transaction() as tx:
                    await handoff.note_country(tx, case.conversation_id, "TH", is_sure=True)
            return True

    for _ in range(2):
        await sweep(db, 121)
        await duty.place_calls(db, Slow())
    assert rung == [("duty_phone", "+82-2-000-0000"), ("mission_voice", "+855-23-000-000"), ("mission_voice", NUMBER)]
    assert (await rungs(db, case))["mission_voice"] == "called"


async def test_danger_again_in_the_same_country_calls_nobody_twice(db, cipher, make_case):
    case = await make_case("life_threat", country="TH")
    await sweep(db, 121)
    async with db.transaction() as tx:
        await handoff.open_or_raise(tx, cipher, case.conversation_id, "life_threat", "assault", "direct", country="TH")
    assert (await rungs(db, case))["mission_voice"] == "not_configured"
