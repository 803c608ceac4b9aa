"""What a desk does about who may look and what must stay: each one transaction, each refusal an ``AppError`` for the dialog to put into words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from accounts.schemas import Staff
from core import audit
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff import access, repository
from handoff.location import ONE_LOOK_S
from handoff.moves import NOTE
from handoff.records import holds, reasons, restricted

Acting = Callable[[], AbstractAsyncContextManager[tuple[Connection, Staff]]]


class RecordActions:
    """Bound to one signed-in session; what each may raise stands at the service of the same name."""

    def __init__(self, acting: Acting, cipher: Cipher) -> None:
        self._acting = acting
        self._cipher = cipher

    async def break_glass(self, case_id: int, reason: str) -> datetime | None:
        """Open a restricted case with a reason; until when."""
        async with self._acting() as (tx, staff):
            return await restricted.break_glass(tx, self._cipher, case_id, staff, reason)

    async def note_refusal(self, case_id: int) -> None:
        """A restricted case was refused to this person."""
        async with self._acting() as (tx, staff):
            await restricted.note_refusal(tx, self._cipher, case_id, staff)

    async def note_reading(self, case_id: int) -> None:
        """New lines were shown to somebody who reads along: a look like any other, once a minute at most.

        Raises:
            AppError: those of ``access_case``.
        """
        async with self._acting() as (tx, staff):
            row = await access.access_case(tx, case_id, staff)
            if not await repository.viewed_lately(tx, case_id, staff.login, ONE_LOOK_S):
                detail = {"reading": True} | ({"restricted": True} if row["restricted_to"] is not None else {})
                await audit.record(tx, staff.login, "", "case.view", case_id, self._cipher.pseudonym(row["conversation_id"]), detail)

    async def restriction(self, case_id: int) -> restricted.Restriction | None:
        """Why and to whom the case is restricted."""
        async with self._acting() as (tx, staff):
            return await restricted.of_case(tx, self._cipher, await access.access_case(tx, case_id, staff))

    async def restrict(self, case_id: int, people: Sequence[int], reason: str) -> None:
        """Only these people see it from now on."""
        async with self._acting() as (tx, staff):
            await restricted.restrict(tx, self._cipher, case_id, staff, people, reason)

    async def lift(self, case_id: int, reason: str) -> bool:
        """Everybody sees it again whose task it is."""
        async with self._acting() as (tx, staff):
            return await restricted.lift(tx, self._cipher, case_id, staff, reason)

    async def hold(self, case_id: int, reason: str) -> bool:
        """Nothing of the conversation may be erased; False if that was so.

        Raises:
            AppError: ``forbidden``, ``reason_needed``, ``already_erased``, and those of ``access_case``.
        """
        async with self._acting() as (tx, staff):
            access.access_records(staff)
            row = await access.access_case(tx, case_id, staff)
            return await holds.set_hold(tx, self._cipher, row["conversation_id"], staff.login, reason, case_id=case_id)

    async def lift_hold(self, case_id: int, reason: str) -> bool:
        """It may be erased again, for a reason that stays in the notes; False if no hold stood.

        Raises:
            AppError: ``forbidden``, ``reason_missing``, and those of ``access_case``.
        """
        if len(reason.strip()) < reasons.MIN_CHARS:
            raise AppError("reason_missing")
        async with self._acting() as (tx, staff):
            access.access_records(staff)
            row = await access.access_case(tx, case_id, staff)
            if await holds.held(tx, [row["conversation_id"]]):
                await repository.add_note(tx, case_id, staff.id, self._cipher.seal(f"보존 지정을 풀었습니다: {reason.strip()}", NOTE))
            return await holds.lift_hold(tx, self._cipher, row["conversation_id"], staff.login, case_id=case_id)

    async def standing_hold(self, case_id: int) -> holds.Hold | None:
        """The hold on the case's conversation."""
        async with self._acting() as (tx, staff):
            row = await access.access_case(tx, case_id, staff)
            return await holds.of_conversation(tx, self._cipher, row["conversation_id"])
