"""Tables of who may look and who has looked: restrictions, openings by break-glass, reviews of the access log, and runs of the retention."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, ForeignKey, Identity, Index, Integer, LargeBinary, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from core.db import metadata

_NOW = func.clock_timestamp()

#: Why a conversation's cases are shown to named people alone; who they are stands in ``cases.restricted_to``, where every statement can ask it.
restrictions = Table(
    "restrictions",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("reason", LargeBinary, comment="sealed; context restrictions.reason; null once its time is over"),
    Column("set_by", BigInteger, nullable=False),
    Column("set_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("lifted_by", BigInteger),
    Column("lifted_at", DateTime(timezone=True)),
    Index("uq_restrictions_standing", "conversation_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
    CheckConstraint("(lifted_by IS NULL) = (lifted_at IS NULL)", name="lifted"),
)

#: Somebody who is not named has opened a restricted case, with a reason and for some minutes; a supervisor says that they have seen it.
glass_openings = Table(
    "glass_openings",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("staff_id", BigInteger, nullable=False),
    Column("reason", LargeBinary, comment="sealed; context glass_openings.reason; null once its time is over"),
    Column("opened_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("seen_by", BigInteger),
    Column("seen_at", DateTime(timezone=True)),
    Index("ix_glass_openings_case_id", "case_id", "staff_id", "ends_at"),
    Index("ix_glass_openings_unseen", "opened_at", postgresql_where=text("seen_at IS NULL")),
    CheckConstraint("ends_at > opened_at", name="order"),
    CheckConstraint("(seen_by IS NULL) = (seen_at IS NULL)", name="seen"),
    CheckConstraint("seen_by IS DISTINCT FROM staff_id OR seen_by IS NULL", name="second_person"),
)

#: A supervisor has looked through what one account did in one month (in Seoul); ``lines`` is how many there were then.
access_reviews = Table(
    "access_reviews",
    metadata,
    Column("month", Date, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("reviewed_by", Text, nullable=False),
    Column("reviewed_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("lines", Integer, nullable=False),
    CheckConstraint("reviewed_by <> account", name="second_person"),
)

retention_runs = Table(
    "retention_runs",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True), nullable=False),
    Column("erased", JSONB, nullable=False, comment="rows by class"),
    Column("failed", JSONB, nullable=False, server_default="{}", comment="kind of error by class; such a class is tried again"),
    Index("ix_retention_runs_ended_at", "ended_at"),
)
