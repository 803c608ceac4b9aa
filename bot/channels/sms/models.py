"""Tables of texts: the ledger, a row for each recipient of each text, and parts of long texts that wait for their others."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Integer, LargeBinary, SmallInteger, Table, Text, Uuid, func

from core.db import metadata

text_deliveries = Table(
    "text_deliveries",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("key", Uuid, nullable=False, comment="of the parcel or of the text; the same when it is sent again"),
    Column("carrier", Text, nullable=False),
    Column("conversation_id", Text, comment="none: not of a conversation, such as a link that an agent sends"),
    Column("message_id", BigInteger, comment="the line that it says or is a part of; none: no line, such as a link to a caller"),
    Column("number_hash", Text, nullable=False, comment="keyed, as of callers"),
    Column("alphabet", Text, nullable=False),
    Column("segments", SmallInteger, nullable=False),
    Column("state", Text, nullable=False, server_default="submitted"),
    Column("reference", Text, comment="the carrier's number of it"),
    Column("reason", Text, comment="the carrier's code, where it failed"),
    Column("submitted_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("settled_at", DateTime(timezone=True), comment="delivered, failed, or given up asking"),
    Column("looked_at", DateTime(timezone=True)),
    Column("looks", Integer, nullable=False, server_default="0"),
    Index("uq_text_deliveries_carrier_reference", "carrier", "reference", unique=True, postgresql_where="reference IS NOT NULL"),
    Index("ix_text_deliveries_key", "key"),
    Index("ix_text_deliveries_conversation_id", "conversation_id", postgresql_where="conversation_id IS NOT NULL"),
    Index("ix_text_deliveries_underway", "submitted_at", postgresql_where="state = 'accepted' AND settled_at IS NULL"),
    Index("ix_text_deliveries_lost", "settled_at", postgresql_where="state = 'failed' AND message_id IS NOT NULL"),
    CheckConstraint("state IN ('submitted', 'accepted', 'delivered', 'failed', 'unknown')", name="state"),
)

text_parts = Table(
    "text_parts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("number_hash", Text, nullable=False),
    Column("reference", Integer, nullable=False),
    Column("total", SmallInteger, nullable=False),
    Column("place", SmallInteger, nullable=False),
    Column("content", LargeBinary, nullable=False, comment="sealed; number and words"),
    Column("arrived_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index("uq_text_parts_place", "number_hash", "reference", "total", "place", unique=True),
    Index("ix_text_parts_arrived_at", "arrived_at"),
)
