"""first look: which of many waiting messages triage reads first"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "first_look"
down_revision = "access_reviews"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "inbox", sa.Column("first_look", sa.SmallInteger(), server_default="0", nullable=False, comment="how alarming it looked on arrival; it only orders")
    )


def downgrade() -> None:
    op.drop_column("inbox", "first_look")
