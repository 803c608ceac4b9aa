"""an emergency ends only when a second person agrees"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "closing"
down_revision = "handing"
branch_labels = None
depends_on = None

OWNED = "closing_by IS NULL OR (status IN ('claimed', 'handed_back') AND closing_outcome IS NOT NULL)"


def upgrade() -> None:
    op.add_column("cases", sa.Column("closing_by", sa.BigInteger(), comment="who asks a second person to end the emergency"))
    op.add_column("cases", sa.Column("closing_at", sa.DateTime(timezone=True)))
    op.add_column("cases", sa.Column("closing_outcome", sa.Text()))
    op.create_check_constraint(op.f("ck_cases_closing_stays_owned"), "cases", OWNED)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_cases_closing_stays_owned"), "cases", type_="check")
    for column in ("closing_outcome", "closing_at", "closing_by"):
        op.drop_column("cases", column)
