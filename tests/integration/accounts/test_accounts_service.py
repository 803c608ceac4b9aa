"""Invitations, sign-in and sessions on a real database."""

import asyncio
from datetime import timedelta

import pytest

from accounts import service
from accounts.schemas import Refused, Role, SignedIn, Staff
from core import audit
from core import db as database
from core.errors import AppError

PASSWORD = "다섯 마리의 고래가 헤엄친다"


@pytest.fixture
def make_account(db):
    async def make(login="minji", roles=("agent",), password=PASSWORD):
        async with db.transaction() as tx:
            token = await service.invite(tx, roles)
        async with db.transaction() as tx:
            return await service.accept_invite(tx, token, login, "김민지", password)

    return make


async def test_first_run_link_only_without_staff_and_only_the_newest(db):
    async with db.transaction() as tx:
        old = await service.first_run_link(tx)
    async with db.transaction() as tx:
        new = await service.first_run_link(tx)
    with pytest.raises(AppError, match="link_expired"):
        async with db.transaction() as tx:
            await service.accept_invite(tx, old, "minji", "김민지", PASSWORD)
    async with db.transaction() as tx:
        staff = await service.accept_invite(tx, new, "minji", "김민지", PASSWORD)
    assert staff.roles == {"admin", "supervisor", "agent"}
    async with db.transaction() as tx:
        assert await service.first_run_link(tx) is None


async def test_tokens_and_passwords_are_stored_as_hashes(db, make_account):
    await make_account()
    signed = await service.sign_in(db, "minji", PASSWORD, "10.0.0.1")
    async with db.transaction() as tx:
        token = await service.invite(tx, ["agent"])
    async with db.read() as connection:
        dump = ""
        for table in ("staff", "invites", "staff_sessions", "sign_in_attempts", "access_log"):
            dump += str(await database.rows(connection, f"SELECT t::text AS t FROM {table} t"))
    for secret in (PASSWORD, token, signed.token):
        assert secret not in dump


async def test_invite_is_used_once_even_when_two_try_at_the_same_time(db):
    async with db.transaction() as tx:
        token = await service.invite(tx, ["agent"])

    async def accept(login):
        async with db.transaction() as tx:
            return await service.accept_invite(tx, token, login, "아무개", PASSWORD)

    results = await asyncio.gather(accept("first"), accept("second"), return_exceptions=True)
    assert sum(isinstance(result, Staff) for result in results) == 1
    assert [result.code for result in results if isinstance(result, AppError)] == ["link_expired"]
    with pytest.raises(AppError, match="link_expired"):
        await accept("third")
    async with db.read() as connection:
        with pytest.raises(AppError, match="link_expired"):
            await service.invite_roles(connection, token)


async def test_invite_expires(db, monkeypatch):
    async with db.transaction() as tx:
        token = await service.invite(tx, ["agent"])
    later = service.clock_now() + service.INVITE_VALID + timedelta(seconds=1)
    monkeypatch.setattr(service, "clock_now", lambda: later)
    with pytest.raises(AppError, match="link_expired"):
        async with db.transaction() as tx:
            await service.accept_invite(tx, token, "minji", "김민지", PASSWORD)


@pytest.mark.parametrize(
    ("login", "name", "password", "field"),
    [
        ("mi", "김민지", PASSWORD, "login"),
        ("min ji", "김민지", PASSWORD, "login"),
        ("민지민지", "김민지", PASSWORD, "login"),
        ("taken", "김민지", PASSWORD, "login"),
        ("minji", " ", PASSWORD, "display_name"),
        ("minji", "김\u202e민지", PASSWORD, "display_name"),
        ("minji", "김민지", "short", "password"),
        ("minji.kim.2026", "김민지", "Minji.Kim.2026", "password"),
    ],
)
async def test_a_wrong_form_keeps_the_link(db, make_account, login, name, password, field):
    await make_account("taken")
    async with db.transaction() as tx:
        token = await service.invite(tx, ["editor"])
    with pytest.raises(AppError) as caught:
        async with db.transaction() as tx:
            await service.accept_invite(tx, token, login, name, password)
    assert (caught.value.code, caught.value.extra["field"]) == ("invalid_request", field)
    async with db.read() as connection:
        assert await service.invite_roles(connection, token) == [Role.EDITOR]


async def test_only_managers_invite_and_only_admins_make_admins(db):
    agent, supervisor = Staff(1, "a", "a", frozenset({"agent"})), Staff(2, "s", "s", frozenset({"supervisor"}))
    async with db.transaction() as tx:
        for by, roles, code in (
            (agent, ["agent"], "forbidden"),
            (supervisor, ["admin"], "forbidden"),
            (None, ["king"], "invalid_request"),
            (None, [], "invalid_request"),
        ):
            with pytest.raises(AppError) as caught:
                await service.invite(tx, roles, by=by)
            assert caught.value.code == code


