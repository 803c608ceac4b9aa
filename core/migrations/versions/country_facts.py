"""country facts and the synchronisation with the ministry's open data"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "country_facts"
down_revision = "ratings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sync_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="fetching", nullable=False),
        sa.Column("page_size", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True, comment="rows that the service says it has"),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="what the run says was true from then on"),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False, comment="a code, never an address"),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False, comment="rows that could not be read; such a run is not complete"),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_by", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name=op.f("ck_sync_runs_applied_has_time")),
        sa.CheckConstraint("state IN ('fetching', 'interrupted', 'failed', 'staged', 'applied', 'replaced')", name=op.f("ck_sync_runs_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_runs")),
    )
    op.create_index("ix_sync_runs_service", "sync_runs", ["service", "id"], unique=False)
    op.create_table(
        "alarm_levels",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("country_name", sa.Text(), server_default="", nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("region_key", sa.Text(), server_default="", nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=True, comment="the ministry's own date, where it gives one"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False, comment="when the source last said so"),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("level IN ('1', '2', 'special', '3', '4')", name=op.f("ck_alarm_levels_level")),
        sa.CheckConstraint("scope IN ('whole', 'part', 'unknown')", name=op.f("ck_alarm_levels_scope")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_alarm_levels_holds_forwards")),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name="fk_alarm_levels_run_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_levels")),
    )
    op.create_index("ix_alarm_levels_country", "alarm_levels", ["country", "valid_from"], unique=False)
    op.create_index(
        "uq_alarm_levels_now", "alarm_levels", ["service", "country", "scope", "region_key"], unique=True, postgresql_where=sa.text("valid_to IS NULL")
    )
    op.create_table(
        "entry_rules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("country_name", sa.Text(), server_default="", nullable=False),
        sa.Column("have_yn", sa.Text(), server_default="", nullable=False),
        sa.Column("ordinary_yn", sa.Text(), server_default="", nullable=False),
        sa.Column("ordinary", sa.Text(), server_default="", nullable=False),
        sa.Column("official_yn", sa.Text(), server_default="", nullable=False),
        sa.Column("official", sa.Text(), server_default="", nullable=False),
        sa.Column("diplomatic_yn", sa.Text(), server_default="", nullable=False),
        sa.Column("diplomatic", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("remark", sa.Text(), server_default="", nullable=False),
        sa.Column("written_on", sa.Date(), nullable=True, comment="the ministry's own date, where it gives one"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False, comment="when the source last said so"),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_entry_rules_holds_forwards")),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name="fk_entry_rules_run_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_rules")),
    )
    op.create_index("uq_entry_rules_now", "entry_rules", ["country"], unique=True, postgresql_where=sa.text("valid_to IS NULL"))
    op.create_table(
        "local_contacts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("country_name", sa.Text(), server_default="", nullable=False),
        sa.Column("contacts", sa.Text(), server_default="", nullable=False),
        sa.Column("written_on", sa.Date(), nullable=True, comment="the ministry's own date, where it gives one"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False, comment="when the source last said so"),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_local_contacts_holds_forwards")),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name="fk_local_contacts_run_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_contacts")),
    )
    op.create_index("uq_local_contacts_now", "local_contacts", ["country"], unique=True, postgresql_where=sa.text("valid_to IS NULL"))
    op.create_table(
        "mission_details",
        sa.Column("mission", sa.Text(), nullable=False),
        sa.Column("hours", sa.Text(), server_default="", nullable=False),
        sa.Column("districts", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["mission"], ["missions.name"], name="fk_mission_details_mission"),
        sa.PrimaryKeyConstraint("mission", name=op.f("pk_mission_details")),
    )
    op.create_table(
        "mission_facts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("country_name", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("management", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("duty_phone", sa.Text(), server_default="", nullable=False),
        sa.Column("free_phone", sa.Text(), server_default="", nullable=False),
        sa.Column("centre_phone", sa.Text(), server_default="", nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("written_on", sa.Date(), nullable=True, comment="the ministry's own date, where it gives one"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False, comment="when the source last said so"),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_mission_facts_holds_forwards")),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name="fk_mission_facts_run_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mission_facts")),
    )
    op.create_index("ix_mission_facts_name", "mission_facts", ["name"], unique=False)
    op.create_index("uq_mission_facts_now", "mission_facts", ["code", "country"], unique=True, postgresql_where=sa.text("valid_to IS NULL"))
    op.create_table(
        "service_syncs",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("complete_at", sa.DateTime(timezone=True), nullable=False, comment="the start of the last complete run that was applied"),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name="fk_service_syncs_run_id"),
        sa.PrimaryKeyConstraint("service", name=op.f("pk_service_syncs")),
    )
    op.create_table(
        "sync_pages",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name="fk_sync_pages_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "page", name=op.f("pk_sync_pages")),
    )
    op.create_table(
        "alarm_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("alarm_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("proposal", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="the row that would follow; null when the alarm is gone"),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'falls') = (proposal IS NOT NULL)", name=op.f("ck_alarm_changes_falls_to_something")),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_alarm_changes_decided_has_time")),
        sa.CheckConstraint("kind IN ('falls', 'vanishes')", name=op.f("ck_alarm_changes_kind")),
        sa.CheckConstraint("state IN ('open', 'confirmed', 'refused', 'obsolete')", name=op.f("ck_alarm_changes_state")),
        sa.CheckConstraint("decided_by IS DISTINCT FROM proposed_by", name=op.f("ck_alarm_changes_two_people")),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm_levels.id"], name="fk_alarm_changes_alarm_id"),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name="fk_alarm_changes_run_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_changes")),
    )
    op.create_index("uq_alarm_changes_open", "alarm_changes", ["alarm_id"], unique=True, postgresql_where=sa.text("state = 'open'"))


def downgrade() -> None:
    op.drop_table("alarm_changes")
    op.drop_table("sync_pages")
    op.drop_table("service_syncs")
    op.drop_table("mission_facts")
    op.drop_table("mission_details")
    op.drop_table("local_contacts")
    op.drop_table("entry_rules")
    op.drop_table("alarm_levels")
    op.drop_table("sync_runs")
