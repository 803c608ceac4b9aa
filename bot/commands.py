"""Commands that need the database: they use ``DATABASE_URL``, or the data folder's own server, started for the length of the command if it is not running."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TextIO, TypeVar

import knowledge_base.commands as kb
from core.db import Database
from core.logging import keep_off_standard_output
from core.migrate import migrate
from core.postgres import EmbeddedPostgres
from core.settings import Settings

Result = TypeVar("Result")


@contextlib.contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The connection string of a migrated database."""
    keep_off_standard_output()
    if settings.database_url is not None:
        migrate(settings.dsn())
        yield settings.dsn()
        return
    server = EmbeddedPostgres(settings.data_dir)
    running = server.attach()
    if running is not None:
        yield running
        return
    with server:
        migrate(server.dsn)
        yield server.dsn


def with_database(settings: Settings, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Run one piece of work on an open database."""
    with database(settings) as dsn:
        return run_on(dsn, work)


def run_on(dsn: str, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Run one piece of work on the database of this connection string."""

    async def run() -> Result:
        db = await Database.open(dsn, min_size=1, max_size=4)
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())


def open_knowledge(settings: Settings, analyser: Any) -> Any:
    """The knowledge base of a data folder, loaded into memory; the database may be gone afterwards."""
    from knowledge_base.service import KnowledgeBase

    return with_database(settings, lambda db: KnowledgeBase.open(db, analyser))


def kb_import(settings: Settings, paths: Sequence[Path], target: TextIO, progress: TextIO) -> int:
    """Import files and folders; a line per notice, and one per file as progress; exit code 1 if any was bad."""
    return with_database(settings, lambda db: kb.import_paths(db, settings, paths, target, progress))


def kb_search(settings: Settings, source: BinaryIO, target: TextIO) -> int:
    """Search line by line."""
    from language.analysis import Analyser

    knowledge = open_knowledge(settings, Analyser.load())
    return kb.search_lines(knowledge, source, target)


def kb_publish(settings: Settings, notice_ids: Sequence[str], target: TextIO) -> int:
    """Publish drafts."""
    return with_database(settings, lambda db: kb.publish(db, settings, notice_ids, target))


def kb_list(settings: Settings, target: TextIO) -> int:
    """List every notice's newest version."""
    return with_database(settings, lambda db: kb.list_notices(db, target))


def kb_sync(settings: Settings, names: Sequence[str], target: TextIO, **options: Any) -> int:
    """Fetch the ministry's open data, show what changed, and apply it if asked to."""
    from knowledge_base.opendata import commands as opendata

    return with_database(settings, lambda db: opendata.synchronise(db, settings, names, target, **options))


def kb_confirm(settings: Settings, change_id: int | None, by: str, refuses: bool, target: TextIO) -> int:
    """Confirm, as the second person, that an alarm has fallen or gone."""
    from knowledge_base.opendata import commands as opendata

    return with_database(settings, lambda db: opendata.decide(db, change_id, by, target, refuses=refuses))


def kb_history(settings: Settings, notice_id: str, target: TextIO) -> int:
    """Who did what with a notice."""
    from knowledge_base.editing import commands as editing

    return with_database(settings, lambda db: editing.history(db, notice_id, target))


def kb_diff(settings: Settings, notice_id: str, old: int, new: int, target: TextIO) -> int:
    """What differs between two versions."""
    from knowledge_base.editing import commands as editing

    return with_database(settings, lambda db: editing.differences(db, notice_id, old, new, target))


def kb_revert(settings: Settings, notice_id: str, to_version: int, target: TextIO) -> int:
    """An old text as a new draft."""
    from knowledge_base.editing import commands as editing

    return with_database(settings, lambda db: editing.revert(db, settings, notice_id, to_version, target))


def kb_questions(settings: Settings, notice_id: str | None, checks: bool, target: TextIO) -> int:
    """List the test questions, or ask them."""
    from core.crypto import load_cipher
    from knowledge_base.editing import commands as editing
    from knowledge_base.service import KnowledgeBase
    from language.analysis import Analyser

    async def work(db: Database) -> int:
        base = await KnowledgeBase.open(db, Analyser.load()) if checks else None
        return await editing.list_questions(db, load_cipher(settings.resolved_key_file()), notice_id, target, base)

    return with_database(settings, work)


def staff_invite(settings: Settings, roles: Sequence[str], target: TextIO) -> int:
    """Print a one-time link."""
    from accounts import service as accounts

    async def invite(db: Database) -> str:
        async with db.transaction() as tx:
            return await accounts.invite(tx, list(roles))

    token = with_database(settings, invite)
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    target.write(json.dumps({"link": f"{base}/staff/invite/{token}", "roles": list(roles)}, ensure_ascii=False) + "\n")
    return 0


def staff_seat(settings: Settings, login: str, mission: str, email: str, target: TextIO) -> int:
    """Seat an officer at a mission."""
    from core.crypto import load_cipher
    from core.errors import AppError
    from handoff.officers import service as officers

    async def seat(db: Database) -> dict[str, Any]:
        try:
            async with db.transaction() as tx:
                await officers.seat_by_login(tx, load_cipher(settings.resolved_key_file()), login, mission, email)
        except AppError as error:
            return error.body()
        return {"login": login, "mission": mission}

    done = with_database(settings, seat)
    target.write(json.dumps(done, ensure_ascii=False) + "\n")
    return 1 if "error" in done else 0


def review_export(settings: Settings, out: Path, target: TextIO) -> int:
    """Write accepted labels as lines of the triage corpus."""
    from core.crypto import load_cipher
    from handoff.reviews.export import export

    path = out.resolve()

    async def work(db: Database) -> int:
        async with db.read() as connection:
            return await export(connection, load_cipher(settings.resolved_key_file()), path)

    target.write(json.dumps({"out": str(out), "lines": with_database(settings, work)}, ensure_ascii=False) + "\n")
    return 0


def review_figures(settings: Settings, target: TextIO) -> int:
    """Print what the board shows of missed danger."""
    from handoff.reviews import figures

    async def work(db: Database) -> dict[str, Any]:
        async with db.read() as connection:
            return figures.summary(await figures.figures(connection))

    target.write(json.dumps(with_database(settings, work), ensure_ascii=False) + "\n")
    return 0


def evaluate_since(settings: Settings, since: datetime, target: TextIO) -> int:
    """How triage has done since a day, by accepted labels, and how its scores have moved."""
    from handoff.reviews import drift

    async def work(db: Database) -> dict[str, Any]:
        async with db.read() as connection:
            return await drift.evaluate_since(connection, since)

    target.write(json.dumps(with_database(settings, work), ensure_ascii=False) + "\n")
    return 0
