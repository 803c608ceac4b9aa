"""An emergency that somebody owns and nobody answers: the desk beats, the agent is not there or stuck with another, and the citizen waits.

The citizen reads once, where nobody reads along, that no answer has come yet and which number there is: the bot keeps silent while a person owns the talk.
Owning a case stops the ladder and the bell, so this is the one silence that would show on the board alone. The owner and every supervisor's desk are called,
again after each such time, until a person has written, or the case is somebody else's. Nothing is taken away: the owner may be ringing the police.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from conversation import service as conversation
from conversation.schemas import AuthorKind, Body
from core import db as database
from core.crypto import Cipher
from core.db import Connection
from core.logging import get
from core.metrics import UNATTENDED
from core.settings import settings
from handoff.choosing import AT_ONCE
from handoff.streams import announce
from handoff.waiting import KIND
from knowledge_base.crisis_cards import QUIET

log = get(__name__)
#: How long the first words of a person, or those after danger was told again, may take.
WAITS = {"life_threat": timedelta(minutes=2), "urgent": timedelta(minutes=5)}
LOCK = 0x756E616E7377

#: A last "네" of the citizen is no question: after the first words since the claim it takes danger, or a second line, to be one. What another had said before
#: is no word of whoever has the case now. A call that was answered is words.
_DUE = """
SELECT c.*, extract(epoch FROM %(at)s - w.since)::int AS waited_s, extract(epoch FROM w.since)::bigint AS since_s, %(at)s - w.since < 2 * l.longest AS is_first,
       v.guarded_at IS NOT NULL OR v.hushed_at IS NOT NULL AS is_guarded, v.language AS spoken
FROM cases c JOIN conversations v ON v.id = c.conversation_id
     JOIN unnest(%(severities)s::text[], %(limits)s::interval[]) AS l(severity, longest) USING (severity)
CROSS JOIN LATERAL (
    SELECT COALESCE(max(p.seq), 0) AS seq, max(p.created_at) AS at FROM messages p
    WHERE p.conversation_id = c.conversation_id AND p.author_kind IN ('agent', 'officer')
) AS said
CROSS JOIN LATERAL (
    SELECT max(s.ended_at) AS at, COALESCE(bool_or(s.ended_at IS NULL), false) AS is_on FROM voice_calls s
    WHERE s.case_id = c.id AND s.answered_at IS NOT NULL
) AS spoken
CROSS JOIN LATERAL (
    SELECT min(m.created_at) AS since, count(*) AS lines, COALESCE(bool_or(i.action IN ('ask', 'escalate')), false) AS is_danger
    FROM messages m LEFT JOIN inbox i ON i.message_id = m.id
    WHERE m.conversation_id = c.conversation_id AND m.author_kind = 'citizen' AND m.seq > said.seq AND m.created_at > COALESCE(spoken.at, '-infinity')
) AS unanswered
CROSS JOIN LATERAL (SELECT GREATEST(unanswered.since, c.claimed_at) AS since) AS w
WHERE c.status = 'claimed' AND NOT c.synthetic AND c.snoozed_until IS NULL AND v.status = 'open' AND v.channel <> 'phone'
  AND NOT spoken.is_on
  AND (GREATEST(said.at, spoken.at) IS NULL OR GREATEST(said.at, spoken.at) < c.claimed_at OR unanswered.is_danger OR unanswered.lines > 1)
  AND w.since <= %(at)s - l.longest
  AND NOT EXISTS (
      SELECT 1 FROM events e WHERE e.stream = 'case:' || c.id AND e.kind = 'unattended' AND e.created_at >= w.since
      AND (e.payload ->> 'waited_s')::int > extract(epoch FROM %(at)s - w.since - l.longest)
  )
ORDER BY l.longest, w.since LIMIT %(most)s FOR UPDATE OF c SKIP LOCKED
"""


_WORDS = {
    "ko": "상담관이 아직 답하지 못하고 있습니다. 상담은 그대로 이어집니다. 급하시면 {hotline} 로 전화하세요.",
    "en": "Your counsellor has not been able to answer yet. This chat stays open. If it is urgent, call {hotline}.",
    "ja": "相談員がまだお返事できていません。このチャットはそのまま続きます。お急ぎの場合は {hotline} にお電話ください。",
    "zh": "咨询员暂时还未能答复。本次对话会继续保留。如情况紧急，请拨打 {hotline}。",
    "vi": "Tư vấn viên chưa trả lời được. Cuộc trò chuyện này vẫn tiếp tục. Nếu gấp, hãy gọi {hotline}.",
    "fr": "Votre conseiller n'a pas encore pu répondre. Cette conversation reste ouverte. En cas d'urgence, appelez le {hotline}.",
    "es": "Su asesor todavía no ha podido responder. Este chat sigue abierto. Si es urgente, llame al {hotline}.",
    "ru": "Консультант пока не смог ответить. Этот чат остаётся открытым. Если это срочно, позвоните по номеру {hotline}.",
}


async def call(tx: Connection, cipher: Cipher, at: datetime) -> list[int]:
    """Call for whoever waits too long in somebody's hands; the cases. One worker at a time does it."""
    alone = await database.one(tx, "SELECT pg_try_advisory_xact_lock(%s) AS got", LOCK)
    if not alone or not alone["got"]:
        return []
    due = await database.rows(tx, _DUE, at=at, severities=list(WAITS), limits=list(WAITS.values()), most=AT_ONCE)
    for row in due:
        await announce(tx, "unattended", row, waited_s=row["waited_s"])
        UNATTENDED.inc()
        if row["is_first"] and not row["is_guarded"] and not row["cannot_speak"] and row["category"] not in QUIET:
            await _tell(tx, cipher, row)
        log.error("emergency_unattended", case_id=row["id"], severity=row["severity"], waited_s=row["waited_s"])
    return [int(row["id"]) for row in due]


async def _tell(tx: Connection, cipher: Cipher, row: dict[str, Any]) -> None:
    words = _WORDS.get(row["spoken"], _WORDS["en"]).format(hotline=settings().hotline)
    client_id = f"unattended-{row['id']}-{row['since_s']}"
    await conversation.reply(tx, cipher, row["conversation_id"], AuthorKind.SYSTEM, Body(words, kind=KIND), client_id=client_id)
