"""Every statement on places, their consents, links and views."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core import db as database
from core.db import Connection
from handoff import repository
from handoff.fixes import EXACT_M, STALE

Row = dict[str, Any]


async def insert_link(tx: Connection, **values: Any) -> None:
    """A new link."""
    await database.run(
        tx,
        """INSERT INTO location_links (token_hash, sealed_token, conversation_id, case_id, expires_at)
           VALUES (%(token_hash)s, %(sealed_token)s, %(conversation_id)s, %(case_id)s, %(expires_at)s)""",
        **values,
    )


async def live_link(tx: Connection, conversation_id: str, at: datetime) -> Row | None:
    """The newest link of a conversation that can be given out again: one that is some device's already would be dead in every other hand."""
    return await database.one(
        tx,
        """SELECT * FROM location_links WHERE conversation_id = %s AND revoked_at IS NULL AND expires_at > %s AND sealed_token IS NOT NULL
             AND device_hash IS NULL
           ORDER BY created_at DESC LIMIT 1 FOR UPDATE""",
        conversation_id,
        at,
    )


async def extend_link(tx: Connection, token_hash: bytes, expires_at: datetime, case_id: int | None = None) -> None:
    """Move the end of a link forward, never back."""
    await database.run(
        tx,
        "UPDATE location_links SET expires_at = GREATEST(expires_at, %s), case_id = COALESCE(%s, case_id) WHERE token_hash = %s",
        expires_at,
        case_id,
        token_hash,
    )


async def link(connection: Connection, token_hash: bytes) -> Row | None:
    """A link by its token's hash."""
    return await database.one(connection, "SELECT * FROM location_links WHERE token_hash = %s", token_hash)


async def bind_link(tx: Connection, token_hash: bytes, device_hash: bytes, at: datetime) -> Row | None:
    """Tie a live link to the first device that consents, in one statement so that two cannot both win; None: another's, or over."""
    return await database.one(
        tx,
        """UPDATE location_links SET device_hash = %(device_hash)s
           WHERE token_hash = %(token_hash)s AND revoked_at IS NULL AND expires_at > %(at)s
             AND (device_hash IS NULL OR device_hash = %(device_hash)s)
           RETURNING *""",
        token_hash=token_hash,
        device_hash=device_hash,
        at=at,
    )


async def set_link_consent(tx: Connection, token_hash: bytes, consent_id: int | None) -> None:
    """Remember under which consent a link sends."""
    await database.run(tx, "UPDATE location_links SET consent_id = %s WHERE token_hash = %s", consent_id, token_hash)


async def revoke_links(tx: Connection, conversation_id: str) -> int:
    """End every link of a conversation."""
    return await database.run(
        tx,
        "UPDATE location_links SET revoked_at = clock_timestamp(), sealed_token = NULL WHERE conversation_id = %s AND revoked_at IS NULL",
        conversation_id,
    )


async def end_links(tx: Connection, case_id: int) -> None:
    """End every link of a case that ends, those of what was merged into it too."""
    for conversation_id in await repository.talks(tx, case_id):
        await revoke_links(tx, conversation_id)


async def insert_consent(tx: Connection, conversation_id: str, text_version: str) -> int:
    """What the citizen agreed to, and when."""
    row = await database.one(tx, "INSERT INTO location_consents (conversation_id, text_version) VALUES (%s, %s) RETURNING id", conversation_id, text_version)
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return int(row["id"])


async def consent_stands(connection: Connection, consent_id: int | None) -> bool:
    """Whether a consent has been given and not withdrawn."""
    return await database.one(connection, "SELECT 1 FROM location_consents WHERE id = %s AND stopped_at IS NULL", consent_id) is not None


async def stop_consent(tx: Connection, consent_id: int | None) -> None:
    """The citizen withdraws."""
    await database.run(tx, "UPDATE location_consents SET stopped_at = clock_timestamp() WHERE id = %s AND stopped_at IS NULL", consent_id)


async def insert_fix(tx: Connection, **values: Any) -> int:
    """A place; ``place`` is sealed already."""
    row = await database.one(
        tx,
        """INSERT INTO geo_fixes (conversation_id, consent_id, kind, place, coarse_cell, radius_m, confidence, method, datum, source,
                                  fixed_at, expires_at)
           VALUES (%(conversation_id)s, %(consent_id)s, %(kind)s, %(place)s, %(coarse_cell)s, %(radius_m)s, %(confidence)s, %(method)s,
                   %(datum)s, %(source)s, %(fixed_at)s, %(expires_at)s)
           RETURNING id""",
        **values,
    )
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return int(row["id"])


