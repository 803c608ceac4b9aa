"""``gildongmu backup``, ``restore`` and ``erase``: what an operator does by hand, and rehearses."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import psycopg

from bot import commands, erasure
from core import audit, backup
from core import db as database
from core.crypto import load_cipher
from core.db import Connection, Database
from core.errors import AppError, StartError
from core.migrate import migrate
from core.postgres import EmbeddedPostgres
from core.settings import Settings

#: A database in which any of these has rows is somebody's.
IN_USE = ("conversations", "staff", "access_log")


def passphrase(settings: Settings) -> str:
    """The backup's passphrase: from the setting, else asked for at the terminal.

    Raises:
        StartError: there is neither.
    """
    if settings.backup_passphrase is not None:
        return settings.backup_passphrase.get_secret_value()
    if not sys.stdin.isatty():
        raise StartError("Give the backup's passphrase in GILDONGMU_BACKUP_PASSPHRASE.")
    return getpass.getpass("Passphrase of the backup: ")


def write_backup(settings: Settings, target: Path, out: TextIO) -> int:
    """Write one file with the database and the sealed keys; may run while the program does."""
    with commands.database(settings) as dsn:
        load_cipher(settings.resolved_key_file())
        manifest = backup.write(dsn, settings.resolved_key_file(), target, passphrase(settings))
    out.write(json.dumps({"backup": str(target), "created_at": manifest.created_at, "bytes": target.stat().st_size}, ensure_ascii=False) + "\n")
    return 0


def restore(settings: Settings, source: Path, out: TextIO, *, replaces: bool) -> int:
    """Put a backup in place of the database, check it, and erase again whoever was erased after it was made."""
    if settings.database_url is None and EmbeddedPostgres(settings.data_dir).attach() is not None:
        raise StartError(f"The program runs on {settings.data_dir}: stop it first.")
    with backup.opened(source, passphrase(settings)) as (manifest, dump, keys), commands.database(settings) as dsn:
        _refuse(dsn, settings, replaces)
        journal = _journal(settings)
        with _ended_by_exception(), backup.replaced(dsn, dump), _keys(settings.resolved_key_file(), keys, replaces):
            migrate(dsn)
            checked = commands.run_on(dsn, lambda db: _check(db, settings))
            again = commands.run_on(dsn, lambda db: _erase_again(db, settings, journal))
    said = {"restored": str(source), "created_at": manifest.created_at, **checked, "erased_again": again}
    out.write(json.dumps(said, ensure_ascii=False) + "\n")
    return 0


@contextlib.contextmanager
def _ended_by_exception() -> Iterator[None]:
    """A closed line or a `kill` leaves the block by an exception, as Ctrl+C does: what was put aside comes back, and no second signal cuts that off."""

    def leave(number: int, _frame: object) -> None:
        for one in before:
            signal.signal(one, signal.SIG_IGN)
        sys.exit(128 + number)

    # What is ignored already stays so: under nohup a restore outlives its line.
    before = {one: was for one in (signal.SIGHUP, signal.SIGTERM) if (was := signal.getsignal(one)) is not signal.SIG_IGN}
    for one in before:
        signal.signal(one, leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _refuse(dsn: str, settings: Settings, replaces: bool) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        beat = connection.execute("SELECT count(*) FROM heartbeats WHERE beat_at > now() - interval '30 seconds'").fetchone()
    if settings.database_url is not None and beat and beat[0]:
        raise StartError("The program runs on this database: stop it first, and wait for half a minute.")
    held = backup.tables_with_rows(dsn, IN_USE)
    if held and not replaces:
        rows = ", ".join(f"{name} {count}" for name, count in held.items())
        raise StartError(f"The database is not empty ({rows}): give --replace to put the backup in its place.")


def _journal(settings: Settings) -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        return [line for line in (settings.resolved_key_file().parent / erasure.JOURNAL).read_text(encoding="utf-8").splitlines() if line.strip()]
    return []


@contextlib.contextmanager
def _keys(path: Path, content: bytes, replaces: bool) -> Iterator[None]:
    """The backup's keys in the key file; those that were there stay beside it, and come back if the block fails."""
    old = path.read_bytes() if path.exists() else None
    if old is not None and old != content and replaces:
        _write(path.with_name(path.name + ".before-restore"), old)
    _write(path, content)
    try:
        yield
    except BaseException:
        if old is None:
            path.unlink()
        else:
            _write(path, old)
        raise


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


async def _check(db: Database, settings: Settings) -> dict[str, Any]:
    """Open the newest sealed line and walk the access log.

    Raises:
        StartError: one of them does not hold; then nothing is replaced.
    """
    cipher = load_cipher(settings.resolved_key_file())
    async with db.read() as connection:
        newest = await database.one(connection, "SELECT body FROM messages ORDER BY id DESC LIMIT 1")
        counted = await database.one(connection, "SELECT (SELECT count(*) FROM conversations) AS conversations, (SELECT count(*) FROM messages) AS messages")
        chain = await audit.verify_chain(connection)
    try:
        if newest is not None:
            cipher.open(newest["body"], "messages.body")
    except Exception as error:
        raise StartError("The backup's keys do not open its messages; nothing was changed.") from error
    if not chain.intact:
        raise StartError(f"The access log of the backup does not fit at row {chain.broken_at}; nothing was changed.")
    return {**(counted or {}), "access_log": chain.rows}


async def _erase_again(db: Database, settings: Settings, journal: list[str]) -> int:
    cipher = load_cipher(settings.resolved_key_file())
    again = await erasure.erase_again(db, cipher, journal)
    await erasure.write_journal(db, settings.resolved_key_file().parent)
    return again


def erase(settings: Settings, out: TextIO, *, conversation: str, case: int | None, visitor: str, confirmed: bool, by: str) -> int:
    """Show what an erasure would concern, or make it; exit code 1 when it may not be made."""
    cipher = load_cipher(settings.resolved_key_file())

    async def work(db: Database) -> dict[str, Any]:
        try:
            if not confirmed:
                async with db.read() as connection:
                    return await erasure.preview(connection, await _named(connection))
            async with db.transaction() as tx:
                ids = await _named(tx)
                removed = await erasure.erase(tx, cipher, ids, by)
        except AppError as error:
            return error.body()
        finally:
            if confirmed:
                await erasure.write_journal(db, settings.resolved_key_file().parent)
        return {"erased": ids, "rows": removed}

    async def _named(connection: Connection) -> list[str]:
        stored = await erasure.stored_as(connection, cipher, visitor)
        return await erasure.conversations_of(connection, conversation=conversation, case=case, visitor=stored)

    done = commands.with_database(settings, work)
    out.write(json.dumps(done, ensure_ascii=False) + "\n")
    return 1 if "error" in done else 0
