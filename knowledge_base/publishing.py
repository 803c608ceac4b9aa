"""Storing and publishing notices: one transaction each, so that nothing is half-published and every process hears of it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta

from core.db import Connection, Database
from knowledge_base import repository
from knowledge_base.errors import NoticeError
from knowledge_base.ingest.drafts import Document, Draft, Row
from knowledge_base.ingest.kinds import MEDIA_TYPES
from knowledge_base.notices import content_hash, may_move, parse_record, supersedes_in_a_loop
from knowledge_base.schemas import Attachment, Notice, NoticeContent, NoticeStatus, RowResult

IMPORT_BATCH = 200
#: How the history of a version begins that was made from a document.
FROM_FILE = "from "


async def save_draft(tx: Connection, content: NoticeContent, by: str) -> int:
    """Store a new version as a draft; returns its number."""
    await repository.lock(tx)
    await _refuse_other_kind(tx, content)
    known = await repository.newest(tx, content.id)
    number = known[0].version + 1 if known else 1
    await repository.insert(tx, content, number, NoticeStatus.DRAFT, by)
    return number


async def publish(tx: Connection, notice_id: str, number: int, by: str, environment: str, reason: str = "") -> None:
    """Let a version speak from its ``effective_from`` on; its predecessor and what it supersedes step back.

    Raises:
        NoticeError: unknown, not in a state that can be published, a test text in production, or a supersedes loop.
    """
    await repository.lock(tx)
    notice = await repository.version(tx, notice_id, number)
    if notice is None:
        raise NoticeError(notice_id, f"there is no version {number} of this notice")
    if not may_move(notice.status, NoticeStatus.PUBLISHED):
        raise NoticeError(notice_id, f"a notice that is {notice.status} cannot be published")
    _refuse_test_text(notice.content, environment)
    await _refuse_other_kind(tx, notice.content)
    if supersedes_in_a_loop(notice.content, await repository.supersedes_of_all(tx)):
        raise NoticeError(notice_id, "its supersedes leads back to itself", "supersedes_loop")
    await _make_way(tx, notice.content, number, by)
    await repository.move(tx, notice_id, number, notice.status, NoticeStatus.PUBLISHED, by, reason)
    await _settle(tx, notice.content, number, by)
    await repository.announce(tx, notice_id, *notice.content.supersedes)


async def withdraw(tx: Connection, notice_id: str, number: int, by: str, reason: str = "") -> None:
    """Take a version out for good.

    Raises:
        NoticeError: unknown or withdrawn already.
    """
    await repository.lock(tx)
    notice = await repository.version(tx, notice_id, number)
    if notice is None:
        raise NoticeError(notice_id, f"there is no version {number} of this notice")
    if not may_move(notice.status, NoticeStatus.WITHDRAWN):
        raise NoticeError(notice_id, f"a notice that is {notice.status} cannot be withdrawn")
    await repository.move(tx, notice_id, number, notice.status, NoticeStatus.WITHDRAWN, by, reason)
    await repository.announce(tx, notice_id)


async def import_published(
    db: Database, items: Iterable[NoticeContent | NoticeError], by: str, environment: str, seen: dict[str, str] | None = None
) -> AsyncIterator[RowResult]:
    """Store and publish many, a result for each as its batch is committed.

    Each is its own savepoint, so a bad one never takes another with it. Unchanged content changes nothing. ``seen`` holds what this import
    has already brought: an id that comes twice with different content is refused the second time.
    """
    seen = {} if seen is None else seen
    batch: list[NoticeContent | NoticeError] = []
    for item in items:
        batch.append(item)
        if len(batch) == IMPORT_BATCH:
            for result in await _import_batch(db, batch, by, environment, seen):
                yield result
            batch = []
    for result in await _import_batch(db, batch, by, environment, seen) if batch else ():
        yield result


async def _import_batch(db: Database, batch: list[NoticeContent | NoticeError], by: str, environment: str, seen: dict[str, str]) -> list[RowResult]:
    results: list[RowResult] = []
    changed: set[str] = set()
    async with db.transaction() as tx:
        await repository.lock(tx)
        links = await repository.supersedes_of_all(tx)
        for item in batch:
            if isinstance(item, NoticeError):
                results.append(_refused(item))
                continue
            try:
                _refuse_second(item, seen)
                async with tx.transaction():
                    results.append(await _import_one(tx, item, links, by, environment))
            except NoticeError as error:
                results.append(_refused(error))
            else:
                seen[item.id] = content_hash(item)
                if results[-1].outcome == "imported":
                    changed |= {item.id, *item.supersedes}
        if changed:
            await repository.announce(tx, *changed)
    return results


async def _import_one(tx: Connection, content: NoticeContent, links: dict[str, list[str]], by: str, environment: str) -> RowResult:
    _refuse_test_text(content, environment)
    known = await repository.newest(tx, content.id)
    if known is not None and await _was_brought(tx, known, content, NoticeStatus.PUBLISHED):
        return RowResult(content.id, "unchanged", version=known[0].version)
    await _refuse_other_kind(tx, content)
    if supersedes_in_a_loop(content, links):
        raise NoticeError(content.id, "its supersedes leads back to itself", "supersedes_loop")
    number = known[0].version + 1 if known else 1
    await _make_way(tx, content, number, by)
    await repository.insert(tx, content, number, NoticeStatus.PUBLISHED, by)
    await _settle(tx, content, number, by)
    links[content.id] = list(content.supersedes)
    return RowResult(content.id, "imported", version=number)


@dataclass(frozen=True)
class DraftRules:
    """What a document does not say is filled in from here."""

    today: date
    review_days: int
    by: str


async def import_document(db: Database, document: Document, rules: DraftRules, seen: dict[str, str]) -> list[RowResult]:
    """Store a document's drafts with the document itself, all in one transaction; nothing of it is published.

    A bad row is its own savepoint. What has not changed since the last time stays as it is.
    """
    file = Attachment(document.name, MEDIA_TYPES[document.kind], hashlib.sha256(document.raw).hexdigest(), len(document.raw))
    results: list[RowResult] = []
    kept = False
    async with db.transaction() as tx:
        await repository.lock(tx)
        links = await repository.supersedes_of_all(tx)
        for item in document.items:
            try:
                if isinstance(item, Row):
                    raise NoticeError(item.name, item.message, item.code)
                async with tx.transaction():
                    result = await _store_draft(tx, item, file, rules, links, seen)
                    if result.outcome == "draft":
                        if kept:
                            await repository.link_attachment(tx, result.id, result.version, replace(file, warnings=result.warnings), rules.by)
                        else:
                            await repository.attach(tx, result.id, result.version, replace(file, warnings=result.warnings), document.raw, rules.by)
                        kept = True
                results.append(result)
            except NoticeError as error:
                results.append(_refused(error))
    return results


async def _store_draft(tx: Connection, draft: Draft, file: Attachment, rules: DraftRules, links: dict[str, list[str]], seen: dict[str, str]) -> RowResult:
    known = await repository.newest(tx, draft.id)
    before = known[0].content if known else None
    warnings = draft.warnings
    published_at = draft.published_at or (before.published_at.isoformat() if before else rules.today.isoformat())
    if not draft.published_at:
        warnings = (*warnings, "게시일을 찾지 못해 가져온 날로 적었습니다. 확인하십시오.")
    review_by = draft.review_by or (before.review_by.isoformat() if before and before.review_by else "")
    record = {
        **{key: value for key, value in asdict(draft).items() if key != "warnings"},
        "published_at": published_at,
        "review_by": review_by or (rules.today + timedelta(days=rules.review_days)).isoformat(),
    }
    content = parse_record(record)
    _refuse_second(content, seen)
    unsaid = {field for field in ("published_at", "review_by") if not getattr(draft, field)}
    if not draft.published_at and not draft.effective_from:
        unsaid.add("effective_from")
    if known is not None and (
        await _was_brought(tx, known, content, NoticeStatus.DRAFT, FROM_FILE, unsaid)
        or file.sha256 in {one.sha256 for one in await repository.attachments(tx, content.id, known[0].version)}
    ):
        seen[content.id] = content_hash(content)
        return RowResult(content.id, "unchanged", version=known[0].version)
    if before is not None and not draft.review_by:
        # A changed text is vouched for anew.
        content = replace(content, review_by=rules.today + timedelta(days=rules.review_days))
    await _refuse_other_kind(tx, content)
    if supersedes_in_a_loop(content, links):
        raise NoticeError(content.id, "its supersedes leads back to itself", "supersedes_loop")
    number = known[0].version + 1 if known else 1
    await repository.insert(tx, content, number, NoticeStatus.DRAFT, rules.by, f"{FROM_FILE}{file.name} ({file.media_type}, sha256 {file.sha256[:16]})")
    links[content.id] = list(content.supersedes)
    seen[content.id] = content_hash(content)
    return RowResult(content.id, "draft", version=number, warnings=warnings)


async def _was_brought(
    tx: Connection, known: tuple[Notice, str], content: NoticeContent, arrived: NoticeStatus, reason: str = "", unsaid: Collection[str] = ()
) -> bool:
    """Whether this is what stands as the newest version, or what an import brought last and an editor has corrected since: that is no news.

    Fields that the document leaves ``unsaid`` are no news either, whatever an editor has put there.
    """
    digest = content_hash(content)
    for one, brought in (known, *await repository.brought_last(tx, [content.id], arrived, reason=reason)):
        if digest == brought or (unsaid and replace(content, **{field: getattr(one.content, field) for field in unsaid}) == one.content):
            return True
    return False


def _refused(error: NoticeError) -> RowResult:
    return RowResult(error.notice_id, "error", str(error), code=error.code)


def _refuse_second(content: NoticeContent, seen: dict[str, str]) -> None:
    if seen.get(content.id, digest := content_hash(content)) != digest:
        raise NoticeError(content.id, "this import has already brought this id with other content", "duplicate_id")


def _refuse_test_text(content: NoticeContent, environment: str) -> None:
    if content.test_only and environment == "production":
        raise NoticeError(content.id, "written for tests (시험용): only what an authority published may speak for it in production", "test_text")


async def _refuse_other_kind(tx: Connection, content: NoticeContent) -> None:
    other = await repository.related_of_other_kind(tx, content)
    if other is not None:
        raise NoticeError(content.id, f"{other} is of another kind: agents' texts and notices never share an id or replace each other")


async def _make_way(tx: Connection, new: NoticeContent, number: int, by: str) -> None:
    """The version published until now becomes superseded; if it never held on any day and replaced by mistake what the new one leaves alone, withdrawn."""
    current = await repository.published_version(tx, new.id)
    old = await repository.version(tx, new.id, current) if current is not None else None
    if old is None:
        return
    is_mistaken = new.effective_from <= old.content.effective_from and not set(old.content.supersedes) <= set(new.supersedes)
    target = NoticeStatus.WITHDRAWN if is_mistaken else NoticeStatus.SUPERSEDED
    await repository.move(tx, new.id, old.version, NoticeStatus.PUBLISHED, target, by, f"version {number}")


async def _settle(tx: Connection, content: NoticeContent, number: int, by: str) -> None:
    """Mark what this notice supersedes; and this one, when an earlier import already supersedes it (files come in any order)."""
    for old in content.supersedes:
        current = await repository.published_version(tx, old, before=content.expires_at)
        if current is not None:
            await repository.move(tx, old, current, NoticeStatus.PUBLISHED, NoticeStatus.SUPERSEDED, by, f"superseded by {content.id}")
    newer = await repository.superseder_of(tx, content)
    if newer is not None and newer != content.id:
        await repository.move(tx, content.id, number, NoticeStatus.PUBLISHED, NoticeStatus.SUPERSEDED, by, f"superseded by {newer}")
