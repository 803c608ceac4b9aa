"""Erasing a citizen: one place that knows, for every table, what becomes of a conversation's rows.

What is personal goes; what statistics need (that a conversation and a case were, when, how urgent, how long) stays without a word or a key. The
access log stays whole, since it names nobody but staff and says who had looked (it is kept two years). What was erased is listed in ``erasures`` and in
a file beside the keys, so that an older backup cannot bring it back.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from conversation.visitors import visitor_hash
from core import audit
from core import db as database
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from handoff.records import holds

JOURNAL = "erasures.jsonl"


@dataclass(frozen=True)
class Step:
    """What is done with one table's rows; ``%(conversations)s`` and ``%(cases)s`` are arrays of ids."""

    table: str
    statement: str


#: In this order, since later statements remove what earlier ones look rows up by.
STEPS = (
    Step("dialogue_states", "DELETE FROM dialogue_states WHERE conversation_id = ANY(%(conversations)s)"),
    Step(
        "notice_questions",
        "DELETE FROM notice_questions q USING unanswered_questions u WHERE u.id = q.origin_id AND u.conversation_id = ANY(%(conversations)s)",
    ),
    Step("unanswered_questions", "DELETE FROM unanswered_questions WHERE conversation_id = ANY(%(conversations)s)"),
    Step("triage_reviews", "DELETE FROM triage_reviews r USING messages m WHERE m.id = r.message_id AND m.conversation_id = ANY(%(conversations)s)"),
    Step("location_views", "DELETE FROM location_views WHERE conversation_id = ANY(%(conversations)s)"),
    Step("geo_fixes", "DELETE FROM geo_fixes WHERE conversation_id = ANY(%(conversations)s)"),
    Step("location_links", "DELETE FROM location_links WHERE conversation_id = ANY(%(conversations)s)"),
    Step("location_consents", "DELETE FROM location_consents WHERE conversation_id = ANY(%(conversations)s)"),
    Step("case_consents", "UPDATE case_consents SET words = NULL, objection = NULL, ended_why = NULL WHERE conversation_id = ANY(%(conversations)s)"),
    Step(
        "record_exports",
        """UPDATE record_exports SET content = NULL, identity = NULL, returned_why = NULL, marks = '{}', state = 'withdrawn'
           WHERE conversation_id = ANY(%(conversations)s)""",
    ),
    Step("abuse_marks", "DELETE FROM abuse_marks WHERE conversation_id = ANY(%(conversations)s)"),
    Step("case_notes", "DELETE FROM case_notes WHERE case_id = ANY(%(cases)s)"),
    Step("case_promises", "DELETE FROM case_promises WHERE case_id = ANY(%(cases)s)"),
    Step("locate_codes", "DELETE FROM locate_codes WHERE case_id = ANY(%(cases)s)"),
    Step(  # before the numbers of callers go, since texts to them are found by these
        "text_deliveries",
        """DELETE FROM text_deliveries WHERE conversation_id = ANY(%(conversations)s)
           OR number_hash IN (SELECT number_hash FROM phone_calls WHERE case_id = ANY(%(cases)s) AND number_hash IS NOT NULL)""",
    ),
    Step("phone_calls", "UPDATE phone_calls SET caller = NULL, number = NULL, number_hash = NULL WHERE case_id = ANY(%(cases)s)"),
    Step("voice_signals", "DELETE FROM voice_signals s USING voice_calls v WHERE v.id = s.call_id AND v.conversation_id = ANY(%(conversations)s)"),
    Step("case_hand_ons", "UPDATE case_hand_ons SET said = NULL WHERE case_id = ANY(%(cases)s)"),
    Step("incident_people", "UPDATE incident_people SET name = NULL WHERE case_id = ANY(%(cases)s)"),
    Step("cases", "UPDATE cases SET summary = NULL, verified_contact = NULL WHERE id = ANY(%(cases)s)"),
    Step("file_views", "DELETE FROM file_views WHERE conversation_id = ANY(%(conversations)s)"),
    Step(
        "file_contents",
        "DELETE FROM file_contents c USING files f WHERE f.id = c.file_id AND f.conversation_id = ANY(%(conversations)s)",
    ),
    Step("files", "DELETE FROM files WHERE conversation_id = ANY(%(conversations)s)"),
    Step("inbox", "DELETE FROM inbox WHERE conversation_id = ANY(%(conversations)s)"),
    Step("outbox", "DELETE FROM outbox WHERE conversation_id = ANY(%(conversations)s)"),
    Step("kakao_consults", "DELETE FROM kakao_consults WHERE conversation_id = ANY(%(conversations)s)"),
    Step("reply_windows", "DELETE FROM reply_windows WHERE conversation_id = ANY(%(conversations)s)"),
    Step("messages", "DELETE FROM messages WHERE conversation_id = ANY(%(conversations)s)"),
    Step("timers", "DELETE FROM timers WHERE subject = ANY(%(conversations)s) OR subject = ANY(%(cases)s::text[])"),
    Step("events", "DELETE FROM events WHERE stream = ANY(%(streams)s)"),
    Step(
        "conversations",
        """UPDATE conversations SET status = 'closed', closed_at = COALESCE(closed_at, clock_timestamp()), visitor = '', address = NULL, dialogue = NULL,
           code_word = NULL, proof_code = NULL, token_hash = sha256(convert_to(gen_random_uuid()::text, 'UTF8')) WHERE id = ANY(%(conversations)s)""",
    ),
)

