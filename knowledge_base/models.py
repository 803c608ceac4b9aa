"""Tables of the knowledge base."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.db import metadata

_KINDS = "kind IN ('notice', 'canned')"
_STATUSES = "status IN ('draft', 'review', 'published', 'superseded', 'expired', 'withdrawn')"

notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("status", Text, nullable=False, server_default="draft"),
    Column("kind", Text, nullable=False, server_default="notice"),
    Column("shortcut", Text, nullable=False, server_default=""),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    Column("source_url", Text, nullable=False, server_default=""),
    Column("countries", ARRAY(Text), nullable=False, server_default="{}"),
    Column("topics", ARRAY(Text), nullable=False, server_default="{}"),
    Column("language", Text, nullable=False, server_default="ko"),
    Column("published_at", Date, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("expires_at", Date),
    Column("review_by", Date),
    Column("supersedes", ARRAY(Text), nullable=False, server_default="{}"),
    Column("test_only", Boolean, nullable=False, server_default=text("false")),
    Column("content_hash", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("created_by", Text, nullable=False),
    CheckConstraint(_STATUSES, name="status"),
    CheckConstraint(_KINDS, name="kind"),
    CheckConstraint("shortcut = '' OR kind = 'canned'", name="shortcut"),
    CheckConstraint("expires_at IS NULL OR expires_at > effective_from", name="expires_after_start"),
    Index("uq_notices_published", "id", unique=True, postgresql_where=text("status = 'published'")),
    Index("ix_notices_status", "status"),
    Index("ix_notices_canned", "id", "version", postgresql_where=text("kind = 'canned'")),
)

notice_history = Table(
    "notice_history",
    metadata,
    Column("seq", BigInteger, Identity(), primary_key=True),
    Column("notice_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("from_status", Text),
    Column("to_status", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    ForeignKeyConstraint(["notice_id", "version"], ["notices.id", "notices.version"], name="fk_notice_history_notice"),
    Index("ix_notice_history_notice", "notice_id", "version"),
)

#: Files as they came, once each, however many notices were made from them.
attachment_files = Table(
    "attachment_files",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
    CheckConstraint("size = octet_length(content)", name="size"),
)

notice_attachments = Table(
    "notice_attachments",
    metadata,
    Column("notice_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("warnings", ARRAY(Text), nullable=False, server_default="{}"),
    Column("attached_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("attached_by", Text, nullable=False),
    ForeignKeyConstraint(["notice_id", "version"], ["notices.id", "notices.version"], name="fk_notice_attachments_notice", ondelete="CASCADE"),
    ForeignKeyConstraint(["sha256"], ["attachment_files.sha256"], name="fk_notice_attachments_file"),
    Index("ix_notice_attachments_sha256", "sha256"),
)

#: Vectors and morphemes of a notice's passages, computed once for all processes: key = what was encoded, encoder = which model did it.
passage_cache = Table(
    "passage_cache",
    metadata,
    Column("key", Text, primary_key=True),
    Column("encoder", Text, primary_key=True),
    Column("words", JSONB, nullable=False),
    Column("vectors", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

missions = Table(
    "missions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("country", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False),
    Column("verified", Boolean, nullable=False, server_default=text("false")),
    Index("ix_missions_country", "country"),
)

emergency_numbers = Table(
    "emergency_numbers",
    metadata,
    Column("country", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("source", Text),
    Column("checked_by", Text),
    Column("checked_at", Date),
    CheckConstraint("service IN ('police', 'ambulance', 'fire')", name="service"),
)
