"""voice_calls: free calls between the web chat and a desk"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "voice_calls"
down_revision = "hushed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voice_calls",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), comment="who has called or answered"),
        sa.Column("citizen_key", sa.Text(), comment="keyed hash of what the citizen's one page holds"),
        sa.Column("staff_key", sa.Text(), comment="keyed hash of what the agent's one page holds"),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Text()),
        sa.Column("why", sa.Text(), comment="a code: why it ended"),
        sa.Column("citizen_seen_at", sa.DateTime(timezone=True), comment="when that page was last heard of"),
        sa.Column("staff_seen_at", sa.DateTime(timezone=True), comment="when that page was last heard of"),
        sa.Column("missed_seen_at", sa.DateTime(timezone=True), comment="when an agent has seen that nobody had answered"),
        sa.CheckConstraint("started_by IN ('citizen', 'agent')", name=op.f("ck_voice_calls_started_by")),
        sa.CheckConstraint("ended_by IN ('citizen', 'agent', 'nobody')", name=op.f("ck_voice_calls_ended_by")),
        sa.CheckConstraint("(ended_at IS NULL) = (why IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_voice_calls_ended_has_why")),
        sa.CheckConstraint(
            "answered_at IS NULL OR (staff_id IS NOT NULL AND citizen_key IS NOT NULL AND staff_key IS NOT NULL)",
            name=op.f("ck_voice_calls_answered_by"),
        ),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_voice_calls_conversation_id_conversations"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_voice_calls_case_id_cases"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_calls")),
    )
    op.create_index("uq_voice_calls_live", "voice_calls", ["conversation_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index(
        "uq_voice_calls_staff_live", "voice_calls", ["staff_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL AND staff_id IS NOT NULL")
    )
    op.create_index("ix_voice_calls_case_id", "voice_calls", ["case_id"])
    op.create_index("ix_voice_calls_started_at", "voice_calls", ["started_at"])
    op.create_table(
        "voice_signals",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="sealed; holds addresses of both; gone with the end of the call"),
        sa.Column("sent_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("side IN ('citizen', 'agent')", name=op.f("ck_voice_signals_side")),
        sa.CheckConstraint("kind IN ('offer', 'answer', 'ice')", name=op.f("ck_voice_signals_kind")),
        sa.ForeignKeyConstraint(["call_id"], ["voice_calls.id"], name=op.f("fk_voice_signals_call_id_voice_calls"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "side", "n", name=op.f("pk_voice_signals")),
    )
    op.create_index("uq_voice_signals_once", "voice_signals", ["call_id", "kind"], unique=True, postgresql_where=sa.text("kind IN ('offer', 'answer')"))


def downgrade() -> None:
    op.drop_table("voice_signals")
    op.drop_table("voice_calls")
