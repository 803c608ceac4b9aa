"""Who may come in: invitations, sign-in, sessions, roles. There is no default password: the first link is printed once."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import timedelta

from accounts import passwords, repository
from accounts.repository import Row
from accounts.schemas import COOKIE, Refused, Role, SignedIn, Staff
from core import audit
from core.clock import now as clock_now
from core.crypto import hash_token, new_token
from core.db import Connection, Database
from core.errors import AppError
from core.settings import settings

__all__ = [
    "COOKIE",
    "accept_invite",
    "account",
    "disable",
    "everyone",
    "first_run_link",
    "invite",
    "invite_roles",
    "require",
    "session",
    "sign_in",
    "sign_out",
]

INVITE_VALID = timedelta(hours=48)
FIRST_RUN_ROLES = (Role.ADMIN, Role.SUPERVISOR, Role.AGENT)
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
MAX_NAME_CHARS = 40
WINDOW = timedelta(minutes=15)
#: A stranger who guesses at a login from elsewhere must not lock its owner out in the middle of an emergency: so the narrow limit counts
#: a login at one address, and the wide ones stop a guesser with many logins or many addresses.
MOST_PER_LOGIN_AND_ADDRESS = 5
MOST_PER_ADDRESS = 20
MOST_PER_LOGIN = 50


def staff_of(row: Row) -> Staff:
    """The record of a row."""
    return Staff(row["id"], row["login"], row["display_name"], frozenset(row["roles"]), tuple(row["languages"]), row["cap"], row["disabled"])


async def first_run_link(tx: Connection) -> str | None:
    """A token for the first account, or None when there is an account. A new one replaces the one before."""
    await repository.lock_first_run(tx)
    if await repository.anyone(tx):
        return None
    await repository.drop_first_run_invites(tx)
    return await _invite(tx, [role.value for role in FIRST_RUN_ROLES], first_run=True)


async def invite(tx: Connection, roles: Iterable[str], *, by: Staff | None = None, address: str = "") -> str:
    """A one-time token for a colleague. ``by`` None: from the command line, where whoever sits may do anything.

    Raises:
        AppError: ``invalid_request`` for unknown or no roles, ``forbidden`` for a colleague who is no administrator or supervisor.
    """
    wished = list(dict.fromkeys(roles))
    if not wished or not set(wished) <= set(Role):
        raise AppError("invalid_request", field="roles")
    if by is not None:
        require(by, Role.ADMIN, Role.SUPERVISOR)
        if Role.ADMIN in wished and not by.has(Role.ADMIN):
            raise AppError("forbidden")
    token = await _invite(tx, wished, invited_by=by)
    await audit.record(tx, by.login if by else "command-line", address, "staff.invite", detail={"roles": wished})
    return token


async def _invite(tx: Connection, roles: list[str], *, first_run: bool = False, invited_by: Staff | None = None) -> str:
    token = new_token()
    await repository.insert_invite(tx, hash_token(token), roles, clock_now() + INVITE_VALID, first_run, invited_by.id if invited_by else None)
    return token


async def invite_roles(connection: Connection, token: str) -> list[Role]:
    """The roles that a link would give; looking uses nothing up.

    Raises:
        AppError: ``link_expired``.
    """
    row = await repository.invite(connection, hash_token(token), clock_now())
    if row is None:
        raise AppError("link_expired")
    return [Role(role) for role in row["roles"]]


async def accept_invite(tx: Connection, token: str, login: str, display_name: str, password: str, *, address: str = "") -> Staff:
    """Make the account that a link promises. When anything is wrong the caller's transaction ends and the link stays good.

    Raises:
        AppError: ``link_expired``, or ``invalid_request`` with ``field`` and ``hint`` (Korean).
    """
    login = unicodedata.normalize("NFKC", login).strip().lower()
    display_name = unicodedata.normalize("NFC", display_name).strip()
    await invite_roles(tx, token)
    _check_names(login, display_name)
    if hint := passwords.problem(password, login):
        raise AppError("invalid_request", field="password", hint=hint)
    password_hash = await passwords.hash_password(password)
    row = await repository.use_invite(tx, hash_token(token), clock_now())
    if row is None:
        raise AppError("link_expired")
    if row["first_run"]:
        await repository.lock_first_run(tx)
        if await repository.anyone(tx):
            raise AppError("link_expired")
    made = await repository.insert_staff(tx, login, display_name, password_hash, row["roles"])
    if made is None:
        raise AppError("invalid_request", field="login", hint="이미 쓰고 있는 아이디입니다.")
    await repository.set_invite_user(tx, hash_token(token), made["id"])
    await audit.record(tx, login, address, "staff.join", detail={"roles": row["roles"]})
    return staff_of(made)


async def note_spent_invite(db: Database, token: str, address: str) -> None:
    """Somebody has tried to make an account with a link that was used, or too late: it may have come into other hands. Guesses are not written down."""
    async with db.transaction() as tx:
        row = await repository.spent_invite(tx, hash_token(token))
        if row is not None:
            why = "used" if row["used_at"] is not None else "late"
            await audit.record(tx, row["used_login"] or "", address, "staff.link_spent", detail={"why": why, "roles": row["roles"]})


def _check_names(login: str, display_name: str) -> None:
    if not LOGIN.fullmatch(login):
        raise AppError("invalid_request", field="login", hint="아이디는 영문 소문자, 숫자, 점, 밑줄, 붙임표로 3~40자입니다.")
    printable = all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co") for char in display_name)
    if not 1 <= len(display_name) <= MAX_NAME_CHARS or not printable:
        raise AppError("invalid_request", field="display_name", hint=f"이름은 1~{MAX_NAME_CHARS}자입니다.")


async def sign_in(db: Database, login: str, password: str, address: str) -> SignedIn | Refused:
    """A session for the right password. The attempt is counted before the password is looked at; no transaction waits for argon2."""
    login = unicodedata.normalize("NFKC", login[:200]).strip().lower()
    login_hash = hashlib.sha256(login.encode(errors="replace")).hexdigest()
    async with db.transaction() as tx:
        attempt = await repository.begin_attempt(tx, login_hash, address)
        failed = await repository.failures(tx, login_hash, address, clock_now() - WINDOW)
        row = await repository.by_login(tx, login) if LOGIN.fullmatch(login) else None
        is_over = failed["both"] > MOST_PER_LOGIN_AND_ADDRESS or failed["address"] > MOST_PER_ADDRESS or failed["login"] > MOST_PER_LOGIN
        if is_over:  # its password is not looked at: counted, it would lock others out
            await repository.drop_attempt(tx, attempt)
    if is_over:
        return Refused("too_many_requests")

    if not await passwords.matches(row["password_hash"] if row else None, password) or row is None or row["disabled"]:
        async with db.transaction() as tx:
            await audit.record(tx, row["login"] if row else "", address, "staff.sign_in_failed")
        return Refused("bad_sign_in")

    token = new_token()
    async with db.transaction() as tx:
        current = await repository.by_id(tx, row["id"])
        if current is None or current["disabled"]:
            return Refused("bad_sign_in")
        await repository.succeed_attempt(tx, attempt, login_hash, address)
        await repository.insert_session(tx, hash_token(token), row["id"], clock_now() + timedelta(hours=settings().staff_session_hours))
        await audit.record(tx, row["login"], address, "staff.sign_in")
    return SignedIn(token, staff_of(current))


async def session(connection: Connection, token: str | None) -> Staff | None:
    """Who a session's token belongs to; None when it is unknown, over, or the account is locked."""
    if not token or not token.isascii() or len(token) > 200:
        return None
    row = await repository.session(connection, hash_token(token), clock_now())
    return staff_of(row) if row else None


