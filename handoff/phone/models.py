"""Tables of phone callers: the calls of a case, the codes read out to them, and wrong tries of codes."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, LargeBinary, Table, Text, func, text

from core.db import metadata

phone_calls = Table(
    "phone_calls",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("staff_id", BigInteger, nullable=False),
    Column("client_id", Text, nullable=False, comment="of the form, so that one posted twice opens one case"),
    Column("caller", LargeBinary, comment="sealed; the name that the caller gave"),
    Column("number", LargeBinary, comment="sealed; E.164"),
    Column("number_hash", Text, comment="keyed, to find an earlier call of the same number"),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Index("uq_phone_calls_client_id", "client_id", unique=True),
    Index("ix_phone_calls_case_id", "case_id"),
    Index("ix_phone_calls_number_hash", "number_hash", postgresql_where=text("number_hash IS NOT NULL")),
    CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="order"),
)

locate_codes = Table(
    "locate_codes",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("code_hash", Text, nullable=False, comment="keyed: six digits could be searched under a plain hash"),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("staff_id", BigInteger, nullable=False),
    Column("issued_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True), comment="used, replaced by a newer one, or over"),
    Column("link_hash", LargeBinary, comment="the link that it has opened"),
    Index("uq_locate_codes_live", "code_hash", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("ix_locate_codes_case_id", "case_id"),
    CheckConstraint("used_at IS NULL OR ended_at IS NOT NULL", name="used_is_over"),
)

locate_tries = Table(
    "locate_tries",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("address_hash", Text, nullable=False, comment="keyed; forgotten after an hour"),
    Column("tried_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index("ix_locate_tries_tried_at", "tried_at"),
)
