"""the mark of a citizen who cannot speak or hear"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "cannot_speak"
down_revision = "messengers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "cases",
        sa.Column(
            "cannot_speak",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="speech or hearing: whoever has the case calls on the citizen's behalf",
        ),
    )


def downgrade() -> None:
    op.drop_column("cases", "cannot_speak")
