"""Every statement on staff accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core import db as database
from core.db import Connection

Row = dict[str, Any]
LOCK_FIRST_RUN = 0x7374616666


async def lock_first_run(tx: Connection) -> None:
    """One process at a time decides whether there is nobody yet."""
    await database.run(tx, "SELECT pg_advisory_xact_lock(%s)", LOCK_FIRST_RUN)


async def anyone(connection: Connection) -> bool:
    """Whether any account exists."""
    return await database.one(connection, "SELECT 1 FROM staff LIMIT 1") is not None


async def drop_first_run_invites(tx: Connection) -> None:
    """Only the newest first link works."""
    await database.run(tx, "DELETE FROM invites WHERE first_run AND used_at IS NULL")


async def insert_invite(tx: Connection, token_hash: bytes, roles: list[str], expires_at: datetime, first_run: bool, invited_by: int | None) -> None:
    """A new invitation."""
    await database.run(
        tx,
        "INSERT INTO invites (token_hash, roles, expires_at, first_run, invited_by) VALUES (%s, %s, %s, %s, %s)",
        token_hash,
        roles,
        expires_at,
        first_run,
        invited_by,
    )


async def invite(connection: Connection, token_hash: bytes, at: datetime) -> Row | None:
    """An invitation that can still be used."""
    return await database.one(connection, "SELECT * FROM invites WHERE token_hash = %s AND used_at IS NULL AND expires_at > %s", token_hash, at)


async def spent_invite(connection: Connection, token_hash: bytes) -> Row | None:
    """An invitation that there was, used or too old; with the login that came of it."""
    return await database.one(
        connection,
        "SELECT i.*, s.login AS used_login FROM invites i LEFT JOIN staff s ON s.id = i.used_by WHERE i.token_hash = %s",
        token_hash,
    )


async def use_invite(tx: Connection, token_hash: bytes, at: datetime) -> Row | None:
    """Use it up, in one statement, so that of two who hold the link one gets the account."""
    return await database.one(
        tx,
        """UPDATE invites SET used_at = clock_timestamp() WHERE token_hash = %s AND used_at IS NULL AND expires_at > %s RETURNING *""",
        token_hash,
        at,
    )


async def set_invite_user(tx: Connection, token_hash: bytes, staff_id: int) -> None:
    """Who came of it."""
    await database.run(tx, "UPDATE invites SET used_by = %s WHERE token_hash = %s", staff_id, token_hash)


async def insert_staff(tx: Connection, login: str, display_name: str, password_hash: str, roles: list[str]) -> Row | None:
    """A new account; None when the login is taken."""
    return await database.one(
        tx,
        """INSERT INTO staff (login, display_name, password_hash, roles) VALUES (%s, %s, %s, %s)
           ON CONFLICT (login) DO NOTHING RETURNING *""",
        login,
        display_name,
        password_hash,
        roles,
    )


async def by_login(connection: Connection, login: str) -> Row | None:
    """An account by its login."""
    return await database.one(connection, "SELECT * FROM staff WHERE login = %s", login)


async def by_id(connection: Connection, staff_id: int) -> Row | None:
    """An account by its number."""
    return await database.one(connection, "SELECT * FROM staff WHERE id = %s", staff_id)


async def everyone(connection: Connection) -> list[Row]:
    """All accounts."""
    return await database.rows(connection, "SELECT * FROM staff ORDER BY id")


async def set_password_hash(tx: Connection, staff_id: int, password_hash: str) -> None:
    """Replace a password."""
    await database.run(tx, "UPDATE staff SET password_hash = %s WHERE id = %s", password_hash, staff_id)


async def disable(tx: Connection, staff_id: int) -> bool:
    """Lock an account and end its sessions."""
    changed = await database.run(tx, "UPDATE staff SET disabled = true WHERE id = %s AND NOT disabled", staff_id)
    await database.run(tx, "DELETE FROM staff_sessions WHERE staff_id = %s", staff_id)
    return changed > 0


async def insert_session(tx: Connection, token_hash: bytes, staff_id: int, expires_at: datetime) -> None:
    """A new session; old ones are swept on the way."""
    await database.run(tx, "DELETE FROM staff_sessions WHERE expires_at < now()")
    await database.run(tx, "INSERT INTO staff_sessions (token_hash, staff_id, expires_at) VALUES (%s, %s, %s)", token_hash, staff_id, expires_at)


async def session(connection: Connection, token_hash: bytes, at: datetime) -> Row | None:
    """The account of a live session."""
    return await database.one(
        connection,
        """SELECT s.*, n.last_seen_at FROM staff_sessions n JOIN staff s ON s.id = n.staff_id
           WHERE n.token_hash = %s AND n.expires_at > %s AND NOT s.disabled""",
        token_hash,
        at,
    )


async def delete_session(tx: Connection, token_hash: bytes) -> int | None:
    """End a session; whose it was."""
    row = await database.one(tx, "DELETE FROM staff_sessions WHERE token_hash = %s RETURNING staff_id", token_hash)
    return row["staff_id"] if row else None


async def begin_attempt(tx: Connection, login_hash: str, address: str) -> int:
    """Write an attempt before its password is looked at; attempts on one login, or from one address, wait for each other here."""
    for key in sorted((f"login:{login_hash}", f"address:{address}")):
        await database.run(tx, "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", key)
    await database.run(tx, "DELETE FROM sign_in_attempts WHERE at < now() - interval '1 day'")
    row = await database.one(tx, "INSERT INTO sign_in_attempts (login_hash, address) VALUES (%s, %s) RETURNING id", login_hash, address)
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return int(row["id"])


async def drop_attempt(tx: Connection, attempt_id: int) -> None:
    """An attempt that was refused unseen is no guess."""
    await database.run(tx, "DELETE FROM sign_in_attempts WHERE id = %s", attempt_id)


async def failures(connection: Connection, login_hash: str, address: str, since: datetime) -> Row:
    """Failed attempts of late: on this login from this address, on this login from anywhere, from this address on any login."""
    row = await database.one(
        connection,
        """SELECT count(*) FILTER (WHERE login_hash = %(login)s AND address = %(address)s) AS both,
                  count(*) FILTER (WHERE login_hash = %(login)s) AS login,
                  count(*) FILTER (WHERE address = %(address)s) AS address
           FROM sign_in_attempts WHERE at > %(since)s AND NOT succeeded AND (login_hash = %(login)s OR address = %(address)s)""",
        login=login_hash,
        address=address,
        since=since,
    )
    assert row is not None  # noqa: S101  (an aggregate gives a row)
    return row


async def succeed_attempt(tx: Connection, attempt_id: int, login_hash: str, address: str) -> None:
    """The right password wipes the slate of this login at this address."""
    await database.run(tx, "UPDATE sign_in_attempts SET succeeded = true WHERE id = %s", attempt_id)
    await database.run(tx, "DELETE FROM sign_in_attempts WHERE login_hash = %s AND address = %s AND NOT succeeded", login_hash, address)
