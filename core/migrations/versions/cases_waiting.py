"""what waits is indexed in the order in which it is taken"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "cases_waiting"
down_revision = "phone_callers"
branch_labels = None
depends_on = None

RANK = "array_position(ARRAY['life_threat'::text, 'urgent'::text, 'non_urgent'::text, 'none'::text], severity)"
QUEUED = sa.text("status = 'queued'")


def upgrade() -> None:
    op.create_index("ix_cases_waiting", "cases", [sa.text(RANK), "arrival_at", "id"], postgresql_where=QUEUED)
    op.drop_index("ix_cases_queued", table_name="cases", postgresql_where=QUEUED)


def downgrade() -> None:
    op.create_index("ix_cases_queued", "cases", ["arrival_at"], postgresql_where=QUEUED)
    op.drop_index("ix_cases_waiting", table_name="cases", postgresql_where=QUEUED)
