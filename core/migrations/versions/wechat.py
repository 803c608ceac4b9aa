"""what all processes share of WeChat: access tokens, and which signed requests have been seen"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "wechat"
down_revision = "texts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wechat_tokens",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), comment="sealed"),
        sa.Column("token_hash", sa.LargeBinary()),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("asking_until", sa.DateTime(timezone=True), comment="one process asks for a new one; if it dies, another may after this"),
        sa.Column("refused_hash", sa.LargeBinary(), comment="the token that the platform refused last: if it hands it out again, a new one is forced"),
        sa.Column("forced_at", sa.DateTime(timezone=True), comment="the platform allows it 20 times a day"),
        sa.PrimaryKeyConstraint("channel", name="pk_wechat_tokens"),
    )
    op.create_table(
        "wechat_nonces",
        sa.Column("nonce_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("nonce_hash", name="pk_wechat_nonces"),
    )
    op.create_index("ix_wechat_nonces_seen_at", "wechat_nonces", ["seen_at"])


def downgrade() -> None:
    op.drop_table("wechat_nonces")
    op.drop_table("wechat_tokens")
