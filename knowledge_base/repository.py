"""Statements on the tables of the knowledge base. Functions that take ``tx`` never commit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from core import db as database
from core.db import Connection
from knowledge_base.notices import content_hash
from knowledge_base.preparing import Prepared
from knowledge_base.schemas import OFFICIAL, Attachment, EmergencyNumber, Notice, NoticeContent, NoticeKind, NoticeStatus

CHANNEL = "notices"
LONGEST_PAYLOAD = 7900  # bytes; PostgreSQL refuses 8000
_CONTENT = (
    "id, title, body, published_at, effective_from, source, source_url, countries, topics, language, "
    "expires_at, review_by, supersedes, test_only, kind, shortcut"
)


def _notice(row: DictRow) -> Notice:
    content = NoticeContent(
        id=row["id"],
        title=row["title"],
        body=row["body"],
        published_at=row["published_at"],
        effective_from=row["effective_from"],
        source=row["source"],
        source_url=row["source_url"],
        countries=tuple(row["countries"]),
        topics=tuple(row["topics"]),
        language=row["language"],
        expires_at=row["expires_at"],
        review_by=row["review_by"],
        supersedes=tuple(row["supersedes"]),
        test_only=row["test_only"],
        kind=NoticeKind(row["kind"]),
        shortcut=row["shortcut"],
    )
    return Notice(content, row["version"], NoticeStatus(row["status"]))


async def official(connection: Connection, *, with_test_only: bool, kind: NoticeKind = NoticeKind.NOTICE) -> list[Notice]:
    """Every version whose text was or is official; of the notices alone unless another kind is asked for, since citizens are told what comes from here."""
    found = await database.rows(
        connection,
        f"SELECT {_CONTENT}, version, status FROM notices WHERE kind = %s AND status = ANY(%s) AND (%s OR NOT test_only) ORDER BY id, version",  # noqa: S608
        kind.value,
        [s.value for s in OFFICIAL],
        with_test_only,
    )
    return [_notice(row) for row in found]


async def official_with_successors(connection: Connection, ids: Sequence[str], *, with_test_only: bool) -> list[Notice]:
    """The official versions of some notices and of those that say they supersede them: enough to tell when each holds."""
    found = await database.rows(
        connection,
        f"""SELECT {_CONTENT}, version, status FROM notices
            WHERE kind = 'notice' AND status = ANY(%s) AND (%s OR NOT test_only) AND (id = ANY(%s) OR supersedes && %s::text[])
            ORDER BY id, version""",  # noqa: S608
        [s.value for s in OFFICIAL],
        with_test_only,
        list(ids),
        list(ids),
    )
    return [_notice(row) for row in found]


async def ids_about(connection: Connection, country: str, *, with_test_only: bool) -> list[str]:
    """The notices of which some official version names a country."""
    found = await database.rows(
        connection,
        """SELECT DISTINCT id FROM notices WHERE kind = 'notice' AND status = ANY(%s) AND (%s OR NOT test_only) AND %s = ANY(countries) ORDER BY id""",
        [s.value for s in OFFICIAL],
        with_test_only,
        country,
    )
    return [str(row["id"]) for row in found]


#: What is searched, and a number for each version that changes with anything that search depends on.
_SEARCHED = "kind = 'notice' AND status = ANY(%s) AND (%s OR NOT test_only)"
_PRINT = "('x' || left(md5(concat_ws('|', id, version, status, content_hash, review_by, expires_at)), 15))::bit(60)::bigint"


async def searched(connection: Connection, *, with_test_only: bool, ids: Sequence[str] | None = None) -> list[tuple[Notice, int]]:
    """Every official version of the notices (of some, or of all) with its print, in the order of (id, version)."""
    found = await database.rows(
        connection,
        f"""SELECT {_CONTENT}, version, status, {_PRINT} AS print FROM notices
            WHERE {_SEARCHED} AND (%s::text[] IS NULL OR id = ANY(%s)) ORDER BY id COLLATE "C", version""",  # noqa: S608
        [s.value for s in OFFICIAL],
        with_test_only,
        None if ids is None else list(ids),
        None if ids is None else list(ids),
    )
    return [(_notice(row), int(row["print"])) for row in found]


async def fingerprint(connection: Connection, *, with_test_only: bool) -> tuple[int, int]:
    """How many versions are searched, and the sum of their prints."""
    row = await database.one(
        connection,
        f"SELECT count(*) AS n, coalesce(sum({_PRINT}), 0) AS total FROM notices WHERE {_SEARCHED}",  # noqa: S608
        [s.value for s in OFFICIAL],
        with_test_only,
    )
    return (int(row["n"]), int(row["total"])) if row else (0, 0)


async def prints(connection: Connection, *, with_test_only: bool) -> dict[tuple[str, int], int]:
    """The print of each version that is searched."""
    found = await database.rows(
        connection,
        f"SELECT id, version, {_PRINT} AS print FROM notices WHERE {_SEARCHED}",  # noqa: S608
        [s.value for s in OFFICIAL],
        with_test_only,
    )
    return {(row["id"], row["version"]): int(row["print"]) for row in found}


async def lock(tx: Connection) -> None:
    """Writers of notices go one after the other: a supersedes loop or a double version cannot slip in between."""
    await database.run(tx, "SELECT pg_advisory_xact_lock(hashtext('notices'))")


async def count_not_by(connection: Connection, *authors: str) -> int:
    """Versions that somebody else than the ``authors`` has stored, or whose state somebody else has changed."""
    row = await database.one(
        connection,
        """SELECT (SELECT count(*) FROM notices WHERE created_by <> ALL(%s))
                + (SELECT count(*) FROM notice_history WHERE changed_by <> ALL(%s)) AS n""",
        list(authors),
        list(authors),
    )
    return int(row["n"]) if row else 0


async def newest(tx: Connection, notice_id: str) -> tuple[Notice, str] | None:
    """The newest version of a notice with its content hash."""
    row = await database.one(
        tx,
        f"SELECT {_CONTENT}, version, status, content_hash FROM notices WHERE id = %s ORDER BY version DESC LIMIT 1",  # noqa: S608
        notice_id,
    )
    return (_notice(row), str(row["content_hash"])) if row else None


async def brought_last(
    connection: Connection, ids: Sequence[str], arrived: NoticeStatus, *, by: str | None = None, reason: str = ""
) -> list[tuple[Notice, str]]:
    """The newest version of each notice that came from outside, whatever editors have made of it since, with its content hash.

    That it came so, the first line of its history tells: the state that it ``arrived`` in, who brought it (``by``), and how its ``reason`` begins.
    """
    found = await database.rows(
        connection,
        f"""SELECT DISTINCT ON (n.id) {_CONTENT}, version, status, content_hash FROM notices n
            WHERE id = ANY(%s) AND EXISTS (
              SELECT FROM notice_history h WHERE h.notice_id = n.id AND h.version = n.version AND h.from_status IS NULL AND h.to_status = %s
                AND (%s::text IS NULL OR h.changed_by = %s) AND starts_with(h.reason, %s))
            ORDER BY n.id, n.version DESC""",  # noqa: S608
        list(ids),
        arrived.value,
        by,
        by,
        reason,
    )
    return [(_notice(row), str(row["content_hash"])) for row in found]


async def version(tx: Connection, notice_id: str, number: int) -> Notice | None:
    """One version of a notice."""
    row = await database.one(tx, f"SELECT {_CONTENT}, version, status FROM notices WHERE id = %s AND version = %s", notice_id, number)  # noqa: S608
    return _notice(row) if row else None


async def supersedes_of_all(tx: Connection) -> dict[str, list[str]]:
    """What each notice says it supersedes (newest version that was not withdrawn)."""
    found = await database.rows(tx, "SELECT DISTINCT ON (id) id, supersedes FROM notices WHERE status <> 'withdrawn' ORDER BY id, version DESC")
    return {row["id"]: list(row["supersedes"]) for row in found}


async def insert(tx: Connection, content: NoticeContent, number: int, status: NoticeStatus, by: str, reason: str = "") -> None:
    """Store a version and the first line of its history."""
    await database.run(
        tx,
        f"""INSERT INTO notices ({_CONTENT}, version, status, content_hash, created_by)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",  # noqa: S608
        content.id,
        content.title,
        content.body,
        content.published_at,
        content.effective_from,
        content.source,
        content.source_url,
        list(content.countries),
        list(content.topics),
        content.language,
        content.expires_at,
        content.review_by,
        list(content.supersedes),
        content.test_only,
        content.kind.value,
        content.shortcut,
        number,
        status.value,
        content_hash(content),
        by,
    )
    await _remember(tx, content.id, number, None, status, by, reason)


