"""Tables of abuse: what was marked, who rests afterwards, and the rules that supervisors set."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, Integer, Table, Text, func, text

from core.db import metadata

abuse_marks = Table(
    "abuse_marks",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("seq", Integer, comment="the line; none: it was said on the telephone"),
    Column("marked_by", BigInteger, nullable=False),
    Column("marked_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("taken_back_by", BigInteger),
    Column("taken_back_at", DateTime(timezone=True)),
    Index("uq_abuse_marks_line", "conversation_id", "seq", unique=True, postgresql_where=text("taken_back_at IS NULL")),
    Index("ix_abuse_marks_conversation_id", "conversation_id"),
    Index("ix_abuse_marks_case_id", "case_id"),
    CheckConstraint("(taken_back_by IS NULL) = (taken_back_at IS NULL)", name="taken_back"),
)

abuse_rests = Table(
    "abuse_rests",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("staff_id", BigInteger, nullable=False),
    Column("case_id", BigInteger, nullable=False, comment="the contact; a number alone, which outlives the case"),
    Column("owed_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("started_at", DateTime(timezone=True), comment="not yet: an emergency is still in hand, or the desk is closed"),
    Column("ends_at", DateTime(timezone=True)),
    Column("cut_at", DateTime(timezone=True), comment="ended early, for a life threat"),
    Index("uq_abuse_rests_owed", "staff_id", unique=True, postgresql_where=text("started_at IS NULL")),
    Index("ix_abuse_rests_staff_id", "staff_id", "ends_at"),
    CheckConstraint("(started_at IS NULL) = (ends_at IS NULL)", name="started"),
    CheckConstraint("cut_at IS NULL OR started_at IS NOT NULL", name="cut_after_start"),
)

desk_rules = Table(
    "desk_rules",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Integer, nullable=False),
    Column("set_by", BigInteger, nullable=False),
    Column("set_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)
