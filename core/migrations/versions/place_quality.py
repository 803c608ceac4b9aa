"""whether an erased place was exact stays, for statistics"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "place_quality"
down_revision = "cannot_speak"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("geo_fixes", sa.Column("was_exact", sa.Boolean(), nullable=True, comment="what stays of the radius when the place is erased"))


def downgrade() -> None:
    op.drop_column("geo_fixes", "was_exact")
