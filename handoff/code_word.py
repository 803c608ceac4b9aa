"""The citizen has said the agreed word: the desk sees why, and the bell rings anew for whoever has the case; the citizen's screen shows nothing."""

from __future__ import annotations

from conversation.guarding import CODE_WORD
from core import db as database
from core.db import Connection
from handoff import repository
from handoff.streams import announce

#: Said again within the same alarm, it rings no second time.
_SAID = """
UPDATE cases SET version = version + 1,
       reason = CASE WHEN %(word)s = ANY (string_to_array(reason, ',')) THEN reason ELSE concat_ws(',', %(word)s, NULLIF(reason, '')) END,
       acknowledged_at = CASE WHEN %(word)s = ANY (string_to_array(reason, ',')) THEN acknowledged_at END,
       acknowledged_by = CASE WHEN %(word)s = ANY (string_to_array(reason, ',')) THEN acknowledged_by END
WHERE id = %(case_id)s RETURNING *
"""


async def citizen_says(tx: Connection, conversation_id: str) -> None:
    """Write it down with the open case, which the caller has just raised, and tell the desks."""
    known = await repository.open_case(tx, conversation_id, lock=True)
    if known is not None and (row := await database.one(tx, _SAID, word=CODE_WORD, case_id=known["id"])) is not None:
        await announce(tx, "code_word", row)
