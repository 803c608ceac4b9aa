"""What all processes share of WeChat: the access token of each account, and the webhooks of the last minutes by their nonce."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Index, LargeBinary, Table, Text, func

from core.db import metadata

wechat_tokens = Table(
    "wechat_tokens",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("token", LargeBinary, comment="sealed"),
    Column("token_hash", LargeBinary),
    Column("expires_at", DateTime(timezone=True)),
    Column("asking_until", DateTime(timezone=True), comment="one process asks for a new one; if it dies, another may after this"),
    Column("refused_hash", LargeBinary, comment="the token that the platform refused last: if it hands it out again, a new one is forced"),
    Column("forced_at", DateTime(timezone=True), comment="the platform allows it 20 times a day"),
)

wechat_nonces = Table(
    "wechat_nonces",
    metadata,
    Column("nonce_hash", LargeBinary, primary_key=True),
    Column("content_hash", LargeBinary, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_wechat_nonces_seen_at", "seen_at"),
)
