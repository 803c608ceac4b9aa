"""Tables of the officers: who sits at which mission, which missions a case was shown to, and what they were told."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Integer, LargeBinary, Table, Text, func, text

from core.db import metadata

mission_officers = Table(
    "mission_officers",
    metadata,
    Column("staff_id", BigInteger, ForeignKey("staff.id", name="fk_mission_officers_staff_id", ondelete="CASCADE"), primary_key=True),
    Column("mission", Text, nullable=False),
    Column("email", LargeBinary, comment="sealed; null: told on the desk alone"),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_mission_officers_mission", "mission"),
)

#: What a case's candidates were computed from; another place or country makes it stale.
case_routings = Table(
    "case_routings",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id", name="fk_case_routings_case_id", ondelete="CASCADE"), primary_key=True),
    Column("country", Text),
    Column("fix_id", BigInteger),
    Column("routed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

case_missions = Table(
    "case_missions",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id", name="fk_case_missions_case_id", ondelete="CASCADE"), primary_key=True),
    Column("mission", Text, primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("basis", Text, nullable=False),
    Column("certainty", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ended_at", DateTime(timezone=True)),
    Index("ix_case_missions_mission", "mission", postgresql_where=text("ended_at IS NULL")),
    CheckConstraint("certainty IN ('confirmed', 'likely', 'check')", name="certainty"),
)

#: One row for each officer and case; it is told again until somebody says that it was seen.
officer_notices = Table(
    "officer_notices",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id", name="fk_officer_notices_case_id", ondelete="CASCADE"), primary_key=True),
    Column("staff_id", BigInteger, ForeignKey("staff.id", name="fk_officer_notices_staff_id", ondelete="CASCADE"), primary_key=True),
    Column("sent", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("next_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("acknowledged_at", DateTime(timezone=True)),
    Index("ix_officer_notices_next_at", "next_at", postgresql_where=text("acknowledged_at IS NULL")),
)
