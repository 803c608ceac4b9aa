"""Tables of the KakaoTalk channel: whose consult talk belongs to which conversation, and what the Event API has cost today."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, ForeignKey, Identity, Index, Integer, LargeBinary, Table, Text, func

from core.db import metadata

kakao_consults = Table(
    "kakao_consults",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("token_hash", LargeBinary, comment="of the reference that the button carries; none: the person came without a button"),
    Column("user_key", Text, comment="keyed hash of the dealer's key of the person; none: the button was not pressed yet"),
    Column("address", LargeBinary, comment="sealed; the dealer and its key of the person, for sending"),
    Column("issued_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("joined_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_by", Text),
    Index("ix_kakao_consults_conversation_id", "conversation_id"),
    Index("uq_kakao_consults_token_hash", "token_hash", unique=True, postgresql_where="token_hash IS NOT NULL"),
    Index("uq_kakao_consults_user_key", "user_key", unique=True, postgresql_where="user_key IS NOT NULL AND ended_at IS NULL"),
    CheckConstraint("(user_key IS NULL) = (joined_at IS NULL)", name="joined"),
)

kakao_event_days = Table(
    "kakao_event_days",
    metadata,
    Column("day", Date, primary_key=True, comment="in Seoul"),
    Column("sent", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0", comment="sends that the budget forbade"),
)
