"""agents' canned texts are notices of their own kind"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "notice_kind"
down_revision = "notice_attachments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notices", sa.Column("kind", sa.Text(), server_default="notice", nullable=False))
    op.add_column("notices", sa.Column("shortcut", sa.Text(), server_default="", nullable=False))
    op.create_check_constraint(op.f("ck_notices_kind"), "notices", "kind IN ('notice', 'canned')")
    op.create_check_constraint(op.f("ck_notices_shortcut"), "notices", "shortcut = '' OR kind = 'canned'")
    op.create_index("ix_notices_canned", "notices", ["id", "version"], unique=False, postgresql_where=sa.text("kind = 'canned'"))


def downgrade() -> None:
    op.execute("DELETE FROM notice_history h USING notices n WHERE n.id = h.notice_id AND n.version = h.version AND n.kind = 'canned'")
    op.execute("DELETE FROM notices WHERE kind = 'canned'")
    op.drop_index("ix_notices_canned", table_name="notices")
    op.drop_constraint(op.f("ck_notices_shortcut"), "notices", type_="check")
    op.drop_constraint(op.f("ck_notices_kind"), "notices", type_="check")
    op.drop_column("notices", "shortcut")
    op.drop_column("notices", "kind")