#: Tables whose rows stay, each with the reason.
KEPT = {
    "drills": "when a rehearsal took which step; nobody stood at its other end",
    "access_log": "who had looked at what; names staff alone, the citizen by a keyed pseudonym; kept two years",
    "erasures": "that an erasure was made",
    "restrictions": "that a case was shown to named people alone, and the reason, sealed; kept as long as the access log",
    "glass_openings": "who opened a restricted case, and the reason, sealed; kept as long as the access log",
    "access_log_starts": "where the chain of the access log begins",
    "participants": "staff of the case",
    "voice_calls": "that there was a call, from when to when; nothing of what was said",
    "ratings": "a number between one and five",
    "locate_tries": "wrong codes of an hour, by keyed address",
    "late_answers": "counts answers that were never sent",
    "abuse_rests": "that an agent rested after a contact, by the case's number",
    "legal_holds": "why something was kept; a standing one forbids the erasure",
    "streams": "a counter for each stream",
    "text_parts": "parts of a long text, sealed, which become a line of a conversation within half a minute",
    "case_rungs": "when whom was called, by role",
    "case_routings": "country of the case",
    "case_missions": "missions of the case",
    "incident_cases": "that a case belonged to an event",
    "incident_deliveries": "that a statement to many was said in the conversation, or why not",
    "officer_notices": "when an officer was told of a number",
    "review_samples": "a draw without its message",
    "review_slots": "what a colleague judged",
    "review_draws": "counts of a week",
}
#: Tables about notices, countries, staff and processes, in which no citizen stands.
NOBODY = frozenset(
    {
        "notices", "notice_history", "attachment_files", "notice_attachments", "passage_cache", "missions", "emergency_numbers", "mission_details",
        "alarm_changes", "alarm_levels", "entry_rules", "local_contacts", "mission_facts", "sync_runs", "sync_pages", "service_syncs",
        "mission_competences", "mission_officers", "agent_presence", "desk_times", "duty_numbers", "shifts", "staff_skills", "team_members", "staff",
        "desk_rules", "incidents", "incident_statements", "surge_switches", "target_numbers", "invites", "staff_sessions", "sign_in_attempts",
        "heartbeats", "access_reviews", "retention_runs", "kakao_event_days", "wechat_tokens", "wechat_nonces",
    }
)  # fmt: skip


async def stored_as(connection: Connection, cipher: Cipher, visitor: str) -> str:
    """How a visitor stands in the tables: a person on a messenger by a keyed hash of the id that the platform knows them by."""
    if not visitor:
        return ""
    for row in await database.rows(connection, "SELECT DISTINCT channel FROM conversations"):
        hashed = visitor_hash(cipher, row["channel"], visitor)
        if await database.one(connection, "SELECT 1 FROM conversations WHERE channel = %s AND visitor = %s LIMIT 1", row["channel"], hashed):
            return hashed
    return visitor


async def conversations_of(connection: Connection, *, conversation: str = "", case: int | None = None, visitor: str = "") -> list[str]:
    """All conversations of the citizen whom a conversation, a case number or a visitor's id names; the visitor's other conversations are theirs too.

    Raises:
        AppError: ``unknown_conversation``.
    """
    found = await database.rows(
        connection,
        """WITH named AS (
               SELECT id, visitor FROM conversations
               WHERE id = %(conversation)s OR (visitor = %(visitor)s AND visitor <> '') OR id = (SELECT conversation_id FROM cases WHERE id = %(case)s)
           )
           SELECT id FROM named UNION SELECT c.id FROM conversations c JOIN named n ON n.visitor = c.visitor AND c.visitor <> '' ORDER BY id""",
        conversation=conversation,
        case=case,
        visitor=visitor,
    )
    if not found:
        raise AppError("unknown_conversation")
    return [row["id"] for row in found]


