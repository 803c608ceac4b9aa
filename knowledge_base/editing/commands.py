"""The cores of ``gildongmu kb history``, ``diff``, ``revert`` and ``questions``: a JSON object a line, 1 if there was nothing to do it with."""

from __future__ import annotations

import json
from typing import Any, TextIO

from core.crypto import Cipher
from core.db import Database
from core.errors import AppError
from core.settings import Settings
from knowledge_base import repository
from knowledge_base.editing import questions, service
from knowledge_base.editing.diff import diff
from knowledge_base.editing.rules import House
from knowledge_base.editing.whatif import tried
from knowledge_base.service import KnowledgeBase

AUTHOR = "command line"


def _write(target: TextIO, record: dict[str, Any]) -> None:
    target.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")
    target.flush()


def _refused(target: TextIO, notice_id: str, error: AppError) -> int:
    _write(target, {"id": notice_id, "error": str(error), "code": error.code, "message": error.kind.korean})
    return 1


async def history(db: Database, notice_id: str, target: TextIO) -> int:
    """Who did what with which version, oldest first."""
    async with db.read() as connection:
        rows = await repository.history(connection, notice_id)
    if not rows:
        return _refused(target, notice_id, AppError("unknown_notice"))
    for row in rows:
        line = {"id": notice_id, "version": row["version"], "from": row["from_status"], "to": row["to_status"]}
        _write(target, {**line, "by": row["changed_by"], "reason": row["reason"], "at": row["changed_at"].isoformat()})
    return 0


async def differences(db: Database, notice_id: str, old: int, new: int, target: TextIO) -> int:
    """The fields in which two versions differ; title and body word by word."""
    async with db.read() as connection:
        before, after = await repository.version(connection, notice_id, old), await repository.version(connection, notice_id, new)
    if before is None or after is None:
        return _refused(target, notice_id, AppError("unknown_notice"))
    for change in diff(before.content, after.content):
        line: dict[str, Any] = {"field": change.field, "old": change.old, "new": change.new}
        if change.words:
            line["words"] = [[run.run.value, run.text] for run in change.words]
        _write(target, line)
    return 0


async def revert(db: Database, settings: Settings, notice_id: str, to_version: int, target: TextIO) -> int:
    """An old text as a new draft."""
    try:
        saved = await service.go_back(db, AUTHOR, notice_id, to_version, None, house=House.of(settings))
    except AppError as error:
        return _refused(target, notice_id, error)
    _write(target, {"id": saved.notice_id, "outcome": "draft", "version": saved.version})
    return 0


async def list_questions(db: Database, cipher: Cipher, notice_id: str | None, target: TextIO, base: KnowledgeBase | None = None) -> int:
    """The test questions, of one notice or of all; with ``base`` they are asked, and 1 if one is not answered by its own notice."""
    if base is not None:
        results = await tried(db, cipher, base, notice_id)
        for one in results:
            question, said = one.question, one.said
            _write(
                target,
                {
                    "id": question.id,
                    "notice_id": question.notice_id,
                    "text": question.text,
                    "country": question.country,
                    "outcome": said.outcome,
                    "answered_by": said.notice_id,
                    "answer": said.text,
                    "right": one.right,
                },
            )
        return 0 if all(one.right for one in results) else 1
    async with db.read() as connection:
        found = await (questions.of_all(connection, cipher) if notice_id is None else questions.of_notice(connection, cipher, notice_id))
    for question in found:
        line = {"id": question.id, "notice_id": question.notice_id, "text": question.text, "country": question.country}
        _write(target, {**line, "active": question.active, "by": question.created_by})
    return 0
