"""What a reviewer does: each one transaction, with who it is and whether they may asked of the database every time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from accounts.schemas import Role, Staff
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from handoff.desk.session import Session
from handoff.reviews import figures, service
from handoff.reviews.schemas import ClosedCase, Context, Figures, Label, OpenedReview, OpenedSample, ReviewRow, SampleRow

REVIEWERS = (Role.EDITOR, Role.SUPERVISOR)
CLOSERS = (Role.AGENT, Role.SUPERVISOR)


@dataclass(frozen=True)
class Work:
    """What one person finds on the page; figures and proposals are None for who may not review."""

    samples: list[SampleRow]
    disputed: list[SampleRow]
    proposals: list[ReviewRow]
    closed: list[ClosedCase]
    figures: Figures | None


class ReviewActions:
    """Bound to one signed-in session."""

    def __init__(self, db: Database, cipher: Cipher, session: Session) -> None:
        self._db = db
        self._cipher = cipher
        self._session = session

    async def viewer(self) -> Staff:
        """Who looks at the page.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        async with self._db.read() as connection:
            staff = await self._session.person(connection)
        if not staff.has(*REVIEWERS, *CLOSERS):
            raise AppError("forbidden")
        return staff

    @asynccontextmanager
    async def _acting(self) -> AsyncIterator[tuple[Connection, Staff]]:
        async with self._db.transaction() as tx:
            yield tx, await self._session.person(tx)

    async def work(self) -> Work:
        """Everything that waits for this person, without a word of any citizen."""
        async with self._db.read() as connection:
            staff = await self._session.person(connection)
            closed = await service.closed_cases(connection, staff) if staff.has(*CLOSERS) else []
            if not staff.has(*REVIEWERS):
                return Work([], [], [], closed, None)
            return Work(
                await service.my_samples(connection, staff),
                await service.disputed(connection, staff),
                await service.pending(connection, staff),
                closed,
                await figures.figures(connection),
            )

    async def open_sample(self, sample_id: int) -> OpenedSample:
        """Look at a sampled message."""
        async with self._acting() as (tx, staff):
            return await service.open_sample(tx, self._cipher, sample_id, staff, address=self._session.address)

    async def judge(self, sample_id: int, label: Label) -> str:
        """A blind verdict."""
        async with self._acting() as (tx, staff):
            return await service.judge(tx, self._cipher, sample_id, staff, label, address=self._session.address)

    async def decide(self, sample_id: int, label: Label) -> None:
        """Decide between two who disagreed."""
        async with self._acting() as (tx, staff):
            await service.decide(tx, self._cipher, sample_id, staff, label, address=self._session.address)

    async def call_for_help(self, sample_id: int) -> int:
        """Put the conversation of a sampled message into the queue; the case's number."""
        async with self._acting() as (tx, staff):
            return (await service.call_for_help(tx, self._cipher, sample_id, staff, address=self._session.address)).id

    async def open_review(self, review_id: int) -> OpenedReview:
        """Look at a proposal."""
        async with self._acting() as (tx, staff):
            return await service.open_review(tx, self._cipher, review_id, staff, address=self._session.address)

    async def accept(self, review_id: int, label: Label, seen: datetime) -> None:
        """Take a proposal over, as it is or corrected."""
        async with self._acting() as (tx, staff):
            await service.accept(tx, self._cipher, review_id, staff, label=label, seen=seen, address=self._session.address)

    async def reject(self, review_id: int, seen: datetime) -> None:
        """Leave a proposal aside."""
        async with self._acting() as (tx, staff):
            await service.reject(tx, self._cipher, review_id, staff, seen=seen, address=self._session.address)

    async def open_closed(self, case_id: int) -> Context:
        """Look at the message of a case that one has ended."""
        async with self._acting() as (tx, staff):
            return await service.open_closed_case(tx, self._cipher, case_id, staff, address=self._session.address)

    async def mark(self, case_id: int, message_id: int, label: Label) -> None:
        """Say whether it was an emergency."""
        async with self._acting() as (tx, staff):
            await service.mark(tx, self._cipher, staff, case_id, message_id, label, address=self._session.address)
