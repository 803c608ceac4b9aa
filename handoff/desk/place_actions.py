"""What a person does with a place: put a typed town on the map, copy it for others, ask what is around. Each is written down."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import lru_cache

from accounts.schemas import Staff
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from core.settings import settings
from handoff import location, place_use
from handoff import service as handoff
from handoff.datum import to_wgs84
from handoff.exports import Form
from handoff.nearby import Around, Nearby

Acting = Callable[[], AbstractAsyncContextManager[tuple[Connection, Staff]]]


@lru_cache(maxsize=4)
def service_at(url: str, timeout_s: int) -> Nearby:
    """The one service of this process, with its memory of answers."""
    return Nearby(url, timeout_s)


class PlaceActions:
    """Bound to one signed-in session, as ``Actions`` is."""

    def __init__(self, acting: Acting, cipher: Cipher, address: str) -> None:
        self._acting = acting
        self._cipher = cipher
        self._address = address

    async def pick(self, case_id: int, fix_id: int, town_id: int) -> None:
        """Put a town that the citizen typed on the map.

        Raises:
            AppError: what ``place_use.pick_typed`` raises.
        """
        async with self._acting() as (tx, staff):
            await place_use.pick_typed(tx, self._cipher, case_id, staff, fix_id, town_id, address=self._address)

    async def export(self, case_id: int, form: Form) -> str:
        """The place as text.

        Raises:
            AppError: what ``place_use.exported`` raises.
        """
        async with self._acting() as (tx, staff):
            return await place_use.exported(tx, self._cipher, case_id, staff, form, address=self._address)

    async def around(self, case_id: int) -> Around:
        """Hospitals, police and missions around the newest place. The database is not held while the service is asked.

        Raises:
            AppError: ``not_found`` (also: no coordinates) or ``forbidden``.
        """
        async with self._acting() as (tx, staff):
            case = await handoff.get(tx, case_id)
            place = await location.latest_fix(tx, self._cipher, case.conversation_id, staff, address=self._address)
        if place is None or place.lat is None or place.lon is None:
            raise AppError("not_found")
        return await service_at(settings().nearby_url, settings().nearby_timeout_s).around(*to_wgs84(place.lat, place.lon, place.datum))
