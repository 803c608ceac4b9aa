"""Tables of incidents. A case stands in ``incident_cases`` once at most, hence in one incident at most."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, LargeBinary, Table, Text, func, text

from core.db import metadata

_NOW = func.clock_timestamp()

incidents = Table(
    "incidents",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("title", LargeBinary, nullable=False, comment="sealed; context incidents.title"),
    Column("category", Text, nullable=False),
    Column("country", Text),
    Column("status", Text, nullable=False, server_default="open"),
    Column("opened_by", BigInteger, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("merged_into", BigInteger, ForeignKey("incidents.id")),
    Column("ended_by", BigInteger),
    Column("ended_at", DateTime(timezone=True)),
    Index("ix_incidents_open", "id", postgresql_where=text("status = 'open'")),
    CheckConstraint("status IN ('open', 'merged', 'closed')", name="status"),
    CheckConstraint("(status = 'merged') = (merged_into IS NOT NULL)", name="merged_into_one"),
    CheckConstraint("(status = 'open') = (ended_at IS NULL)", name="ended_has_time"),
    CheckConstraint("merged_into <> id", name="not_into_itself"),
)

incident_cases = Table(
    "incident_cases",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("added_by", BigInteger, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("team_before", Text, comment="the team that a case in the surge's lane goes back to"),
    Index("ix_incident_cases_incident_id", "incident_id"),
)

incident_people = Table(
    "incident_people",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE")),
    Column("is_citizen", Boolean, nullable=False, server_default="false", comment="whoever writes in the case, rather than somebody with them"),
    Column("name", LargeBinary, comment="sealed; context incident_people.name"),
    Column("state", Text, nullable=False, server_default="unknown"),
    Column("said_by", Text, nullable=False),
    Column("recorded_by", BigInteger, comment="none: the case itself said so when it was added"),
    Column("said_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Index("ix_incident_people_incident_id", "incident_id"),
    Index("uq_incident_people_citizen", "case_id", unique=True, postgresql_where=text("is_citizen")),
    CheckConstraint("state IN ('unknown', 'needs_help', 'safe')", name="state"),
    CheckConstraint("said_by IN ('citizen', 'companion', 'family', 'mission', 'local', 'staff')", name="said_by"),
    CheckConstraint("NOT is_citizen OR case_id IS NOT NULL", name="citizen_has_case"),
)

incident_statements = Table(
    "incident_statements",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("body", LargeBinary, nullable=False, comment="sealed; context incident_statements.body"),
    Column("author_id", BigInteger, nullable=False),
    Column("written_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("approved_by", BigInteger),
    Column("approved_at", DateTime(timezone=True)),
    Column("withdrawn_at", DateTime(timezone=True)),
    Index("ix_incident_statements_incident_id", "incident_id"),
    CheckConstraint("approved_by IS NULL OR approved_by <> author_id", name="second_person"),
    CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved"),
    CheckConstraint("approved_at IS NULL OR withdrawn_at IS NULL", name="approved_or_withdrawn"),
)

incident_deliveries = Table(
    "incident_deliveries",
    metadata,
    Column("statement_id", BigInteger, ForeignKey("incident_statements.id"), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("case_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("why", Text, nullable=False, server_default="", comment="why it was held back"),
    Column("done_at", DateTime(timezone=True)),
    Column("sent_by", BigInteger, comment="who sent it by hand after it was held back"),
    Index("ix_incident_deliveries_pending", "statement_id", postgresql_where=text("state = 'pending'")),
    CheckConstraint("state IN ('pending', 'sent', 'held')", name="state"),
    CheckConstraint("why IN ('', 'quiet', 'phone', 'ended', 'drill')", name="why"),
)
