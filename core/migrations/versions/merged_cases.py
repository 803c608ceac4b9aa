"""what was merged into a case is found by it: its places are the case's"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "merged_cases"
down_revision = "country_said"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_cases_merged_into", "cases", ["merged_into"], postgresql_where=sa.text("merged_into IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_cases_merged_into", table_name="cases")
