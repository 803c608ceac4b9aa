"""The table of consents that others than the citizen have given, and of what was done without one."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, LargeBinary, Table, Text, func, text

from core.db import metadata

_NOW = func.clock_timestamp()

case_consents = Table(
    "case_consents",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("text_version", Text, nullable=False),
    Column("is_given", Boolean, nullable=False),
    Column("child_agrees", Boolean, nullable=False, server_default="false"),
    Column("way", Text, nullable=False, server_default=""),
    Column("words", LargeBinary, comment="sealed; context case_consents.words: who, and what was said; null once erased"),
    Column("given_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("written_by", BigInteger, nullable=False),
    Column("written_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("checked_by", BigInteger),
    Column("checked_at", DateTime(timezone=True)),
    Column("is_agreed", Boolean),
    Column("objection", LargeBinary, comment="sealed; context case_consents.objection"),
    Column("ended_by", BigInteger),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_why", LargeBinary, comment="sealed; context case_consents.ended_why"),
    Index("ix_case_consents_case_id", "case_id"),
    Index("ix_case_consents_conversation_id", "conversation_id"),
    Index("ix_case_consents_unchecked", "written_at", postgresql_where=text("checked_at IS NULL AND ended_at IS NULL AND kind <> 'guardian'")),
    CheckConstraint("kind IN ('guardian', 'child', 'without')", name="kind"),
    CheckConstraint("is_given OR kind = 'guardian'", name="refused_by_a_guardian"),
    CheckConstraint("checked_by IS NULL OR checked_by <> written_by", name="second_person"),
    CheckConstraint("(checked_by IS NULL) = (checked_at IS NULL) AND (checked_by IS NULL) = (is_agreed IS NULL)", name="checked"),
    CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name="ended"),
)
