"""Tables of staff accounts. Passwords are argon2 hashes, invitations and sessions are stored as hashes of their tokens."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
)

from core.db import metadata

staff = Table(
    "staff",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("login", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("languages", ARRAY(Text), nullable=False, server_default="{ko}"),
    Column("cap", Integer, nullable=False, server_default="3"),
    Column("disabled", Boolean, nullable=False, server_default="false"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("uq_staff_login", "login", unique=True),
    CheckConstraint("roles <@ ARRAY['agent', 'officer', 'editor', 'supervisor', 'admin']", name="roles"),
)

invites = Table(
    "invites",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("roles", ARRAY(Text), nullable=False),
    Column("first_run", Boolean, nullable=False, server_default="false"),
    Column("invited_by", BigInteger, ForeignKey("staff.id", ondelete="SET NULL")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    Column("used_by", BigInteger, ForeignKey("staff.id", ondelete="SET NULL")),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("staff_id", BigInteger, ForeignKey("staff.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("last_seen_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_staff_sessions_staff_id", "staff_id"),
)

sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("login_hash", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("succeeded", Boolean, nullable=False, server_default="false"),
    Index("ix_sign_in_attempts_login_hash", "login_hash", "at"),
    Index("ix_sign_in_attempts_address", "address", "at"),
)
