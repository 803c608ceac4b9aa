"""What is kept how long: one table of data classes, each with its clock and the statements that erase what is over.

``due`` names what is over, at most ``%(limit)s`` of it, and leaves out what is being changed; it is asked twice, the second time of what is locked
by then (``%(ids)s``), so that a hold or danger that has come meanwhile is seen. Nothing is touched of a conversation with an open case, with one that
may still be opened again, or under a legal hold.
"""

# ruff: noqa: S608  (statements are put together from the constants of this file)

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.settings import Settings
from handoff.fixes import EXACT_M

#: Whether a conversation ``c`` may be touched at all.
FREE = """
NOT EXISTS (SELECT 1 FROM cases o WHERE o.conversation_id = c.id AND (o.status <> 'closed' OR o.closed_at > %(reopenable)s))
AND NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.conversation_id = c.id AND h.lifted_at IS NULL)
"""
#: Nobody has written for as long as words are kept, and something still tells who it was.
_SILENT = "GREATEST(c.created_at, COALESCE(c.last_inbound_at, c.created_at), COALESCE(c.closed_at, c.created_at)) < %(before)s"
_KNOWN = """
(c.status = 'open' OR c.visitor <> '' OR c.address IS NOT NULL OR c.dialogue IS NOT NULL OR c.code_word IS NOT NULL OR c.proof_code IS NOT NULL)
"""


_NOT_HELD = "NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.conversation_id = f.conversation_id AND h.lifted_at IS NULL)"


@dataclass(frozen=True)
class DataClass:
    """One kind of data: its name, its clock, its tables, and how what is over goes. Statements without ``due`` are run until they touch nothing."""

    code: str
    korean: str
    #: The field of ``Settings`` with the clock; its name ends in its unit.
    setting: str
    tables: frozenset[str]
    statements: tuple[str, ...]
    due: str = ""

    def kept_for(self, settings: Settings) -> timedelta:
        """How long it is kept."""
        value = int(getattr(settings, self.setting))
        return timedelta(hours=value) if self.setting.endswith("_hours") else timedelta(days=value)


def _some(table: str, condition: str, key: str = "id", *, of: str | None = None, extra: str = "") -> str:
    """Delete rows ``r`` of a table, a bounded number at a time; with ``of`` only those of a conversation that may be touched."""
    free = f"AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = {of} AND NOT ({FREE}))" if of else ""
    inner = f"SELECT r.{key} FROM {table} r {extra} WHERE {condition} {free} LIMIT %(limit)s"
    return f"DELETE FROM {table} WHERE {key} IN ({inner})"


_OF_CASE = "(SELECT k.conversation_id FROM cases k WHERE k.id = r.case_id)"

