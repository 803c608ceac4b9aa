"""the files that notices were made from"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notice_attachments"
down_revision = "country_facts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachment_files",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_attachment_files_sha256")),
        sa.CheckConstraint("size = octet_length(content)", name=op.f("ck_attachment_files_size")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_attachment_files")),
    )
    op.create_table(
        "notice_attachments",
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("warnings", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attached_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id", "version"], ["notices.id", "notices.version"], name="fk_notice_attachments_notice", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["sha256"], ["attachment_files.sha256"], name="fk_notice_attachments_file"),
        sa.PrimaryKeyConstraint("notice_id", "version", "sha256", name=op.f("pk_notice_attachments")),
    )
    op.create_index("ix_notice_attachments_sha256", "notice_attachments", ["sha256"], unique=False)


def downgrade() -> None:
    op.drop_table("notice_attachments")
    op.drop_table("attachment_files")
