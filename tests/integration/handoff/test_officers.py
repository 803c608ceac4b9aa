"""Officers of missions: their district's emergencies and no others, mail with the number alone, repeated until somebody says it was seen."""

from __future__ import annotations

import email
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import policy

import pytest
from aiosmtpd.controller import Controller

from accounts import service as accounts
from conversation import service as conversation
from core import db as database
from core.clock import now as clock_now
from core.errors import AppError
from core.ports import free_port
from core.settings import Settings
from handoff import location
from handoff import service as handoff
from handoff.desk.officer_actions import OfficerActions
from handoff.desk.session import Session
from handoff.fixes import checked_fix
from handoff.officers import jobs, service
from handoff.officers.routing import informed, route_open
from handoff.schemas import MissionHint

CAMBODIA, LAOS, JAPAN = "주캄보디아대사관", "주라오스대사관", "주일본대사관"
PASSWORD = "긴-암호-문장-스물두-글자-이상"


async def route(db, cipher):
    return await route_open(db, cipher, clock_now())


async def numbers(db, officer):
    async with db.read() as connection:
        return [case.case_id for case in await service.district_cases(connection, officer)]


async def send_place(db, cipher, case, lat, lon):
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE geo_fixes SET received_at = received_at - interval '1 minute'")
        token = await location.request_link(tx, case.conversation_id, case.id)
        await location.consent(tx, token, "device")
        await location.record_fix(tx, cipher, token, "device", checked_fix(lat, lon, 15.0, now=datetime.now(UTC)))


async def test_an_emergency_stands_on_its_missions_desk_and_on_no_other(db, cipher, make_case, seated):
    here, there = await seated(CAMBODIA), await seated(JAPAN)
    case, routine = await make_case("life_threat", "confinement", country="KH"), await make_case("non_urgent", country="KH")
    assert await route(db, cipher) == [case.id]
    assert await numbers(db, here) == [case.id]
    assert await numbers(db, there) == []
    assert routine.id not in await numbers(db, here)
    assert await route(db, cipher) == []


async def test_a_place_moves_the_case_to_the_mission_there(db, cipher, make_case, seated):
    first, second = await seated(JAPAN), await seated(LAOS)
    case = await make_case("urgent")
    await route(db, cipher)
    assert await numbers(db, second) == []
    await send_place(db, cipher, case, 20.38, 100.13)
    assert await route(db, cipher) == [case.id]
    assert await numbers(db, second) == [case.id]
    assert await numbers(db, first) == []


async def test_at_a_border_both_missions_see_it(db, cipher, make_case, seated):
    officers = [await seated(CAMBODIA), await seated("주태국대사관")]
    case = await make_case("urgent")
    await send_place(db, cipher, case, 13.6617, 102.5497)
    await route(db, cipher)
    assert [await numbers(db, officer) for officer in officers] == [[case.id], [case.id]]


async def test_a_case_whose_place_cannot_be_read_does_not_keep_the_next_one_from_its_mission(db, cipher, make_case, seated):
    officer = await seated(CAMBODIA)
    broken, case = await make_case("urgent"), await make_case("urgent", country="KH")
    await send_place(db, cipher, broken, 20.38, 100.13)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE geo_fixes SET place = 'x'::bytea")
    assert await route(db, cipher) == [case.id]
    assert await numbers(db, officer) == [case.id]


def test_without_a_place_a_countrys_embassy_is_told_and_not_every_consulate():
    def hint(name):
        return MissionHint(name, "JP", None, False, "위치 미상 — 관할 확인 필요")

    assert [one.name for one in informed([hint("주오사카총영사관"), hint(JAPAN), hint("주센다이총영사관")])] == [JAPAN]
    assert [one.name for one in informed([hint("주오사카총영사관")])] == ["주오사카총영사관"]


async def test_an_officer_joins_and_writes_beside_the_owner(db, cipher, make_case, make_staff, seated, call):
    officer, agent = await seated(CAMBODIA), await make_staff("agent")
    case = await make_case("urgent", country="KH")
    await route(db, cipher)
    await call(handoff.claim, case.id, agent)
    with pytest.raises(AppError) as refused:
        await call(handoff.reply, cipher, case.id, officer, "영사입니다", "one")
    assert refused.value.code == "not_owner"
    assert await call(service.join, case.id, officer)
    assert not await call(service.join, case.id, officer)
    await call(handoff.reply, cipher, case.id, officer, "주캄보디아대사관 영사입니다.", "two")
    await call(handoff.reply, cipher, case.id, agent, "함께 돕겠습니다.", "three")
    async with db.read() as connection:
        lines = await conversation.transcript(connection, cipher, case.conversation_id)
        assert (await handoff.get(connection, case.id)).owner_id == agent.id
    assert [(line.author_kind, line.author_id) for line in lines] == [("officer", officer.id), ("agent", agent.id)]


