"""Tables of the synchronisation: a run for each fetch of a service, and the pages it has brought so far."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, Integer, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from core.db import metadata

sync_runs = Table(
    "sync_runs",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("service", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="fetching"),
    Column("page_size", Integer, nullable=False),
    Column("total", Integer, comment="rows that the service says it has"),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now(), comment="what the run says was true from then on"),
    Column("finished_at", DateTime(timezone=True)),
    Column("error", Text, nullable=False, server_default="", comment="a code, never an address"),
    Column("rejected", Integer, nullable=False, server_default="0", comment="rows that could not be read; such a run is not complete"),
    Column("applied_at", DateTime(timezone=True)),
    Column("applied_by", Text),
    CheckConstraint("state IN ('fetching', 'interrupted', 'failed', 'staged', 'applied', 'replaced')", name="state"),
    CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name="applied_has_time"),
    Index("ix_sync_runs_service", "service", "id"),
)

sync_pages = Table(
    "sync_pages",
    metadata,
    Column("run_id", BigInteger, ForeignKey("sync_runs.id", ondelete="CASCADE", name="fk_sync_pages_run_id"), primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("items", JSONB, nullable=False),
    Column("fetched_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

service_syncs = Table(
    "service_syncs",
    metadata,
    Column("service", Text, primary_key=True),
    Column("run_id", BigInteger, ForeignKey("sync_runs.id", name="fk_service_syncs_run_id"), nullable=False),
    Column("complete_at", DateTime(timezone=True), nullable=False, comment="the start of the last complete run that was applied"),
    Column("rows", Integer, nullable=False),
)
