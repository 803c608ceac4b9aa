"""Tables of handing on: numbers that supervisors have entered or checked, and what was handed on to whom."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, LargeBinary, Table, Text, func

from core.db import metadata

target_numbers = Table(
    "target_numbers",
    metadata,
    Column("target", Text, primary_key=True, comment="a key of data/hand_on_targets.csv"),
    Column("number", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("entered_by", BigInteger, comment="null: the number of the file"),
    Column("entered_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("checked_by", BigInteger),
    Column("checked_at", DateTime(timezone=True)),
    CheckConstraint("checked_by IS NULL OR checked_by IS DISTINCT FROM entered_by", name="second_person"),
    CheckConstraint("(checked_by IS NULL) = (checked_at IS NULL)", name="checked"),
)

case_hand_ons = Table(
    "case_hand_ons",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("staff_id", BigInteger, nullable=False),
    Column("target", Text, nullable=False),
    Column("said", LargeBinary, comment="sealed; what was said"),
    Column("handed_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index("ix_case_hand_ons_case_id", "case_id"),
)
