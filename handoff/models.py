"""Tables of the handoff: cases, who is at a desk, and places with their consent, links and views."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
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
    Table,
    Text,
    func,
    text,
)

from core.db import metadata

#: The rank of ``queue_order``, as PostgreSQL writes the expression down.
IN_ORDER = "array_position(ARRAY['life_threat'::text, 'urgent'::text, 'non_urgent'::text, 'none'::text], severity)"

cases = Table(
    "cases",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id"), nullable=False),
    Column("status", Text, nullable=False, server_default="queued"),
    Column("severity", Text, nullable=False),
    Column("category", Text, nullable=False, server_default="other"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("summary", LargeBinary),
    Column("language", Text, nullable=False, server_default="ko"),
    Column("country", Text),
    Column("arrival_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("opened_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("raised_at", DateTime(timezone=True)),
    Column("team", Text, nullable=False, server_default="centre"),
    Column("owner_id", BigInteger),
    Column("claimed_at", DateTime(timezone=True)),
    Column("acknowledged_at", DateTime(timezone=True)),
    Column("acknowledged_by", BigInteger),
    Column("first_human_reply_at", DateTime(timezone=True)),
    Column("returned", Integer, nullable=False, server_default="0"),
    Column("doubts", Integer, nullable=False, server_default="0"),
    Column("closed_at", DateTime(timezone=True)),
    Column("closed_by", BigInteger),
    Column("outcome", Text),
    Column("verified_contact", LargeBinary),
    Column("synthetic", Boolean, nullable=False, server_default="false"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("queued_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp(), comment="since when it waits this time"),
    Column("waits", Integer, nullable=False, server_default="1", comment="how often it has entered the queue"),
    Column("offered_to", BigInteger),
    Column("offer_due_at", DateTime(timezone=True)),
    Column("tried", ARRAY(BigInteger), nullable=False, server_default="{}", comment="who has let an offer pass in this wait"),
    Column("rings", Integer, nullable=False, server_default="0", comment="how often every desk was rung in this wait"),
    Column("asked_to", BigInteger, comment="who is asked to take it from its owner"),
    Column("snoozed_until", DateTime(timezone=True)),
    Column("closing_by", BigInteger, comment="who asks a second person to end the emergency"),
    Column("closing_at", DateTime(timezone=True)),
    Column("closing_outcome", Text),
    Column("told", Text, comment="what its citizen has last been told of the wait"),
    Column("told_at", DateTime(timezone=True)),
    Column("cluster", BigInteger, comment="the first case of the flood that it belongs to"),
    Column("merged_into", BigInteger, ForeignKey("cases.id", ondelete="SET NULL")),
    Column("ladder", Text, nullable=False, server_default="", comment="rungs reached in this wait, with what came of them"),
    Column("cannot_speak", Boolean, nullable=False, server_default="false", comment="speech or hearing: whoever has the case calls on the citizen's behalf"),
    Index("uq_cases_open_conversation", "conversation_id", unique=True, postgresql_where=text("status <> 'closed'")),
    Index("ix_cases_arrival_at", "arrival_at"),
    Index("ix_cases_closed_at", "closed_at"),
    Index("ix_cases_waiting", text(IN_ORDER), "arrival_at", "id", postgresql_where=text("status = 'queued'")),
    Index("ix_cases_owner_open", "owner_id", postgresql_where=text("status <> 'closed'")),
    Index("ix_cases_offered_to", "offered_to", postgresql_where=text("offered_to IS NOT NULL")),
    CheckConstraint("status IN ('queued', 'claimed', 'handed_back', 'closed')", name="status"),
    CheckConstraint("severity IN ('life_threat', 'urgent', 'non_urgent', 'none')", name="severity"),
    CheckConstraint("status NOT IN ('claimed', 'handed_back') OR owner_id IS NOT NULL", name="claimed_has_owner"),
    CheckConstraint("status <> 'queued' OR owner_id IS NULL", name="queued_has_no_owner"),
    CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_has_time"),
    CheckConstraint("status <> 'closed' OR outcome IS NOT NULL", name="closed_has_outcome"),
    CheckConstraint("(offered_to IS NULL) = (offer_due_at IS NULL)", name="offer_has_end"),
    CheckConstraint("offered_to IS NULL OR status = 'queued'", name="offer_only_while_queued"),
    CheckConstraint("asked_to IS NULL OR status IN ('claimed', 'handed_back')", name="asked_only_while_owned"),
    CheckConstraint("closing_by IS NULL OR (status IN ('claimed', 'handed_back') AND closing_outcome IS NOT NULL)", name="closing_stays_owned"),
    CheckConstraint("snoozed_until IS NULL OR status = 'claimed'", name="snoozed_only_in_hand"),
)

case_notes = Table(
    "case_notes",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("staff_id", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_case_notes_case_id", "case_id"),
)

agent_presence = Table(
    "agent_presence",
    metadata,
    Column("staff_id", BigInteger, primary_key=True),
    Column("state", Text, nullable=False, server_default="offline"),
    Column("cap", Integer, nullable=False, server_default="3"),
    Column("last_seen_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("away_reason", Text, nullable=False, server_default=""),
    Column("idle_since", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp(), comment="since the last claim, or since available"),
    CheckConstraint("state IN ('available', 'away', 'offline')", name="state"),
    CheckConstraint("cap BETWEEN 0 AND 50", name="cap"),
)

case_rungs = Table(
    "case_rungs",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("wait", Integer, nullable=False),
    Column("rung", Text, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", DateTime(timezone=True)),
    Column("done_at", DateTime(timezone=True)),
    Column("acknowledged_at", DateTime(timezone=True)),
    Column("acknowledged_by", BigInteger),
    Index("uq_case_rungs_case_id_wait_rung", "case_id", "wait", "rung", unique=True),
    Index("ix_case_rungs_open", "due_at", postgresql_where=text("state IN ('waiting', 'calling')")),
    CheckConstraint("rung IN ('supervisor', 'duty_phone', 'mission_voice')", name="rung"),
    CheckConstraint("state IN ('waiting', 'told', 'calling', 'called', 'not_configured', 'failed', 'cancelled')", name="state"),
)

duty_numbers = Table(
    "duty_numbers",
    metadata,
    Column("country", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("entered_by", BigInteger, nullable=False),
    Column("entered_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("checked_by", BigInteger),
    Column("checked_at", DateTime(timezone=True)),
    CheckConstraint("checked_by IS NULL OR checked_by <> entered_by", name="second_person"),
    CheckConstraint("(checked_by IS NULL) = (checked_at IS NULL)", name="checked"),
)

case_promises = Table(
    "case_promises",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("staff_id", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("kept_at", DateTime(timezone=True)),
    Column("kept_by", BigInteger),
    Index("ix_case_promises_case_id", "case_id"),
    Index("ix_case_promises_open", "staff_id", "due_at", postgresql_where=text("kept_at IS NULL")),
)

shifts = Table(
    "shifts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("staff_id", BigInteger, ForeignKey("staff.id", ondelete="CASCADE"), nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Index("ix_shifts_staff_id", "staff_id", "starts_at"),
    CheckConstraint("ends_at > starts_at", name="order"),
)

staff_skills = Table(
    "staff_skills",
    metadata,
    Column("staff_id", BigInteger, ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
    Column("skill", Text, primary_key=True, comment="a category of language/categories.py"),
)

team_members = Table(
    "team_members",
    metadata,
    Column("team", Text, primary_key=True),
    Column("staff_id", BigInteger, ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_team_members_staff_id", "staff_id"),
)

location_consents = Table(
    "location_consents",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("text_version", Text, nullable=False),
    Column("given_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("stopped_at", DateTime(timezone=True)),
    Index("ix_location_consents_conversation_id", "conversation_id"),
)

location_links = Table(
    "location_links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("sealed_token", LargeBinary),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="SET NULL")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("device_hash", LargeBinary),
    Column("consent_id", BigInteger, ForeignKey("location_consents.id", ondelete="SET NULL")),
    Column("revoked_at", DateTime(timezone=True)),
    Index("ix_location_links_conversation_id", "conversation_id"),
)

geo_fixes = Table(
    "geo_fixes",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("consent_id", BigInteger, ForeignKey("location_consents.id", ondelete="SET NULL")),
    Column("kind", Text, nullable=False, server_default="fix"),
    Column("place", LargeBinary),
    Column("coarse_cell", Text),
    Column("radius_m", Float),
    Column("confidence", Text, nullable=False, server_default="medium"),
    Column("method", Text, nullable=False, server_default="unknown"),
    Column("datum", Text, nullable=False, server_default="WGS84"),
    Column("source", Text, nullable=False, server_default=""),
    Column("fixed_at", DateTime(timezone=True), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("purged_at", DateTime(timezone=True)),
    Column("was_exact", Boolean, comment="what stays of the radius when the place is erased"),
    Index("ix_geo_fixes_conversation_id", "conversation_id", "received_at"),
    Index("ix_geo_fixes_unpurged", "expires_at", postgresql_where=text("place IS NOT NULL")),
    CheckConstraint("kind IN ('fix', 'typed')", name="kind"),
    CheckConstraint("confidence IN ('high', 'medium', 'low')", name="confidence"),
)

location_views = Table(
    "location_views",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", BigInteger),
    Column("fix_id", BigInteger, nullable=False),
    Column("staff_id", BigInteger, nullable=False),
    Column("viewed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_location_views_conversation_id", "conversation_id", "viewed_at"),
)
