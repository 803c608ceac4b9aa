"""what a returning citizen proves in a guarded conversation: six digits from an agent, or the code word"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "proof"
down_revision = "kakao"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("code_word", sa.Text(), comment="keyed hash of the word that raises the case silently"))
    op.add_column("conversations", sa.Column("proof_code", sa.Text(), comment="keyed hash of the digits that open the history once"))
    op.add_column("conversations", sa.Column("proof_until", sa.DateTime(timezone=True)))
    op.add_column("conversations", sa.Column("proof_wrong", sa.SmallInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    for name in ("proof_wrong", "proof_until", "proof_code", "code_word"):
        op.drop_column("conversations", name)
