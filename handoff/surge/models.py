"""The table of surge mode: one row for each switch; the newest says how it stands."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, ForeignKey, Identity, Table, Text, func

from core.db import metadata

surge_switches = Table(
    "surge_switches",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("opening", Text, nullable=False, server_default="", comment="what every citizen reads first"),
    Column("notice_id", Text, comment="the notice that is pinned to it"),
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), comment="whose cases have a lane of their own"),
    Column("switched_by", BigInteger, nullable=False),
    Column("switched_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    CheckConstraint("NOT is_on OR opening <> ''", name="opening"),
)