async def sign_out(tx: Connection, token: str | None, *, address: str = "") -> None:
    """End a session; an unknown token is no error."""
    if not token:
        return
    staff_id = await repository.delete_session(tx, hash_token(token))
    if staff_id is not None and (row := await repository.by_id(tx, staff_id)) is not None:
        await audit.record(tx, row["login"], address, "staff.sign_out")


async def disable(tx: Connection, staff_id: int, *, by: Staff | None = None, address: str = "") -> bool:
    """Lock an account at once, sessions included; its cases go back to the queue with the next sweep.

    Raises:
        AppError: ``forbidden``.
    """
    if by is not None:
        require(by, Role.ADMIN)
    changed = await repository.disable(tx, staff_id)
    if changed:
        await audit.record(tx, by.login if by else "command-line", address, "staff.disable", detail={"staff_id": staff_id})
    return changed


async def account(connection: Connection, staff_id: int) -> Staff | None:
    """One account."""
    row = await repository.by_id(connection, staff_id)
    return staff_of(row) if row else None


async def everyone(connection: Connection) -> list[Staff]:
    """All accounts."""
    return [staff_of(row) for row in await repository.everyone(connection)]


def require(staff: Staff | None, *roles: str) -> Staff:
    """The person, if signed in and in one of the roles (any role when none is named).

    Raises:
        AppError: ``not_signed_in`` or ``forbidden``.
    """
    if staff is None or staff.disabled:
        raise AppError("not_signed_in")
    if roles and not staff.has(*roles):
        raise AppError("forbidden", f"staff {staff.id} lacks {roles}")
    return staff
