"""cases are found by their conversation, closed ones too, and a person's conversations by the person: for the board, and for the question of satisfaction"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "cases_of_conversation"
down_revision = "withdrawn"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_cases_conversation_id", "cases", ["conversation_id"])
    op.create_index("ix_conversations_visitor", "conversations", ["visitor", "created_at"], postgresql_where=sa.text("visitor <> ''"))


def downgrade() -> None:
    op.drop_index("ix_conversations_visitor", table_name="conversations")
    op.drop_index("ix_cases_conversation_id", table_name="cases")
