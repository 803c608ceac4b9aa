"""phone callers: calls, codes read out to them, wrong tries"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "phone_callers"
down_revision = "desk_times"
branch_labels = None
depends_on = None

STAMP = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "phone_calls",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False, comment="of the form, so that one posted twice opens one case"),
        sa.Column("caller", sa.LargeBinary(), nullable=True, comment="sealed; the name that the caller gave"),
        sa.Column("number", sa.LargeBinary(), nullable=True, comment="sealed; E.164"),
        sa.Column("number_hash", sa.Text(), nullable=True, comment="keyed, to find an earlier call of the same number"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name=op.f("ck_phone_calls_order")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_phone_calls_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_calls")),
    )
    op.create_index("uq_phone_calls_client_id", "phone_calls", ["client_id"], unique=True)
    op.create_index("ix_phone_calls_case_id", "phone_calls", ["case_id"])
    op.create_index("ix_phone_calls_number_hash", "phone_calls", ["number_hash"], postgresql_where=sa.text("number_hash IS NOT NULL"))
    op.create_table(
        "locate_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False, comment="keyed: six digits could be searched under a plain hash"),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), server_default=STAMP, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="used, replaced by a newer one, or over"),
        sa.Column("link_hash", sa.LargeBinary(), nullable=True, comment="the link that it has opened"),
        sa.CheckConstraint("used_at IS NULL OR ended_at IS NOT NULL", name=op.f("ck_locate_codes_used_is_over")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_locate_codes_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locate_codes")),
    )
    op.create_index("uq_locate_codes_live", "locate_codes", ["code_hash"], unique=True, postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index("ix_locate_codes_case_id", "locate_codes", ["case_id"])
    op.create_table(
        "locate_tries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("address_hash", sa.Text(), nullable=False, comment="keyed; forgotten after an hour"),
        sa.Column("tried_at", sa.DateTime(timezone=True), server_default=STAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locate_tries")),
    )
    op.create_index("ix_locate_tries_tried_at", "locate_tries", ["tried_at"])


def downgrade() -> None:
    op.drop_table("locate_tries")
    op.drop_table("locate_codes")
    op.drop_table("phone_calls")
