"""The mark of a citizen who cannot speak or hear: whoever takes the case writes, and makes the calls on the citizen's behalf.

It belongs to the case and goes with it: through transfer, return, reopening, a merge, and into a later case of the same conversation.
"""

from __future__ import annotations

from accounts.schemas import Staff
from core import audit
from core.db import Connection
from core.errors import AppError
from handoff import repository
from handoff.access import access_writable_case
from handoff.streams import announce

#: What the button in a chat sends back, on every channel.
CHOICE = "cannot_speak"
#: Why a case stands in the queue that this button has opened.
REASON = "cannot_speak"


async def citizen_says(tx: Connection, conversation_id: str) -> None:
    """The citizen has pressed the button; the open case carries the mark from now on."""
    row = await repository.open_case(tx, conversation_id, lock=True)
    if row is not None and (changed := await repository.set_cannot_speak(tx, row["id"], True)) is not None:
        await announce(tx, "cannot_speak", changed)


async def mark(tx: Connection, case_id: int, staff: Staff, on: bool) -> bool:
    """Set or take away the mark, as somebody who may write in the case has found out; False when it stood like that already.

    Raises:
        AppError: ``not_found``, ``not_owner``, or ``illegal_move`` for a case that is over.
    """
    row = await access_writable_case(tx, case_id, staff, lock=True)
    if row["status"] == "closed":
        raise AppError("illegal_move")
    changed = await repository.set_cannot_speak(tx, case_id, on)
    if changed is None:
        return False
    await announce(tx, "cannot_speak", changed)
    await audit.record(tx, staff.login, "", "case.cannot_speak", case_id, detail={"on": on})
    return True
