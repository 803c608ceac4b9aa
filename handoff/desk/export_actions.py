"""What a page asks of exports, each in one transaction; who asks without the right is refused and written down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date

from accounts.schemas import Staff
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff.records import consent_service, export_service, restricted
from handoff.records.consent_rules import Consent
from handoff.records.export_rules import Care
from handoff.records.export_schemas import Export, Form, Opened

Acting = Callable[[], AbstractAsyncContextManager[tuple[Connection, Staff]]]


class ExportActions:
    """Bound to one signed-in session; what each may raise stands at the service of the same name."""

    def __init__(self, acting: Acting, cipher: Cipher, address: str = "") -> None:
        self._acting = acting
        self._cipher = cipher
        self._address = address

    @asynccontextmanager
    async def _allowed(self, case_id: int | None = None, export_id: int | None = None) -> AsyncIterator[tuple[Connection, Staff]]:
        try:
            async with self._acting() as (tx, staff):
                export_service.access_exports(staff)
                yield tx, staff
        except AppError as error:
            if error.code == "export_forbidden":
                async with self._acting() as (tx, staff):
                    await export_service.note_refusal(tx, staff, case_id, export_id)
            elif error.code == "restricted":
                async with self._acting() as (tx, staff):
                    await restricted.note_refusal(tx, self._cipher, int(error.extra["case_id"]), staff, address=self._address)
            raise

    async def viewer(self, export_id: int | None = None) -> Staff:
        """Who is signed in, if exports are theirs to make."""
        async with self._allowed(export_id=export_id) as (_, staff):
            return staff

    async def cares(self, case_id: int) -> tuple[Care, ...]:
        """What must be known before anything is made of a case."""
        async with self._allowed(case_id) as (tx, staff):
            return await export_service.cares(tx, self._cipher, case_id, staff)

    async def prepare(self, case_id: int, *, requester: str, identity: str, asked_on: date, known: Collection[str]) -> int:
        """Take everything down for whoever has asked; its number."""
        async with self._allowed(case_id) as (tx, staff):
            return await export_service.prepare(
                tx,
                self._cipher,
                case_id,
                staff,
                requester=requester,
                identity=identity,
                asked_on=asked_on,
                known=known,
                address=self._address,
            )

    async def listing(self) -> list[Export]:
        """Exports that this person may see."""
        async with self._allowed() as (tx, staff):
            return await export_service.listing(tx, self._cipher, staff)

    async def look(self, export_id: int, *, is_again: bool = False) -> Opened:
        """One, to be read."""
        async with self._allowed(export_id=export_id) as (tx, staff):
            return await export_service.look(tx, self._cipher, export_id, staff, is_again=is_again)

    async def mark(self, export_id: int, item_id: str, start: int, end: int) -> None:
        """Black a place out."""
        async with self._allowed(export_id=export_id) as (tx, staff):
            await export_service.mark(tx, self._cipher, export_id, staff, item_id, start, end)

    async def mark_word(self, export_id: int, word: str) -> int:
        """Black a word out wherever it stands."""
        async with self._allowed(export_id=export_id) as (tx, staff):
            return await export_service.mark_word(tx, self._cipher, export_id, staff, word)

    async def unmark(self, export_id: int, item_id: str, start: int, end: int) -> None:
        """Uncover a place."""
        async with self._allowed(export_id=export_id) as (tx, staff):
            await export_service.unmark(tx, self._cipher, export_id, staff, item_id, start, end)

    async def submit(self, export_id: int) -> None:
        """Ask a second person."""
        async with self._allowed(export_id=export_id) as (tx, staff):
            await export_service.submit(tx, self._cipher, export_id, staff)

    async def take_back(self, export_id: int) -> None:
        """Change it once more."""
        async with self._allowed(export_id=export_id) as (tx, staff):
            await export_service.take_back(tx, self._cipher, export_id, staff)

    async def turn_back(self, export_id: int, why: str) -> None:
        """Not like this."""
        async with self._allowed(export_id=export_id) as (tx, staff):
            await export_service.turn_back(tx, self._cipher, export_id, staff, why)

    async def release(self, export_id: int, version: int, known: Collection[str]) -> None:
        """Let it go."""
        async with self._allowed(export_id=export_id) as (tx, staff):
            await export_service.release(tx, self._cipher, export_id, staff, version, known)

    async def withdraw(self, export_id: int) -> None:
        """It is not handed out."""
        async with self._allowed(export_id=export_id) as (tx, staff):
            await export_service.withdraw(tx, self._cipher, export_id, staff)

    async def fetch(self, export_id: int, form: Form) -> str:
        """The file."""
        async with self._allowed(export_id=export_id) as (tx, staff):
            return await export_service.fetch(tx, self._cipher, export_id, staff, form)

    async def unchecked(self) -> list[Consent]:
        """Consents that wait for a second person."""
        async with self._allowed() as (tx, staff):
            return await consent_service.unchecked(tx, self._cipher, staff)
