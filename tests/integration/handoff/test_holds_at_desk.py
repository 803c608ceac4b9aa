"""A supervisor holds a case from its page and lets it go again with a reason; nobody else does, and whoever has it open sees it."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from core import db as database
from core.errors import AppError
from handoff import service as handoff
from handoff.desk.aside import read_aside
from handoff.desk.record_actions import RecordActions

WHY, NO_MORE = "소송이 예정되어 있습니다", "소송이 끝났습니다"


@pytest.fixture
def at_desk(db, cipher):
    """``at_desk(staff)``: what that person's page can do."""

    def make(staff):
        @asynccontextmanager
        async def acting():
            async with db.transaction() as tx:
                yield tx, staff

        return RecordActions(acting, cipher)

    return make


async def aside_of(db, cipher, case, staff):
    async with db.read() as connection:
        return await read_aside(connection, cipher, await handoff.get(connection, case.id), staff)


async def test_a_supervisor_sets_and_lifts_it_and_the_page_says_so(db, cipher, make_staff, make_case, at_desk, call):
    chief, case = await make_staff("supervisor"), await make_case("urgent")
    assert (await aside_of(db, cipher, case, chief)).hold is None
    assert await at_desk(chief).hold(case.id, WHY)
    assert not await at_desk(chief).hold(case.id, WHY)
    standing = (await aside_of(db, cipher, case, chief)).hold
    assert (standing.reason, standing.set_by) == (WHY, chief.display_name)
    assert (await at_desk(chief).standing_hold(case.id)).reason == WHY
    with pytest.raises(AppError, match="reason_missing"):
        await at_desk(chief).lift_hold(case.id, " ")
    assert await at_desk(chief).lift_hold(case.id, NO_MORE)
    assert not await at_desk(chief).lift_hold(case.id, NO_MORE)
    assert [NO_MORE in note.text for note in await call(handoff.notes, cipher, case.id)] == [True]
    async with db.read() as connection:
        told = await database.rows(connection, "SELECT payload FROM events WHERE stream = %s AND kind = 'hold' ORDER BY seq", f"case:{case.id}")
        written = await database.rows(connection, "SELECT action, case_id, account FROM access_log WHERE action LIKE 'record.hold%%' ORDER BY id")
    assert [row["payload"]["on"] for row in told] == [True, False]
    assert [tuple(row.values()) for row in written] == [("record.hold", case.id, chief.login), ("record.hold_lifted", case.id, chief.login)]


@pytest.mark.parametrize("role", ["agent", "officer", "editor"])
async def test_nobody_else_does(make_staff, make_case, at_desk, role):
    staff, case = await make_staff(role), await make_case("urgent")
    for act in (at_desk(staff).hold, at_desk(staff).lift_hold):
        with pytest.raises(AppError) as caught:
            await act(case.id, WHY)
        assert caught.value.code == "forbidden"


async def test_a_hold_needs_a_reason_and_a_case(make_staff, at_desk, make_case):
    chief, case = await make_staff("supervisor"), await make_case("urgent")
    with pytest.raises(AppError, match="reason_needed"):
        await at_desk(chief).hold(case.id, "  ")
    with pytest.raises(AppError, match="not_found"):
        await at_desk(chief).hold(999, WHY)