async def test_session_lives_until_sign_out_expiry_or_disabling(db, make_account, monkeypatch):
    staff = await make_account()
    signed = await service.sign_in(db, "MinJi ", PASSWORD, "10.0.0.1")
    assert isinstance(signed, SignedIn)
    other = await service.sign_in(db, "minji", PASSWORD, "10.0.0.1")
    async with db.read() as connection:
        assert (await service.session(connection, signed.token)).id == staff.id
        assert await service.session(connection, "x" * 43) is None
        assert await service.session(connection, None) is None
    async with db.transaction() as tx:
        await service.sign_out(tx, signed.token)
        await service.sign_out(tx, "unknown")
    async with db.read() as connection:
        assert await service.session(connection, signed.token) is None
        assert await service.session(connection, other.token) is not None
        with monkeypatch.context() as patch:
            later = service.clock_now() + timedelta(hours=13)
            patch.setattr(service, "clock_now", lambda: later)
            assert await service.session(connection, other.token) is None
    async with db.transaction() as tx:
        assert await service.disable(tx, staff.id)
    async with db.read() as connection:
        assert await service.session(connection, other.token) is None
    assert await service.sign_in(db, "minji", PASSWORD, "10.0.0.1") == Refused("bad_sign_in")


async def test_guessing_is_throttled_and_the_owner_elsewhere_is_not_locked_out(db, make_account):
    await make_account()
    for _ in range(service.MOST_PER_LOGIN_AND_ADDRESS):
        assert await service.sign_in(db, "minji", "wrong", "6.6.6.6") == Refused("bad_sign_in")
    assert await service.sign_in(db, "minji", PASSWORD, "6.6.6.6") == Refused("too_many_requests")
    assert isinstance(await service.sign_in(db, "minji", PASSWORD, "10.0.0.1"), SignedIn)
    assert await service.sign_in(db, "minji", PASSWORD, "6.6.6.6") == Refused("too_many_requests")


async def test_attempts_that_were_refused_unseen_lock_nobody_else_out(db, make_account, monkeypatch):
    await make_account()
    await make_account("jiho")
    with monkeypatch.context() as patch:
        patch.setattr(service.passwords, "matches", _never)
        for _ in range(max(service.MOST_PER_LOGIN, service.MOST_PER_ADDRESS) + 1):
            await service.sign_in(db, "minji", "wrong", "6.6.6.6")
    assert isinstance(await service.sign_in(db, "minji", PASSWORD, "10.0.0.1"), SignedIn)
    assert isinstance(await service.sign_in(db, "jiho", PASSWORD, "6.6.6.6"), SignedIn)


async def test_one_address_with_many_logins_is_throttled(db, monkeypatch):
    monkeypatch.setattr(service.passwords, "matches", _never)
    results = [await service.sign_in(db, f"guess{number}", "wrong", "6.6.6.6") for number in range(service.MOST_PER_ADDRESS + 2)]
    assert results[: service.MOST_PER_ADDRESS] == [Refused("bad_sign_in")] * service.MOST_PER_ADDRESS
    assert results[-1] == Refused("too_many_requests")


async def test_guesses_at_once_do_not_slip_through(db, make_account, monkeypatch):
    await make_account()
    monkeypatch.setattr(service.passwords, "matches", _never)
    results = await asyncio.gather(*(service.sign_in(db, "minji", "wrong", "6.6.6.6") for _ in range(20)))
    assert results.count(Refused("bad_sign_in")) == service.MOST_PER_LOGIN_AND_ADDRESS


async def test_the_right_password_wipes_the_slate(db, make_account):
    await make_account()
    for _ in range(2):
        for _ in range(service.MOST_PER_LOGIN_AND_ADDRESS - 1):
            assert await service.sign_in(db, "minji", "wrong", "10.0.0.1") == Refused("bad_sign_in")
        assert isinstance(await service.sign_in(db, "minji", PASSWORD, "10.0.0.1"), SignedIn)


@pytest.mark.parametrize("login", ["", "x" * 5000, "'; DROP TABLE staff; --", "\ud800", "\x00", "no.such.person"])
async def test_hostile_logins_are_just_wrong(db, login):
    assert await service.sign_in(db, login, "whatever else", "10.0.0.1") == Refused("bad_sign_in")


async def _never(*_):
    return False


def test_require():
    agent = Staff(1, "a", "a", frozenset({"agent"}))
    assert service.require(agent) is agent
    assert service.require(agent, "agent", "admin") is agent
    for staff, roles, code in (
        (None, (), "not_signed_in"),
        (agent, ("admin",), "forbidden"),
        (Staff(1, "a", "a", disabled=True), (), "not_signed_in"),
    ):
        with pytest.raises(AppError) as caught:
            service.require(staff, *roles)
        assert caught.value.code == code


async def test_comings_and_goings_are_written_down(db, make_account):
    await make_account()
    await service.sign_in(db, "minji", "wrong", "6.6.6.6")
    signed = await service.sign_in(db, "minji", PASSWORD, "10.0.0.1")
    async with db.transaction() as tx:
        await service.sign_out(tx, signed.token, address="10.0.0.1")
    async with db.read() as connection:
        rows = await database.rows(connection, "SELECT action, account, address FROM access_log ORDER BY id")
        assert [row["action"] for row in rows] == ["staff.invite", "staff.join", "staff.sign_in_failed", "staff.sign_in", "staff.sign_out"]
        assert rows[2]["address"] == "6.6.6.6"
        assert (await audit.verify_chain(connection)).intact
