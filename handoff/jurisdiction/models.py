"""The table of competence in PostgreSQL. A changed row is closed (``replaced_at``) and another is written: what was believed when stays."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Date, DateTime, Float, Identity, Index, Table, Text, func, text

from core.db import metadata

mission_competences = Table(
    "mission_competences",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("mission", Text, nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
    Column("box", ARRAY(Float), nullable=False, server_default="{}"),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("confidence", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("replaced_at", DateTime(timezone=True)),
    Index("ix_mission_competences_country", "country", postgresql_where=text("replaced_at IS NULL")),
    CheckConstraint("kind IN ('district', 'accreditation')", name="kind"),
    CheckConstraint("confidence IN ('O', 'N', 'K')", name="confidence"),
    CheckConstraint("cardinality(box) IN (0, 4)", name="box"),
    CheckConstraint("valid_to > valid_from", name="dates_in_order"),
)
