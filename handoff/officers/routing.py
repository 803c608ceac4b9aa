"""Which missions an open emergency is shown to. Computed beside triage and the queue, so that neither ever waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core import events
from core.crypto import Cipher
from core.db import Database
from core.errors import DatabaseUnavailable
from core.logging import get
from handoff import location, places
from handoff import repository as cases
from handoff.geography import countries_at
from handoff.jurisdiction import service as jurisdiction
from handoff.jurisdiction.competence import Place
from handoff.missions import NO_PLACE
from handoff.officers import repository
from handoff.schemas import MissionHint
from handoff.streams import case_stream

log = get(__name__)
MOST = 4
EMBASSY = "대사관"


def informed(hints: Sequence[MissionHint]) -> list[MissionHint]:
    """Who is told: the first candidates; without a place, of a country with several missions, its embassies alone."""
    chosen = [hint for hint in hints if hint.basis != NO_PLACE or hint.name.endswith(EMBASSY)]
    return (chosen or list(hints))[:MOST]


async def route_open(db: Database, cipher: Cipher, at: datetime) -> list[int]:
    """Compute the missions of every open emergency that has a new country or place; the numbers of those that could be."""
    async with db.read() as connection:
        waiting = await repository.stale(connection)
    routed = []
    for row in waiting:
        try:
            await route(db, cipher, row, at)
            routed.append(int(row["id"]))
        except DatabaseUnavailable:
            raise
        except Exception as error:
            # The edge of one case: what cannot be read of it must not keep the others from their missions.
            log.error("case_not_routed", case_id=row["id"], error=type(error).__name__, exc_info=error)
    return routed


async def route(db: Database, cipher: Cipher, row: dict[str, Any], at: datetime) -> None:
    """Compute the missions of one emergency, in a transaction of its own.

    The place is read by the program, to compute with; no person sees it here, so it is no view.
    """
    async with db.transaction() as tx:
        fixes = await places.kept(tx, await cases.talks(tx, row["id"]), "fix", 1, at)
        place = location.place_of(fixes[0], cipher) if fixes else None
        spot = Place(place.lat, place.lon, place.radius_m) if place and place.lat is not None and place.lon is not None else None
        countries = countries_at(spot.lat, spot.lon, spot.radius_m) if spot else []
        hints = informed(await jurisdiction.candidates(tx, row["country"], countries, spot, at))
        await repository.save_routing(tx, row["id"], row["country"], row["fix_id"], hints)
        await repository.add_notices(tx, row["id"])
        await events.append(tx, case_stream(row["id"]), "missions", {"case_id": row["id"], "missions": [hint.name for hint in hints]})
