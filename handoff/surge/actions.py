"""What the board asks of the switch. Who it is, and whether they may, is asked of the database every time."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.page_session import PageSession
from accounts.schemas import Staff
from core.db import Connection, Database
from handoff.incidents import repository as incidents
from handoff.surge import service
from handoff.surge.service import Surge, Switched


@dataclass(frozen=True)
class SurgeState:
    """How surge mode stands, as the board shows it; ``incidents`` are the open ones (id, category, country, cases)."""

    surge: Surge | None
    shed: int
    history: tuple[Switched, ...]
    incidents: tuple[tuple[int, str, str | None, int], ...]


class SurgeActions:
    """Bound to one signed-in session."""

    def __init__(self, db: Database, session: PageSession) -> None:
        self._db = db
        self._session = session

    async def state(self) -> SurgeState:
        """How it stands now."""
        async with self._db.read() as connection:
            await self._person(connection)
            surge = await service.current(connection)
            shed = await service.shed_count(connection, surge) if surge else 0
            found = await incidents.all_open(connection)
            return SurgeState(
                surge,
                shed,
                tuple(await service.history(connection, 5)),
                tuple((row["id"], row["category"], row["country"], row["cases"]) for row in found),
            )

    async def switch_on(self, opening: str, notice_id: str | None, incident_id: int | None) -> bool:
        """Begin; False if it stands already."""
        async with self._db.transaction() as tx:
            return await service.switch_on(tx, await self._person(tx), opening, notice_id=notice_id, incident_id=incident_id)

    async def switch_off(self) -> bool:
        """End; False if it is off already."""
        async with self._db.transaction() as tx:
            return await service.switch_off(tx, await self._person(tx))

    async def _person(self, connection: Connection) -> Staff:
        staff = await self._session.person(connection)
        service.access_switch(staff)
        return staff
