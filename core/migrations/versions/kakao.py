"""consult talks that belong to conversations on KakaoTalk, and the paid events of a day"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "kakao"
down_revision = "surge"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kakao_consults",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), comment="of the reference that the button carries; none: the person came without a button"),
        sa.Column("user_key", sa.Text(), comment="keyed hash of the dealer's key of the person; none: the button was not pressed yet"),
        sa.Column("address", sa.LargeBinary(), comment="sealed; the dealer and its key of the person, for sending"),
        sa.Column("issued_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Text()),
        sa.CheckConstraint("(user_key IS NULL) = (joined_at IS NULL)", name=op.f("ck_kakao_consults_joined")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_kakao_consults_conversation_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kakao_consults")),
    )
    op.create_index("ix_kakao_consults_conversation_id", "kakao_consults", ["conversation_id"])
    op.create_index("uq_kakao_consults_token_hash", "kakao_consults", ["token_hash"], unique=True, postgresql_where=sa.text("token_hash IS NOT NULL"))
    op.create_index(
        "uq_kakao_consults_user_key", "kakao_consults", ["user_key"], unique=True, postgresql_where=sa.text("user_key IS NOT NULL AND ended_at IS NULL")
    )
    op.create_table(
        "kakao_event_days",
        sa.Column("day", sa.Date(), nullable=False, comment="in Seoul"),
        sa.Column("sent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False, comment="sends that the budget forbade"),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_kakao_event_days")),
    )


def downgrade() -> None:
    op.drop_table("kakao_event_days")
    op.drop_table("kakao_consults")
