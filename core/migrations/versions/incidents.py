"""incidents: cases that belong together, people, statements and their deliveries"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "incidents"
down_revision = "abuse"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False, comment="sealed; context incidents.title"),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("country", sa.Text()),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("merged_into", sa.BigInteger()),
        sa.Column("ended_by", sa.BigInteger()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("status IN ('open', 'merged', 'closed')", name=op.f("ck_incidents_status")),
        sa.CheckConstraint("(status = 'merged') = (merged_into IS NOT NULL)", name=op.f("ck_incidents_merged_into_one")),
        sa.CheckConstraint("(status = 'open') = (ended_at IS NULL)", name=op.f("ck_incidents_ended_has_time")),
        sa.CheckConstraint("merged_into <> id", name=op.f("ck_incidents_not_into_itself")),
        sa.ForeignKeyConstraint(["merged_into"], ["incidents.id"], name=op.f("fk_incidents_merged_into_incidents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index("ix_incidents_open", "incidents", ["id"], postgresql_where=sa.text("status = 'open'"))
    op.create_table(
        "incident_cases",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("team_before", sa.Text(), comment="the team that a case in the surge's lane goes back to"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_incident_cases_case_id_cases"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_cases_incident_id_incidents")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_incident_cases")),
    )
    op.create_index("ix_incident_cases_incident_id", "incident_cases", ["incident_id"])
    op.create_table(
        "incident_people",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger()),
        sa.Column(
            "is_citizen", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="whoever writes in the case, rather than somebody with them"
        ),
        sa.Column("name", sa.LargeBinary(), comment="sealed; context incident_people.name"),
        sa.Column("state", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), comment="none: the case itself said so when it was added"),
        sa.Column("said_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("state IN ('unknown', 'needs_help', 'safe')", name=op.f("ck_incident_people_state")),
        sa.CheckConstraint("said_by IN ('citizen', 'companion', 'family', 'mission', 'local', 'staff')", name=op.f("ck_incident_people_said_by")),
        sa.CheckConstraint("NOT is_citizen OR case_id IS NOT NULL", name=op.f("ck_incident_people_citizen_has_case")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_incident_people_case_id_cases"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_people_incident_id_incidents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_people")),
    )
    op.create_index("ix_incident_people_incident_id", "incident_people", ["incident_id"])
    op.create_index("uq_incident_people_citizen", "incident_people", ["case_id"], unique=True, postgresql_where=sa.text("is_citizen"))
    op.create_table(
        "incident_statements",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="sealed; context incident_statements.body"),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("approved_by", sa.BigInteger()),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> author_id", name=op.f("ck_incident_statements_second_person")),
        sa.CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_incident_statements_approved")),
        sa.CheckConstraint("approved_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_incident_statements_approved_or_withdrawn")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_statements_incident_id_incidents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_statements")),
    )
    op.create_index("ix_incident_statements_incident_id", "incident_statements", ["incident_id"])
    op.create_table(
        "incident_deliveries",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False, comment="why it was held back"),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("sent_by", sa.BigInteger(), comment="who sent it by hand after it was held back"),
        sa.CheckConstraint("state IN ('pending', 'sent', 'held')", name=op.f("ck_incident_deliveries_state")),
        sa.CheckConstraint("why IN ('', 'quiet', 'phone', 'ended', 'drill')", name=op.f("ck_incident_deliveries_why")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_incident_deliveries_conversation_id_conversations"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["statement_id"], ["incident_statements.id"], name=op.f("fk_incident_deliveries_statement_id_incident_statements")),
        sa.PrimaryKeyConstraint("statement_id", "conversation_id", name=op.f("pk_incident_deliveries")),
    )
    op.create_index("ix_incident_deliveries_pending", "incident_deliveries", ["statement_id"], postgresql_where=sa.text("state = 'pending'"))


def downgrade() -> None:
    for table in ("incident_deliveries", "incident_statements", "incident_people", "incident_cases", "incidents"):
        op.drop_table(table)
