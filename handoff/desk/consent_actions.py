"""What a desk writes down about consents, each in one transaction; what each may raise stands at the service of the same name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from accounts.schemas import Staff
from core.crypto import Cipher
from core.db import Connection
from handoff.records import consent_service
from handoff.records.consent_service import Guardian

Acting = Callable[[], AbstractAsyncContextManager[tuple[Connection, Staff]]]


class ConsentActions:
    """Bound to one signed-in session, as ``Actions`` is."""

    def __init__(self, acting: Acting, cipher: Cipher) -> None:
        self._acting = acting
        self._cipher = cipher

    async def guardian(self, case_id: int, form: Guardian) -> None:
        """A guardian agrees, or does not."""
        async with self._acting() as (tx, staff):
            await consent_service.guardian(tx, self._cipher, case_id, staff, form)

    async def child(self, case_id: int, words: str) -> None:
        """The guardian is the danger, and the child's words suffice."""
        async with self._acting() as (tx, staff):
            await consent_service.child(tx, self._cipher, case_id, staff, words)

    async def without(self, case_id: int, basis: str, why: str, agency: str) -> None:
        """Nobody can be asked."""
        async with self._acting() as (tx, staff):
            await consent_service.without(tx, self._cipher, case_id, staff, basis, why, agency)

    async def check(self, consent_id: int, *, is_agreed: bool, objection: str = "") -> None:
        """The second person has looked at it."""
        async with self._acting() as (tx, staff):
            await consent_service.check(tx, self._cipher, consent_id, staff, is_agreed=is_agreed, objection=objection)

    async def end(self, consent_id: int, why: str) -> None:
        """It stands no longer."""
        async with self._acting() as (tx, staff):
            await consent_service.end(tx, self._cipher, consent_id, staff, why)
