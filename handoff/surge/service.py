"""The switch of surge mode. How it stands is read where it matters, so that every process knows at the next message, without a restart.

Nothing of it touches an emergency: danger is triaged, queued, offered and rung as always.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.schemas import Role, Staff
from conversation.schemas import SourceCard
from core import audit
from core import db as database
from core.clock import now as clock_now
from core.db import Connection
from core.errors import AppError
from handoff import waiting_repository
from handoff.choosing import INCIDENT_LANE, SILENT_AFTER
from handoff.incidents import repository as incidents
from handoff.surge import repository
from handoff.wait_estimate import Wait, estimate
from handoff.waiting import MEASURED_AT_LEAST

MAX_OPENING = 400
#: The kind of the line that asks a citizen to help themselves or to wait.
SHED = "surge_shed"


@dataclass(frozen=True)
class Surge:
    """Surge mode as it stands; ``id`` is that of the switch which began it."""

    id: int
    opening: str
    notice_id: str | None
    incident_id: int | None
    since: datetime
    card: SourceCard | None = None

    @property
    def kind(self) -> str:
        """The kind of the line that tells a citizen of it: once for each switch."""
        return f"surge:{self.id}"


@dataclass(frozen=True)
class Switched:
    """One row of the history."""

    is_on: bool
    by_name: str
    at: datetime
    opening: str
    incident_id: int | None


async def current(connection: Connection) -> Surge | None:
    """Surge mode, or None while it is off."""
    row = await repository.newest(connection)
    if row is None or not row["is_on"]:
        return None
    card = SourceCard(row["title"], row["effective_from"], row["source_url"], row["source"], notice_id=row["notice_id"]) if row["title"] else None
    return Surge(row["id"], row["opening"], row["notice_id"], row["incident_id"], row["switched_at"], card)


async def switch_on(tx: Connection, staff: Staff, opening: str, *, notice_id: str | None = None, incident_id: int | None = None) -> bool:
    """Begin surge mode; False, and nothing written, while it stands already.

    Raises:
        AppError: ``forbidden``; ``invalid_request`` for a bad opening; ``unknown_notice``; ``not_found`` for an incident that is not open.
    """
    access_switch(staff)
    opening = opening.strip()
    if not 5 <= len(opening) <= MAX_OPENING:
        raise AppError("invalid_request", field="opening")
    if notice_id is not None and not await _is_published(tx, notice_id):
        raise AppError("unknown_notice")
    await incidents.alone(tx)
    if await current(tx) is not None:
        return False
    if incident_id is not None:
        incident = await incidents.incident(tx, incident_id)
        if incident is None or incident["status"] != "open":
            raise AppError("not_found")
        await repository.into_lane(tx, incident_id, INCIDENT_LANE)
    row = await repository.insert(tx, True, staff.id, opening, notice_id, incident_id)
    await audit.record(tx, staff.login, "", "surge.on", detail={"switch": row["id"], "incident": incident_id})
    return True


async def switch_off(tx: Connection, staff: Staff) -> bool:
    """End surge mode; False, and nothing written, while it is off. The lane's cases go back to their teams.

    Raises:
        AppError: ``forbidden``.
    """
    access_switch(staff)
    await incidents.alone(tx)
    if await current(tx) is None:
        return False
    await repository.out_of_lane(tx, INCIDENT_LANE)
    row = await repository.insert(tx, False, staff.id)
    await audit.record(tx, staff.login, "", "surge.off", detail={"switch": row["id"]})
    return True


async def history(connection: Connection, limit: int = 10) -> list[Switched]:
    """The last switches, the newest first."""
    return [
        Switched(row["is_on"], row["display_name"] or "", row["switched_at"], row["opening"], row["incident_id"])
        for row in await repository.history(connection, limit)
    ]


async def shed_count(connection: Connection, surge: Surge) -> int:
    """How many routine wishes for a person were met with the truth instead of a place in the queue since it began."""
    return await repository.shed_since(connection, SHED, surge.since)


async def expected_wait(connection: Connection) -> Wait:
    """What whoever begins to wait now would have to expect, as a routine case."""
    at = clock_now()
    row = await database.one(connection, "SELECT count(*) AS n FROM cases WHERE status = 'queued'")
    crew = await waiting_repository.crew(connection, at - SILENT_AFTER)
    quartiles = await waiting_repository.quartiles(connection, at, MEASURED_AT_LEAST)
    return estimate((int(row["n"]) if row else 0) + 1, "none", crew, quartiles)


async def is_spared(connection: Connection, conversation_id: str, within: timedelta = timedelta(hours=24)) -> bool:
    """Whether somebody must not be asked to wait or to help themselves: danger or a doubt of it lately, a case that is open, a phone in another's hand."""
    row = await database.one(
        connection,
        """SELECT COALESCE(c.heightened_until > now(), false) OR c.guarded_at IS NOT NULL OR c.last_urgency IN ('life_threat', 'urgent')
                  OR EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = c.id AND k.status <> 'closed')
                  OR EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = c.id AND k.severity IN ('life_threat', 'urgent') AND k.opened_at > %(since)s)
                  OR EXISTS (SELECT 1 FROM inbox i WHERE i.conversation_id = c.id AND i.action IN ('ask', 'escalate') AND i.received_at > %(since)s)
                  AS spared
           FROM conversations c WHERE c.id = %(conversation)s""",
        conversation=conversation_id,
        since=clock_now() - within,
    )
    return row is None or bool(row["spared"])


async def told(connection: Connection, conversation_id: str, surge: Surge) -> tuple[bool, bool]:
    """Whether a conversation has read the opening, and whether it was asked to wait, since this surge began."""
    rows = await database.rows(
        connection,
        "SELECT DISTINCT kind FROM messages WHERE conversation_id = %s AND kind IN (%s, %s) AND created_at >= %s",
        conversation_id,
        surge.kind,
        SHED,
        surge.since,
    )
    kinds = {row["kind"] for row in rows}
    return surge.kind in kinds, SHED in kinds


def access_switch(staff: Staff) -> None:
    """Whether the person may switch.

    Raises:
        AppError: ``forbidden``.
    """
    if staff.disabled or not staff.has(Role.SUPERVISOR):
        raise AppError("forbidden")


async def _is_published(connection: Connection, notice_id: str) -> bool:
    return await database.one(connection, "SELECT 1 FROM notices WHERE id = %s AND status = 'published'", notice_id) is not None
