"""What a desk does with the officers of a case's missions, and a supervisor with their seats: each one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from accounts.schemas import Staff
from core.crypto import Cipher
from core.db import Connection
from handoff.officers import at_case, seats
from handoff.officers import service as officers
from handoff.officers.at_case import Stationed
from handoff.officers.seats import Seat

Acting = Callable[[], AbstractAsyncContextManager[tuple[Connection, Staff]]]


class MissionActions:
    """Bound to one signed-in session, as ``Actions`` is."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting

    async def stationed(self, case_id: int, missions: Sequence[str]) -> list[Stationed]:
        """Who sits at the missions of a case."""
        async with self._acting() as (tx, staff):
            return await at_case.stationed(tx, case_id, staff, missions)

    async def inform(self, case_id: int, officer_id: int) -> bool:
        """Tell one of them, again or for the first time."""
        async with self._acting() as (tx, staff):
            return await at_case.inform(tx, case_id, staff, officer_id)

    async def call_in(self, case_id: int, officer_id: int) -> bool:
        """Let one of them read and write beside the owner."""
        async with self._acting() as (tx, staff):
            return await at_case.call_in(tx, case_id, staff, officer_id)


class SeatActions:
    """Bound to one supervisor's session."""

    def __init__(self, acting: Acting, cipher: Cipher, address: str) -> None:
        self._acting = acting
        self._cipher = cipher
        self._address = address

    async def seats(self) -> list[Seat]:
        """Every officer's account."""
        async with self._acting() as (tx, staff):
            return await seats.seats(tx, self._cipher, staff)

    async def seat(self, staff_id: int, mission: str, email: str) -> None:
        """Seat one, or move them."""
        async with self._acting() as (tx, staff):
            await officers.seat(tx, self._cipher, staff, staff_id, mission, email, address=self._address)

    async def unseat(self, staff_id: int) -> bool:
        """Take a seat away."""
        async with self._acting() as (tx, staff):
            return await seats.unseat(tx, staff, staff_id, address=self._address)
