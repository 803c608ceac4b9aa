"""The staff as a supervisor sees them: who is there, who is away and why, how many each may hold; and the duty numbers."""

from datetime import timedelta

import pytest

from core import db as database
from core.clock import now
from core.errors import AppError
from handoff import service as handoff


async def test_everybody_who_takes_or_joins_cases_with_how_they_stand(db, call, make_case, make_staff):
    boss, agent, officer, editor = await make_staff("supervisor"), await make_staff(), await make_staff("officer"), await make_staff("editor")
    at = now()
    case = await make_case("none")
    await call(handoff.claim, case.id, agent)
    await call(handoff.set_skills, boss, agent.id, ["death"])
    await call(handoff.set_teams, boss, agent.id, ["야간"])
    await call(handoff.plan_shift, boss, agent.id, at - timedelta(hours=1), at + timedelta(hours=7))
    await call(handoff.set_presence, boss, "away", reason="meal")
    await call(database.run, "UPDATE agent_presence SET last_seen_at = now() - interval '5 minutes' WHERE staff_id = %s", officer.id)
    async with db.read() as connection:
        found = {one.id: one for one in await handoff.roster(connection, now())}
    assert set(found) == {boss.id, agent.id, officer.id}
    mine = found[agent.id]
    assert (mine.state, mine.held, mine.cap, mine.skills, mine.teams, mine.languages) == ("available", 1, 3, ("death",), ("야간",), ("ko",))
    assert mine.shift_ends_at == at + timedelta(hours=7)
    assert (found[boss.id].state, found[boss.id].away_reason) == ("away", "meal")
    assert found[boss.id].since is not None
    assert found[officer.id].state == "offline", "a desk that has fallen silent is not there"
    assert editor.id not in found


async def test_a_cap_counts_at_once_and_stays_after_the_next_sign_in(db, call, make_case, make_staff):
    boss, agent = await make_staff("supervisor"), await make_staff(cap=3)
    await call(handoff.set_cap, boss, agent.id, 0)
    assert isinstance(await call(handoff.claim, (await make_case("none")).id, agent), handoff.AgentFull)
    async with db.read() as connection:
        assert (await database.one(connection, "SELECT cap FROM staff WHERE id = %s", agent.id))["cap"] == 0
    for by, whom, cap, code in [
        (boss, agent.id, -1, "invalid_request"),
        (boss, agent.id, 51, "invalid_request"),
        (agent, agent.id, 9, "forbidden"),
        (boss, 999, 3, "not_found"),
    ]:
        with pytest.raises(AppError) as caught:
            await call(handoff.set_cap, by, whom, cap)
        assert caught.value.code == code


async def test_a_planned_shift_can_be_taken_away(db, call, make_staff):
    boss, agent, at = await make_staff("supervisor"), await make_staff(), now()
    planned = await call(handoff.plan_shift, boss, agent.id, at, at + timedelta(hours=8))
    async with db.read() as connection:
        assert [(one.id, one.staff_id) for one in await handoff.shifts(connection, at)] == [(planned, agent.id)]
    with pytest.raises(AppError, match="may not change"):
        await call(handoff.cancel_shift, agent, planned)
    await call(handoff.cancel_shift, boss, planned)
    with pytest.raises(AppError, match="not_found"):
        await call(handoff.cancel_shift, boss, planned)
    assert await call(handoff.shifts, at) == []


async def test_a_duty_number_is_called_only_after_another_supervisor_has_tried_it(db, call, make_staff):
    one, two, agent = await make_staff("supervisor"), await make_staff("supervisor"), await make_staff()
    await call(handoff.save_number, one, "KH", "+855 12 345 678", "공관 홈페이지 2026-11-01")
    with pytest.raises(AppError, match="forbidden"):
        await call(handoff.duty_numbers, agent)
    (row,) = await call(handoff.duty_numbers, two)
    assert (row.country, row.entered_by_name, row.checked_by_name, row.is_called) == ("KH", one.display_name, "", False)
    assert "345" not in repr(row)
    await call(handoff.check_number, two, "KH", row.number)
    (row,) = await call(handoff.duty_numbers, one)
    assert (row.checked_by_name, row.is_called) == (two.display_name, True)
    await call(database.run, "UPDATE duty_numbers SET checked_at = now() - interval '181 days'")
    (row,) = await call(handoff.duty_numbers, one)
    assert not row.is_called
