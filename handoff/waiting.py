"""Waiting citizens are told their place in the queue and a range for the wait, or honestly that nobody is there: on change, once a minute at most."""

from __future__ import annotations

from datetime import datetime, timedelta

from conversation import service as conversation
from conversation.schemas import AuthorKind, Body
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Database
from core.settings import settings
from handoff import waiting_repository
from handoff.choosing import SILENT_AFTER
from handoff.wait_estimate import Wait, estimate, words
from knowledge_base.crisis_cards import QUIET

#: Nobody is told anything who has a person within this time.
FIRST_AFTER = timedelta(seconds=5)
#: Nor more often than this.
EVERY = timedelta(seconds=60)
#: With fewer cases measured, no time is named.
MEASURED_AT_LEAST = 5
KIND = "queue_status"


async def tell_waiting(db: Database, cipher: Cipher, at: datetime | None = None) -> list[int]:
    """Tell everyone whose wait has changed, at most once a minute each; the cases told.

    Nothing is written where somebody may be reading along, and channels that count messages get the first line only.
    """
    at = at or clock_now()
    async with db.read() as connection:
        due = await waiting_repository.due(connection, sorted(map(str, QUIET)), at - FIRST_AFTER, at - EVERY)
        if not due:
            return []
        crew = await waiting_repository.crew(connection, at - SILENT_AFTER)
        quartiles = await waiting_repository.quartiles(connection, at, MEASURED_AT_LEAST)
    told = []
    for row in due:
        wait = estimate(row["position"], row["severity"], crew, quartiles)
        if wait.digest != row["told"] and await _tell(db, cipher, row["id"], wait, at):
            told.append(int(row["id"]))
    return told


async def _tell(db: Database, cipher: Cipher, case_id: int, wait: Wait, at: datetime) -> bool:
    async with db.transaction() as tx:
        row = await waiting_repository.mark_told(tx, case_id, wait.digest, at, at - EVERY)
        if row is None:  # taken, or told by another worker meanwhile
            return False
        body = Body(words(wait, row["language"], settings().hotline), kind=KIND)
        await conversation.reply(tx, cipher, row["conversation_id"], AuthorKind.SYSTEM, body, client_id=f"wait-{case_id}-{row['waits']}-{int(at.timestamp())}")
    return True
