"""What a desk does about abusive words, each in one transaction; what each may raise stands at the service of the same name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from accounts.schemas import Staff
from core.crypto import Cipher
from core.db import Connection
from handoff import service as handoff

Acting = Callable[[], AbstractAsyncContextManager[tuple[Connection, Staff]]]


class AbuseActions:
    """Bound to one signed-in session, as ``Actions`` is."""

    def __init__(self, acting: Acting, cipher: Cipher) -> None:
        self._acting = acting
        self._cipher = cipher

    async def mark(self, case_id: int, seq: int | None, on: bool) -> handoff.Abuse:
        """Mark a line, or take the mark back."""
        async with self._acting() as (tx, staff):
            return await handoff.mark_abuse(tx, case_id, staff, seq, on)

    async def mark_last(self, case_id: int) -> tuple[handoff.Abuse, bool]:
        """Mark what the citizen has said last; whether the mark is new."""
        async with self._acting() as (tx, staff):
            return await handoff.mark_last_abuse(tx, case_id, staff)

    async def rest_minutes(self) -> int:
        """How long a rest lasts."""
        async with self._acting() as (tx, _):
            return await handoff.rest_minutes(tx)

    async def end(self, case_id: int) -> None:
        """End with the set sentence."""
        async with self._acting() as (tx, staff):
            await handoff.end_for_abuse(tx, self._cipher, case_id, staff)

    async def to_supervisor(self, case_id: int) -> bool:
        """To a supervisor who is there; True if it is theirs already, False while they have not accepted."""
        async with self._acting() as (tx, staff):
            return (await handoff.to_supervisor(tx, self._cipher, case_id, staff)).owner_id != staff.id