async def erase(tx: Connection, cipher: Cipher, conversation_ids: Sequence[str], by: str, *, at: datetime | None = None) -> dict[str, int]:
    """Erase conversations in the caller's transaction: all of them, or nothing; the rows touched, by table. A repeat finds nothing left.

    Raises:
        AppError: ``case_open`` while somebody may still be helped; ``on_hold`` under a legal hold.
    """
    ids = sorted(conversation_ids)
    # The cases before the conversations, as everywhere (handoff.moves names the order).
    cases = await database.rows(tx, "SELECT id, status FROM cases WHERE conversation_id = ANY(%s) ORDER BY id FOR UPDATE", ids)
    # Weaker than what a hold needs, so that one may be set while this goes on; the last look below sees it.
    await database.rows(tx, "SELECT id FROM conversations WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", ids)
    # Danger that arrived before the lock has a case that the first look may not have seen.
    if await database.one(tx, "SELECT 1 FROM cases WHERE conversation_id = ANY(%s) AND status <> 'closed' LIMIT 1", ids):
        raise AppError("case_open")
    if await holds.held(tx, ids):
        raise AppError("on_hold")
    numbers = [row["id"] for row in cases]
    streams = [f"conversation:{one}" for one in ids] + [f"case:{number}" for number in numbers]
    removed = {}
    for step in STEPS:
        removed[step.table] = await database.run(tx, step.statement, conversations=ids, cases=numbers, streams=streams)
    # From here on a hold waits until this is committed; one that is being written is waited for, and one that was written meanwhile undoes it all.
    await database.rows(tx, "SELECT id FROM conversations WHERE id = ANY(%s) ORDER BY id FOR UPDATE", ids)
    if await holds.held(tx, ids):
        raise AppError("on_hold")
    for one in ids:
        await _list(tx, one, by, at, removed)
    for one in ids:
        await audit.record(tx, by, "", "record.erase", subject=cipher.pseudonym(one), detail={"rows": sum(removed.values())})
    return removed


async def _list(tx: Connection, conversation_id: str, by: str, at: datetime | None, removed: dict[str, int]) -> None:
    """Keep in mind that a conversation is erased; the first time counts."""
    await database.run(
        tx,
        """INSERT INTO erasures (conversation_id, erased_at, erased_by, removed) VALUES (%s, COALESCE(%s, clock_timestamp()), %s, %s)
           ON CONFLICT (conversation_id) DO NOTHING""",
        conversation_id,
        at,
        by,
        Jsonb(removed),
    )


async def preview(connection: Connection, conversation_ids: Sequence[str]) -> dict[str, Any]:
    """What stands in the way of an erasure, and how much it would concern."""
    ids = list(conversation_ids)
    counted = await database.one(
        connection,
        """SELECT (SELECT count(*) FROM messages WHERE conversation_id = ANY(%(ids)s)) AS messages,
                  (SELECT count(*) FROM geo_fixes WHERE conversation_id = ANY(%(ids)s)) AS places,
                  (SELECT count(*) FROM cases WHERE conversation_id = ANY(%(ids)s)) AS cases,
                  (SELECT count(*) FROM cases WHERE conversation_id = ANY(%(ids)s) AND status <> 'closed') AS open_cases""",
        ids=ids,
    )
    return {"conversations": ids, **(counted or {}), "on_hold": await holds.held(connection, ids)}


async def write_journal(db: Database, folder: Path) -> None:
    """Write the list of what was erased beside the keys, whole and at once; safe to repeat after a crash."""
    async with db.read() as connection:
        found = await database.rows(connection, "SELECT conversation_id, erased_at, erased_by FROM erasures ORDER BY erased_at, conversation_id")
    lines = [json.dumps({"conversation_id": r["conversation_id"], "at": r["erased_at"].isoformat(), "by": r["erased_by"]}, ensure_ascii=False) for r in found]
    temporary = folder / f".{JOURNAL}.new"
    with temporary.open("w", encoding="utf-8") as file:
        os.chmod(temporary, 0o600)
        file.writelines(line + "\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / JOURNAL)


async def erase_again(db: Database, cipher: Cipher, journal: Iterable[str]) -> int:
    """After an older backup came back: erase once more what the journal lists and the database still has; how many conversations.

    A case that was closed when its citizen was erased may be open in the backup: it is closed first, as erased, since its citizen has been served.
    """
    again = 0
    for line in journal:
        entry = json.loads(line)
        one, at = entry["conversation_id"], datetime.fromisoformat(entry["at"])
        async with db.transaction() as tx:
            if await database.one(tx, "SELECT 1 FROM erasures WHERE conversation_id = %s", one):
                continue
            if not await database.one(tx, "SELECT 1 FROM conversations WHERE id = %s", one):
                await _list(tx, one, entry["by"], at, {})  # it stays in the journal: another backup may still hold it
                continue
            await database.run(
                tx,
                """UPDATE cases SET status = 'closed', closed_at = %s, outcome = 'erased', owner_id = NULL, offered_to = NULL, offer_due_at = NULL,
                   asked_to = NULL, closing_by = NULL, snoozed_until = NULL WHERE conversation_id = %s AND status <> 'closed'""",
                at,
                one,
            )
            await database.run(tx, "UPDATE legal_holds SET lifted_by = 'restore', lifted_at = %s WHERE conversation_id = %s AND lifted_at IS NULL", at, one)
            await erase(tx, cipher, [one], entry["by"], at=at)
            again += 1
    return again
