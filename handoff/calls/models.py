"""Tables of free calls: that a call was, from when to when and why it ended; and, while it lasts, what the two browsers tell each other."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, LargeBinary, SmallInteger, Table, Text, func, text

from core.db import metadata

voice_calls = Table(
    "voice_calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("started_by", Text, nullable=False),
    Column("staff_id", BigInteger, comment="who has called or answered"),
    Column("citizen_key", Text, comment="keyed hash of what the citizen's one page holds"),
    Column("staff_key", Text, comment="keyed hash of what the agent's one page holds"),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("answered_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_by", Text),
    Column("why", Text, comment="a code: why it ended"),
    Column("citizen_seen_at", DateTime(timezone=True), comment="when that page was last heard of"),
    Column("staff_seen_at", DateTime(timezone=True), comment="when that page was last heard of"),
    Column("missed_seen_at", DateTime(timezone=True), comment="when an agent has seen that nobody had answered"),
    Index("uq_voice_calls_live", "conversation_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("uq_voice_calls_staff_live", "staff_id", unique=True, postgresql_where=text("ended_at IS NULL AND staff_id IS NOT NULL")),
    Index("ix_voice_calls_case_id", "case_id"),
    Index("ix_voice_calls_started_at", "started_at"),
    CheckConstraint("started_by IN ('citizen', 'agent')", name="started_by"),
    CheckConstraint("ended_by IN ('citizen', 'agent', 'nobody')", name="ended_by"),
    CheckConstraint("(ended_at IS NULL) = (why IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)", name="ended_has_why"),
    CheckConstraint("answered_at IS NULL OR (staff_id IS NOT NULL AND citizen_key IS NOT NULL AND staff_key IS NOT NULL)", name="answered_by"),
)

voice_signals = Table(
    "voice_signals",
    metadata,
    Column("call_id", Text, ForeignKey("voice_calls.id", ondelete="CASCADE"), primary_key=True),
    Column("side", Text, primary_key=True),
    Column("n", SmallInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="sealed; holds addresses of both; gone with the end of the call"),
    Column("sent_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index("uq_voice_signals_once", "call_id", "kind", unique=True, postgresql_where=text("kind IN ('offer', 'answer')")),
    CheckConstraint("side IN ('citizen', 'agent')", name="side"),
    CheckConstraint("kind IN ('offer', 'answer', 'ice')", name="kind"),
)
