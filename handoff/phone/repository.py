"""Every statement on calls, codes and wrong tries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core import db as database
from core.db import Connection

Row = dict[str, Any]
LOCK = 0x6C6F63617465


async def lock_codes(tx: Connection) -> None:
    """One at a time makes or tries a code, so that no number of parallel tries gets past the limits. Comes before any case's lock."""
    await database.run(tx, "SELECT pg_advisory_xact_lock(%s)", LOCK)


async def insert_call(tx: Connection, **values: Any) -> int:
    """A call that begins."""
    row = await database.one(
        tx,
        """INSERT INTO phone_calls (case_id, staff_id, client_id, caller, number, number_hash, started_at)
           VALUES (%(case_id)s, %(staff_id)s, %(client_id)s, %(caller)s, %(number)s, %(number_hash)s, %(started_at)s) RETURNING id""",
        **values,
    )
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return int(row["id"])


async def call_of_form(connection: Connection, client_id: str) -> Row | None:
    """The call that a form has opened already."""
    return await database.one(connection, "SELECT * FROM phone_calls WHERE client_id = %s", client_id)


async def end_calls(tx: Connection, case_id: int) -> int:
    """End the calls of a case that go on."""
    return await database.run(tx, "UPDATE phone_calls SET ended_at = GREATEST(clock_timestamp(), started_at) WHERE case_id = %s AND ended_at IS NULL", case_id)


async def calls(connection: Connection, case_id: int) -> list[Row]:
    """The calls of a case, oldest first; one that nobody has ended lasts until the case is closed."""
    return await database.rows(
        connection,
        """SELECT p.*, COALESCE(s.display_name, '') AS staff_name,
                  COALESCE(p.ended_at, CASE WHEN c.closed_at IS NOT NULL THEN GREATEST(c.closed_at, p.started_at) END) AS over_at
           FROM phone_calls p JOIN cases c ON c.id = p.case_id LEFT JOIN staff s ON s.id = p.staff_id WHERE p.case_id = %s ORDER BY p.id""",
        case_id,
    )


async def open_cases_of(connection: Connection, number_hash: str, except_id: int) -> list[int]:
    """Other open cases of a number."""
    found = await database.rows(
        connection,
        """SELECT DISTINCT c.id FROM phone_calls p JOIN cases c ON c.id = p.case_id
           WHERE p.number_hash = %s AND c.status <> 'closed' AND c.id <> %s ORDER BY c.id""",
        number_hash,
        except_id,
    )
    return [int(row["id"]) for row in found]


async def end_codes(tx: Connection, case_id: int, at: datetime) -> None:
    """End a case's code, every code that is over, and the links that the case's codes have opened and nobody has consented to."""
    await database.run(tx, "UPDATE locate_codes SET ended_at = %s WHERE ended_at IS NULL AND (case_id = %s OR expires_at <= %s)", at, case_id, at)
    await database.run(
        tx,
        """UPDATE location_links SET revoked_at = %s WHERE revoked_at IS NULL AND device_hash IS NULL
           AND token_hash IN (SELECT link_hash FROM locate_codes WHERE case_id = %s)""",
        at,
        case_id,
    )


async def live_codes(connection: Connection, at: datetime) -> int:
    """How many codes could be typed now."""
    row = await database.one(connection, "SELECT count(*) AS n FROM locate_codes WHERE ended_at IS NULL AND expires_at > %s", at)
    return int(row["n"]) if row else 0


async def insert_code(tx: Connection, code_hash: str, case_id: int, staff_id: int, expires_at: datetime) -> bool:
    """A new code; False when the same digits are live for somebody else."""
    return (
        await database.run(
            tx,
            """INSERT INTO locate_codes (code_hash, case_id, staff_id, expires_at) VALUES (%s, %s, %s, %s)
               ON CONFLICT (code_hash) WHERE ended_at IS NULL DO NOTHING""",
            code_hash,
            case_id,
            staff_id,
            expires_at,
        )
        > 0
    )


async def use_code(tx: Connection, code_hash: str, at: datetime) -> Row | None:
    """The code's case, if the code is live and its case open; it is over with this."""
    return await database.one(
        tx,
        """UPDATE locate_codes k SET used_at = %(at)s, ended_at = %(at)s FROM cases c
           WHERE k.code_hash = %(code_hash)s AND k.ended_at IS NULL AND k.expires_at > %(at)s AND c.id = k.case_id AND c.status <> 'closed'
           RETURNING k.id, c.id AS case_id, c.conversation_id""",
        at=at,
        code_hash=code_hash,
    )


async def set_link(tx: Connection, code_id: int, link_hash: bytes) -> None:
    """Remember which link a code has opened."""
    await database.run(tx, "UPDATE locate_codes SET link_hash = %s WHERE id = %s", link_hash, code_id)


async def code_state(connection: Connection, case_id: int, at: datetime) -> Row | None:
    """How the newest code of a case stands."""
    return await database.one(
        connection,
        """SELECT CASE WHEN ended_at IS NULL AND expires_at > %s THEN expires_at END AS live_until, used_at FROM locate_codes
           WHERE case_id = %s ORDER BY id DESC LIMIT 1""",
        at,
        case_id,
    )


async def tries(connection: Connection, address_hash: str, of_address_since: datetime, since: datetime) -> tuple[int, int]:
    """Wrong tries lately: of this address, and of everybody."""
    row = await database.one(
        connection,
        "SELECT count(*) FILTER (WHERE address_hash = %s AND tried_at > %s) AS mine, count(*) AS all_of_them FROM locate_tries WHERE tried_at > %s",
        address_hash,
        of_address_since,
        since,
    )
    return (int(row["mine"]), int(row["all_of_them"])) if row else (0, 0)


async def keep_try(tx: Connection, address_hash: str, at: datetime, forget_before: datetime) -> None:
    """Write a wrong try down, and forget old ones."""
    await database.run(tx, "DELETE FROM locate_tries WHERE tried_at <= %s", forget_before)
    await database.run(tx, "INSERT INTO locate_tries (address_hash, tried_at) VALUES (%s, %s)", address_hash, at)
