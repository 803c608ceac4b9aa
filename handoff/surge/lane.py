"""The lane of the surge's incident: a team of its own for its cases, for as long as surge mode stands."""

from __future__ import annotations

from core.db import Connection
from handoff.choosing import INCIDENT_LANE
from handoff.surge import repository


async def follow(tx: Connection, case_id: int, incident_id: int | None) -> None:
    """A case has come into an incident, or leaves one: into the lane, or back to its team. The caller holds the lock of incidents."""
    await repository.out_of_lane(tx, INCIDENT_LANE, case_id)
    if incident_id is not None and incident_id == await _incident(tx):
        await repository.into_lane(tx, incident_id, INCIDENT_LANE)


async def merged(tx: Connection, into_id: int) -> None:
    """Two incidents have become one: if either had the lane, the one that stays has it, with all of its cases."""
    if into_id == await _incident(tx):
        await repository.into_lane(tx, into_id, INCIDENT_LANE)


async def _incident(tx: Connection) -> int | None:
    """The incident whose cases have the lane now; of a merged one, that which it became part of."""
    now = await repository.newest(tx)
    if now is None or not now["is_on"] or now["incident_id"] is None:
        return None
    return await repository.goes_on_as(tx, now["incident_id"])
