"""Test questions for the notices that come with the program: the written questions that search is fitted on, never those that it is judged by."""

from __future__ import annotations

import asyncio
from pathlib import Path

from core import db as database
from core.crypto import Cipher
from core.db import Database
from knowledge_base.editing import questions
from knowledge_base.evaluation import QUESTIONS_FILE, Case, load_cases
from knowledge_base.service import SEED_AUTHOR

#: Nobody has ever touched a test question, and these notices are still the ones that came with the program.
_UNTOUCHED = """
SELECT id FROM notices WHERE created_by = %s AND status = 'published' AND kind = 'notice'
AND NOT EXISTS (SELECT 1 FROM notice_questions) AND NOT EXISTS (SELECT 1 FROM access_log WHERE action LIKE 'notice_question.%%')
"""


async def seed_questions(db: Database, cipher: Cipher, environment: str, path: Path = QUESTIONS_FILE) -> int:
    """Fill an empty table in development, once; how many came. Only questions about today that one notice answers."""
    if environment == "production":
        return 0
    cases = await asyncio.to_thread(_cases, path)
    count = 0
    async with db.transaction() as tx:
        await database.run(tx, "LOCK TABLE notice_questions IN SHARE ROW EXCLUSIVE MODE")  # of several processes that start together, one does it
        known = {row["id"] for row in await database.rows(tx, _UNTOUCHED, SEED_AUTHOR)}
        for case in cases:
            if case.expected[0] in known and len(case.text) <= questions.LONGEST:
                await questions.insert(tx, cipher, case.expected[0], *questions.clean(case.text, case.country), SEED_AUTHOR)
                count += 1
    return count


def _cases(path: Path) -> list[Case]:
    if not path.is_file():
        return []
    return [case for case in load_cases(path, "train") if len(case.expected) == 1 and case.at is None and not case.past]
