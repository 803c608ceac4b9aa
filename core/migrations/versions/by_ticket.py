"""by ticket: which conversations read by tickets, so that a program that knows only the token still sees the first reply to danger"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "by_ticket"
down_revision = "untriaged_by_look"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "the token alone reads nothing old once the conversation is guarded"
    op.add_column("conversations", sa.Column("by_ticket", sa.Boolean(), nullable=False, server_default="true", comment=comment))


def downgrade() -> None:
    op.drop_column("conversations", "by_ticket")
