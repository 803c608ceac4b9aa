"""consents of guardians, of children whose guardian is the danger, and what was done without one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "consents"
down_revision = "voice_calls"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "case_consents",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("child_agrees", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("way", sa.Text(), server_default="", nullable=False),
        sa.Column("words", sa.LargeBinary(), comment="sealed; context case_consents.words: who, and what was said; null once erased"),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("checked_by", sa.BigInteger()),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("is_agreed", sa.Boolean()),
        sa.Column("objection", sa.LargeBinary(), comment="sealed; context case_consents.objection"),
        sa.Column("ended_by", sa.BigInteger()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_why", sa.LargeBinary(), comment="sealed; context case_consents.ended_why"),
        sa.CheckConstraint("kind IN ('guardian', 'child', 'without')", name=op.f("ck_case_consents_kind")),
        sa.CheckConstraint("is_given OR kind = 'guardian'", name=op.f("ck_case_consents_refused_by_a_guardian")),
        sa.CheckConstraint("checked_by IS NULL OR checked_by <> written_by", name=op.f("ck_case_consents_second_person")),
        sa.CheckConstraint("(checked_by IS NULL) = (checked_at IS NULL) AND (checked_by IS NULL) = (is_agreed IS NULL)", name=op.f("ck_case_consents_checked")),
        sa.CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name=op.f("ck_case_consents_ended")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_consents_case_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_case_consents_conversation_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_consents")),
    )
    op.create_index("ix_case_consents_case_id", "case_consents", ["case_id"])
    op.create_index("ix_case_consents_conversation_id", "case_consents", ["conversation_id"])
    op.create_index(
        "ix_case_consents_unchecked",
        "case_consents",
        ["written_at"],
        postgresql_where=sa.text("checked_at IS NULL AND ended_at IS NULL AND kind <> 'guardian'"),
    )


def downgrade() -> None:
    op.drop_table("case_consents")
