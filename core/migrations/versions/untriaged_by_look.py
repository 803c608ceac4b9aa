"""untriaged by look: what waits for triage is found in the order in which it is read, however much waits"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "untriaged_by_look"
down_revision = "exports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_inbox_untriaged_by_look", "inbox", ["first_look", "received_at"], postgresql_where=sa.text("triage_state = 'pending'"))
    op.create_index("ix_inbox_failing", "inbox", ["triage_attempts"], postgresql_where=sa.text("triage_state = 'pending' AND triage_attempts > 2"))
    op.drop_index("ix_inbox_untriaged", table_name="inbox", postgresql_where=sa.text("triage_state = 'pending'"))


def downgrade() -> None:
    op.create_index("ix_inbox_untriaged", "inbox", ["received_at"], postgresql_where=sa.text("triage_state = 'pending'"))
    op.drop_index("ix_inbox_failing", table_name="inbox", postgresql_where=sa.text("triage_state = 'pending' AND triage_attempts > 2"))
    op.drop_index("ix_inbox_untriaged_by_look", table_name="inbox", postgresql_where=sa.text("triage_state = 'pending'"))
