"""Tables of the reviews. None holds words: what was written stays in ``messages.body``, a note is sealed."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
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
    text,
)

from core.db import metadata

_URGENCY = "urgency IN ('life_threat', 'urgent', 'non_urgent', 'none')"

#: One person's judgement of one message; the last of the same person counts.
triage_reviews = Table(
    "triage_reviews",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("message_id", BigInteger, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="SET NULL")),
    Column("account_id", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("was_emergency", Boolean, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("note", LargeBinary, comment="sealed; context triage_reviews.note"),
    Column("marked_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("state", Text, nullable=False, server_default="proposed"),
    Column("decided_by", BigInteger),
    Column("decided_at", DateTime(timezone=True)),
    Column("accepted_urgency", Text),
    Column("accepted_category", Text),
    Index("uq_triage_reviews_message_id_account_id", "message_id", "account_id", unique=True),
    Index("uq_triage_reviews_accepted", "message_id", unique=True, postgresql_where=text("state = 'accepted'")),
    Index("ix_triage_reviews_proposed", "marked_at", postgresql_where=text("state = 'proposed'")),
    CheckConstraint("source IN ('case', 'sample')", name="source"),
    CheckConstraint("state IN ('proposed', 'accepted', 'rejected')", name="state"),
    CheckConstraint(_URGENCY, name="urgency"),
    CheckConstraint("was_emergency = (urgency IN ('life_threat', 'urgent'))", name="verdict_fits_urgency"),
    CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided_has_time"),
    CheckConstraint("(state = 'accepted') = (accepted_urgency IS NOT NULL)", name="accepted_has_label"),
)

#: One draw an ISO week (its Monday): that the row exists is what makes the draw happen once.
review_draws = Table(
    "review_draws",
    metadata,
    Column("week", Date, primary_key=True),
    Column("drawn_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("wanted", Integer, nullable=False),
    Column("population", Integer, nullable=False, comment="messages that triage let pass in conversations that were not escalated"),
    Column("caught", Integer, nullable=False, comment="messages that triage escalated or asked about"),
    Column("seed", Text, nullable=False),
)

review_samples = Table(
    "review_samples",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("week", Date, ForeignKey("review_draws.week", ondelete="CASCADE"), nullable=False),
    Column("message_id", BigInteger, ForeignKey("messages.id", ondelete="SET NULL"), comment="null once its citizen was erased"),
    Column("stratum", Text, nullable=False),
    Column("probability", Float, nullable=False, comment="of being drawn at all; the estimate divides by it"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("urgency", Text),
    Column("category", Text),
    Column("settled_at", DateTime(timezone=True)),
    Index("uq_review_samples_week_message_id", "week", "message_id", unique=True),
    Index("ix_review_samples_message_id", "message_id"),
    CheckConstraint("stratum IN ('uniform', 'high_score', 'both')", name="stratum"),
    CheckConstraint("probability > 0 AND probability <= 1", name="probability"),
    CheckConstraint("state IN ('open', 'disputed', 'settled')", name="state"),
    CheckConstraint("(state = 'settled') = (urgency IS NOT NULL)", name="settled_has_label"),
)

#: Who judges a sampled message: slots 1 and 2 blind, slot 3 only when they disagree.
review_slots = Table(
    "review_slots",
    metadata,
    Column("sample_id", BigInteger, ForeignKey("review_samples.id", ondelete="CASCADE"), primary_key=True),
    Column("slot", SmallInteger, primary_key=True),
    Column("account_id", BigInteger),
    Column("assigned_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("urgency", Text),
    Column("category", Text),
    Column("judged_at", DateTime(timezone=True)),
    Index("uq_review_slots_sample_id_account_id", "sample_id", "account_id", unique=True),
    Index("ix_review_slots_waiting", "account_id", postgresql_where=text("judged_at IS NULL")),
    CheckConstraint("slot BETWEEN 1 AND 3", name="slot"),
    CheckConstraint(f"urgency IS NULL OR {_URGENCY}", name="urgency"),
    CheckConstraint("(judged_at IS NULL) = (urgency IS NULL)", name="judged_has_label"),
)
