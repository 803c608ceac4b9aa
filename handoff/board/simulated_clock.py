"""A database whose time can be set, so that the real services live through a day in seconds and stamp its times."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from core import db as database
from core.db import Connection

#: Found before PostgreSQL's own functions, also where a column's default calls them.
_CLOCK = """
CREATE TABLE public.simulated_clock (at timestamptz NOT NULL);
INSERT INTO public.simulated_clock VALUES ('2000-01-01Z');
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM public.simulated_clock';
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT at FROM public.simulated_clock';
"""


class SimulatedClock:
    """The time that the program and such a database tell."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The present, in UTC."""
        return self.at.astimezone(UTC)

    async def set(self, tx: Connection, at: datetime) -> None:
        """Let it be so late; it never goes back."""
        if at < self.at:
            raise ValueError("time does not go back")
        self.at = at
        await database.run(tx, "UPDATE simulated_clock SET at = %s", at)


def install(dsn: str) -> None:
    """Give an empty database such a clock, before its tables are made.

    Raises:
        ValueError: it holds tables already, so it may be somebody's.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchone():
            raise ValueError("only an empty database gets a simulated clock")
        connection.execute(_CLOCK)
        name = connection.execute("SELECT quote_ident(current_database()) AS name").fetchone()
        assert name is not None  # noqa: S101  (a function gives a row)
        # Nobody misses such a day if the machine stops, so its commits need not wait for the disk.
        for setting in ("search_path = public, pg_catalog", "synchronous_commit = off"):
            connection.execute(f"ALTER DATABASE {name[0]} SET {setting}".encode())
