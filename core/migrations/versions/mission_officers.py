"""officers of missions: where they sit, which open emergencies are their district's, what they were told"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "mission_officers"
down_revision = "waiting"
branch_labels = None
depends_on = None

NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "mission_officers",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("mission", sa.Text(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=True, comment="sealed; null: told on the desk alone"),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_mission_officers_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_mission_officers")),
    )
    op.create_index("ix_mission_officers_mission", "mission_officers", ["mission"])
    op.create_table(
        "case_routings",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("fix_id", sa.BigInteger(), nullable=True),
        sa.Column("routed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_routings_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_routings")),
    )
    op.create_table(
        "case_missions",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("mission", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("certainty", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("certainty IN ('confirmed', 'likely', 'check')", name=op.f("ck_case_missions_certainty")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_missions_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", "mission", name=op.f("pk_case_missions")),
    )
    op.create_index("ix_case_missions_mission", "case_missions", ["mission"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "officer_notices",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_officer_notices_case_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_officer_notices_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", "staff_id", name=op.f("pk_officer_notices")),
    )
    op.create_index("ix_officer_notices_next_at", "officer_notices", ["next_at"], postgresql_where=sa.text("acknowledged_at IS NULL"))


def downgrade() -> None:
    op.drop_table("officer_notices")
    op.drop_table("case_missions")
    op.drop_table("case_routings")
    op.drop_table("mission_officers")
