"""The table of what is handed out when somebody asks what is kept about them."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Date, DateTime, ForeignKey, Identity, Index, Integer, LargeBinary, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from core.db import metadata

record_exports = Table(
    "record_exports",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("requester", Text, nullable=False, comment="a code: the person, a guardian, a proxy"),
    Column("identity", LargeBinary, comment="sealed; context record_exports.identity: who asked and how that was made sure; null once erased"),
    Column("asked_on", Date, nullable=False),
    Column("content", LargeBinary, comment="sealed; context record_exports.content: the document; once released, blacked out for good; null when over"),
    Column("marks", JSONB, nullable=False, server_default="{}", comment="places in the document, never words"),
    Column("warned", ARRAY(Text), nullable=False, server_default="{}", comment="what was known and said before it was released"),
    Column("prepared_by", BigInteger, nullable=False),
    Column("prepared_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("returned_why", LargeBinary, comment="sealed; context record_exports.returned_why"),
    Column("released_by", BigInteger),
    Column("released_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_record_exports_case_id", "case_id"),
    Index("ix_record_exports_conversation_id", "conversation_id"),
    Index("ix_record_exports_expires_at", "expires_at"),
    CheckConstraint("state IN ('draft', 'waiting', 'released', 'withdrawn')", name="state"),
    CheckConstraint("requester IN ('self', 'guardian', 'proxy')", name="requester"),
    CheckConstraint("released_by IS NULL OR released_by <> prepared_by", name="second_person"),
    CheckConstraint("(released_by IS NULL) = (released_at IS NULL)", name="released"),
    CheckConstraint("state <> 'released' OR released_by IS NOT NULL", name="released_by_somebody"),
)
