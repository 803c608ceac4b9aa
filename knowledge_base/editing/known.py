"""Editors' test questions as known questions: what a notice is expected to answer also helps search to find it, once the notice is published.

Only questions in editors' own words: a citizen's stays a test question until somebody rewords it, since it goes when the citizen is erased.
"""

from __future__ import annotations

import asyncio

import numpy as np

from core.crypto import Cipher
from core.db import Database
from core.errors import DatabaseUnavailable
from core.logging import get
from knowledge_base.editing import questions, repository
from knowledge_base.editing.understood import understood
from knowledge_base.service import SEED_AUTHOR, KnowledgeBase

COMPARE_S = 30.0
#: Beyond this the newest are left out: every question is compared with all of them.
MOST = 20_000

log = get(__name__)


class KnownQuestions:
    """Follows the test questions of a process's knowledge base; vectors are kept in memory only."""

    def __init__(self, base: KnowledgeBase, db: Database, cipher: Cipher) -> None:
        self._base, self._db, self._cipher = base, db, cipher
        self._seen: frozenset[tuple[int, str, bytes]] | None = None

    async def refresh(self) -> int:
        """Take what stands in the database now; slow only for questions that are new. How many there are."""
        async with self._db.read() as connection:
            # Those that come with the program were learnt from already.
            rows = (await repository.editors_questions(connection, SEED_AUTHOR))[:MOST]
        seen = frozenset((row["id"], row["notice_id"], bytes(row["text"])) for row in rows)
        if seen == self._seen:
            return len(rows)
        texts = {row["id"]: self._cipher.open(row["text"], questions.TEXT) for row in rows}
        known = await asyncio.to_thread(understood, self._base, "known", texts)
        asked: dict[str, list[np.ndarray]] = {}
        for row in rows:
            vector = known[row["id"]].analysis.vector
            if vector is not None:
                asked.setdefault(row["notice_id"], []).append(np.asarray(vector, dtype=np.float32))
        self._base.know({name: np.stack(vectors) for name, vectors in asked.items()})
        self._seen = seen
        return len(rows)

    async def watch(self) -> None:
        """Look now and then, for ever; whatever goes wrong, search goes on with what it knows."""
        while True:
            try:
                await self.refresh()
            except DatabaseUnavailable:
                pass
            except Exception as error:  # noqa: BLE001 - the edge of a background task: one odd question must not end all updates
                log.error("known_questions_not_followed", error=type(error).__name__)
            await asyncio.sleep(COMPARE_S)