CLASSES = (
    DataClass(
        "words",
        "대화 내용과 본인을 알 수 있는 값",
        "words_keep_days",
        frozenset(
            {
                "messages",
                "inbox",
                "outbox",
                "reply_windows",
                "triage_reviews",
                "dialogue_states",
                "abuse_marks",
                "cases",
                "incident_people",
                "kakao_consults",
                "text_deliveries",
                "conversations",
                "unanswered_questions",
                "notice_questions",
                "files",
                "file_views",
            }
        ),
        (
            "DELETE FROM dialogue_states WHERE conversation_id = ANY(%(ids)s) AND saved_at < %(before)s",
            "DELETE FROM abuse_marks WHERE conversation_id = ANY(%(ids)s) AND marked_at < %(before)s",
            "DELETE FROM triage_reviews r USING messages m WHERE m.id = r.message_id AND m.conversation_id = ANY(%(ids)s) AND m.created_at < %(before)s",
            "DELETE FROM reply_windows WHERE conversation_id = ANY(%(ids)s) AND deadline < %(before)s",
            "DELETE FROM inbox i USING messages m WHERE m.id = i.message_id AND m.conversation_id = ANY(%(ids)s) AND m.created_at < %(before)s",
            "DELETE FROM outbox o USING messages m WHERE m.id = o.message_id AND m.conversation_id = ANY(%(ids)s) AND m.created_at < %(before)s",
            """DELETE FROM notice_questions q USING unanswered_questions u, messages m WHERE u.id = q.origin_id AND m.id = u.message_id
               AND m.conversation_id = ANY(%(ids)s) AND m.created_at < %(before)s""",
            """DELETE FROM unanswered_questions u USING messages m WHERE m.id = u.message_id AND m.conversation_id = ANY(%(ids)s)
               AND m.created_at < %(before)s""",
            "DELETE FROM file_views WHERE conversation_id = ANY(%(ids)s) AND viewed_at < %(before)s",
            "DELETE FROM files f USING messages m WHERE m.id = f.message_id AND m.conversation_id = ANY(%(ids)s) AND m.created_at < %(before)s",
            "DELETE FROM messages WHERE conversation_id = ANY(%(ids)s) AND created_at < %(before)s",
            """UPDATE cases SET summary = NULL, verified_contact = NULL WHERE conversation_id = ANY(%(ids)s) AND closed_at < %(before)s
               AND (summary IS NOT NULL OR verified_contact IS NOT NULL)""",
            """UPDATE incident_people p SET name = NULL FROM cases k WHERE k.id = p.case_id AND k.conversation_id = ANY(%(ids)s)
               AND k.closed_at < %(before)s AND p.name IS NOT NULL""",
            "DELETE FROM text_deliveries WHERE conversation_id = ANY(%(ids)s) AND submitted_at < %(before)s",
            f"DELETE FROM kakao_consults k USING conversations c WHERE c.id = k.conversation_id AND c.id = ANY(%(ids)s) AND {_SILENT}",
            f"""UPDATE conversations c SET status = 'closed', closed_at = COALESCE(closed_at, clock_timestamp()), visitor = '', address = NULL,
                dialogue = NULL, code_word = NULL, proof_code = NULL, proof_until = NULL,
                token_hash = sha256(convert_to(gen_random_uuid()::text, 'UTF8')) WHERE c.id = ANY(%(ids)s) AND {_SILENT} AND {_KNOWN}""",
        ),
        f"""SELECT c.id FROM conversations c
            WHERE (EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id AND m.created_at < %(before)s) OR ({_SILENT} AND {_KNOWN})
                   OR EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = c.id AND k.closed_at < %(before)s
                              AND (k.summary IS NOT NULL OR k.verified_contact IS NOT NULL)))
              AND (%(ids)s::text[] IS NULL OR c.id = ANY(%(ids)s::text[])) AND {FREE}
            ORDER BY c.id LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED""",
    ),
    DataClass(
        "notes",
        "메모·약속·넘긴 말·전화번호",
        "notes_keep_days",
        frozenset({"case_notes", "case_promises", "case_hand_ons", "phone_calls", "text_deliveries", "voice_calls", "voice_signals"}),
        (
            _some("case_notes", "r.case_id IN (SELECT id FROM cases WHERE closed_at < %(before)s)", of=_OF_CASE),
            _some("case_promises", "r.case_id IN (SELECT id FROM cases WHERE closed_at < %(before)s)", of=_OF_CASE),
            f"""UPDATE case_hand_ons r SET said = NULL FROM cases k, conversations c WHERE k.id = r.case_id AND c.id = k.conversation_id
                AND r.said IS NOT NULL AND k.closed_at < %(before)s AND {FREE}""",
            f"""UPDATE phone_calls r SET caller = NULL, number = NULL, number_hash = NULL FROM cases k, conversations c
                WHERE k.id = r.case_id AND c.id = k.conversation_id AND k.closed_at < %(before)s
                AND (r.caller IS NOT NULL OR r.number IS NOT NULL OR r.number_hash IS NOT NULL) AND {FREE}""",
            _some("text_deliveries", "r.conversation_id IS NULL AND r.submitted_at < %(before)s"),
            # Gone with the end of each call; whatever was left over goes here.
            "DELETE FROM voice_signals WHERE sent_at < %(before)s",
            _some("voice_calls", "r.ended_at IS NOT NULL AND r.case_id IN (SELECT id FROM cases WHERE closed_at < %(before)s)", of="r.conversation_id"),
        ),
    ),
    DataClass(
        "places",
        "정확한 위치",
        "location_ttl_hours",
        frozenset({"geo_fixes"}),
        # What ``handoff.places.purge`` does every second, by each place's own clock; here it is proven to have been done.
        (
            f"""UPDATE geo_fixes g SET place = NULL, was_exact = radius_m <= {EXACT_M}, radius_m = NULL, purged_at = clock_timestamp()
               WHERE place IS NOT NULL AND expires_at <= %(now)s
                 AND NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.conversation_id = g.conversation_id AND h.lifted_at IS NULL)""",
        ),
    ),
    DataClass(
        "files",
        "사진과 파일",
        "file_keep_days",
        frozenset({"files", "file_contents"}),
        # What the round of the files does within a minute, and tells the pages; whatever it has left goes here.
        (
            f"DELETE FROM file_contents x USING files f WHERE f.id = x.file_id AND f.expires_at <= %(now)s - interval '1 hour' AND {_NOT_HELD}",
            f"""UPDATE files f SET state = 'expired', reference = NULL, name = NULL, position = NULL
                WHERE state <> 'expired' AND expires_at <= %(now)s - interval '1 hour' AND {_NOT_HELD}""",
        ),
    ),
    DataClass(
        "place_records",
        "위치 동의·링크·열람과 대략의 위치",
        "place_records_keep_days",
        frozenset({"geo_fixes", "location_consents", "location_links", "location_views", "case_consents"}),
        (
            _some("location_views", "r.viewed_at < %(before)s", of="r.conversation_id"),
            _some("geo_fixes", "r.received_at < %(before)s AND r.place IS NULL", of="r.conversation_id"),
            _some("location_links", "r.expires_at < %(before)s", "token_hash", of="r.conversation_id"),
            _some("case_consents", "r.written_at < %(before)s", of="r.conversation_id"),
            _some(
                "location_consents",
                "r.given_at < %(before)s AND NOT EXISTS (SELECT 1 FROM geo_fixes g WHERE g.consent_id = r.id)",
                of="r.conversation_id",
            ),
        ),
    ),
    DataClass(
        "codes",
        "쓰였거나 지난 번호·초대·접속 시도",
        "codes_keep_days",
        frozenset({"locate_codes", "locate_tries", "text_parts", "invites", "staff_sessions", "sign_in_attempts", "location_links", "conversations"}),
        (
            _some("locate_codes", "r.expires_at < %(before)s", of=_OF_CASE),
            _some("locate_tries", "r.tried_at < %(before)s"),
            _some("text_parts", "r.arrived_at < %(before)s"),
            _some("invites", "r.expires_at < %(before)s", "token_hash"),
            _some("staff_sessions", "r.expires_at < %(before)s", "token_hash"),
            _some("sign_in_attempts", "r.at < %(before)s"),
            f"""UPDATE location_links r SET sealed_token = NULL FROM conversations c
                WHERE c.id = r.conversation_id AND r.sealed_token IS NOT NULL AND r.expires_at < %(before)s AND {FREE}""",
            "UPDATE conversations SET proof_code = NULL, proof_until = NULL WHERE proof_code IS NOT NULL AND proof_until < %(before)s",
        ),
    ),
    DataClass(
        "questions",
        "답하지 못한 질문",
        "unanswered_keep_days",
        frozenset({"unanswered_questions"}),
        # As ``knowledge_base.editing.unanswered.forget_old``: where a test question still has a citizen's words, the link to them stays.
        (
            _some(
                "unanswered_questions",
                "r.asked_at < %(before)s AND q.id IS NULL",
                of="r.conversation_id",
                extra="LEFT JOIN notice_questions q ON q.origin_id = r.id",
            ),
            f"""UPDATE unanswered_questions r SET text = NULL FROM conversations c
                WHERE c.id = r.conversation_id AND r.text IS NOT NULL AND r.asked_at < %(before)s AND {FREE}""",
        ),
    ),
    DataClass(
        "events",
        "상담과 대화의 사건 흐름",
        "events_keep_days",
        frozenset({"events"}),
        (
            """DELETE FROM events WHERE created_at < %(before)s AND stream IN (
                   SELECT 'conversation:' || one FROM unnest(%(ids)s::text[]) AS c(one)
                   UNION ALL SELECT 'case:' || k.id FROM cases k WHERE k.conversation_id = ANY(%(ids)s))""",
        ),
        f"""SELECT c.id FROM conversations c
            WHERE (EXISTS (SELECT 1 FROM events e WHERE e.stream = 'conversation:' || c.id AND e.created_at < %(before)s)
                   OR EXISTS (SELECT 1 FROM cases k JOIN events e ON e.stream = 'case:' || k.id WHERE k.conversation_id = c.id AND e.created_at < %(before)s))
              AND (%(ids)s::text[] IS NULL OR c.id = ANY(%(ids)s::text[])) AND {FREE}
            ORDER BY c.id LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED""",
    ),
    DataClass(
        "queue_events",
        "대기열의 사건 흐름",
        "queue_events_keep_days",
        frozenset({"events"}),
        ("DELETE FROM events WHERE stream = 'queue' AND seq IN (SELECT seq FROM events WHERE stream = 'queue' AND created_at < %(before)s LIMIT %(limit)s)",),
    ),
    DataClass(
        "incident_names",
        "사고 명단에 직접 적은 이름",
        "incident_names_keep_days",
        frozenset({"incident_people", "events"}),
        (
            """UPDATE incident_people p SET name = NULL FROM incidents i
               WHERE i.id = p.incident_id AND i.ended_at < %(before)s AND p.case_id IS NULL AND p.name IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM incident_cases m JOIN cases k ON k.id = m.case_id
                                 LEFT JOIN legal_holds h ON h.conversation_id = k.conversation_id AND h.lifted_at IS NULL
                                 WHERE m.incident_id = i.id AND (h.id IS NOT NULL OR k.status <> 'closed'))""",
            "DELETE FROM events e USING incidents i WHERE e.stream = 'incident:' || i.id AND i.ended_at < %(before)s AND e.created_at < %(before)s",
        ),
    ),
    DataClass(
        "exports",
        "정보 열람 자료의 사본",
        "export_keep_days",
        frozenset({"record_exports"}),
        (
            f"""UPDATE record_exports f SET content = NULL, marks = '{{}}', returned_why = NULL
                WHERE (content IS NOT NULL OR returned_why IS NOT NULL) AND expires_at <= %(now)s AND {_NOT_HELD}""",
        ),
    ),
    DataClass(
        "reasons",
        "열람 제한·비상 열람·보존의 까닭, 누가 열람을 요청했는지",
        "access_log_keep_days",
        frozenset({"restrictions", "glass_openings", "legal_holds", "record_exports"}),
        (
            "UPDATE restrictions SET reason = NULL WHERE reason IS NOT NULL AND lifted_at < %(before)s",
            "UPDATE glass_openings SET reason = NULL WHERE reason IS NOT NULL AND opened_at < %(before)s",
            "DELETE FROM legal_holds WHERE lifted_at < %(before)s",
            _some("record_exports", "r.prepared_at < %(before)s", of="r.conversation_id"),
        ),
    ),
)
#: The access log goes by a way of its own, since its chain must hold (``handoff.records.log_start``).
ACCESS_LOG = DataClass("access_log", "열람 기록", "access_log_keep_days", frozenset({"access_log"}), ())

