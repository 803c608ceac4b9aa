"""``gildongmu sandbox``: bring sample cases into the training sandbox, or clear it and begin anew; it may be running or not."""

from __future__ import annotations

from collections.abc import Collection
from typing import TextIO

from bot import commands, sandbox_cases
from bot.services import Services
from core.crypto import load_cipher
from core.db import Database
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards


def bring(settings: Settings, out: TextIO, kinds: Collection[str], *, only_if_new: bool = False) -> int:
    """Bring sample cases of these kinds, of every kind if none is named."""

    async def work(db: Database) -> int:
        async with db.read() as connection:
            if only_if_new and not await sandbox_cases.is_new(connection):
                return 0
        brought = await sandbox_cases.bring(_services(settings, db), kinds)
        out.write(f"sample cases brought into the sandbox: {brought}\n")
        return 0

    return commands.with_database(settings, work)


def reset(settings: Settings, out: TextIO, *, is_empty: bool) -> int:
    """Take all citizens and cases away and bring the samples anew, unless it is to stay empty."""

    async def work(db: Database) -> int:
        out.write(f"cases taken away: {await sandbox_cases.clear(db)}\n")
        if not is_empty:
            out.write(f"sample cases brought into the sandbox: {await sandbox_cases.bring(_services(settings, db))}\n")
        return 0

    return commands.with_database(settings, work)


def _services(settings: Settings, db: Database) -> Services:
    return Services(settings, db, load_cipher(settings.resolved_key_file()), EventHub(db), CrisisCards.load(hotline=settings.hotline))
