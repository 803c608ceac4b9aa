"""What a citizen wipes off the screen stays away from it, on this device and on return; the lines themselves are kept for whoever helps."""

from __future__ import annotations

from datetime import datetime

from conversation.service import get, stream
from core import db as database
from core import events
from core.db import Connection

#: Over the citizen's own lines that follow at once (their numbers are not known to the page yet), up to our first line that the page has not shown.
_UP_TO = """
SELECT COALESCE((SELECT min(seq) - 1 FROM messages WHERE conversation_id = %(id)s AND seq > %(seq)s AND author_kind <> 'citizen'),
                (SELECT max(seq) FROM messages WHERE conversation_id = %(id)s), 0) AS line
"""
_EVENT = "SELECT COALESCE(max(seq), 0) AS seq FROM events WHERE stream = %s AND kind = 'message' AND (payload->>'seq')::int <= %s"


async def clear(tx: Connection, conversation_id: str, shown: int, at: datetime) -> int:
    """Wipe everything up to the line ``shown`` off every page of this conversation; up to which line it went.

    Raises:
        AppError: ``unknown_conversation``.
    """
    row = await get(tx, conversation_id, lock=True)
    found = await database.one(tx, _UP_TO, id=conversation_id, seq=min(shown, row["last_seq"]))
    line = int(found["line"]) if found else 0
    last = await database.one(tx, _EVENT, stream(conversation_id), line)
    await database.run(
        tx,
        "UPDATE conversations SET cleared_seq = GREATEST(cleared_seq, %s), cleared_at = %s WHERE id = %s",
        last["seq"] if last else 0,
        at,
        conversation_id,
    )
    await events.append(tx, stream(conversation_id), "cleared", {"seq": line})
    return line
