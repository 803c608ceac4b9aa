"""What a person does at the page: who they are is asked of the database every time, and the editing services do the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from accounts import service as accounts
from accounts.schemas import Staff
from core import audit
from core.clock import now
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from core.settings import Settings
from knowledge_base import staff_texts
from knowledge_base.canned import Filled
from knowledge_base.country_facts import repository as alarms
from knowledge_base.country_facts import service as facts
from knowledge_base.country_facts.errors import FactError
from knowledge_base.desk import words
from knowledge_base.desk.session import WRITERS, Session
from knowledge_base.editing import freshness, questions, unanswered, whatif
from knowledge_base.editing import service as editing
from knowledge_base.editing.rules import House
from knowledge_base.editing.schemas import Change, ChangedAnswer, Freshness, Group, ListFilter, NoticeDetail, NoticeRow, TestQuestion, WhatIf
from knowledge_base.notices import today_in_seoul
from knowledge_base.schemas import Answer, NoticeContent, NoticeKind, NoticeStatus
from knowledge_base.service import KnowledgeBase

EVERYTHING = 1_000_000
#: Notices offered as ones that a new one may supersede: the newest of those that have spoken.
MOST_OFFERED = 1500


@dataclass(frozen=True)
class Viewer:
    """Who looks at the page, and whether they may write."""

    staff: Staff
    may_write: bool


@dataclass(frozen=True)
class Listed:
    """The first rows of a list, and how many there are."""

    rows: tuple[NoticeRow, ...]
    total: int


@dataclass(frozen=True)
class Forecast:
    """What publishing would change, and the answers to the notice's own questions by number, changed or not."""

    all: WhatIf
    own: Mapping[int, ChangedAnswer]


@dataclass(frozen=True)
class Facets:
    """What the notices are about, for filters and for the form."""

    countries: frozenset[str]
    topics: frozenset[str]
    notices: dict[str, str]


