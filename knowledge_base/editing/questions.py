"""Test questions: what a notice is expected to answer, written by editors or taken over from citizens."""

from __future__ import annotations

import re
from typing import Any

from accounts.schemas import Role, Staff
from accounts.service import require
from core import audit
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from knowledge_base.editing import repository
from knowledge_base.editing.schemas import TestQuestion

TEXT = "notice_questions.text"
LONGEST = 300
MOST_OF_ONE_NOTICE = 50
_COUNTRY = re.compile(r"[A-Z]{2}")
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]+")
_WRITERS = (Role.EDITOR, Role.SUPERVISOR, Role.ADMIN)


async def of_notice(connection: Connection, cipher: Cipher, notice_id: str) -> list[TestQuestion]:
    """The questions of one notice, those at rest as well."""
    return [_opened(cipher, row) for row in await repository.questions(connection, notice_id)]


async def of_all(connection: Connection, cipher: Cipher) -> list[TestQuestion]:
    """The active questions of all notices."""
    return [_opened(cipher, row) for row in await repository.questions(connection)]


def _opened(cipher: Cipher, row: dict[str, Any]) -> TestQuestion:
    text = cipher.open(row["text"], TEXT)
    return TestQuestion(row["id"], row["notice_id"], text, row["country"], row["created_by"], row["active"], row["origin_id"] is not None)


def clean(text: str, country: str | None) -> tuple[str, str | None]:
    """A question in one line, and a country's code.

    Raises:
        AppError: ``empty_message``, ``too_long`` or ``invalid_request`` with ``field``.
    """
    text = " ".join(_CONTROL.sub(" ", text).split())
    if not text:
        raise AppError("empty_message", field="text")
    if len(text) > LONGEST:
        raise AppError("too_long", field="text")
    code = (country or "").strip().upper() or None
    if code is not None and not _COUNTRY.fullmatch(code):
        raise AppError("invalid_request", field="country")
    return text, code


async def add(db: Database, staff: Staff | None, cipher: Cipher, notice_id: str, text: str, country: str | None = None, *, address: str = "") -> TestQuestion:
    """A new test question; one that is there already is given back as it is.

    Raises:
        AppError: ``unknown_notice``, ``empty_message``, ``too_long``, ``invalid_request``.
    """
    editor = require(staff, *_WRITERS)
    text, code = clean(text, country)
    async with db.transaction() as tx:
        if not await repository.exists(tx, notice_id):
            raise AppError("unknown_notice")
        known = await of_notice(tx, cipher, notice_id)
        same = next((one for one in known if (one.text, one.country) == (text, code)), None)
        if same is not None:
            return same
        if len(known) >= MOST_OF_ONE_NOTICE:
            raise AppError("invalid_request", "too many test questions", field="text")
        number = await insert(tx, cipher, notice_id, text, code, editor.login)
        await audit.record(tx, editor.login, address, "notice_question.add", detail={"notice": notice_id, "question": number})
    return TestQuestion(number, notice_id, text, code, editor.login)


async def insert(tx: Connection, cipher: Cipher, notice_id: str, text: str, country: str | None, by: str, origin: int | None = None) -> int:
    """Store a question that is clean already; ``origin`` is the citizen's question it was taken from."""
    return await repository.insert_question(tx, notice_id, cipher.seal(text, TEXT), country, by, origin)


async def change(
    db: Database,
    staff: Staff | None,
    cipher: Cipher,
    question_id: int,
    text: str,
    country: str | None = None,
    *,
    active: bool = True,
    address: str = "",
) -> TestQuestion:
    """Reword a test question, or let it rest; a reworded one is the editor's own from then on, not the citizen's.

    Raises:
        AppError: ``not_found``, ``empty_message``, ``too_long``, ``invalid_request``.
    """
    editor = require(staff, *_WRITERS)
    text, code = clean(text, country)
    async with db.transaction() as tx:
        row = await repository.question(tx, question_id)
        if row is None:
            raise AppError("not_found")
        is_same = cipher.open(row["text"], TEXT) == text
        await repository.update_question(tx, question_id, cipher.seal(text, TEXT), code, active, row["origin_id"] if is_same else None)
        await audit.record(tx, editor.login, address, "notice_question.change", detail={"notice": row["notice_id"], "question": question_id})
    return TestQuestion(question_id, row["notice_id"], text, code, row["created_by"], active, is_same and row["origin_id"] is not None)


async def remove(db: Database, staff: Staff | None, question_id: int, *, address: str = "") -> None:
    """Take a test question out.

    Raises:
        AppError: ``not_found``.
    """
    editor = require(staff, *_WRITERS)
    async with db.transaction() as tx:
        row = await repository.question(tx, question_id)
        if row is None:
            raise AppError("not_found")
        await repository.delete_question(tx, question_id)
        await audit.record(tx, editor.login, address, "notice_question.remove", detail={"notice": row["notice_id"], "question": question_id})
