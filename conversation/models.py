"""Tables of a conversation: the transcript, what an inbound needs, what an outbound needs."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
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
from sqlalchemy.dialects.postgresql import JSONB

from core.db import metadata

conversations = Table(
    "conversations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("visitor", Text, nullable=False, server_default=""),
    Column("token_hash", LargeBinary, nullable=False),
    Column("status", Text, nullable=False, server_default="open"),
    Column("owner_kind", Text, nullable=False, server_default="bot"),
    Column("owner_id", BigInteger),
    Column("last_seq", Integer, nullable=False, server_default="0"),
    Column("language", Text, nullable=False, server_default="ko"),
    Column("country", Text),
    Column("synthetic", Boolean, nullable=False, server_default="false"),
    Column("heightened_until", DateTime(timezone=True)),
    Column("dialogue", LargeBinary, comment="sealed; what the dialogue expects and has not been told yet"),
    Column("last_urgency", Text, nullable=False, server_default="none"),
    Column("read_by_citizen", Integer, nullable=False, server_default="0"),
    Column("read_by_person", Integer, nullable=False, server_default="0"),
    Column("last_inbound_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("closed_at", DateTime(timezone=True)),
    CheckConstraint("status IN ('open', 'closed')", name="status"),
    CheckConstraint("(owner_kind = 'bot') = (owner_id IS NULL)", name="one_owner"),
)

participants = Table(
    "participants",
    metadata,
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("staff_id", BigInteger, primary_key=True),
    Column("role", Text, nullable=False),
    Column("joined_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

messages = Table(
    "messages",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("author_kind", Text, nullable=False),
    Column("author_id", BigInteger),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("uq_messages_conversation_id_seq", "conversation_id", "seq", unique=True),
    CheckConstraint("author_kind IN ('citizen', 'bot', 'agent', 'officer', 'system')", name="author_kind"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("message_id", BigInteger, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("triage_state", Text, nullable=False, server_default="pending"),
    Column("triage_attempts", Integer, nullable=False, server_default="0"),
    Column("triaged_at", DateTime(timezone=True)),
    Column("triaged_by", Text),
    Column("urgency", Text),
    Column("category", Text),
    Column("action", Text),
    Column("score", Float),
    Column("reasons", JSONB, nullable=False, server_default="[]"),
    Column("turn_state", Text, nullable=False, server_default="pending"),
    Column("turn_attempts", Integer, nullable=False, server_default="0"),
    Column("turned_at", DateTime(timezone=True)),
    Index("uq_inbox_channel_event_id", "channel", "event_id", unique=True),
    Index("ix_inbox_untriaged", "received_at", postgresql_where="triage_state = 'pending'"),
    Index("ix_inbox_unturned", "received_at", postgresql_where="turn_state = 'pending'"),
    Index("ix_inbox_conversation_id_seq", "conversation_id", "seq"),
    CheckConstraint("triage_state IN ('pending', 'done', 'failed')", name="triage_state"),
    CheckConstraint("turn_state IN ('pending', 'held', 'answered', 'to_person', 'dropped')", name="turn_state"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", BigInteger, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("in_reply_to", BigInteger),
    Column("policy", Text, nullable=False, server_default="at_most_once"),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("window_deadline", DateTime(timezone=True)),
    Column("sent_at", DateTime(timezone=True)),
    Column("last_error", Text),
    Index("uq_outbox_conversation_id_client_id", "conversation_id", "client_id", unique=True),
    Index("ix_outbox_pending", "next_attempt_at", postgresql_where="state = 'pending'"),
    CheckConstraint("state IN ('pending', 'sending', 'sent', 'dead')", name="state"),
)

late_answers = Table(
    "late_answers",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation_id", Text, nullable=False),
    Column("in_reply_to", BigInteger),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

ratings = Table(
    "ratings",
    metadata,
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("score", SmallInteger, nullable=False),
    Column("rated_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    CheckConstraint("score BETWEEN 1 AND 5", name="score"),
)
