"""What editors do with notices: look, write, submit, publish, withdraw, renew, go back.

Each function is one transaction with its line in the access log; whatever refuses it is an ``AppError`` and leaves nothing behind. Roles
are checked here: everybody on the staff may read, editors, supervisors and administrators may write.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from accounts.schemas import Role, Staff
from accounts.service import require
from core import audit
from core.clock import now
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from knowledge_base import publishing
from knowledge_base import repository as notices
from knowledge_base.editing import listed, questions, repository, rules
from knowledge_base.editing.diff import diff
from knowledge_base.editing.errors import StaleEdit, refusals
from knowledge_base.editing.rules import House
from knowledge_base.editing.schemas import HistoryLine, ListFilter, NoticeDetail, NoticeRow, VersionLine
from knowledge_base.notices import force_table, may_move, parse_record, supersedes_in_a_loop, today_in_seoul
from knowledge_base.schemas import OFFICIAL, Notice, NoticeContent, NoticeStatus

__all__ = ["READERS", "WRITERS", "Saved", "diff", "listing", "opened", "publish", "renew", "revert", "save", "send_back", "submit", "withdraw"]

WRITERS = (Role.EDITOR, Role.SUPERVISOR, Role.ADMIN)
READERS = tuple(Role)


@dataclass(frozen=True)
class Saved:
    """What a save has made; ``changed`` is False when there was nothing new in it."""

    notice_id: str
    version: int
    changed: bool = True


async def listing(db: Database, wanted: ListFilter | None = None, *, today: date | None = None) -> list[NoticeRow]:
    """Notices for people to look through, those that need somebody first, then by what changed last."""
    return await listed.rows(db, wanted or ListFilter(), today or today_here())


async def opened(db: Database, cipher: Cipher, notice_id: str, version: int | None = None, *, today: date | None = None) -> NoticeDetail:
    """One notice at one version; without a version at the draft in work, else at the one that leads.

    Raises:
        AppError: ``unknown_notice``.
    """
    today = today or today_here()
    async with db.read() as connection:
        versions = await repository.versions_of(connection, notice_id)
        if not versions:
            raise AppError("unknown_notice")
        light = [repository.light(row) for row in versions]
        chosen = version or (rules.pending(light) or rules.leading(light)).version
        notice = await notices.version(connection, notice_id, chosen)
        author = await repository.authorship(connection, notice_id, chosen)
        if notice is None or author is None:
            raise AppError("unknown_notice")
        official = await _official(connection)
        history = await notices.history(connection, notice_id)
        attachments = await notices.attachments(connection, notice_id, chosen)
        asked = await questions.of_notice(connection, cipher, notice_id)
    newest = light[0].version
    force = force_table(official).get((notice_id, chosen))
    return NoticeDetail(
        content=notice.content,
        version=chosen,
        status=notice.status,
        created_by=author["created_by"],
        created_at=author["created_at"],
        newest_version=newest,
        published_version=next((one.version for one in light if one.status is NoticeStatus.PUBLISHED), None),
        in_force=force is not None and force.on(today),
        flags=rules.flags_of(notice, force, today, has_pending=rules.pending(light) is not None),
        versions=tuple(
            VersionLine(
                row["version"],
                NoticeStatus(row["status"]),
                row["title"],
                row["effective_from"],
                row["expires_at"],
                row["review_by"],
                row["created_by"],
                row["created_at"],
            )
            for row in versions
        ),
        history=tuple(
            HistoryLine(
                row["version"],
                NoticeStatus(row["from_status"]) if row["from_status"] else None,
                NoticeStatus(row["to_status"]),
                row["changed_by"],
                row["reason"],
                row["changed_at"],
            )
            for row in history
        ),
        attachments=tuple(attachments),
        test_questions=tuple(asked),
        may=rules.open_moves(notice, newest, renewable=rules.is_renewable(notice, official, today)),
    )


async def save(
    db: Database,
    staff: Staff | None,
    content: Mapping[str, Any],
    based_on: int | None,
    *,
    address: str = "",
    house: House | None = None,
    today: date | None = None,
) -> Saved:
    """Store what an editor wrote as a new draft version; every save that changes something is a version of its own, so nothing is ever lost.

    ``content`` has the fields of ``NoticeContent``, dates as dates or text; without ``id`` one is made. ``based_on`` is the version that was
    newest when the edit was begun (``NoticeDetail.newest_version``), None for a notice that is not there yet. The files of that version
    belong to the new one as well. What is published stays as it is.

    Raises:
        StaleEdit: somebody else has saved meanwhile.
        AppError: ``id_taken``, ``review_day``, or what ``parse_record`` refuses, with ``field`` where one field is at fault.
    """
    editor = require(staff, *WRITERS)
    house, today = house or House.of(), today or today_here()
    record = rules.with_review_day(content, today, house.review_days)
    record["id"] = record.get("id") or new_id(today)
    record["published_at"] = record.get("published_at") or today
    with refusals():
        wanted = parse_record(record)
        rules.check_review_day(wanted.review_by, today)
        async with writing(db) as tx:
            known = await notices.newest(tx, wanted.id)
            if known is not None and known[0].status in rules.IN_WORK and known[0].content == wanted:
                return Saved(wanted.id, known[0].version, changed=False)
            await _check_base(tx, wanted.id, known[0] if known else None, based_on)
            number = await draft(tx, wanted, editor.login)
            await audit.record(tx, editor.login, address, "notice.save", detail={"notice": wanted.id, "version": number})
    return Saved(wanted.id, number)


async def draft(tx: Connection, content: NoticeContent, by: str, reason: str = "") -> int:
    """A new draft version with the files of the one before; the caller holds the lock and writes the access log."""
    if supersedes_in_a_loop(content, await notices.supersedes_of_all(tx)):
        raise AppError("supersedes_loop", field="supersedes")
    number = await publishing.save_draft(tx, content, by)
    if number > 1:
        await repository.carry_attachments(tx, content.id, number - 1, number)
    if reason:
        await repository.remember(tx, content.id, number, NoticeStatus.DRAFT, by, reason)
    return number


async def submit(db: Database, staff: Staff | None, notice_id: str, version: int, *, address: str = "") -> None:
    """Give the draft to somebody else to read.

    Raises:
        StaleEdit: there is a newer version.
        AppError: ``unknown_notice``, ``illegal_move``.
    """
    await _move(db, require(staff, *WRITERS), notice_id, version, NoticeStatus.DRAFT, NoticeStatus.REVIEW, address, "")


async def send_back(db: Database, staff: Staff | None, notice_id: str, version: int, reason: str, *, address: str = "") -> None:
    """Return it to its author, saying why.

    Raises:
        StaleEdit: there is a newer version.
        AppError: ``reason_missing``, ``unknown_notice``, ``illegal_move``.
    """
    await _move(db, require(staff, *WRITERS), notice_id, version, NoticeStatus.REVIEW, NoticeStatus.DRAFT, address, _reason(reason))


async def publish(
    db: Database,
    staff: Staff | None,
    notice_id: str,
    version: int,
    reason: str = "",
    *,
    address: str = "",
    house: House | None = None,
    today: date | None = None,
) -> None:
    """Let the newest version speak; every process answers from it within a second.

    Raises:
        StaleEdit: there is a newer version than the one that was looked at.
        AppError: ``second_person``, ``review_day``, ``already_over``, ``illegal_move``, ``supersedes_loop``, ``test_text``, ``unknown_notice``.
    """
    editor = require(staff, *WRITERS)
    house, today = house or House.of(), today or today_here()
    with refusals():
        async with writing(db) as tx:
            notice, author = await _newest(tx, notice_id, version)
            if not may_move(notice.status, NoticeStatus.PUBLISHED):
                raise AppError("illegal_move", f"{notice_id} is {notice.status}")
            rules.check_publishable(notice.content, author, editor.login, house, today)
            await publishing.publish(tx, notice_id, version, editor.login, house.environment, reason.strip())
            await audit.record(tx, editor.login, address, "notice.publish", detail={"notice": notice_id, "version": version})


async def withdraw(db: Database, staff: Staff | None, notice_id: str, version: int, reason: str, *, address: str = "") -> None:
    """Take a version out for good, published or not; what it had replaced holds again, if nothing else replaces it.

    Raises:
        AppError: ``reason_missing``, ``unknown_notice``, ``illegal_move``.
    """
    editor, why = require(staff, *WRITERS), _reason(reason)
    with refusals():
        async with writing(db) as tx:
            notice = await notices.version(tx, notice_id, version)
            if notice is None:
                raise AppError("unknown_notice")
            if not may_move(notice.status, NoticeStatus.WITHDRAWN):
                raise AppError("illegal_move", f"{notice_id} is {notice.status}")
            await publishing.withdraw(tx, notice_id, version, editor.login, why)
            await audit.record(tx, editor.login, address, "notice.withdraw", detail={"notice": notice_id, "version": version})


async def renew(db: Database, staff: Staff | None, notice_id: str, review_by: date, *, address: str = "", today: date | None = None) -> int:
    """Vouch for the text that leads until another day; the version whose review day has moved.

    No new version is made: the text is the same, and the line of history says who vouched for it, until when, and until when before.

    Raises:
        AppError: ``review_day``, ``unknown_notice``, ``illegal_move`` when it has ended or been replaced.
    """
    editor, today = require(staff, *WRITERS), today or today_here()
    rules.check_review_day(review_by, today)
    async with writing(db) as tx:
        versions = [repository.light(row) for row in await repository.versions_of(tx, notice_id)]
        if not versions:
            raise AppError("unknown_notice")
        notice = rules.leading(versions)
        if not rules.is_renewable(notice, await _official(tx), today):
            raise AppError("illegal_move", f"{notice_id} is over")
        before = notice.content.review_by
        await repository.set_review_by(tx, notice_id, notice.version, review_by)
        why = f"renewed until {review_by.isoformat()}" + (f", before {before.isoformat()}" if before else "")
        await repository.remember(tx, notice_id, notice.version, notice.status, editor.login, why)
        await notices.announce(tx, notice_id)
        await audit.record(tx, editor.login, address, "notice.renew", detail={"notice": notice_id, "version": notice.version})
    return notice.version


async def revert(
    db: Database,
    staff: Staff | None,
    notice_id: str,
    to_version: int,
    based_on: int,
    *,
    address: str = "",
    house: House | None = None,
    today: date | None = None,
) -> Saved:
    """An old text as a new draft that would hold from today; nothing is published yet.

    Raises:
        StaleEdit: somebody else has saved meanwhile.
        AppError: ``unknown_notice``.
    """
    editor = require(staff, *WRITERS)
    return await go_back(db, editor.login, notice_id, to_version, based_on, address=address, house=house, today=today)


async def go_back(
    db: Database,
    by: str,
    notice_id: str,
    to_version: int,
    based_on: int | None,
    *,
    address: str = "",
    house: House | None = None,
    today: date | None = None,
) -> Saved:
    """The same for the command line, where whoever sits may do anything; ``based_on`` None: whatever is newest."""
    house, today = house or House.of(), today or today_here()
    with refusals():
        async with writing(db) as tx:
            known = await notices.newest(tx, notice_id)
            old = await notices.version(tx, notice_id, to_version)
            if known is None or old is None:
                raise AppError("unknown_notice")
            if based_on is not None:
                await _check_base(tx, notice_id, known[0], based_on)
            content = rules.reverted(old.content, today, house.review_days)
            number = await draft(tx, content, by, f"back to version {to_version}")
            await audit.record(tx, by, address, "notice.revert", detail={"notice": notice_id, "version": number, "to": to_version})
    return Saved(notice_id, number)


def new_id(today: date) -> str:
    """An id for a notice whose author has named none."""
    return f"{today:%Y%m%d}-{secrets.token_hex(3)}"


def as_record(content: NoticeContent) -> dict[str, Any]:
    """A content as ``save`` takes it, for a form to start from."""
    return asdict(content)


@asynccontextmanager
async def writing(db: Database) -> AsyncIterator[Connection]:
    """One transaction in which nobody else writes notices."""
    async with db.transaction() as tx:
        await notices.lock(tx)
        yield tx


async def _official(connection: Connection) -> list[Notice]:
    return [notice for row in await repository.versions_of_all(connection) if (notice := repository.light(row)).status in OFFICIAL]


async def _check_base(tx: Connection, notice_id: str, newest: Notice | None, based_on: int | None) -> None:
    if newest is None:
        if based_on is not None:
            raise AppError("unknown_notice")
        return
    if based_on is None:
        raise AppError("id_taken", field="id")
    if newest.version != based_on:
        author = await repository.authorship(tx, notice_id, newest.version)
        raise StaleEdit(notice_id, newest.version, author["created_by"] if author else "")


async def _newest(tx: Connection, notice_id: str, version: int) -> tuple[Notice, str]:
    """The version, if it is the newest, and who wrote it."""
    known = await notices.newest(tx, notice_id)
    if known is None or version < 1 or version > known[0].version:
        raise AppError("unknown_notice")
    await _check_base(tx, notice_id, known[0], version)
    author = await repository.authorship(tx, notice_id, version)
    return known[0], author["created_by"] if author else ""


async def _move(db: Database, editor: Staff, notice_id: str, version: int, before: NoticeStatus, after: NoticeStatus, address: str, reason: str) -> None:
    async with writing(db) as tx:
        notice, _ = await _newest(tx, notice_id, version)
        if notice.status is not before or not await notices.move(tx, notice_id, version, before, after, editor.login, reason):
            raise AppError("illegal_move", f"{notice_id} is {notice.status}")
        await audit.record(tx, editor.login, address, f"notice.{after.value}", detail={"notice": notice_id, "version": version})


def _reason(reason: str) -> str:
    if not reason.strip():
        raise AppError("reason_missing", field="reason")
    return reason.strip()[:1000]


def today_here() -> date:
    """The ministry's day."""
    return today_in_seoul(now())
