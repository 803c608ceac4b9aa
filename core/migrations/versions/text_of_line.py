"""text of line: which line a text says or is a part of, so that a long line of which one text is lost is not taken for a lost link"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "text_of_line"
down_revision = "merged_cases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "the line that it says or is a part of; none: no line, such as a link to a caller"
    op.add_column("text_deliveries", sa.Column("message_id", sa.BigInteger(), comment=comment))
    # Of a long line that is under way only the last text is found: the keys of the others were not kept.
    op.execute(
        "UPDATE text_deliveries t SET message_id = o.message_id FROM outbox o "
        "WHERE o.conversation_id = t.conversation_id AND o.parcel = t.key AND t.settled_at IS NULL"
    )
    lost = sa.text("state = 'failed' AND message_id IS NOT NULL")
    op.create_index("ix_text_deliveries_lost", "text_deliveries", ["settled_at"], postgresql_where=lost)


def downgrade() -> None:
    op.drop_index("ix_text_deliveries_lost", table_name="text_deliveries")
    op.drop_column("text_deliveries", "message_id")
