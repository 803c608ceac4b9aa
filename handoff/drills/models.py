"""The table of drills: one row each, with the time of every step that was seen."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, Table, Text, func, text

from core.db import metadata

drills = Table(
    "drills",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("slot_at", DateTime(timezone=True), comment="its time in the schedule; none: somebody asked for it"),
    Column("channel", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("state", Text, nullable=False, server_default="running"),
    Column("conversation_id", Text, ForeignKey("conversations.id")),
    Column("case_id", BigInteger, ForeignKey("cases.id")),
    Column("began_at", DateTime(timezone=True)),
    Column("received_at", DateTime(timezone=True)),
    Column("queued_at", DateTime(timezone=True)),
    Column("offered_at", DateTime(timezone=True), comment="first offered to somebody, or rung on every desk"),
    Column("claimed_at", DateTime(timezone=True)),
    Column("first_words_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    Column("alarmed_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("outcome", Text),
    Column("why", Text, nullable=False, server_default="", comment="a code: what stood in the way"),
    Index("uq_drills_slot_at", "slot_at", unique=True),
    Index("uq_drills_running", "state", unique=True, postgresql_where=text("state = 'running'")),
    CheckConstraint("state IN ('running', 'ended')", name="state"),
    CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL) AND (state = 'ended') = (outcome IS NOT NULL)", name="ended_has_outcome"),
    CheckConstraint("outcome IN ('claimed', 'unclaimed', 'unclosed', 'withdrawn', 'failed', 'missed')", name="outcome"),
)
