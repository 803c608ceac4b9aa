"""how far a citizen's page has been delivered"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "delivered"
down_revision = "hand_on"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("delivered_to_citizen", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("conversations", "delivered_to_citizen")
