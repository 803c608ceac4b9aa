"""What citizens asked in vain, for editors: grouped by meaning, dismissed, or turned into a draft in one step."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from accounts.schemas import Role, Staff
from accounts.service import require
from core import audit
from core import db as database
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from knowledge_base import repository as notices
from knowledge_base.editing import grouping, misses, questions, repository, rules, service
from knowledge_base.editing.errors import refusals
from knowledge_base.editing.rules import House
from knowledge_base.editing.schemas import Group, Reason, Unanswered
from knowledge_base.editing.understood import understood
from knowledge_base.notices import parse_record
from knowledge_base.schemas import NoticeContent
from knowledge_base.service import KnowledgeBase
from language.analysis import Analysis

MOST_GROUPED = 1000
MOST_EXAMPLES = 5
#: As many of a group become test questions of its draft.
MOST_TAKEN = 20
_WRITERS = (Role.EDITOR, Role.SUPERVISOR, Role.ADMIN)


async def waiting(db: Database, cipher: Cipher, *, limit: int = MOST_GROUPED, reasons: Sequence[Reason] = tuple(Reason)) -> list[Unanswered]:
    """The open questions, newest first."""
    async with db.read() as connection:
        rows = await database.rows(
            connection,
            """SELECT id, text, language, country, reason, notice_id, score, asked_at FROM unanswered_questions
               WHERE state = 'open' AND text IS NOT NULL AND reason = ANY(%s) ORDER BY asked_at DESC, id DESC LIMIT %s""",
            [reason.value for reason in reasons],
            limit,
        )
    return [_opened(cipher, row) for row in rows]


def _opened(cipher: Cipher, row: dict[str, Any]) -> Unanswered:
    text = cipher.open(row["text"], misses.TEXT)
    return Unanswered(row["id"], text, row["language"], row["country"], Reason(row["reason"]), row["notice_id"], row["score"], row["asked_at"])


async def groups(
    db: Database, staff: Staff | None, cipher: Cipher, base: KnowledgeBase, *, reasons: Sequence[Reason] = tuple(Reason), address: str = ""
) -> list[Group]:
    """The open questions by meaning, the largest groups first. Looking is written in the access log: these are citizens' words."""
    reader = require(staff, *_WRITERS)
    found = await waiting(db, cipher, reasons=reasons)
    if found:
        async with db.transaction() as tx:
            await audit.record(tx, reader.login, address, "unanswered.view", detail={"questions": len(found)})
    return await asyncio.to_thread(grouped, base, found)


def grouped(base: KnowledgeBase, found: Sequence[Unanswered]) -> list[Group]:
    """Put together what means the same, each group with the notice that search holds nearest."""
    asked = understood(base, "unanswered", {one.id: one.text for one in found})
    index = base.desk.index
    centre = None if index.reference is None or not len(index.reference) else index.reference.mean(axis=0)
    seen = [grouping.Asked(question.analysis.vector, frozenset((*question.words, *question.other_words))) for question in (asked[one.id] for one in found)]
    return [_group(base, [found[place] for place in places], asked[found[places[0]].id].analysis) for places in grouping.groups(seen, index.idf, centre)]


def _group(base: KnowledgeBase, members: Sequence[Unanswered], middle: Analysis) -> Group:
    newest_first = sorted(members, key=lambda one: (-one.asked_at.timestamp(), -one.id))
    countries = tuple(code for code, _ in Counter(one.country for one in newest_first if one.country).most_common(5) if code)
    nearest = base.search(middle, country=members[0].country, limit=1)
    return Group(
        ids=tuple(one.id for one in newest_first),
        text=members[0].text,
        count=len(members),
        newest=newest_first[0].asked_at,
        reasons=dict(Counter(one.reason for one in members)),
        examples=tuple(newest_first[:MOST_EXAMPLES]),
        countries=countries,
        nearest_id=nearest[0].notice_id if nearest else "",
        nearest_title=nearest[0].title if nearest else "",
        nearest_score=nearest[0].score if nearest else 0.0,
    )


async def dismiss(db: Database, staff: Staff | None, ids: Iterable[int], *, address: str = "") -> int:
    """Take questions off the list because no notice is to answer them; how many were still open."""
    editor = require(staff, *_WRITERS)
    async with db.transaction() as tx:
        done = await _handle(tx, list(ids), "dismissed", editor.login)
        await audit.record(tx, editor.login, address, "unanswered.dismiss", detail={"questions": len(done)})
    return len(done)


