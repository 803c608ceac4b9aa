"""who was at a desk when, and cases found by the time they came and ended: for the board"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "desk_times"
down_revision = "mission_officers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "desk_times",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False, comment="the last sign of life in this state"),
        sa.Column("is_open", sa.Boolean(), server_default="true", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_times")),
    )
    op.create_index("ix_desk_times_open", "desk_times", ["staff_id"], postgresql_where=sa.text("is_open"))
    op.create_index("ix_desk_times_until", "desk_times", ["until"])
    op.create_index("ix_cases_arrival_at", "cases", ["arrival_at"])
    op.create_index("ix_cases_closed_at", "cases", ["closed_at"])


def downgrade() -> None:
    op.drop_index("ix_cases_closed_at", table_name="cases")
    op.drop_index("ix_cases_arrival_at", table_name="cases")
    op.drop_table("desk_times")
