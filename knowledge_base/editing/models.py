"""Tables of the editorial side. Words of citizens, and questions that may be theirs, are sealed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Float, ForeignKey, Identity, Index, LargeBinary, Table, Text, func, text

from core.db import metadata

#: What citizens asked without getting a good answer; goes with the citizen's message.
unanswered_questions = Table(
    "unanswered_questions",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("message_id", BigInteger, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("text", LargeBinary, comment="redacted, sealed; context unanswered_questions.text; null once its time is over"),
    Column("language", Text, nullable=False),
    Column("country", Text),
    Column("reason", Text, nullable=False),
    Column("notice_id", Text, nullable=False, server_default=""),
    Column("score", Float),
    Column("asked_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("state", Text, nullable=False, server_default="open"),
    Column("handled_by", Text),
    Column("handled_at", DateTime(timezone=True)),
    Index("uq_unanswered_questions_message_id", "message_id", unique=True),
    Index("ix_unanswered_questions_conversation_id", "conversation_id"),
    Index("ix_unanswered_questions_open", "asked_at", postgresql_where=text("state = 'open'")),
    CheckConstraint("reason IN ('no_answer', 'rated_badly', 'asked_person_after')", name="reason"),
    CheckConstraint("state IN ('open', 'drafted', 'dismissed')", name="state"),
    CheckConstraint("(state = 'open') = (handled_by IS NULL)", name="handled_has_name"),
)

#: What a notice is expected to answer.
notice_questions = Table(
    "notice_questions",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("notice_id", Text, nullable=False),
    Column("text", LargeBinary, nullable=False, comment="sealed; context notice_questions.text"),
    Column("country", Text),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("origin_id", BigInteger, ForeignKey("unanswered_questions.id", ondelete="CASCADE"), comment="a citizen's words, until somebody rewords them"),
    Index("ix_notice_questions_notice_id", "notice_id"),
    Index("ix_notice_questions_origin_id", "origin_id"),
    CheckConstraint("country IS NULL OR country ~ '^[A-Z]{2}$'", name="country"),
)