class Work:
    """Bound to one signed-in session."""

    def __init__(self, db: Database, cipher: Cipher, settings: Settings, session: Session, knowledge: Callable[[], KnowledgeBase | None]) -> None:
        self.db = db
        self.cipher = cipher
        self.settings = settings
        self._session = session
        self._knowledge = knowledge
        self._login = ""
        self._names: dict[str, str] = {}

    @property
    def today(self) -> date:
        """The ministry's day."""
        return today_in_seoul(now())

    def knowledge(self) -> KnowledgeBase:
        """The knowledge base in memory.

        Raises:
            AppError: ``still_loading``.
        """
        found = self._knowledge()
        if found is None:
            raise AppError("still_loading")
        return found

    async def viewer(self) -> Viewer:
        """Who looks at the page.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        async with self.db.read() as connection:
            staff = await self._session.reader(connection)
            await self._learn_names(connection)
        return Viewer(staff, staff.has(*WRITERS))

    def author(self, name: str) -> str:
        """Who stands behind a change: a colleague by the name that they are called, the program's own names in words."""
        return self._names.get(name) or words.author(name)

    async def writer(self) -> Staff:
        """Who writes.

        Raises:
            AppError: ``not_signed_in`` or ``forbidden``.
        """
        async with self.db.read() as connection:
            staff = await self._session.writer(connection)
            await self._learn_names(connection)
        return staff

    async def _learn_names(self, connection: Connection) -> None:
        self._names = {one.login: one.display_name for one in await accounts.everyone(connection)}

    @property
    def address(self) -> str:
        """Where they write from, for the access log."""
        return self._session.address

    # -- notices ------------------------------------------------------------------------------------------------------------------

    @property
    def needs_second_person(self) -> bool:
        """Whether nobody may publish what they wrote themselves."""
        return House.of(self.settings).needs_second_person

    def first_review(self, today: date) -> date:
        """The review day that a new text begins with."""
        return today + timedelta(days=self.settings.import_review_days)

    async def preview(self, content: NoticeContent, question: str, country: str | None) -> Answer:
        """The answer to a question as if this text were published."""
        await self.viewer()
        knowledge = self.knowledge()
        return await asyncio.to_thread(lambda: knowledge.answer(question, country=country, desk=knowledge.supposing(content)))

    async def filled(self, content: NoticeContent) -> Filled:
        """A canned text with its variables filled for an example case."""
        await self.viewer()
        with_test_only = self.settings.environment != "production"
        async with self.db.read() as connection:
            return await staff_texts.preview_canned(connection, content, self.today, self.settings.hotline, with_test_only=with_test_only)

    async def listed(self, wanted: ListFilter, in_force: bool = False) -> Listed:
        """The first rows that a filter asks for."""
        await self.viewer()
        found = await editing.listing(self.db, replace(wanted, limit=EVERYTHING))
        if in_force:
            found = [row for row in found if row.in_force]
        return Listed(tuple(found[: wanted.limit]), len(found))

    async def facets(self) -> Facets:
        """What all notices are about."""
        await self.viewer()
        found = await editing.listing(self.db, ListFilter(limit=EVERYTHING))
        official = [row for row in found if row.status is NoticeStatus.PUBLISHED and row.kind == NoticeKind.NOTICE]
        return Facets(
            frozenset(code for row in found for code in row.countries),
            frozenset(code for row in found for code in row.topics),
            {row.id: f"{row.title} ({row.effective_from})" for row in official[:MOST_OFFERED]},
        )

    async def opened(self, notice_id: str, version: int | None = None) -> NoticeDetail:
        """One notice at one version."""
        await self.viewer()
        return await editing.opened(self.db, self.cipher, notice_id, version)

    async def save(self, content: NoticeContent, based_on: int | None) -> editing.Saved:
        """A new draft version."""
        return await editing.save(self.db, await self.writer(), editing.as_record(content), based_on, address=self.address)

    async def submit(self, notice_id: str, version: int) -> None:
        """Ask somebody else to read it."""
        await editing.submit(self.db, await self.writer(), notice_id, version, address=self.address)

    async def send_back(self, notice_id: str, version: int, reason: str) -> None:
        """Back to its author."""
        await editing.send_back(self.db, await self.writer(), notice_id, version, reason, address=self.address)

    async def publish(self, notice_id: str, version: int, reason: str) -> None:
        """Let it speak."""
        await editing.publish(self.db, await self.writer(), notice_id, version, reason, address=self.address)

    async def withdraw(self, notice_id: str, version: int, reason: str) -> None:
        """Take it out."""
        await editing.withdraw(self.db, await self.writer(), notice_id, version, reason, address=self.address)

    async def renew(self, notice_id: str, review_by: date) -> None:
        """Vouch for it until another day."""
        await editing.renew(self.db, await self.writer(), notice_id, review_by, address=self.address)

    async def revert(self, notice_id: str, to_version: int, based_on: int) -> editing.Saved:
        """An old text as a new draft."""
        return await editing.revert(self.db, await self.writer(), notice_id, to_version, based_on, address=self.address)

    async def diff(self, notice_id: str, old: int, new: int) -> list[Change]:
        """What differs between two versions."""
        before, after = await self.opened(notice_id, old), await self.opened(notice_id, new)
        return await asyncio.to_thread(editing.diff, before.content, after.content)

    async def diff_from(self, notice_id: str, version: int, mine: NoticeContent) -> list[Change]:
        """What differs between a stored version and what somebody is writing."""
        before = await self.opened(notice_id, version)
        return await asyncio.to_thread(editing.diff, before.content, mine)

    async def what_if(self, content: NoticeContent) -> Forecast:
        """What publishing this text would change, over the test questions of all notices; and every answer to its own."""
        await self.viewer()
        knowledge = self.knowledge()
        found = await whatif.what_if(self.db, self.cipher, knowledge, content)
        changed = {change.question.id: change for change in found.changed}
        own = [
            changed.get(one.question.id) or ChangedAnswer(one.question, one.said, one.said, one.right, one.right)
            for one in await whatif.tried(self.db, self.cipher, knowledge, content.id)
        ]
        return Forecast(found, {change.question.id: change for change in own})

    # -- test questions -----------------------------------------------------------------------------------------------------------

    async def add_question(self, notice_id: str, text: str, country: str | None) -> TestQuestion:
        """One more question that this notice should answer."""
        return await questions.add(self.db, await self.writer(), self.cipher, notice_id, text, country, address=self.address)

    async def remove_question(self, question_id: int) -> None:
        """Take one out."""
        await questions.remove(self.db, await self.writer(), question_id, address=self.address)

    # -- what is missing, what grows stale -----------------------------------------------------------------------------------------

    async def unanswered(self) -> list[Group]:
        """Questions without a good answer, by meaning; looking is written in the access log."""
        return await unanswered.groups(self.db, await self.writer(), self.cipher, self.knowledge(), address=self.address)

    async def dismiss(self, group: Group) -> None:
        """No notice is to answer these."""
        await unanswered.dismiss(self.db, await self.writer(), group.ids, address=self.address)

    async def draft_from(self, group: Group) -> str:
        """A new draft with these as its test questions; its id."""
        saved = await unanswered.draft_from(self.db, await self.writer(), self.cipher, group.ids, address=self.address)
        return saved.notice_id

    async def freshness(self) -> Freshness:
        """What grows stale."""
        await self.viewer()
        return await freshness.freshness(self.db, self.today)

    # -- the ministry's open data -------------------------------------------------------------------------------------------------

    @property
    def login(self) -> str:
        """Whose page this is, as of its opening; what they may do is asked each time."""
        return self._login

    async def open_changes(self) -> list[dict[str, Any]]:
        """Alarms that wait for a second person."""
        async with self.db.read() as connection:
            self._login = (await self._session.reader(connection)).login
            return [dict(row) for row in await alarms.open_changes(connection)]

    async def decide_change(self, change_id: int, *, confirms: bool) -> None:
        """The second person's word.

        Raises:
            AppError: ``illegal_move`` when it is decided already, or this person proposed it.
        """
        async with self.db.transaction() as tx:
            staff = await self._session.writer(tx)
            try:
                await (facts.confirm if confirms else facts.refuse)(tx, change_id, staff.login, now())
            except FactError as error:
                raise AppError("illegal_move", str(error)) from error
            await audit.record(tx, staff.login, self.address, "alarm.confirm" if confirms else "alarm.refuse", detail={"change": change_id})
