"""The cores of ``gildongmu kb …``: JSON lines in, JSON lines out, in order, flushed as they come; a bad line never stops the rest."""

from __future__ import annotations

import itertools
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from core.clock import now
from core.db import Database
from core.errors import CATALOGUE
from core.settings import Settings
from knowledge_base import publishing, repository
from knowledge_base.errors import NoticeError
from knowledge_base.ingest import files, is_document, read_document, read_path
from knowledge_base.ingest.isolated import Reader
from knowledge_base.ingest.jsonl import LONGEST_LINE_BYTES
from knowledge_base.ingest.kinds import suffix_of
from knowledge_base.notices import may_move, today_in_seoul
from knowledge_base.schemas import NoticeContent, NoticeStatus, RowResult
from knowledge_base.service import KnowledgeBase

AUTHOR = "command line"
HITS = 10


def _write(target: TextIO, record: dict[str, Any]) -> None:
    # Names of files and ids may carry lone surrogates, which cannot be written as UTF-8.
    target.write(json.dumps(record, ensure_ascii=False, default=str).encode("utf-8", "replace").decode() + "\n")
    target.flush()


async def import_paths(db: Database, settings: Settings, paths: Sequence[Path], target: TextIO, progress: TextIO | None = None) -> int:
    """Import files and folders; 1 if anything was refused.

    ``target`` gets a line for each notice or refused file, ``progress`` a line for each file as it is done. JSONL and Markdown are
    published; every other document becomes a draft.
    """
    work = _ImportRun(db, settings, target, progress)
    found = [(path, list(files(path)) if path.exists() else None) for path in paths]
    work.total = sum(1 if listed is None else len(listed) for _, listed in found)
    with Reader(settings.import_timeout_s) as reader:
        for path, listed in found:
            if listed is None:
                work.report(path.name, "", [_missing(path)])
            # Neighbouring files of notices share their transactions.
            for documents, group in itertools.groupby(listed or (), key=is_document):
                if documents:
                    for document in group:
                        await work.document(document, reader)
                else:
                    await work.published(list(group))
    return 1 if work.failed else 0


def _missing(path: Path) -> RowResult:
    return RowResult(path.name, "error", "there is no such file or folder", code="file_missing")


class _ImportRun:
    """One import: what it has brought so far, and where it says so."""

    def __init__(self, db: Database, settings: Settings, target: TextIO, progress: TextIO | None) -> None:
        self.db, self.settings, self.target, self.progress = db, settings, target, progress
        self.failed = self.done = self.total = 0
        self.seen: dict[str, str] = {}

    async def published(self, paths: Sequence[Path]) -> None:
        """Files of notices; their results come in the order of their notices."""
        owners: deque[int] = deque()

        def items() -> Iterator[NoticeContent | NoticeError]:
            for at, path in enumerate(paths):
                for item in read_path(path):
                    owners.append(at)
                    yield item

        results: list[RowResult] = []
        current = 0
        async for result in publishing.import_published(self.db, items(), AUTHOR, self.settings.environment, self.seen):
            owner = owners.popleft()
            while current < owner:
                self.report(paths[current].name, suffix_of(paths[current].name), results, written=True)
                current, results = current + 1, []
            results.append(result)
            self.write(result)
        for path in paths[current:]:
            self.report(path.name, suffix_of(path.name), results, written=True)
            results = []

    async def document(self, path: Path, reader: Reader) -> None:
        """One document."""
        try:
            document = read_document(path, reader, self.settings.import_max_mb * 1_000_000)
        except NoticeError as error:
            self.report(path.name, suffix_of(path.name), [RowResult(path.name, "error", str(error), code=error.code)])
            return
        rules = publishing.DraftRules(today_in_seoul(now()), self.settings.import_review_days, AUTHOR)
        self.report(path.name, document.kind, await publishing.import_document(self.db, document, rules, self.seen))

    def write(self, result: RowResult, file: str = "") -> None:
        """The line of a notice."""
        record: dict[str, Any] = {"id": result.id, "file": file} if file else {"id": result.id}
        if result.outcome == "error":
            self.failed += 1
            record |= {"error": result.error, "code": result.code, "message": CATALOGUE[result.code].korean}
        else:
            record |= {"outcome": result.outcome, "version": result.version}
            if result.warnings:
                record["warnings"] = result.warnings
        _write(self.target, record)

    def report(self, name: str, kind: str, results: Sequence[RowResult], *, written: bool = False) -> None:
        """The lines of a file's notices, unless they stand already, and the file's own line."""
        if not written:
            for result in results:
                self.write(result, name)
        self.done += 1
        if self.progress is None:
            return
        refused = sum(result.outcome == "error" for result in results)
        outcome = "refused" if refused == len(results) and results else "partly" if refused else "taken"
        record = {"file": name, "format": kind, "outcome": outcome, "notices": len(results) - refused, "refused": refused}
        codes = sorted({result.code for result in results if result.code})
        _write(self.progress, {**record, **({"codes": codes} if codes else {}), "done": self.done, "of": self.total})


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