async def received_since(connection: Connection, conversation_id: str, kind: str, at: datetime) -> Row | None:
    """The newest place of this kind received after a moment: its number, when it was taken, and how sharp it is."""
    return await database.one(
        connection,
        "SELECT id, fixed_at, radius_m FROM geo_fixes WHERE conversation_id = %s AND kind = %s AND received_at > %s ORDER BY id DESC LIMIT 1",
        conversation_id,
        kind,
        at,
    )


async def kept(connection: Connection, talks: Sequence[str], kind: str, limit: int, at: datetime) -> list[Row]:
    """The newest places of some conversations that have neither expired nor been erased, newest first.

    Of one source of a conversation, whose times are one clock's, an older place that comes late stands behind the newer one that was known before it; one
    whose time is too old to be believed counts from when it came.
    """
    return await database.rows(
        connection,
        """SELECT * FROM (
               SELECT g.*, min(received_at) OVER (PARTITION BY conversation_id, source ORDER BY taken_at DESC) AS known_at
               FROM (SELECT f.*, CASE WHEN received_at - fixed_at <= %s THEN fixed_at ELSE received_at END AS taken_at FROM geo_fixes f
                     WHERE conversation_id = ANY(%s) AND kind = %s AND place IS NOT NULL AND expires_at > %s) AS g
           ) AS ordered
           ORDER BY known_at DESC, taken_at DESC, id DESC LIMIT %s""",
        STALE,
        list(talks),
        kind,
        at,
        limit,
    )


async def insert_view(tx: Connection, conversation_id: str, case_id: int | None, fix_id: int, staff_id: int, seconds: int) -> bool:
    """Someone looked. Repeated looks at the same place within ``seconds`` are one (a page that redraws); True if a row was written."""
    return (
        await database.run(
            tx,
            """INSERT INTO location_views (conversation_id, case_id, fix_id, staff_id)
               SELECT %(conversation_id)s, %(case_id)s, %(fix_id)s, %(staff_id)s
               WHERE NOT EXISTS (SELECT 1 FROM location_views WHERE conversation_id = %(conversation_id)s AND fix_id = %(fix_id)s
                                 AND staff_id = %(staff_id)s AND viewed_at > now() - make_interval(secs => %(seconds)s))""",
            conversation_id=conversation_id,
            case_id=case_id,
            fix_id=fix_id,
            staff_id=staff_id,
            seconds=seconds,
        )
        > 0
    )


async def views(connection: Connection, conversation_id: str) -> list[Row]:
    """Who has looked, oldest first, with roles."""
    return await database.rows(
        connection,
        """SELECT v.viewed_at, v.staff_id, COALESCE(s.roles, '{}') AS roles FROM location_views v LEFT JOIN staff s ON s.id = v.staff_id
           WHERE v.conversation_id = %s ORDER BY v.id""",
        conversation_id,
    )


async def purge(tx: Connection, at: datetime) -> int:
    """Erase what has expired; that something was sent, when, in which coarse cell, and whether it was exact, stays.

    Under a legal hold the sealed place stays too; nobody is shown it, since it has expired (``kept``).
    """
    return await database.run(
        tx,
        """UPDATE geo_fixes g SET place = NULL, was_exact = radius_m <= %s, radius_m = NULL, purged_at = clock_timestamp()
           WHERE place IS NOT NULL AND expires_at <= %s
             AND NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.conversation_id = g.conversation_id AND h.lifted_at IS NULL)""",
        EXACT_M,
        at,
    )


async def erase(tx: Connection, conversation_id: str) -> int:
    """Erase every place of a conversation, coarse cells too."""
    return await database.run(
        tx,
        """UPDATE geo_fixes SET place = NULL, radius_m = NULL, coarse_cell = NULL, purged_at = COALESCE(purged_at, clock_timestamp())
           WHERE conversation_id = %s AND (place IS NOT NULL OR coarse_cell IS NOT NULL)""",
        conversation_id,
    )
