"""files: what citizens and agents send, sealed, with a record of each look"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "files"
down_revision = "first_look"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False, comment="which of the message's files"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False, comment="a code: why it was refused"),
        sa.Column("reference", sa.LargeBinary(), comment="sealed; the platform's number or address of it, until it is fetched"),
        sa.Column("name", sa.LargeBinary(), comment="sealed; as the sender called it"),
        sa.Column("position", sa.LargeBinary(), comment="sealed; where the camera says that it was taken"),
        sa.Column("media_type", sa.Text(), server_default="", nullable=False),
        sa.Column("size_bytes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'received', 'ready', 'refused', 'expired')", name=op.f("ck_files_state")),
        sa.CheckConstraint("kind IN ('image', 'document', 'audio', 'video', 'text')", name=op.f("ck_files_kind")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_files_conversation_id_conversations"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_files_message_id_messages"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    op.create_index("uq_files_message_id_place", "files", ["message_id", "place"], unique=True)
    op.create_index("ix_files_conversation_id", "files", ["conversation_id"])
    op.create_index("ix_files_unfinished", "files", ["next_attempt_at"], postgresql_where=sa.text("state IN ('waiting', 'received')"))
    op.create_index("ix_files_expires_at", "files", ["expires_at"], postgresql_where=sa.text("state <> 'expired'"))
    op.create_table(
        "file_contents",
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="sealed"),
        sa.CheckConstraint("form IN ('original', 'picture', 'thumbnail')", name=op.f("ck_file_contents_form")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_file_contents_file_id_files"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("file_id", "form", name=op.f("pk_file_contents")),
    )
    # Sealed bytes do not get smaller: trying would cost time alone.
    op.execute("ALTER TABLE file_contents ALTER COLUMN content SET STORAGE EXTERNAL")
    op.create_table(
        "file_views",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("viewed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_file_views_conversation_id_conversations"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_file_views_file_id_files"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_views")),
    )
    op.create_index("ix_file_views_file_id", "file_views", ["file_id", "staff_id", "viewed_at"])
    op.create_index("ix_file_views_conversation_id", "file_views", ["conversation_id"])


def downgrade() -> None:
    op.drop_table("file_views")
    op.drop_table("file_contents")
    op.drop_table("files")
