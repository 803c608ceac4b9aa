"""texts: the ledger of SMS and AlimTalk, parts of long texts that come in"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "texts"
down_revision = "proof"
branch_labels = None
depends_on = None

STAMP = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "text_deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False, comment="of the parcel or of the text; the same when it is sent again"),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=True, comment="none: not of a conversation, such as a link that an agent sends"),
        sa.Column("number_hash", sa.Text(), nullable=False, comment="keyed, as of callers"),
        sa.Column("alphabet", sa.Text(), nullable=False),
        sa.Column("segments", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="submitted", nullable=False),
        sa.Column("reference", sa.Text(), nullable=True, comment="the carrier's number of it"),
        sa.Column("reason", sa.Text(), nullable=True, comment="the carrier's code, where it failed"),
        sa.Column("submitted_at", sa.DateTime(timezone=True), server_default=STAMP, nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True, comment="delivered, failed, or given up asking"),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("state IN ('submitted', 'accepted', 'delivered', 'failed', 'unknown')", name=op.f("ck_text_deliveries_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_deliveries")),
    )
    op.create_index(
        "uq_text_deliveries_carrier_reference", "text_deliveries", ["carrier", "reference"], unique=True, postgresql_where=sa.text("reference IS NOT NULL")
    )
    op.create_index("ix_text_deliveries_key", "text_deliveries", ["key"])
    op.create_index("ix_text_deliveries_conversation_id", "text_deliveries", ["conversation_id"], postgresql_where=sa.text("conversation_id IS NOT NULL"))
    op.create_index("ix_text_deliveries_underway", "text_deliveries", ["submitted_at"], postgresql_where=sa.text("state = 'accepted' AND settled_at IS NULL"))
    op.create_table(
        "text_parts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number_hash", sa.Text(), nullable=False),
        sa.Column("reference", sa.Integer(), nullable=False),
        sa.Column("total", sa.SmallInteger(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="sealed; number and words"),
        sa.Column("arrived_at", sa.DateTime(timezone=True), server_default=STAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_parts")),
    )
    op.create_index("uq_text_parts_place", "text_parts", ["number_hash", "reference", "total", "place"], unique=True)
    op.create_index("ix_text_parts_arrived_at", "text_parts", ["arrived_at"])


def downgrade() -> None:
    op.drop_table("text_parts")
    op.drop_table("text_deliveries")
