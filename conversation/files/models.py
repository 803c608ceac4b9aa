"""Tables of files. What a file holds stands apart from what is known of it, so that nobody reads megabytes to draw a list."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    func,
)

from core.db import metadata

files = Table(
    "files",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("message_id", BigInteger, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False),
    Column("place", SmallInteger, nullable=False, comment="which of the message's files"),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("reason", Text, nullable=False, server_default="", comment="a code: why it was refused"),
    Column("reference", LargeBinary, comment="sealed; the platform's number or address of it, until it is fetched"),
    Column("name", LargeBinary, comment="sealed; as the sender called it"),
    Column("position", LargeBinary, comment="sealed; where the camera says that it was taken"),
    Column("media_type", Text, nullable=False, server_default=""),
    Column("size_bytes", Integer, nullable=False, server_default="0"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("next_attempt_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("uq_files_message_id_place", "message_id", "place", unique=True),
    Index("ix_files_conversation_id", "conversation_id"),
    Index("ix_files_unfinished", "next_attempt_at", postgresql_where="state IN ('waiting', 'received')"),
    Index("ix_files_expires_at", "expires_at", postgresql_where="state <> 'expired'"),
    CheckConstraint("state IN ('waiting', 'received', 'ready', 'refused', 'expired')", name="state"),
    CheckConstraint("kind IN ('image', 'document', 'audio', 'video', 'text')", name="kind"),
)

file_contents = Table(
    "file_contents",
    metadata,
    Column("file_id", BigInteger, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    Column("form", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False, comment="sealed"),
    CheckConstraint("form IN ('original', 'picture', 'thumbnail')", name="form"),
)

file_views = Table(
    "file_views",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", BigInteger, nullable=False),
    Column("file_id", BigInteger, ForeignKey("files.id", ondelete="CASCADE"), nullable=False),
    Column("staff_id", BigInteger, nullable=False),
    Column("form", Text, nullable=False),
    Column("viewed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_file_views_file_id", "file_id", "staff_id", "viewed_at"),
    Index("ix_file_views_conversation_id", "conversation_id"),
)
