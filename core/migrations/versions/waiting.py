"""what waiting citizens have been told; floods of emergencies shown as one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "waiting"
down_revision = "closing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("told", sa.Text(), comment="what its citizen has last been told of the wait"))
    op.add_column("cases", sa.Column("told_at", sa.DateTime(timezone=True)))
    op.add_column("cases", sa.Column("cluster", sa.BigInteger(), comment="the first case of the flood that it belongs to"))


def downgrade() -> None:
    for column in ("cluster", "told_at", "told"):
        op.drop_column("cases", column)
