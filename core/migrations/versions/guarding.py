"""conversations whose phone may be in another's hand"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "guarding"
down_revision = "incidents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("guarded_at", sa.DateTime(timezone=True), comment="since when somebody else may hold the phone"))
    op.add_column("conversations", sa.Column("guarded_why", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("conversations", "guarded_why")
    op.drop_column("conversations", "guarded_at")
