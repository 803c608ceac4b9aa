"""The moves of cases between people, as a desk does them: each one transaction, each refusal an ``AppError`` for the dialog to put into words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

from accounts import service as accounts
from accounts.schemas import Role, Staff
from core import audit
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff import guarding
from handoff import service as handoff
from handoff.access import access_case
from handoff.desk.consent_actions import ConsentActions
from handoff.desk.export_actions import ExportActions
from handoff.desk.record_actions import RecordActions

Acting = Callable[[], AbstractAsyncContextManager[tuple[Connection, Staff]]]


class MoveActions:
    """Bound to one signed-in session, as ``Actions`` is; what each may raise stands at the service of the same name."""

    def __init__(self, acting: Acting, cipher: Cipher) -> None:
        self._acting = acting
        self._cipher = cipher
        self.records = RecordActions(acting, cipher)
        self.consents = ConsentActions(acting, cipher)
        self.exports = ExportActions(acting, cipher)

    async def decline(self, case_id: int) -> None:
        """Let an offer pass, or say no to a colleague: whichever it is at this moment."""
        async with self._acting() as (tx, staff):
            case = await handoff.get(tx, case_id)
            if case.offered_to == staff.id:
                await handoff.decline(tx, case_id, staff)
            elif case.asked_to == staff.id:
                await handoff.refuse(tx, case_id, staff)
            else:
                raise AppError("illegal_move", f"case {case_id} is neither offered to nor asked of staff {staff.id}")

    async def unask(self, case_id: int) -> None:
        """Take back one's own asking; the case stays one's own."""
        async with self._acting() as (tx, staff):
            await handoff.refuse(tx, case_id, staff)

    async def transfer(self, case_id: int, to_id: int, note: str) -> bool:
        """To a colleague; True if it is theirs already, False while they have not accepted."""
        async with self._acting() as (tx, staff):
            return (await handoff.transfer(tx, self._cipher, case_id, staff, to_id, note)).owner_id == to_id

    async def to_team(self, case_id: int, team: str, note: str) -> None:
        """Let it wait for another team."""
        async with self._acting() as (tx, staff):
            await handoff.to_team(tx, self._cipher, case_id, staff, team, note)

    async def invite(self, case_id: int, whom_id: int) -> bool:
        """Let a colleague see and write; False if they could."""
        async with self._acting() as (tx, staff):
            return await handoff.invite(tx, case_id, staff, whom_id)

    async def snooze(self, case_id: int, until: datetime) -> None:
        """Put it aside."""
        async with self._acting() as (tx, staff):
            await handoff.snooze(tx, case_id, staff, until)

    async def merge(self, case_id: int, into_id: int) -> None:
        """End it as a duplicate."""
        async with self._acting() as (tx, staff):
            await handoff.merge(tx, case_id, into_id, staff)

    async def reopen(self, case_id: int) -> None:
        """Let a closed case wait again."""
        async with self._acting() as (tx, staff):
            await handoff.reopen(tx, case_id, staff)

    async def take_from(self, case_id: int, reason: str) -> None:
        """A supervisor's override."""
        async with self._acting() as (tx, staff):
            await handoff.take_from(tx, self._cipher, case_id, staff, reason)

    async def note(self, case_id: int, text: str) -> None:
        """A private note."""
        async with self._acting() as (tx, staff):
            await handoff.add_note(tx, self._cipher, case_id, staff, text)

    async def promise(self, case_id: int, text: str, due_at: datetime) -> None:
        """Write a promise down."""
        async with self._acting() as (tx, staff):
            await handoff.promise(tx, self._cipher, case_id, staff, text, due_at)

    async def keep(self, promise_id: int) -> None:
        """It is done."""
        async with self._acting() as (tx, staff):
            await handoff.keep(tx, promise_id, staff)

    async def promises(self, of_id: int | None = None) -> list[handoff.Promise]:
        """What this person still answers for, or, for supervisors, a colleague: of cases that are closed to the supervisor without the words.

        Raises:
            AppError: ``forbidden`` or ``not_found``.
        """
        async with self._acting() as (tx, staff):
            if of_id is None:
                return await handoff.open_promises(tx, self._cipher, staff)
            whom = await accounts.account(tx, of_id)
            if not staff.has(Role.SUPERVISOR) or whom is None:
                raise AppError("forbidden" if whom else "not_found")
            return await handoff.open_promises(tx, self._cipher, whom, staff)

    async def rungs(self, case_id: int) -> list[dict[str, Any]]:
        """How far a case has climbed in each of its waits."""
        async with self._acting() as (tx, staff):
            await access_case(tx, case_id, staff)
            return await handoff.rungs_of(tx, case_id)

    async def acknowledge_rung(self, case_id: int, rung: str) -> bool:
        """One rung was heard."""
        async with self._acting() as (tx, staff):
            return await handoff.acknowledge_rung(tx, case_id, rung, staff)

    async def is_guarded(self, case_id: int) -> bool:
        """Whether somebody may be reading along."""
        async with self._acting() as (tx, staff):
            return await guarding.marked(tx, case_id, staff)

    async def guard(self, case_id: int) -> None:
        """Somebody may be reading along."""
        async with self._acting() as (tx, staff):
            await guarding.guard(tx, case_id, staff)

    async def release_guard(self, case_id: int, reason: str) -> None:
        """Nobody reads along any more."""
        async with self._acting() as (tx, staff):
            await guarding.release(tx, self._cipher, case_id, staff, reason)

    async def history_code(self, case_id: int) -> str:
        """Six digits that show a guarded citizen the history."""
        async with self._acting() as (tx, staff):
            return await guarding.history_code(tx, self._cipher, case_id, staff)

    async def agree_code_word(self, case_id: int, word: str) -> None:
        """The word that agent and citizen have agreed on."""
        async with self._acting() as (tx, staff):
            await guarding.agree_code_word(tx, self._cipher, case_id, staff, word)

    async def object_to_close(self, case_id: int) -> None:
        """The emergency goes on."""
        async with self._acting() as (tx, staff):
            await handoff.object_to_close(tx, case_id, staff)

    async def roster(self) -> list[handoff.Colleague]:
        """Who is there."""
        async with self._acting() as (tx, _):
            return await handoff.roster(tx, clock_now())

    async def recently_closed(self) -> list[handoff.ClosedCase]:
        """What may be opened again; that somebody went through the list is written down."""
        async with self._acting() as (tx, staff):
            found = await handoff.recently_closed(tx, staff)
            await audit.record(tx, staff.login, "", "case.closed_list", detail={"cases": len(found)})
            return found

    async def hand_over(self, cases: Mapping[int, handoff.Parcel], owed: Mapping[int, int], *, from_id: int | None = None) -> handoff.HandedOver:
        """A shift change of one's own (``from_id`` None) or, for supervisors, of somebody else's; all or nothing."""
        async with self._acting() as (tx, staff):
            return await handoff.hand_over_each(tx, self._cipher, staff, from_id or staff.id, cases, owed)
