"""Shared fixtures: one PostgreSQL for the whole run, a migrated database, empty tables before each test.

With ``DATABASE_URL`` the same suite runs against that server, in a database of its own that is dropped afterwards.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from psycopg.conninfo import make_conninfo

from core.crypto import Cipher, load_cipher
from core.db import Database, metadata
from core.migrate import migrate
from core.postgres import EmbeddedPostgres

EXTERNAL = os.environ.pop("DATABASE_URL", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Kill and browser tests last: what is cheap fails first."""
    items.sort(key=lambda item: bool(item.get_closest_marker("browser")) + 2 * bool(item.get_closest_marker("kill")))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Under ``GILDONGMU_NO_SKIP`` (continuous integration) a skip is a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("GILDONGMU_NO_SKIP") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which is not allowed here: {report.longrepr}"


@pytest.fixture(scope="session")
def server_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server: the operator's, or our own."""
    if EXTERNAL:
        yield EXTERNAL
        return
    server = EmbeddedPostgres(tmp_path_factory.mktemp("state"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def make_database(server_dsn: str) -> Iterator:
    """A factory of empty databases on the server, dropped at the end."""
    made: list[str] = []

    def make() -> str:
        name = f"gildongmu_test_{secrets.token_hex(6)}"
        with psycopg.connect(server_dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name)))
        made.append(name)
        return make_conninfo(server_dsn, dbname=name)

    yield make
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        for name in made:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def dsn(make_database) -> str:
    """A migrated database."""
    address = make_database()
    migrate(address)
    return address


@pytest_asyncio.fixture(scope="session")
async def _database(dsn: str) -> AsyncIterator[Database]:
    database = await Database.open(dsn, min_size=1, max_size=60)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def db(_database: Database) -> Database:
    """The database with every table empty."""
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    async with _database.transaction() as tx:
        await tx.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")  # type: ignore[arg-type]
    return _database


@pytest.fixture(scope="session")
def cipher(tmp_path_factory: pytest.TempPathFactory) -> Cipher:
    """Keys of this run."""
    return load_cipher(tmp_path_factory.mktemp("keys") / "keys.json")


@pytest.fixture(scope="session")
def analyser():
    """The real analyser: Kiwi, spaCy and the encoder (built once on the machine)."""
    from language.analysis import Analyser
    from language.encoder import ensure_built

    ensure_built()
    return Analyser.load()


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    """A whole file that skips itself while it is collected counts the same."""
    report = yield
    if report.skipped and os.environ.get("GILDONGMU_NO_SKIP"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which is not allowed here: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly, just before the closing line, what was not tested."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] = reasons.get(reason.removeprefix("Skipped: "), 0) + 1
    if reasons:
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
    for reason, count in sorted(reasons.items()):
        terminalreporter.line(f"{count} test{'s were' if count > 1 else ' was'} not run: {reason}", red=True)
    if any("chromium" in reason.lower() for reason in reasons):
        terminalreporter.line("The pages were NOT tested in a browser: install Chromium and run again.", red=True, bold=True)
