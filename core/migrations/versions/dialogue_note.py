"""what a conversation's dialogue expects, and what it has not been told yet"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "dialogue_note"
down_revision = "reviews_of_triage"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "conversations", sa.Column("dialogue", sa.LargeBinary(), nullable=True, comment="sealed; what the dialogue expects and has not been told yet")
    )


def downgrade() -> None:
    op.drop_column("conversations", "dialogue")
