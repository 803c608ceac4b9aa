"""what was taken back by its writer is found without looking through the inbox"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "withdrawn"
down_revision = "delivered"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_inbox_withdrawn", "inbox", ["withdrawn_at"], postgresql_where=sa.text("withdrawn_at IS NOT NULL"))
    op.alter_column("inbox", "withdrawn_at", comment="its writer took it back; empty again once it is erased", existing_comment="its writer took it back")


def downgrade() -> None:
    op.alter_column("inbox", "withdrawn_at", comment="its writer took it back", existing_comment="its writer took it back; empty again once it is erased")
    op.drop_index("ix_inbox_withdrawn", "inbox")
