"""people on messengers, reply windows, what the sender knows of a delivery"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "messengers"
down_revision = "records"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("address", sa.LargeBinary(), comment="sealed; the messenger's own id of the person, for sending"))
    op.create_index(
        "uq_conversations_channel_visitor", "conversations", ["channel", "visitor"], unique=True, postgresql_where=sa.text("status = 'open' AND visitor <> ''")
    )
    op.add_column("inbox", sa.Column("platform_id", sa.Text(), comment="the platform's number of the message"))
    op.add_column("inbox", sa.Column("withdrawn_at", sa.DateTime(timezone=True), comment="its writer took it back"))
    op.create_index("ix_inbox_channel_platform_id", "inbox", ["channel", "platform_id"], postgresql_where=sa.text("platform_id IS NOT NULL"))
    op.create_table(
        "reply_windows",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("single_use", sa.Boolean(), nullable=False),
        sa.Column("fallback", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), comment="sealed; what the platform wants to see again"),
        sa.Column("messages_left", sa.Integer()),
        sa.Column("inline_until", sa.DateTime(timezone=True)),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_reply_windows_conversation_id_conversations", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_reply_windows_message_id_messages", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_reply_windows"),
    )
    op.create_index("ix_reply_windows_conversation_id_deadline", "reply_windows", ["conversation_id", "deadline"])
    op.create_index("ix_reply_windows_deadline", "reply_windows", ["deadline"])
    op.add_column("outbox", sa.Column("claimed_by", sa.Text()))
    op.add_column("outbox", sa.Column("lease_until", sa.DateTime(timezone=True), comment="then another sender may take it over"))
    op.add_column("outbox", sa.Column("parts_sent", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("outbox", sa.Column("parcel", sa.Uuid(), comment="the key under which it was last sent"))
    op.add_column("outbox", sa.Column("window_id", sa.BigInteger(), comment="the reply window that it was last sent in; none: pushed"))
    op.add_column("outbox", sa.Column("in_doubt", sa.Boolean(), server_default="false", nullable=False, comment="sent, and nobody knows whether it arrived"))
    op.create_index("ix_outbox_unsent", "outbox", ["conversation_id", "message_id"], postgresql_where=sa.text("state IN ('pending', 'sending')"))


def downgrade() -> None:
    op.drop_index("ix_outbox_unsent", "outbox")
    for column in ("in_doubt", "window_id", "parcel", "parts_sent", "lease_until", "claimed_by"):
        op.drop_column("outbox", column)
    op.drop_table("reply_windows")
    op.drop_index("ix_inbox_channel_platform_id", "inbox")
    op.drop_column("inbox", "withdrawn_at")
    op.drop_column("inbox", "platform_id")
    op.drop_index("uq_conversations_channel_visitor", "conversations")
    op.drop_column("conversations", "address")
