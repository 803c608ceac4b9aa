"""Statements that move an owned case between people."""

from __future__ import annotations

from core import db as database
from core.db import Connection
from handoff.repository import TALKS, Row


async def ask(tx: Connection, case_id: int, to_id: int | None) -> Row:
    """Note who is asked to take a case (None: nobody); the caller holds the row's lock."""
    row = await database.one(tx, "UPDATE cases SET asked_to = %s, version = version + 1 WHERE id = %s RETURNING *", to_id, case_id)
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row


async def give(tx: Connection, case_id: int, from_id: int, to_id: int) -> Row:
    """Change the owner of a case that has one, and name them where it is restricted; the caller holds the row's lock."""
    row = await database.one(
        tx,
        """UPDATE cases SET owner_id = %(to_id)s, status = 'claimed', claimed_at = clock_timestamp(), asked_to = NULL, snoozed_until = NULL,
                  restricted_to = CASE WHEN restricted_to IS NULL OR %(to_id)s = ANY (restricted_to) THEN restricted_to
                                  ELSE restricted_to || %(to_id)s::bigint END,
                  closing_by = NULL, closing_at = NULL, closing_outcome = NULL, version = version + 1
           WHERE id = %(case_id)s AND owner_id = %(from_id)s AND status IN ('claimed', 'handed_back') RETURNING *""",
        to_id=to_id,
        case_id=case_id,
        from_id=from_id,
    )
    assert row is not None  # noqa: S101  (the row is locked by the caller)
    return row


async def lock_owned(tx: Connection, case_ids: list[int], owner_id: int) -> list[Row]:
    """Those of the cases that one person answers for, locked in the order of their ids."""
    return await database.rows(
        tx,
        "SELECT * FROM cases WHERE id = ANY (%s) AND owner_id = %s AND status IN ('claimed', 'handed_back') ORDER BY id FOR UPDATE",
        case_ids,
        owner_id,
    )


async def set_team(tx: Connection, case_id: int, team: str) -> None:
    """Whose case it is to take."""
    await database.run(tx, "UPDATE cases SET team = %s WHERE id = %s", team, case_id)


async def add_participant(tx: Connection, conversation_id: str, staff_id: int, role: str) -> bool:
    """Name somebody who may write beside the owner; False if they were named."""
    return (
        await database.run(
            tx, "INSERT INTO participants (conversation_id, staff_id, role) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", conversation_id, staff_id, role
        )
        > 0
    )


async def pass_merged(tx: Connection, case_id: int, from_id: int | None, to_id: int | None) -> None:
    """Let whoever has a case now write to the citizens of those merged into it; whoever had it before (None: nobody) no longer can."""
    await database.run(
        tx,
        f"""WITH merged AS (
               SELECT t.conversation_id FROM cases c, LATERAL {TALKS.format("c")} AS t WHERE c.id = %(case_id)s AND t.conversation_id <> c.conversation_id
           ), gone AS (
               DELETE FROM participants p USING merged WHERE p.conversation_id = merged.conversation_id AND p.staff_id = %(from_id)s AND p.role = 'agent'
           )
           INSERT INTO participants (conversation_id, staff_id, role)
           SELECT conversation_id, %(to_id)s::bigint, 'agent' FROM merged WHERE %(to_id)s::bigint IS NOT NULL ON CONFLICT DO NOTHING""",  # noqa: S608  (a constant)
        case_id=case_id,
        from_id=from_id,
        to_id=to_id,
    )


async def drop_former(tx: Connection, conversation_id: str, case_id: int) -> None:
    """Who took part in a case that has ended takes no part in the next one, just opened; where it was merged into one that is open, its talk goes on."""
    await database.run(
        tx,
        """DELETE FROM participants WHERE conversation_id = %(conversation_id)s AND NOT EXISTS (
               WITH RECURSIVE chain AS (
                   (SELECT id, merged_into, status FROM cases WHERE conversation_id = %(conversation_id)s AND id <> %(case_id)s
                    ORDER BY closed_at DESC, id DESC LIMIT 1)
                   UNION SELECT c.id, c.merged_into, c.status FROM cases c JOIN chain ON c.id = chain.merged_into
               ) SELECT 1 FROM chain WHERE status <> 'closed')""",
        conversation_id=conversation_id,
        case_id=case_id,
    )


async def participants(connection: Connection, conversation_id: str) -> list[Row]:
    """Who may write beside the owner, by name."""
    return await database.rows(
        connection,
        """SELECT p.staff_id, p.role, s.display_name FROM participants p JOIN staff s ON s.id = p.staff_id
           WHERE p.conversation_id = %s ORDER BY s.display_name, s.id""",
        conversation_id,
    )
