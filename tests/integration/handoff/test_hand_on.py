"""The directory's numbers: tried by a supervisor before an agent may call them; and the record of what was handed on."""

from __future__ import annotations

import pytest

from core import db as database
from core.errors import AppError
from handoff import service as handoff
from handoff.hand_on import service

DOCTORS, UNIT = "emergency_doctors", "incident_unit"


async def number_of(db, key):
    async with db.read() as connection:
        return {one.target.key: one for one in await service.listing(connection)}[key]


async def test_nothing_may_be_called_before_somebody_has_checked(db):
    async with db.read() as connection:
        assert not any(one.is_callable for one in await service.listing(connection))


async def test_a_supervisor_checks_the_files_number(db, make_staff, call):
    chief = await make_staff("supervisor")
    number = (await number_of(db, DOCTORS)).number
    await call(service.check_number, chief, DOCTORS, number)
    stands = await number_of(db, DOCTORS)
    assert (stands.is_callable, stands.checked_by, stands.number) == (True, chief.display_name, number)


async def test_a_number_that_was_entered_needs_another_supervisor(db, make_staff, call):
    one, two = await make_staff("supervisor"), await make_staff("supervisor")
    await call(service.check_number, one, DOCTORS, (await number_of(db, DOCTORS)).number)
    await call(service.save_number, one, DOCTORS, "+82-2-000-1111", "부서에 전화로 확인")
    assert not (await number_of(db, DOCTORS)).is_callable, "the old check does not hold for a new number"
    with pytest.raises(AppError, match="own_review"):
        await call(service.check_number, one, DOCTORS, "+82-2-000-1111")
    with pytest.raises(AppError, match="not_found"):
        await call(service.check_number, two, DOCTORS, "+82-2-999-9999")
    await call(service.check_number, two, DOCTORS, "+82-2-000-1111")
    assert (await number_of(db, DOCTORS)).is_callable
    async with db.read() as connection:
        log = await database.rows(connection, "SELECT action, detail FROM access_log ORDER BY id")
    assert [(row["action"], row["detail"]) for row in log] == [
        ("target.check", {"target": DOCTORS}),
        ("target.number", {"target": DOCTORS}),
        ("target.check", {"target": DOCTORS}),
    ]


@pytest.mark.parametrize(("number", "source", "field"), [("02-123-4567", "x", "number"), ("+82-2-abc", "x", "number"), ("+82-2-000-1111", " ", "source")])
async def test_a_bad_number_is_refused(make_staff, call, number, source, field):
    with pytest.raises(AppError) as refused:
        await call(service.save_number, await make_staff("supervisor"), UNIT, number, source)
    assert refused.value.extra == {"field": field}


async def test_agents_do_not_change_the_directory_and_an_empty_number_cannot_be_checked(make_staff, call):
    for act in ((service.save_number, UNIT, "+82-2-000-1111", "x"), (service.check_number, UNIT, "")):
        with pytest.raises(AppError, match="may not change"):
            await call(act[0], await make_staff(), *act[1:])
    with pytest.raises(AppError, match="not_found"):
        await call(service.check_number, await make_staff("supervisor"), UNIT, "")
    with pytest.raises(AppError, match="not_found"):
        await call(service.save_number, await make_staff("supervisor"), "nobody", "+82-2-000-1111", "x")


async def test_what_was_handed_on_stands_on_the_card_with_its_words_sealed(db, cipher, make_case, make_staff, call):
    agent, case = await make_staff(), await make_case()
    with pytest.raises(AppError, match="may not write"):
        await call(service.record, cipher, case.id, agent, UNIT, "감금 의심, 프놈펜")
    await call(handoff.claim, case.id, agent)
    for said, code in ((" ", "empty_message"), ("가" * 2001, "too_long")):
        with pytest.raises(AppError) as refused:
            await call(service.record, cipher, case.id, agent, UNIT, said)
        assert refused.value.code == code
    await call(service.record, cipher, case.id, agent, UNIT, "감금 의심, 프놈펜")
    async with db.transaction() as tx:
        card = await handoff.card(tx, cipher, case.id, agent)
    assert [(one.staff_name, one.target, one.said) for one in card.handed_on] == [(agent.display_name, "외교부 사건사고 담당부서", "감금 의심, 프놈펜")]
    async with db.read() as connection:
        row = await database.one(connection, "SELECT said FROM case_hand_ons")
        event = await database.one(connection, "SELECT payload FROM events WHERE kind = 'handed_on'")
    assert "프놈펜".encode() not in bytes(row["said"])
    assert event["payload"] == {"case_id": case.id, "staff_id": agent.id, "target": UNIT}
