"""a life threat that nobody takes climbs: rungs, and the missions' duty numbers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "ladder"
down_revision = "offers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("ladder", sa.Text(), server_default="", nullable=False, comment="rungs reached in this wait, with what came of them"))
    op.create_table(
        "case_rungs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("wait", sa.Integer(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True)),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_by", sa.BigInteger()),
        sa.CheckConstraint("rung IN ('supervisor', 'duty_phone', 'mission_voice')", name=op.f("ck_case_rungs_rung")),
        sa.CheckConstraint("state IN ('waiting', 'told', 'calling', 'called', 'not_configured', 'failed', 'cancelled')", name=op.f("ck_case_rungs_state")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_rungs_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_rungs")),
    )
    op.create_index("uq_case_rungs_case_id_wait_rung", "case_rungs", ["case_id", "wait", "rung"], unique=True)
    op.create_index("ix_case_rungs_open", "case_rungs", ["due_at"], postgresql_where=sa.text("state IN ('waiting', 'calling')"))
    op.create_table(
        "duty_numbers",
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("checked_by", sa.BigInteger()),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("checked_by IS NULL OR checked_by <> entered_by", name=op.f("ck_duty_numbers_second_person")),
        sa.CheckConstraint("(checked_by IS NULL) = (checked_at IS NULL)", name=op.f("ck_duty_numbers_checked")),
        sa.PrimaryKeyConstraint("country", name=op.f("pk_duty_numbers")),
    )


def downgrade() -> None:
    op.drop_table("duty_numbers")
    op.drop_table("case_rungs")
    op.drop_column("cases", "ladder")
