"""whether a citizen has said to be in the country that a conversation knows, or has only named it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "country_said"
down_revision = "by_ticket"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "the citizen, or a device, says to be there; else it was only named"
    op.add_column("conversations", sa.Column("country_said", sa.Boolean(), nullable=False, server_default="false", comment=comment))


def downgrade() -> None:
    op.drop_column("conversations", "country_said")