#: Tables with sealed columns, or of an erasure, that no clock ends, each with the reason.
STAYS = {
    "case_rungs": "when whom was called, by role",
    "timers": "what is due soon; a timer goes when it has run",
    "drills": "when a rehearsal took which step; nobody stood at its other end",
    "access_log_starts": "where the chain of the access log begins; hashes alone",
    "erasures": "that an erasure was made, so that an older backup brings nobody back",
    "participants": "staff of the case",
    "ratings": "a number between one and five",
    "late_answers": "counts answers that were never sent",
    "abuse_rests": "that an agent rested after a contact, by the case's number",
    "streams": "a counter for each stream",
    "case_routings": "country of the case",
    "case_missions": "missions of the case",
    "incident_cases": "that a case belonged to an event",
    "incident_deliveries": "that a statement to many was said in the conversation, or why not",
    "officer_notices": "when an officer was told of a number",
    "review_samples": "a draw without its message",
    "review_slots": "what a colleague judged",
    "review_draws": "counts of a week",
    "incidents": "what staff called an event; names of people stand in its list",
    "incident_statements": "what the service said to everybody of an event",
    "mission_officers": "a colleague's address, while they sit at the mission",
    "wechat_tokens": "the platform's key, replaced every two hours",
    "wechat_nonces": "hashes of webhooks; the channel removes them within minutes",
    "attachment_files": "files of notices",
    "passage_cache": "vectors of notices",
}
