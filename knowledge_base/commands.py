"""The cores of ``gildongmu kb …``: JSON lines in, JSON lines out, in order, flushed as they come; a bad line never stops the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from core.db import Database
from core.settings import Settings
from knowledge_base import publishing, repository
from knowledge_base.errors import NoticeError
from knowledge_base.ingest import read_path
from knowledge_base.ingest.jsonl import LONGEST_LINE_BYTES
from knowledge_base.notices import may_move
from knowledge_base.schemas import NoticeStatus
from knowledge_base.service import KnowledgeBase

AUTHOR = "command line"
HITS = 10


def _write(target: TextIO, record: dict[str, Any]) -> None:
    target.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")
    target.flush()


async def import_paths(db: Database, settings: Settings, paths: Sequence[Path], target: TextIO) -> int:
    """Import and publish files and folders; a line for each notice, 1 if any was refused."""
    failed = 0
    for path in paths:
        items = read_path(path) if path.exists() else iter([NoticeError(path.name, "there is no such file or folder")])
        async for result in publishing.import_published(db, items, AUTHOR, settings.environment):
            if result.outcome == "error":
                failed += 1
                _write(target, {"id": result.id, "error": result.error})
            else:
                _write(target, {"id": result.id, "outcome": result.outcome, "version": result.version})
    return 1 if failed else 0


def search_lines(knowledge: KnowledgeBase, source: BinaryIO | Iterable[bytes], target: TextIO) -> int:
    """{id, text[, country, at]} → {id, hits: [{notice_id, score, passage}]}; 1 if any line was bad."""
    failed = 0
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        row_id: Any = None
        try:
            row = _row(line)
            row_id = row.get("id")
            at, country = _at(row.get("at")), _country(row.get("country"))
            if not isinstance(row_id, str | int):
                raise ValueError("id is missing")
            text = row.get("text")
            if not isinstance(text, str):
                raise ValueError("text is missing")
            found = knowledge.search(text, at=at, country=country, limit=HITS) if text.strip() else []
            _write(target, {"id": row_id, "hits": [{"notice_id": h.notice_id, "score": h.score, "passage": h.passage} for h in found]})
        except ValueError as error:
            failed += 1
            _write(target, {"id": row_id if isinstance(row_id, str | int) else f"line {number}", "error": str(error)})
    return 1 if failed else 0


def _row(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE_BYTES:
        raise ValueError("the line is longer than 2 MB")
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise ValueError("the line is not valid JSON in UTF-8") from None
    if not isinstance(row, dict):
        raise ValueError("the line is not a JSON object")
    return row


def _at(value: Any) -> date | None:
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        raise ValueError("at must be a date such as 2020-06-01") from None


def _country(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]{2}", value):
        raise ValueError("country must be an ISO code of two letters")
    return value.upper()


async def publish(db: Database, settings: Settings, notice_ids: Sequence[str], target: TextIO) -> int:
    """Publish the newest version of each notice; 1 if any could not be."""
    failed = 0
    for notice_id in notice_ids:
        try:
            async with db.transaction() as tx:
                known = await repository.newest(tx, notice_id)
                if known is None:
                    raise NoticeError(notice_id, "there is no such notice")
                notice = known[0]
                if not may_move(notice.status, NoticeStatus.PUBLISHED):
                    raise NoticeError(notice_id, f"a notice that is {notice.status} cannot be published")
                await publishing.publish(tx, notice_id, notice.version, AUTHOR, settings.environment)
            _write(target, {"id": notice_id, "outcome": "published", "version": notice.version})
        except NoticeError as error:
            failed += 1
            _write(target, {"id": notice_id, "error": str(error)})
    return 1 if failed else 0


async def list_notices(db: Database, target: TextIO) -> int:
    """The newest version of every notice with its state and dates."""
    async with db.read() as connection:
        rows = await repository.listing(connection)
    seen: set[str] = set()
    for row in rows:
        if row["id"] not in seen:
            seen.add(row["id"])
            _write(target, dict(row))
    return 0
