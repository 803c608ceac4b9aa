"""Tables that belong to no domain: event streams, timers, the heartbeat of processes, the access log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, LargeBinary, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from core.db import metadata

streams = Table(
    "streams",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last_seq", BigInteger, nullable=False, server_default="0"),
)

events = Table(
    "events",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False, server_default="{}"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

timers = Table(
    "timers",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("payload", JSONB, nullable=False, server_default="{}"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_timers_due_at", "due_at"),
    Index("uq_timers_kind_subject", "kind", "subject", unique=True),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("process", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("state", JSONB, nullable=False, server_default="{}"),
    Column("beat_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

access_log = Table(
    "access_log",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("account", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("action", Text, nullable=False),
    Column("case_id", BigInteger),
    Column("subject", Text, nullable=False, server_default=""),
    Column("detail", JSONB, nullable=False, server_default="{}"),
    Column("chain", LargeBinary, nullable=False),
    Index("ix_access_log_at", "at"),
    Index("ix_access_log_case_id", "case_id", "id", postgresql_where=text("case_id IS NOT NULL")),
)

#: The last row of the access log that retention has removed: the chain goes on from its hash.
access_log_starts = Table(
    "access_log_starts",
    metadata,
    Column("after_id", BigInteger, primary_key=True),
    Column("chain", LargeBinary, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("removed_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)
