"""Statements of the editorial side. Functions that take ``tx`` never commit."""

from __future__ import annotations

from datetime import date

from psycopg.rows import DictRow

from core import db as database
from core.db import Connection
from knowledge_base.schemas import Notice, NoticeContent, NoticeKind, NoticeStatus


def light(row: DictRow) -> Notice:
    """A version without its body: enough for its dates, its place in a list and who it replaces."""
    content = NoticeContent(
        id=row["id"],
        title=row["title"],
        body="",
        published_at=row["published_at"],
        effective_from=row["effective_from"],
        countries=tuple(row["countries"]),
        topics=tuple(row["topics"]),
        expires_at=row["expires_at"],
        review_by=row["review_by"],
        supersedes=tuple(row["supersedes"]),
        test_only=row["test_only"],
        kind=NoticeKind(row["kind"]),
    )
    return Notice(content, row["version"], NoticeStatus(row["status"]))


async def versions_of_all(connection: Connection) -> list[DictRow]:
    """Every version of every notice without its body, by id, oldest first."""
    return await database.rows(
        connection,
        """SELECT id, version, status, title, published_at, effective_from, expires_at, review_by, supersedes, countries, topics, test_only, kind,
                  created_by, created_at
           FROM notices ORDER BY id, version""",
    )


async def matching(connection: Connection, text: str) -> set[str]:
    """Ids of notices whose id, title or body has the text."""
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    found = await database.rows(connection, "SELECT DISTINCT id FROM notices WHERE id ILIKE %s OR title ILIKE %s OR body ILIKE %s", pattern, pattern, pattern)
    return {row["id"] for row in found}


async def last_changes(connection: Connection) -> dict[str, DictRow]:
    """Who touched each notice last, and when."""
    found = await database.rows(connection, "SELECT DISTINCT ON (notice_id) notice_id, changed_by, changed_at FROM notice_history ORDER BY notice_id, seq DESC")
    return {row["notice_id"]: row for row in found}


async def question_counts(connection: Connection) -> dict[str, int]:
    """How many test questions each notice has."""
    found = await database.rows(connection, "SELECT notice_id, count(*) AS n FROM notice_questions WHERE active GROUP BY notice_id")
    return {row["notice_id"]: int(row["n"]) for row in found}


async def versions_of(connection: Connection, notice_id: str) -> list[DictRow]:
    """The versions of one notice without their bodies, newest first."""
    return await database.rows(
        connection,
        """SELECT id, version, status, title, published_at, effective_from, expires_at, review_by, supersedes, countries, topics, test_only, kind,
                  created_by, created_at
           FROM notices WHERE id = %s ORDER BY version DESC""",
        notice_id,
    )


async def authorship(connection: Connection, notice_id: str, version: int) -> DictRow | None:
    """Who wrote a version, and when."""
    return await database.one(connection, "SELECT created_by, created_at FROM notices WHERE id = %s AND version = %s", notice_id, version)


async def carry_attachments(tx: Connection, notice_id: str, before: int, after: int) -> None:
    """The files of one version belong to the next as well."""
    await database.run(
        tx,
        """INSERT INTO notice_attachments (notice_id, version, sha256, name, media_type, warnings, attached_at, attached_by)
           SELECT notice_id, %s, sha256, name, media_type, warnings, attached_at, attached_by FROM notice_attachments
           WHERE notice_id = %s AND version = %s ON CONFLICT DO NOTHING""",
        after,
        notice_id,
        before,
    )


async def remember(tx: Connection, notice_id: str, version: int, status: NoticeStatus, by: str, reason: str) -> None:
    """A line of history for a change that left the state as it was."""
    await database.run(
        tx,
        "INSERT INTO notice_history (notice_id, version, from_status, to_status, changed_by, reason) VALUES (%s, %s, %s, %s, %s, %s)",
        notice_id,
        version,
        status.value,
        status.value,
        by,
        reason,
    )


async def set_review_by(tx: Connection, notice_id: str, version: int, day: date) -> None:
    """Move a version's review day.

    Its content hash stays: that is of the text as it was brought, so that a file imported again after a renewal is still the same file.
    """
    await database.run(tx, "UPDATE notices SET review_by = %s WHERE id = %s AND version = %s", day, notice_id, version)


async def past_their_end(tx: Connection, today: date) -> list[tuple[str, int]]:
    """Published versions whose ``expires_at`` has come."""
    found = await database.rows(tx, "SELECT id, version FROM notices WHERE status = 'published' AND expires_at <= %s ORDER BY id", today)
    return [(row["id"], row["version"]) for row in found]


async def insert_question(tx: Connection, notice_id: str, text: bytes, country: str | None, by: str, origin: int | None) -> int:
    """A test question; ``text`` is sealed, ``origin`` is the citizen's question that it was taken from."""
    row = await database.one(
        tx,
        "INSERT INTO notice_questions (notice_id, text, country, created_by, origin_id) VALUES (%s, %s, %s, %s, %s) RETURNING id",
        notice_id,
        text,
        country,
        by,
        origin,
    )
    assert row is not None  # noqa: S101  (an insert with RETURNING gives a row)
    return int(row["id"])


async def questions(connection: Connection, notice_id: str | None = None) -> list[DictRow]:
    """Test questions of one notice, or the active ones of all."""
    return await database.rows(
        connection,
        """SELECT id, notice_id, text, country, created_by, active, origin_id FROM notice_questions
           WHERE CASE WHEN %s::text IS NULL THEN active ELSE notice_id = %s END ORDER BY id""",
        notice_id,
        notice_id,
    )


async def editors_questions(connection: Connection, not_by: str) -> list[DictRow]:
    """The active test questions in editors' own words, of notices that are published; without those of one author."""
    return await database.rows(
        connection,
        """SELECT q.id, q.notice_id, q.text FROM notice_questions q
           WHERE q.active AND q.origin_id IS NULL AND q.created_by <> %s
           AND EXISTS (SELECT 1 FROM notices n WHERE n.id = q.notice_id AND n.status = 'published' AND n.kind = 'notice') ORDER BY q.id""",
        not_by,
    )


async def question(connection: Connection, question_id: int) -> DictRow | None:
    """One test question."""
    return await database.one(connection, "SELECT id, notice_id, text, country, created_by, active, origin_id FROM notice_questions WHERE id = %s", question_id)


async def update_question(tx: Connection, question_id: int, text: bytes, country: str | None, active: bool, origin: int | None) -> None:
    """Change a test question."""
    await database.run(
        tx,
        "UPDATE notice_questions SET text = %s, country = %s, active = %s, origin_id = %s WHERE id = %s",
        text,
        country,
        active,
        origin,
        question_id,
    )


async def delete_question(tx: Connection, question_id: int) -> None:
    """Remove a test question."""
    await database.run(tx, "DELETE FROM notice_questions WHERE id = %s", question_id)


async def exists(connection: Connection, notice_id: str) -> bool:
    """Whether there is any version of this notice."""
    return await database.one(connection, "SELECT 1 FROM notices WHERE id = %s LIMIT 1", notice_id) is not None