async def attach(tx: Connection, notice_id: str, number: int, file: Attachment, content: bytes, by: str) -> None:
    """Keep the file that a version was made from; equal files are kept once."""
    await database.run(
        tx,
        "INSERT INTO attachment_files (sha256, size, content) VALUES (%s, %s, %s) ON CONFLICT (sha256) DO NOTHING",
        file.sha256,
        len(content),
        content,
    )
    await link_attachment(tx, notice_id, number, file, by)


async def link_attachment(tx: Connection, notice_id: str, number: int, file: Attachment, by: str) -> None:
    """Name a file that is kept already as one that a version was made from."""
    await database.run(
        tx,
        """INSERT INTO notice_attachments (notice_id, version, sha256, name, media_type, warnings, attached_by)
           VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        notice_id,
        number,
        file.sha256,
        file.name,
        file.media_type,
        list(file.warnings),
        by,
    )


async def attachments(connection: Connection, notice_id: str, number: int) -> list[Attachment]:
    """The files that a version was made from, without their contents."""
    found = await database.rows(
        connection,
        """SELECT a.name, a.media_type, a.sha256, f.size, a.warnings FROM notice_attachments a JOIN attachment_files f USING (sha256)
           WHERE a.notice_id = %s AND a.version = %s ORDER BY a.name""",
        notice_id,
        number,
    )
    return [Attachment(row["name"], row["media_type"], row["sha256"], row["size"], tuple(row["warnings"])) for row in found]


async def attachment_content(connection: Connection, sha256: str) -> bytes | None:
    """A kept file."""
    row = await database.one(connection, "SELECT content FROM attachment_files WHERE sha256 = %s", sha256)
    return bytes(row["content"]) if row else None


async def _remember(tx: Connection, notice_id: str, number: int, before: NoticeStatus | None, after: NoticeStatus, by: str, reason: str) -> None:
    await database.run(
        tx,
        "INSERT INTO notice_history (notice_id, version, from_status, to_status, changed_by, reason) VALUES (%s, %s, %s, %s, %s, %s)",
        notice_id,
        number,
        before.value if before else None,
        after.value,
        by,
        reason,
    )


async def move(tx: Connection, notice_id: str, number: int, before: NoticeStatus, after: NoticeStatus, by: str, reason: str = "") -> bool:
    """Change a version's state if it is still what the caller saw."""
    touched = await database.run(
        tx,
        "UPDATE notices SET status = %s WHERE id = %s AND version = %s AND status = %s",
        after.value,
        notice_id,
        number,
        before.value,
    )
    if touched:
        await _remember(tx, notice_id, number, before, after, by, reason)
    return touched > 0


async def published_version(tx: Connection, notice_id: str, *, before: date | None = None) -> int | None:
    """The version that is published now, if it starts ``before`` a day."""
    row = await database.one(
        tx, "SELECT version FROM notices WHERE id = %s AND status = 'published' AND (%s::date IS NULL OR effective_from < %s)", notice_id, before, before
    )
    return int(row["version"]) if row else None


async def superseder_of(tx: Connection, content: NoticeContent) -> str | None:
    """A published notice that says it supersedes this one, and has not expired when this one starts."""
    row = await database.one(
        tx,
        """SELECT id FROM notices WHERE status = 'published' AND %s = ANY(supersedes) AND (expires_at IS NULL OR expires_at > %s)
           ORDER BY id LIMIT 1""",
        content.id,
        content.effective_from,
    )
    return str(row["id"]) if row else None


async def related_of_other_kind(tx: Connection, content: NoticeContent) -> str | None:
    """A record of another kind that has this id, is superseded by this one, or supersedes it."""
    row = await database.one(
        tx,
        "SELECT id FROM notices WHERE kind <> %s AND status <> 'withdrawn' AND (id = %s OR id = ANY(%s) OR %s = ANY(supersedes)) ORDER BY id LIMIT 1",
        content.kind.value,
        content.id,
        list(content.supersedes),
        content.id,
    )
    return str(row["id"]) if row else None


async def announce(tx: Connection, *ids: str) -> None:
    """Tell every process, when this transaction commits, which notices to look at again; without ids they compare all."""
    payload = json.dumps(sorted(set(ids)), ensure_ascii=False) if ids else ""
    await database.run(tx, "SELECT pg_notify(%s, %s)", CHANNEL, payload if len(payload.encode()) <= LONGEST_PAYLOAD else "")


def announced(payload: str) -> frozenset[str]:
    """The ids that an announcement names."""
    return frozenset(json.loads(payload)) if payload else frozenset()


async def listing(connection: Connection, status: NoticeStatus | None = None) -> list[DictRow]:
    """Versions for people to look through, newest first within an id."""
    return await database.rows(
        connection,
        """SELECT id, version, kind, status, title, published_at, effective_from, expires_at, review_by, supersedes, test_only
           FROM notices WHERE (%s::text IS NULL OR status = %s) ORDER BY id, version DESC""",
        status.value if status else None,
        status.value if status else None,
    )


async def history(connection: Connection, notice_id: str) -> list[DictRow]:
    """Who changed what, and when, oldest first."""
    return await database.rows(
        connection,
        "SELECT version, from_status, to_status, changed_by, reason, changed_at FROM notice_history WHERE notice_id = %s ORDER BY seq",
        notice_id,
    )


async def cached_passages(connection: Connection, keys: Sequence[str], encoder: str) -> dict[str, Prepared]:
    """Prepared passages that some process has computed before."""
    # In binary: as text, vectors would travel as twice their size in hexadecimal digits.
    cursor = await connection.execute("SELECT key, words, vectors FROM passage_cache WHERE encoder = %s AND key = ANY(%s)", (encoder, list(keys)), binary=True)
    found = await cursor.fetchall()
    out: dict[str, Prepared] = {}
    for row in found:
        words: list[list[str]] = row["words"]
        raw = row["vectors"]
        vectors = None if raw is None else np.frombuffer(raw, dtype="<f2").reshape(len(words), -1)
        out[row["key"]] = Prepared(words, vectors)
    return out


async def cache_passages(tx: Connection, prepared: dict[str, Prepared], encoder: str) -> None:
    """Keep prepared passages for every process and the next start."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO passage_cache (key, encoder, words, vectors) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [(key, encoder, Jsonb(p.words), None if p.vectors is None else p.vectors.astype("<f2").tobytes()) for key, p in prepared.items()],
        )


async def save_missions(tx: Connection, rows: Iterable[dict[str, Any]]) -> int:
    """Store missions that are not there yet; a verified row is never overwritten by a seed."""
    added = 0
    for row in rows:
        added += await database.run(
            tx,
            """INSERT INTO missions (name, country, kind, city, lat, lon, note, source, verified)
               VALUES (%(name)s, %(country)s, %(kind)s, %(city)s, %(lat)s, %(lon)s, %(note)s, %(source)s, false) ON CONFLICT (name) DO NOTHING""",
            **row,
        )
    return added


async def missions_of(connection: Connection, country: str | None = None) -> list[DictRow]:
    """Missions of a country, or all."""
    return await database.rows(connection, "SELECT * FROM missions WHERE %s::text IS NULL OR country = %s ORDER BY country, name", country, country)


async def save_numbers(tx: Connection, numbers: Iterable[EmergencyNumber]) -> int:
    """Store candidate numbers that are not there yet; one that somebody checked stays as it is."""
    added = 0
    for number in numbers:
        added += await database.run(
            tx,
            "INSERT INTO emergency_numbers (country, service, number) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            number.country,
            number.service,
            number.number,
        )
    return added


async def check_number(tx: Connection, number: EmergencyNumber) -> None:
    """Record that somebody has checked a number, with the source and the day."""
    await database.run(
        tx,
        """INSERT INTO emergency_numbers (country, service, number, source, checked_by, checked_at) VALUES (%s, %s, %s, %s, %s, %s)
           ON CONFLICT (country, service) DO UPDATE SET number = excluded.number, source = excluded.source,
             checked_by = excluded.checked_by, checked_at = excluded.checked_at""",
        number.country,
        number.service,
        number.number,
        number.source,
        number.checked_by,
        number.checked_at,
    )


async def numbers(connection: Connection) -> list[EmergencyNumber]:
    """Every local number, checked or not."""
    found = await database.rows(connection, "SELECT country, service, number, source, checked_by, checked_at FROM emergency_numbers ORDER BY country, service")
    return [EmergencyNumber(**row) for row in found]
