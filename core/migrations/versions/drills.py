"""drills: synthetic emergencies, timed from end to end"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "drills"
down_revision = "wechat"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drills",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), comment="its time in the schedule; none: somebody asked for it"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("conversation_id", sa.Text()),
        sa.Column("case_id", sa.BigInteger()),
        sa.Column("began_at", sa.DateTime(timezone=True)),
        sa.Column("received_at", sa.DateTime(timezone=True)),
        sa.Column("queued_at", sa.DateTime(timezone=True)),
        sa.Column("offered_at", sa.DateTime(timezone=True), comment="first offered to somebody, or rung on every desk"),
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.Column("first_words_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("alarmed_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.Text()),
        sa.Column("why", sa.Text(), server_default="", nullable=False, comment="a code: what stood in the way"),
        sa.CheckConstraint("state IN ('running', 'ended')", name=op.f("ck_drills_state")),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL) AND (state = 'ended') = (outcome IS NOT NULL)", name=op.f("ck_drills_ended_has_outcome")
        ),
        sa.CheckConstraint("outcome IN ('claimed', 'unclaimed', 'unclosed', 'withdrawn', 'failed', 'missed')", name=op.f("ck_drills_outcome")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_drills_conversation_id_conversations")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_drills_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drills")),
    )
    op.create_index("uq_drills_slot_at", "drills", ["slot_at"], unique=True)
    op.create_index("uq_drills_running", "drills", ["state"], unique=True, postgresql_where=sa.text("state = 'running'"))


def downgrade() -> None:
    op.drop_table("drills")
