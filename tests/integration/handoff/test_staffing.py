"""Skills, languages, teams, shifts and why somebody is away."""

from datetime import timedelta

import pytest

from core.clock import now
from core.errors import AppError
from handoff import offer_repository
from handoff import service as handoff


@pytest.fixture
def do(db):
    async def call(function, *args, **kwargs):
        async with db.transaction() as tx:
            return await function(tx, *args, **kwargs)

    return call


async def test_what_supervisors_write_is_what_offers_see(db, do, make_staff):
    boss, agent = await make_staff("supervisor"), await make_staff()
    await do(handoff.set_skills, boss, agent.id, ["death", "assault"])
    await do(handoff.set_skills, boss, agent.id, ["death"])
    await do(handoff.set_languages, boss, agent.id, ["ko", "en"])
    await do(handoff.set_teams, boss, agent.id, ["night", " night "])
    (found,) = await do(offer_repository.candidates, now() - timedelta(minutes=1))
    assert (found.skills, found.languages, found.teams) == ({"death"}, {"ko", "en"}, {"night"})


async def test_who_may_and_what_is_refused(do, make_staff):
    boss, agent = await make_staff("supervisor"), await make_staff()
    for change, value, code in [
        (handoff.set_skills, ["juggling"], "invalid_request"),
        (handoff.set_languages, [], "invalid_request"),
        (handoff.set_languages, ["Korean"], "invalid_request"),
        (handoff.set_teams, [""], "invalid_request"),
    ]:
        with pytest.raises(AppError) as caught:
            await do(change, boss, agent.id, value)
        assert caught.value.code == code
    for by, whom, code in [(agent, agent.id, "forbidden"), (boss, 999, "not_found")]:
        with pytest.raises(AppError) as caught:
            await do(handoff.set_teams, by, whom, ["night"])
        assert caught.value.code == code


async def test_shifts_say_who_works_and_who_still_holds_something_after_theirs(do, cipher, make_case, make_staff):
    boss, agent, case, at = await make_staff("supervisor"), await make_staff(), await make_case("none"), now()
    await do(handoff.plan_shift, boss, agent.id, at - timedelta(hours=8), at)
    for starts, ends in [(at, at), (at, at + timedelta(hours=25)), (at - timedelta(hours=1), at + timedelta(hours=1)), (at.replace(tzinfo=None), at)]:
        with pytest.raises(AppError, match="invalid_request"):
            await do(handoff.plan_shift, boss, agent.id, starts, ends)
    assert await do(handoff.on_shift, at - timedelta(hours=1)) == [agent.id]
    assert await do(handoff.on_shift, at) == []
    assert await do(handoff.overstaying, at) == []
    await do(handoff.claim, case.id, agent)
    await do(handoff.promise, cipher, case.id, agent, "전화", at)
    assert await do(handoff.overstaying, at) == [{"staff_id": agent.id, "cases": 1, "promises": 1}]
    await do(handoff.plan_shift, boss, agent.id, at, at + timedelta(hours=8))
    assert await do(handoff.overstaying, at) == []


async def test_away_has_a_reason_from_a_closed_list_and_available_has_none(do, make_staff):
    agent = await make_staff()
    assert (await do(handoff.set_presence, agent, "away", reason="meal")).away_reason == "meal"
    assert (await do(handoff.set_presence, agent, "available")).away_reason == ""
    for state, reason in [("away", "napping"), ("available", "meal")]:
        with pytest.raises(AppError, match="invalid_request"):
            await do(handoff.set_presence, agent, state, reason=reason)
