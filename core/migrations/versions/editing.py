"""test questions of notices, and what citizens asked in vain"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "editing"
down_revision = "notice_kind"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unanswered_questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=True, comment="redacted, sealed; context unanswered_questions.text; null once its time is over"),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Text(), server_default="", nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("handled_by", sa.Text(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reason IN ('no_answer', 'rated_badly', 'asked_person_after')", name=op.f("ck_unanswered_questions_reason")),
        sa.CheckConstraint("state IN ('open', 'drafted', 'dismissed')", name=op.f("ck_unanswered_questions_state")),
        sa.CheckConstraint("(state = 'open') = (handled_by IS NULL)", name=op.f("ck_unanswered_questions_handled_has_name")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_unanswered_questions_message_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_unanswered_questions_conversation_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unanswered_questions")),
    )
    op.create_index("uq_unanswered_questions_message_id", "unanswered_questions", ["message_id"], unique=True)
    op.create_index("ix_unanswered_questions_conversation_id", "unanswered_questions", ["conversation_id"], unique=False)
    op.create_index("ix_unanswered_questions_open", "unanswered_questions", ["asked_at"], unique=False, postgresql_where=sa.text("state = 'open'"))
    op.create_table(
        "notice_questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False, comment="sealed; context notice_questions.text"),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("origin_id", sa.BigInteger(), nullable=True, comment="a citizen's words, until somebody rewords them"),
        sa.CheckConstraint("country IS NULL OR country ~ '^[A-Z]{2}$'", name=op.f("ck_notice_questions_country")),
        sa.ForeignKeyConstraint(["origin_id"], ["unanswered_questions.id"], name=op.f("fk_notice_questions_origin_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_questions")),
    )
    op.create_index("ix_notice_questions_notice_id", "notice_questions", ["notice_id"], unique=False)
    op.create_index("ix_notice_questions_origin_id", "notice_questions", ["origin_id"], unique=False)


def downgrade() -> None:
    op.drop_table("notice_questions")
    op.drop_table("unanswered_questions")
