"""exports: what is handed out when somebody asks what is kept about them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "exports"
down_revision = "consents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_exports",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("requester", sa.Text(), nullable=False, comment="a code: the person, a guardian, a proxy"),
        sa.Column("identity", sa.LargeBinary(), comment="sealed; context record_exports.identity: who asked and how that was made sure; null once erased"),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column(
            "content", sa.LargeBinary(), comment="sealed; context record_exports.content: the document; once released, blacked out for good; null when over"
        ),
        sa.Column("marks", postgresql.JSONB(), server_default="{}", nullable=False, comment="places in the document, never words"),
        sa.Column("warned", sa.ARRAY(sa.Text()), server_default="{}", nullable=False, comment="what was known and said before it was released"),
        sa.Column("prepared_by", sa.BigInteger(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("returned_why", sa.LargeBinary(), comment="sealed; context record_exports.returned_why"),
        sa.Column("released_by", sa.BigInteger()),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'waiting', 'released', 'withdrawn')", name=op.f("ck_record_exports_state")),
        sa.CheckConstraint("requester IN ('self', 'guardian', 'proxy')", name=op.f("ck_record_exports_requester")),
        sa.CheckConstraint("released_by IS NULL OR released_by <> prepared_by", name=op.f("ck_record_exports_second_person")),
        sa.CheckConstraint("(released_by IS NULL) = (released_at IS NULL)", name=op.f("ck_record_exports_released")),
        sa.CheckConstraint("state <> 'released' OR released_by IS NOT NULL", name=op.f("ck_record_exports_released_by_somebody")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_record_exports_case_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_record_exports_conversation_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_exports")),
    )
    for column in ("case_id", "conversation_id", "expires_at"):
        op.create_index(f"ix_record_exports_{column}", "record_exports", [column])


def downgrade() -> None:
    op.drop_table("record_exports")
