"""Bring the schema up to date with alembic, under an advisory lock so that several starters do not race."""

from __future__ import annotations

import psycopg
from alembic import command
from alembic.config import Config

from core.errors import StartError
from core.settings import ROOT

LOCK = 0x67696C646F6E67


def alembic_config(dsn: str) -> Config:
    """Alembic's configuration without a file: everything stands here."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "core" / "migrations"))
    config.attributes["dsn"] = dsn
    return config


def migrate(dsn: str, revision: str = "head") -> None:
    """Upgrade to ``revision``.

    Raises:
        StartError: the database cannot be reached, or its address cannot be read.
    """
    try:
        with psycopg.connect(dsn, autocommit=True, connect_timeout=10) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            command.upgrade(alembic_config(dsn), revision)
    except psycopg.OperationalError as error:
        raise StartError("The database cannot be reached; check DATABASE_URL and that PostgreSQL is running.") from error
    except psycopg.ProgrammingError as error:
        if error.sqlstate is None:  # libpq could not read the address; its words may hold the password
            raise StartError("DATABASE_URL is not an address that PostgreSQL understands (postgresql://user:password@host/name).") from None
        raise
