"""The worker's round for officers: missions of open emergencies, and mail that is repeated until somebody says it was seen."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import aiosmtplib

from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Database
from core.errors import DatabaseUnavailable
from core.logging import get
from core.settings import Settings
from handoff.officers import mail, repository
from handoff.officers.routing import route_open
from handoff.officers.service import EMAIL
from handoff.soon import warm

log = get(__name__)
LOOK_S = 2.0
LONGEST_PAUSE_S = 60.0
#: While a message is under way its row is due this much later, so that a worker that dies sends it late and not never.
UNDER_WAY = timedelta(seconds=60)


async def send_due(db: Database, cipher: Cipher, settings: Settings, now: datetime | None = None) -> int:
    """Send what is due; how many went out. The database is not held while the mail server answers."""
    if not settings.smtp_host:
        return 0
    sent = 0
    while True:
        at = now or clock_now()
        async with db.transaction() as tx:
            row = await repository.due_notice(tx, at)
            if row is None:
                return sent
            await repository.under_way(tx, row["case_id"], row["staff_id"], at + UNDER_WAY)
        error = ""
        try:
            await mail.send(row["case_id"], cipher.open(row["email"], EMAIL), settings, again=row["sent"] > 0)
            sent += 1
        except (aiosmtplib.SMTPException, OSError, ValueError) as failure:
            error = type(failure).__name__
            log.warning("officer_mail_failed", case_id=row["case_id"], error=error)
        async with db.transaction() as tx:
            await repository.noticed(tx, row["case_id"], row["staff_id"], at + timedelta(minutes=settings.officer_repeat_minutes), error)


async def run(db: Database, cipher: Cipher, settings: Settings) -> None:
    """Work until cancelled; what fails is tried again less and less often, and nothing else waits for it."""
    # Tables of seconds are read in a thread before the first case: triage shares this process.
    await asyncio.to_thread(warm, words_too=False)
    pause_s = LOOK_S
    while True:
        try:
            await route_open(db, cipher, clock_now())
            await send_due(db, cipher, settings)
            pause_s = LOOK_S
        except DatabaseUnavailable:
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        except Exception as error:
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            log.error("officer_job_failed", error=type(error).__name__, exc_info=error)
        await asyncio.sleep(pause_s)
