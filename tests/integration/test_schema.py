"""The migrations and the models say the same, and the way back works."""

from __future__ import annotations

import psycopg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from core.db import metadata
from core.migrate import alembic_config, migrate


def _differences(dsn: str) -> list:
    engine = create_engine("postgresql+psycopg://", poolclass=NullPool, creator=lambda: psycopg.connect(dsn))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, metadata)


def test_migrations_from_nothing_equal_the_models(make_database):
    dsn = make_database()
    migrate(dsn)
    differences = [d for d in _differences(dsn) if not (d[0] == "remove_table" and d[1].name == "alembic_version")]
    assert differences == []


def test_downgrade_to_nothing_and_up_again(make_database):
    dsn = make_database()
    migrate(dsn)
    command.downgrade(alembic_config(dsn), "base")
    with psycopg.connect(dsn) as connection:
        left = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'").fetchone()
    assert left == (0,)
    migrate(dsn)
