"""a waiting case is offered to one agent after the other; what agents can do, and their teams"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "offers"
down_revision = "jurisdiction"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.add_column("cases", sa.Column("queued_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False, comment="since when it waits this time"))
    op.add_column("cases", sa.Column("waits", sa.Integer(), server_default="1", nullable=False, comment="how often it has entered the queue"))
    op.add_column("cases", sa.Column("offered_to", sa.BigInteger()))
    op.add_column("cases", sa.Column("offer_due_at", sa.DateTime(timezone=True)))
    op.add_column("cases", sa.Column("tried", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False, comment="who has let an offer pass in this wait"))
    op.add_column("cases", sa.Column("rings", sa.Integer(), server_default="0", nullable=False, comment="how often every desk was rung in this wait"))
    op.create_index("ix_cases_offered_to", "cases", ["offered_to"], postgresql_where=sa.text("offered_to IS NOT NULL"))
    op.create_check_constraint(op.f("ck_cases_offer_has_end"), "cases", "(offered_to IS NULL) = (offer_due_at IS NULL)")
    op.create_check_constraint(op.f("ck_cases_offer_only_while_queued"), "cases", "offered_to IS NULL OR status = 'queued'")
    op.add_column(
        "agent_presence",
        sa.Column("idle_since", sa.DateTime(timezone=True), server_default=NOW, nullable=False, comment="since the last claim, or since available"),
    )
    op.create_table(
        "staff_skills",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False, comment="a category of language/categories.py"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_skills_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff_id", "skill", name=op.f("pk_staff_skills")),
    )
    op.create_table(
        "team_members",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_team_members_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team", "staff_id", name=op.f("pk_team_members")),
    )
    op.create_index("ix_team_members_staff_id", "team_members", ["staff_id"])


def downgrade() -> None:
    op.drop_table("team_members")
    op.drop_table("staff_skills")
    op.drop_column("agent_presence", "idle_since")
    op.drop_constraint(op.f("ck_cases_offer_only_while_queued"), "cases", type_="check")
    op.drop_constraint(op.f("ck_cases_offer_has_end"), "cases", type_="check")
    op.drop_index("ix_cases_offered_to", table_name="cases")
    for column in ("rings", "tried", "offer_due_at", "offered_to", "waits", "queued_at"):
        op.drop_column("cases", column)
