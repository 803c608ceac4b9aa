"""a conversation whose screen must not show that a person is there, and what a citizen has wiped off the screen"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "hushed"
down_revision = "files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    hushed = sa.Column("hushed_at", sa.DateTime(timezone=True), comment="since when the screen must not show that a person is there: the code word was said")
    op.add_column("conversations", hushed)
    op.add_column("conversations", sa.Column("cleared_seq", sa.BigInteger(), nullable=False, server_default="0", comment="the event up to which it was wiped"))
    op.add_column("conversations", sa.Column("cleared_at", sa.DateTime(timezone=True), comment="when the citizen last wiped the screen"))


def downgrade() -> None:
    for name in ("cleared_at", "cleared_seq", "hushed_at"):
        op.drop_column("conversations", name)
