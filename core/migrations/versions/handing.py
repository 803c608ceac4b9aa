"""cases that change hands by name, are put aside or joined; promises, shifts and why somebody is away"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "handing"
down_revision = "ladder"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.add_column("cases", sa.Column("asked_to", sa.BigInteger(), comment="who is asked to take it from its owner"))
    op.add_column("cases", sa.Column("snoozed_until", sa.DateTime(timezone=True)))
    op.add_column("cases", sa.Column("merged_into", sa.BigInteger()))
    op.create_foreign_key(op.f("fk_cases_merged_into"), "cases", "cases", ["merged_into"], ["id"], ondelete="SET NULL")
    op.create_check_constraint(op.f("ck_cases_asked_only_while_owned"), "cases", "asked_to IS NULL OR status IN ('claimed', 'handed_back')")
    op.create_check_constraint(op.f("ck_cases_snoozed_only_in_hand"), "cases", "snoozed_until IS NULL OR status = 'claimed'")
    op.add_column("agent_presence", sa.Column("away_reason", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "case_promises",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True)),
        sa.Column("kept_by", sa.BigInteger()),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_promises_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_promises")),
    )
    op.create_index("ix_case_promises_case_id", "case_promises", ["case_id"])
    op.create_index("ix_case_promises_open", "case_promises", ["staff_id", "due_at"], postgresql_where=sa.text("kept_at IS NULL"))
    op.create_table(
        "shifts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_shifts_order")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_shifts_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    op.create_index("ix_shifts_staff_id", "shifts", ["staff_id", "starts_at"])


def downgrade() -> None:
    op.drop_table("shifts")
    op.drop_table("case_promises")
    op.drop_column("agent_presence", "away_reason")
    op.drop_constraint(op.f("ck_cases_snoozed_only_in_hand"), "cases", type_="check")
    op.drop_constraint(op.f("ck_cases_asked_only_while_owned"), "cases", type_="check")
    op.drop_constraint(op.f("fk_cases_merged_into"), "cases", type_="foreignkey")
    for column in ("merged_into", "snoozed_until", "asked_to"):
        op.drop_column("cases", column)