async def test_whoever_took_part_in_a_case_that_has_ended_takes_no_part_in_the_next(db, cipher, make_case, make_staff, seated, call):
    officer, agent = await seated(CAMBODIA), await make_staff("agent")
    case = await make_case("urgent", country="KH")
    await route(db, cipher)
    await call(handoff.claim, case.id, agent)
    await call(service.join, case.id, officer)
    await call(handoff.close, cipher, case.id, agent, "resolved", verified_contact="본인과 통화함")
    await call(handoff.confirm_close, case.id, await make_staff("agent"))
    later = await call(handoff.open_or_raise, cipher, case.conversation_id, "urgent", "confinement", "classifier", country="MX")
    assert later.id != case.id
    assert await numbers(db, officer) == []
    with pytest.raises(AppError) as refused:
        await call(handoff.reply, cipher, later.id, officer, "영사입니다", "later")
    assert refused.value.code == "not_owner"


async def test_whoever_joined_keeps_the_case_when_the_place_moves_on(db, cipher, make_case, seated, call):
    officer = await seated(CAMBODIA)
    case = await make_case("urgent", country="KH")
    await route(db, cipher)
    await call(service.join, case.id, officer)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE cases SET country = 'JP' WHERE id = %s", case.id)
    await route(db, cipher)
    assert await numbers(db, officer) == [case.id]


@pytest.fixture
def desk_of(db, cipher):
    """``await desk_of("login", mission)``: an officer's page, signed in."""

    async def make(mission):
        async with db.transaction() as tx:
            token = await accounts.invite(tx, ["officer"])
        async with db.transaction() as tx:
            officer = await accounts.accept_invite(tx, token, "yeongsa", "박영사", PASSWORD)
            await database.run(tx, "INSERT INTO mission_officers (staff_id, mission, changed_by) VALUES (%s, %s, 'test')", officer.id, mission)
        signed_in = await accounts.sign_in(db, "yeongsa", PASSWORD, "127.0.0.1")
        return OfficerActions(db, cipher, Session(signed_in.token, "192.0.2.7"))

    return make


@pytest.mark.parametrize("act", ["open", "join", "acknowledge"])
async def test_another_districts_case_is_refused_and_the_attempt_is_written_down(db, cipher, make_case, desk_of, act):
    desk = await desk_of(JAPAN)
    case = await make_case("life_threat", country="KH")
    await route(db, cipher)
    for case_id in (case.id, 99_999):  # a number that does not exist is refused in the same words
        with pytest.raises(AppError) as refused:
            await getattr(desk, act)(case_id)
        assert refused.value.code == "other_district"
        assert "관할" in refused.value.kind.korean
    async with db.read() as connection:
        rows = await database.rows(connection, "SELECT account, address, action, case_id FROM access_log WHERE action = 'officer.refused' ORDER BY id")
        assert [row["case_id"] for row in rows] == [case.id, 99_999]
        assert {(row["account"], row["address"]) for row in rows} == {("yeongsa", "192.0.2.7")}
        assert await database.rows(connection, "SELECT 1 FROM participants") == []


async def test_a_joined_case_opens_and_an_unjoined_one_of_the_district_does_not_yet(db, cipher, make_case, desk_of):
    desk = await desk_of(CAMBODIA)
    case = await make_case("urgent", country="KH")
    await route(db, cipher)
    with pytest.raises(AppError):
        await OfficerActions.open(desk, case.id + 1)
    await desk.join(case.id)
    card = await desk.open(case.id)
    assert card.may_write
    assert (await desk.cases())[0].has_joined


async def test_an_officer_without_a_mission_and_an_agent_have_no_district(db, cipher, make_staff):
    officer = await make_staff("officer")
    async with db.read() as connection:
        with pytest.raises(AppError) as refused:
            await service.district_cases(connection, officer)
    assert refused.value.code == "no_mission"


@pytest.mark.parametrize(
    ("field", "values"), [("mission", {"mission": "주없는대사관"}), ("email", {"email": "a@b, c@d"}), ("email", {"email": "a@b\nBcc: x@y"})]
)
async def test_a_seat_that_makes_no_sense_is_refused(cipher, make_staff, call, field, values):
    officer, boss = await make_staff("officer"), await make_staff("supervisor")
    with pytest.raises(AppError) as refused:
        await call(service.seat, cipher, boss, officer.id, **({"mission": CAMBODIA} | values))
    assert (refused.value.code, refused.value.extra["field"]) == ("invalid_request", field)


