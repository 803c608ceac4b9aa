"""Tables of the records: who may not be erased, and who was."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, LargeBinary, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from core.db import metadata

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("reason", LargeBinary, nullable=False, comment="sealed; context legal_holds.reason"),
    Column("set_by", Text, nullable=False),
    Column("set_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("lifted_by", Text),
    Column("lifted_at", DateTime(timezone=True)),
    Index("uq_legal_holds_standing", "conversation_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
    CheckConstraint("(lifted_by IS NULL) = (lifted_at IS NULL)", name="lifted"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("erased_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("erased_by", Text, nullable=False),
    Column("removed", JSONB, nullable=False, comment="rows by table"),
)
