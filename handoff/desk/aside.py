"""What stands beside a case's card: who is asked to take it, who wants to end it, what was promised, who else may write."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from accounts import service as accounts
from accounts.schemas import Staff
from conversation import guarding
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from handoff import handing_repository
from handoff import service as handoff
from handoff.calls import service as calls
from handoff.calls.schemas import PastCall
from handoff.records import holds, restricted_repository
from handoff.records.holds import Hold
from handoff.schemas import Case, CloseRequest


@dataclass(frozen=True)
class Aside:
    """Read together with the card, so that one look shows one moment."""

    asked_name: str = ""
    closing: CloseRequest | None = None
    promises: tuple[handoff.Promise, ...] = field(default=(), repr=False)
    #: Who answers for those promises.
    names: dict[int, str] = field(default_factory=dict)
    #: Name and role of whoever may write beside the owner.
    participants: tuple[tuple[str, str], ...] = ()
    #: Somebody else may hold the citizen's phone.
    is_guarded: bool = False
    #: The citizen has said the agreed word, and the screen shows nothing of a person.
    is_hushed: bool = False
    #: Who alone may see the case, by name; and until when the viewer does, who is not one of them.
    restricted_to: tuple[str, ...] = ()
    glass_until: datetime | None = None
    #: Free calls, the oldest first.
    calls: tuple[PastCall, ...] = ()
    #: Nothing of it may be erased.
    hold: Hold | None = None


async def read_aside(connection: Connection, cipher: Cipher, case: Case, viewer: Staff) -> Aside:
    """For somebody who has just been let see the card."""
    promises = await handoff.promises_of(connection, cipher, case.id)
    names = {staff_id: await _name(connection, staff_id) for staff_id in {one.staff_id for one in promises}}
    opened = await restricted_repository.open_glass(connection, case.id, viewer.id, clock_now()) if case.restricted_to is not None else None
    is_named = viewer.id in (case.owner_id, case.asked_to, *(case.restricted_to or ()))
    return Aside(
        asked_name=await _name(connection, case.asked_to) if case.asked_to else "",
        closing=await handoff.close_request(connection, cipher, case.id, viewer) if case.closing_by else None,
        promises=tuple(promises),
        names=names,
        participants=tuple((row["display_name"], row["role"]) for row in await handing_repository.participants(connection, case.conversation_id)),
        is_guarded=await guarding.is_guarded(connection, case.conversation_id),
        is_hushed=await guarding.is_hushed(connection, case.conversation_id),
        restricted_to=tuple(await restricted_repository.names(connection, case.restricted_to)) if case.restricted_to is not None else (),
        glass_until=opened["ends_at"] if opened and not is_named else None,
        calls=await calls.history(connection, case.id),
        hold=await holds.of_conversation(connection, cipher, case.conversation_id),
    )


async def _name(connection: Connection, staff_id: int) -> str:
    found = await accounts.account(connection, staff_id)
    return found.display_name if found else ""
