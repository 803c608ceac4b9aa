"""abusive words to agents: marks, the rest afterwards, and its length as supervisors set it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "abuse"
down_revision = "cases_of_conversation"
branch_labels = None
depends_on = None

STAMP = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "abuse_marks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=True, comment="the line; none: it was said on the telephone"),
        sa.Column("marked_by", sa.BigInteger(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), server_default=STAMP, nullable=False),
        sa.Column("taken_back_by", sa.BigInteger(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(taken_back_by IS NULL) = (taken_back_at IS NULL)", name=op.f("ck_abuse_marks_taken_back")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_abuse_marks_conversation_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_abuse_marks_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abuse_marks")),
    )
    op.create_index("uq_abuse_marks_line", "abuse_marks", ["conversation_id", "seq"], unique=True, postgresql_where=sa.text("taken_back_at IS NULL"))
    op.create_index("ix_abuse_marks_conversation_id", "abuse_marks", ["conversation_id"])
    op.create_index("ix_abuse_marks_case_id", "abuse_marks", ["case_id"])
    op.create_table(
        "abuse_rests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False, comment="the contact; a number alone, which outlives the case"),
        sa.Column("owed_at", sa.DateTime(timezone=True), server_default=STAMP, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True, comment="not yet: an emergency is still in hand, or the desk is closed"),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=True, comment="ended early, for a life threat"),
        sa.CheckConstraint("(started_at IS NULL) = (ends_at IS NULL)", name=op.f("ck_abuse_rests_started")),
        sa.CheckConstraint("cut_at IS NULL OR started_at IS NOT NULL", name=op.f("ck_abuse_rests_cut_after_start")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abuse_rests")),
    )
    op.create_index("uq_abuse_rests_owed", "abuse_rests", ["staff_id"], unique=True, postgresql_where=sa.text("started_at IS NULL"))
    op.create_index("ix_abuse_rests_staff_id", "abuse_rests", ["staff_id", "ends_at"])
    op.create_table(
        "desk_rules",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=STAMP, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_desk_rules")),
    )


def downgrade() -> None:
    op.drop_table("desk_rules")
    op.drop_table("abuse_rests")
    op.drop_table("abuse_marks")
