"""A desk tells and invites the officers of a case's missions; a supervisor seats them and takes their seats away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import db as database
from core import events
from core.clock import now
from core.errors import AppError
from handoff import service as handoff
from handoff.access import access_case
from handoff.officers import at_case, repository, seats, service
from handoff.officers.routing import route_open
from handoff.streams import case_stream

CAMBODIA, JAPAN = "주캄보디아대사관", "주일본대사관"


@pytest.fixture
async def scene(db, cipher, make_case, make_staff, seated, call):
    """An owned emergency in Cambodia, an officer with an address there and one elsewhere."""
    owner = await make_staff("agent")
    case = await make_case("life_threat", "confinement", country="KH")
    here, there = await seated(CAMBODIA, "here@example.com"), await seated(JAPAN, "there@example.com")
    await call(handoff.claim, case.id, owner)
    await route_open(db, cipher, now())
    return case, owner, here, there


async def stand(db, case, owner, *missions):
    async with db.read() as connection:
        return {one.staff_id: one for one in await at_case.stationed(connection, case.id, owner, missions or (CAMBODIA, JAPAN))}


async def due(db, at=None):
    async with db.transaction() as tx:
        row = await repository.due_notice(tx, at or now())
        return row and row["staff_id"]


async def kinds(db, case_id):
    async with db.read() as connection:
        return [event.kind for event in await events.read(connection, case_stream(case_id), 0)]


async def actions(db, action):
    async with db.read() as connection:
        return await database.rows(connection, "SELECT account, address, case_id, detail FROM access_log WHERE action = %s ORDER BY id", action)


async def test_the_desk_sees_who_sits_at_the_missions_and_how_far_they_know(db, scene, call):
    case, owner, here, there = scene
    found = await stand(db, case, owner)
    assert (found[here.id].is_told, found[here.id].is_of_district, found[here.id].has_email, found[here.id].has_joined) == (True, True, True, False)
    assert (found[there.id].is_told, found[there.id].is_of_district) == (False, False)
    await call(service.acknowledge, case.id, here)
    assert (await stand(db, case, owner))[here.id].acknowledged_at is not None


async def test_telling_again_makes_the_notice_due_at_once_and_is_written_down(db, scene, call):
    case, owner, here, _ = scene
    async with db.transaction() as tx:
        await repository.noticed(tx, case.id, here.id, now() + timedelta(hours=1))
    assert await due(db) is None
    assert await call(at_case.inform, case.id, owner, here.id)
    assert await due(db, now() + timedelta(seconds=1)) == here.id
    assert (await kinds(db, case.id)).count("informed") == 1
    (line,) = await actions(db, "officer.inform")
    assert (line["account"], line["case_id"], line["detail"]["staff_id"]) == (owner.login, case.id, here.id)
    await call(service.acknowledge, case.id, here)
    assert not await call(at_case.inform, case.id, owner, here.id)
    assert await due(db, now() + timedelta(days=1)) is None


async def test_whoever_may_not_see_the_case_is_not_told_of_it_until_invited(db, scene, call):
    case, owner, _, there = scene
    with pytest.raises(AppError) as refused:
        await call(at_case.inform, case.id, owner, there.id)
    assert (refused.value.code, refused.value.extra["field"]) == ("invalid_request", "officer")
    assert await call(at_case.call_in, case.id, owner, there.id)
    assert not await call(at_case.call_in, case.id, owner, there.id)
    async with db.read() as connection:
        assert (await access_case(connection, case.id, there))["id"] == case.id
    await call(service.acknowledge, case.id, scene[2])
    assert await due(db, now() + timedelta(seconds=1)) == there.id
    await call(at_case.seen, case.id, there)
    assert await due(db, now() + timedelta(days=1)) is None


async def test_only_the_owner_and_supervisors_tell_and_invite_and_a_drill_is_told_to_nobody(db, cipher, scene, make_staff, talk, call):
    case, owner, here, _ = scene
    stranger, chief = await make_staff("agent"), await make_staff("supervisor")
    for act in (at_case.inform, at_case.call_in):
        with pytest.raises(AppError) as refused:
            await call(act, case.id, stranger, here.id)
        assert refused.value.code == "not_owner"
    assert await call(at_case.call_in, case.id, chief, here.id)
    drill = await call(handoff.open_or_raise, cipher, await talk(synthetic=True), "life_threat", "assault", "direct", country="KH", synthetic=True)
    await call(handoff.claim, drill.id, owner)
    for act in (at_case.inform, at_case.call_in):
        with pytest.raises(AppError) as refused:
            await call(act, drill.id, owner, here.id)
        assert refused.value.code == "illegal_move"
    with pytest.raises(AppError) as refused:
        await call(at_case.call_in, case.id, owner, stranger.id)
    assert refused.value.extra["field"] == "officer"


async def test_a_supervisor_sees_every_officer_and_takes_a_seat_away_with_their_part_in_open_cases(db, cipher, scene, make_staff, call):
    case, _, here, _ = scene
    chief, idle = await make_staff("supervisor"), await make_staff("officer")
    await call(service.join, case.id, here)
    async with db.read() as connection:
        listed = await seats.seats(connection, cipher, chief)
    assert next(one.staff_id for one in listed) == idle.id
    known = {one.staff_id: one for one in listed}
    assert (known[here.id].mission, known[here.id].email, known[here.id].joined) == (CAMBODIA, "here@example.com", 1)
    assert (known[idle.id].mission, known[idle.id].email) == ("", "")
    assert "here@example.com" not in repr(listed)

    assert await call(seats.unseat, chief, here.id, address="192.0.2.9")
    assert not await call(seats.unseat, chief, here.id)
    async with db.read() as connection:
        with pytest.raises(AppError) as refused:
            await service.district_cases(connection, here)
        assert refused.value.code == "no_mission"
        with pytest.raises(AppError) as refused:
            await access_case(connection, case.id, here)
        assert refused.value.code == "forbidden"
    assert (await kinds(db, case.id)).count("officer_left") == 1
    (line,) = await actions(db, "officer.unseat")
    assert (line["account"], line["address"], line["detail"]) == (chief.login, "192.0.2.9", {"staff_id": here.id, "mission": CAMBODIA, "cases": [case.id]})
    with pytest.raises(AppError) as refused:
        await call(handoff.reply, cipher, case.id, here, "아직 있습니다", "late")
    assert refused.value.code == "not_owner"


async def test_only_supervisors_and_administrators_see_and_take_away_seats(db, cipher, scene, call):
    _, owner, here, _ = scene
    with pytest.raises(AppError) as refused:
        await call(seats.unseat, owner, here.id)
    assert refused.value.code == "forbidden"
    async with db.read() as connection:
        with pytest.raises(AppError) as refused:
            await seats.seats(connection, cipher, owner)
    assert refused.value.code == "forbidden"
