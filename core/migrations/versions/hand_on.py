"""handing on: numbers of targets, and what was handed on to whom"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "hand_on"
down_revision = "place_quality"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "target_numbers",
        sa.Column("target", sa.Text(), nullable=False, comment="a key of data/hand_on_targets.csv"),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=True, comment="null: the number of the file"),
        sa.Column("entered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("checked_by", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("checked_by IS NULL OR checked_by IS DISTINCT FROM entered_by", name=op.f("ck_target_numbers_second_person")),
        sa.CheckConstraint("(checked_by IS NULL) = (checked_at IS NULL)", name=op.f("ck_target_numbers_checked")),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_target_numbers")),
    )
    op.create_table(
        "case_hand_ons",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=True, comment="sealed; what was said"),
        sa.Column("handed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_hand_ons_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_hand_ons")),
    )
    op.create_index("ix_case_hand_ons_case_id", "case_hand_ons", ["case_id"])


def downgrade() -> None:
    op.drop_table("case_hand_ons")
    op.drop_table("target_numbers")