async def draft_from(
    db: Database,
    staff: Staff | None,
    cipher: Cipher,
    ids: Iterable[int],
    notice_id: str | None = None,
    *,
    title: str = "",
    address: str = "",
    house: House | None = None,
    today: date | None = None,
) -> service.Saved:
    """A draft with these questions as its test questions, in one step; they leave the list.

    With ``notice_id`` the draft is a new version of that notice with its text as it stands; otherwise a new notice, whose text says that it is
    still to be written, and so does its title unless the editor has given one. A citizen's own words are no title: it would outlive them.

    Raises:
        AppError: ``already_taken`` when somebody else has handled all of them, ``unknown_notice``, ``bad_notice``.
    """
    editor = require(staff, *_WRITERS)
    house, today = house or House.of(), today or service.today_here()
    async with service.writing(db) as tx:
        rows = await _handle(tx, list(ids), "drafted", editor.login)
        if not rows:
            raise AppError("already_taken")
        taken = [_opened(cipher, row) for row in rows if row["text"] is not None]
        countries = {one.country for one in taken}
        if notice_id is None:
            record = {
                "title": title if title.strip() and title not in {one.text for one in taken} else rules.TITLE_TO_WRITE,
                "body": rules.BODY_TO_WRITE,
                "id": service.new_id(today),
                "published_at": today,
                "countries": sorted(filter(None, countries)) if len(countries) == 1 else [],
                "review_by": today + timedelta(days=house.review_days),
            }
            with refusals():
                content = parse_record(record)
            number = await service.draft(tx, content, editor.login, f"from {len(rows)} questions of citizens")
        else:
            content, number = await _next_version(tx, notice_id, editor.login, house, today, len(rows))
        known = {(one.text, one.country) for one in await questions.of_notice(tx, cipher, content.id)}
        room = max(0, questions.MOST_OF_ONE_NOTICE - len(known))
        for one in taken[: min(MOST_TAKEN, room)]:
            if (one.text, one.country) not in known:
                known.add((one.text, one.country))
                await questions.insert(tx, cipher, content.id, one.text[: questions.LONGEST], one.country, editor.login, one.id)
        await audit.record(tx, editor.login, address, "unanswered.draft", detail={"notice": content.id, "version": number, "questions": len(rows)})
    return service.Saved(content.id, number)


async def _next_version(tx: Connection, notice_id: str, by: str, house: House, today: date, count: int) -> tuple[NoticeContent, int]:
    """The draft in work if there is one, else a new draft of the text that leads."""
    versions = [repository.light(row) for row in await repository.versions_of(tx, notice_id)]
    if not versions:
        raise AppError("unknown_notice")
    work = rules.pending(versions)
    notice = await notices.version(tx, notice_id, (work or rules.leading(versions)).version)
    assert notice is not None  # noqa: S101  (the lock is held)
    if work is not None:
        return notice.content, notice.version
    content = replace(notice.content, review_by=today + timedelta(days=house.review_days))
    return content, await service.draft(tx, content, by, f"for {count} questions of citizens")


async def _handle(tx: Connection, ids: list[int], state: str, by: str) -> list[dict[str, Any]]:
    rows = await database.rows(
        tx,
        """UPDATE unanswered_questions SET state = %s, handled_by = %s, handled_at = clock_timestamp()
           WHERE id = ANY(%s) AND state = 'open'
           RETURNING id, text, language, country, reason, notice_id, score, asked_at""",
        state,
        by,
        ids,
    )
    return sorted(rows, key=lambda row: ids.index(row["id"]))


async def forget_old(tx: Connection, before: datetime) -> int:
    """Retention: remove what was asked before a moment.

    Where a test question still has a citizen's words, only the link stays, so that erasing that citizen finds the test question. Under a legal hold
    nothing goes.
    """
    removed = await database.run(
        tx,
        """DELETE FROM unanswered_questions u WHERE asked_at < %s
           AND NOT EXISTS (SELECT 1 FROM notice_questions q WHERE q.origin_id = u.id)
           AND NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.conversation_id = u.conversation_id AND h.lifted_at IS NULL)""",
        before,
    )
    emptied = await database.run(
        tx,
        """UPDATE unanswered_questions u SET text = NULL WHERE asked_at < %s AND text IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.conversation_id = u.conversation_id AND h.lifted_at IS NULL)""",
        before,
    )
    return removed + emptied