async def test_only_officers_are_seated_and_only_by_supervisors(cipher, make_staff, call):
    agent, boss = await make_staff("agent"), await make_staff("supervisor")
    with pytest.raises(AppError) as refused:
        await call(service.seat, cipher, boss, agent.id, CAMBODIA)
    assert refused.value.extra["field"] == "staff"
    with pytest.raises(AppError) as refused:
        await call(service.seat, cipher, agent, boss.id, CAMBODIA)
    assert refused.value.code == "forbidden"


class Box:
    """What a mail server received."""

    def __init__(self):
        self.letters = []
        self.refuse = False

    async def handle_DATA(self, server, session, envelope):
        if self.refuse:
            return "451 try again later"
        self.letters.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


@contextmanager
def mail_server():
    box = Box()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, Settings(smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", mail_from="desk@gildongmu.invalid", officer_repeat_minutes=5)
    finally:
        controller.stop()


async def test_the_letter_holds_the_number_and_nothing_else_of_the_case(db, cipher, make_case, seated):
    await seated(CAMBODIA, "consul@mission.invalid")
    case = await make_case("life_threat", "confinement", summary="문이 밖에서 잠겨 있어요", country="KH")
    await route(db, cipher)
    with mail_server() as (box, settings):
        assert await jobs.send_due(db, cipher, settings) == 1
        assert await jobs.send_due(db, cipher, settings) == 0
    ((to, letter),) = box.letters
    assert to == ["consul@mission.invalid"]
    assert letter["Subject"] == f"[길동무] 상담 건 #{case.id}"
    text = letter.get_content()
    assert f"#{case.id}" in text
    for secret in ("잠겨", "감금", "confinement", "캄보디아", "KH", "생명", case.conversation_id, CAMBODIA):
        assert secret not in str(letter) + text


async def test_it_is_repeated_until_somebody_says_it_was_seen(db, cipher, make_case, seated, call):
    officer = await seated(CAMBODIA, "consul@mission.invalid")
    case = await make_case("urgent", country="KH")
    await route(db, cipher)
    with mail_server() as (box, settings):
        start = clock_now()
        await jobs.send_due(db, cipher, settings, start)
        assert await jobs.send_due(db, cipher, settings, start + timedelta(minutes=4)) == 0
        assert await jobs.send_due(db, cipher, settings, start + timedelta(minutes=6)) == 1
        assert "다시 알림" in box.letters[1][1]["Subject"]
        assert await call(service.acknowledge, case.id, officer)
        assert not await call(service.acknowledge, case.id, officer)
        assert await jobs.send_due(db, cipher, settings, start + timedelta(hours=5)) == 0


async def test_a_server_that_refuses_or_is_gone_is_tried_again(db, cipher, make_case, seated):
    await seated(CAMBODIA, "consul@mission.invalid")
    await make_case("urgent", country="KH")
    await route(db, cipher)
    start = clock_now()
    with mail_server() as (box, settings):
        box.refuse = True
        assert await jobs.send_due(db, cipher, settings, start) == 0
        box.refuse = False
    assert await jobs.send_due(db, cipher, settings, start + timedelta(minutes=6)) == 0  # nobody listens there any more
    with mail_server() as (box, settings):
        assert await jobs.send_due(db, cipher, settings, start + timedelta(minutes=12)) == 1
    async with db.read() as connection:
        (row,) = await database.rows(connection, "SELECT sent, failed, last_error FROM officer_notices")
    assert row == {"sent": 1, "failed": 2, "last_error": ""}


async def test_nobody_is_written_to_about_a_closed_case_without_an_address_or_a_server(db, cipher, make_case, make_staff, seated, call):
    await seated(CAMBODIA, "consul@mission.invalid")
    await seated(CAMBODIA)
    case, agent = await make_case("urgent", country="KH"), await make_staff("agent")
    await route(db, cipher)
    assert await jobs.send_due(db, cipher, Settings(smtp_host="")) == 0
    await call(handoff.claim, case.id, agent)
    async with db.transaction() as tx:
        await database.run(tx, "UPDATE cases SET status = 'closed', closed_at = now(), outcome = 'resolved' WHERE id = %s", case.id)
    with mail_server() as (box, settings):
        assert await jobs.send_due(db, cipher, settings) == 0
    assert box.letters == []


async def test_an_officer_is_seated_from_the_command_line_by_login(db, cipher, make_staff, call):
    officer = await make_staff("officer", login="yeongsa")
    await call(service.seat_by_login, cipher, "yeongsa", LAOS, "consul@mission.invalid")
    async with db.read() as connection:
        assert await service.mission_of(connection, officer) == LAOS
    with pytest.raises(AppError) as refused:
        await call(service.seat_by_login, cipher, "nobody", LAOS)
    assert refused.value.extra["field"] == "staff"
