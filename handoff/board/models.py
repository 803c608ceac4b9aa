"""The one thing that the other tables forget: who was at a desk when."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Identity, Index, Table, Text, text

from core.db import metadata

desk_times = Table(
    "desk_times",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("staff_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True), nullable=False, comment="the last sign of life in this state"),
    Column("is_open", Boolean, nullable=False, server_default="true"),
    Index("ix_desk_times_open", "staff_id", postgresql_where=text("is_open")),
    Index("ix_desk_times_until", "until"),
)
